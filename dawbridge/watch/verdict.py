"""Is this file whole? Answered by the arithmetic of its own header, never by whether it opens.

Every library opens a WAV that is still being written and reports the frames so far. The header tells: its sizes are
placeholders, or lie outside the file, until the writer closes it.
"""

from enum import StrEnum
from pathlib import Path

from dawbridge.audio.chunks import W64_RIFF, Chunk, ChunkMap, flac_total, payload, walk
from dawbridge.audio.readable import ffmpeg_format

AUDIO_SUFFIXES = frozenset((
    ".wav", ".wave", ".bwf", ".rf64", ".w64", ".aif", ".aiff", ".aifc", ".caf", ".flac", ".ogg", ".oga", ".opus",
    ".mp3", ".m4a", ".aac", ".wma", ".wv", ".ape", ".au", ".snd",
))  # fmt: skip
"""Names that promise audio. Only what such a file holds is asked about where its first bytes say nothing."""

_PLACEHOLDER = 0x7FFFF000
_SLACK = 8
"""Bytes by which some writers overstate the whole: a missing pad byte, a size that counts its own header."""
_EMPTY_AUDIO = {"data": 0, "SSND": 8, "frames": 0}
_OPAQUE = (b"OggS", b"ID3", b".snd", b"NIST", b"Creative Voice", b" paf", b"fap ")


class Verdict(StrEnum):
    """What a file's header says about its end."""

    COMPLETE = "complete"
    """The sizes in the header lie inside the file."""
    PLACEHOLDER = "placeholder"
    """Sizes not filled in: still being written, or its writer was killed."""
    STREAMED = "streamed"
    """Sizes as a writer into a pipe leaves them (0xFFFFFFFF, 0x7FFFF000); while writing, some others too."""
    OPEN = "open"
    """Shorter than its header says, no samples yet, or empty."""
    OPAQUE = "opaque"
    """MP3, Ogg, M4A: no total in the header."""
    FOREIGN = "foreign"
    """No audio."""
    UNREADABLE = "unreadable"
    """Cannot be opened now: locked, or not permitted."""
    GONE = "gone"
    """There is no such file any more."""


def verdict(path: Path) -> Verdict:
    """Judge a file by its header. Never raises."""
    try:
        layout = walk(path)
        head = layout.head
        if not layout.container:
            return _unknown(path, head)
        if layout.container == "FLAC":
            return _flac(path, layout)
        return _sized(layout, int.from_bytes(head[4:8], "big" if layout.container in ("AIFF", "RIFX") else "little"))
    except FileNotFoundError:
        return Verdict.GONE
    except OSError:
        return Verdict.UNREADABLE


def _sized(layout: ChunkMap, form_size: int) -> Verdict:
    """Containers with the sizes of the whole (but CAF) and of the samples. `form_size`: the raw 32 bits."""
    audio, total = layout.audio, layout.declared_size
    if audio is None:
        return Verdict.OPEN
    raw = (audio.size, form_size) if layout.container in ("WAV", "RIFX", "AIFF") else (audio.size,)
    if _empty(layout, audio) or audio.size == -1:
        return Verdict.PLACEHOLDER
    if any(_PLACEHOLDER <= size <= 0xFFFFFFFF and 8 + size > layout.file_size for size in raw):
        return Verdict.STREAMED
    if total is not None and total <= 16:
        return Verdict.PLACEHOLDER
    if audio.end > layout.file_size or (total is not None and not total <= layout.file_size + _SLACK):
        return Verdict.PLACEHOLDER if total is not None and total >= 2**63 else Verdict.OPEN
    return Verdict.COMPLETE


def _empty(layout: ChunkMap, audio: Chunk) -> bool:
    return audio.size <= (4 if layout.container == "CAF" else _EMPTY_AUDIO[audio.id]) and audio.size != -1


def _flac(path: Path, layout: ChunkMap) -> Verdict:
    info, audio = layout.find("STREAMINFO"), layout.audio
    if info is None or audio is None or audio.size == 0:
        return Verdict.OPEN
    return Verdict.COMPLETE if flac_total(payload(path, info)) else Verdict.PLACEHOLDER


def _unknown(path: Path, head: bytes) -> Verdict:
    """A file whose magic the walker does not know."""
    promises = path.suffix.lower() in AUDIO_SUFFIXES
    cut = len(head) < 12 or (len(head) < 40 and W64_RIFF.startswith(head[:16]))
    if cut or not head.strip(b"\0"):
        return Verdict.OPEN if promises else Verdict.FOREIGN
    if promises and (head.startswith(_OPAQUE) or _mp3_frame(head) or ffmpeg_format(head)):
        return Verdict.OPAQUE
    return Verdict.FOREIGN


def _mp3_frame(head: bytes) -> bool:
    """MPEG-1/2 layer II or III, a bitrate and a rate that exist (ISO 11172-3)."""
    sync = head[0] == 0xFF and head[1] & 0xE0 == 0xE0
    return sync and head[1] & 0x18 != 0x08 and head[1] & 0x06 in (2, 4) and head[2] >> 4 != 15 and head[2] & 0x0C != 12
