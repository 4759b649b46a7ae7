"""How a bounce is opened for decoding: by libsndfile, from a repaired copy, or through ffmpeg.

What libsndfile refuses or would read only in part goes to ffmpeg. A copy is needed in one more case: a PEAK chunk that
Adobe Audition wrote and libsndfile refuses (its issue 1046).
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import soundfile

from dawbridge.audio import ffmpeg
from dawbridge.audio.containers import table
from dawbridge.audio.containers.base import ChunkMap, FileBlob
from dawbridge.audio.containers.opaque import ffmpeg_format
from dawbridge.audio.lengths import (
    counted_frames,
    flac_total,
    frames_of,
    is_unindexed,
    mpeg_length,
    promised_frames,
    slack_frames,
)
from dawbridge.errors import AudioError, DiskError
from dawbridge.files.opening import open_regular

_EXTENSION_ALONE = (".gsm", ".vox")
"""Formats without any header, which libsndfile knows by the file's suffix: it has to be given the name."""
_PACKET = 8192
"""Samples by which ffprobe's length may be more than a file's: it counts whole packets."""


@dataclass(slots=True)
class Opened:
    """A bounce that is open: its own bytes, and samples that libsndfile reads."""

    blob: FileBlob
    found: ChunkMap
    file: soundfile.SoundFile
    frames: int
    """Samples per channel that can be read."""
    facts: ffmpeg.Facts | None = None
    """Set if ffmpeg decoded it."""
    copy: Path | None = None
    """Then the decoded file."""
    promised_s: float = 0.0
    """Length in seconds that the file promises, if that is more than can be read."""


@contextmanager
def opened(path: Path, heed: ffmpeg.Heed | None = None) -> Iterator[Opened]:
    """Open a bounce. `heed` is called while ffmpeg works, and may raise.

    Raises `AudioError`, saying what the file is instead of audio.
    """
    with ExitStack() as stack:
        stream = stack.enter_context(_stream(path))
        blob = FileBlob(stream.fileno())
        try:
            bounce = _open(path, stream, blob, stack, heed)
        except soundfile.LibsndfileError as error:
            raise AudioError(f"{path}: {_trouble(blob, error)}") from error
        except OSError as error:
            raise DiskError(f"{path}: cannot be read ({error.strerror or error}); check the disk") from error
        yield bounce


def native(path: Path) -> str | bytes:
    """The name as soundfile has to be given it: on POSIX the bytes themselves, which need not be UTF-8."""
    return str(path) if sys.platform == "win32" else os.fsencode(path)


def _stream(path: Path) -> BinaryIO:
    try:
        stream = open_regular(path)
    except FileNotFoundError:
        raise AudioError(f"{path}: there is no such file; it was moved, renamed or deleted") from None
    except OSError as error:
        raise DiskError(f"{path}: cannot be read ({error.strerror}); check that its folder is mounted and its "
                         "permissions let this user read it") from error  # fmt: skip
    if not os.fstat(stream.fileno()).st_size:
        stream.close()
        raise AudioError(f"{path}: the file is empty; bounce it again")
    return stream


def _open(path: Path, stream: BinaryIO, blob: FileBlob, stack: ExitStack, heed: ffmpeg.Heed | None) -> Opened:
    found = table.walk_blob(blob)
    if found.audio is not None and len(found.all(found.audio.id)) > 1:
        raise AudioError(f"{path}: it holds {len(found.all(found.audio.id))} chunks of samples, of which programs read "
                         "one or another; export it again")  # fmt: skip
    name = ffmpeg_format(blob.at(found.base, 64)) or ffmpeg_format(blob.at(0, 64))
    if name:
        return _through_ffmpeg(path, name, blob, found, stack, heed)
    whole, rate = mpeg_length(blob, found)
    if whole and ffmpeg.is_installed():  # not even opened by libsndfile, whose MP3 decoder writes to the terminal
        return _through_ffmpeg(path, found.container, blob, found, stack, heed, whole / rate)
    try:
        file = _sound_file(path, stream, found, stack)
    except soundfile.LibsndfileError as error:
        return _refused(path, stream, blob, error, stack, heed)
    if found.container == "FLAC" and not flac_total(blob, found):
        file, frames = _with_length(path, stream, found, file, stack)
        return Opened(blob, found, file, frames)
    if not file.seekable():  # an encoding that libsndfile reads in order alone, such as GSM
        if ffmpeg.is_installed():
            return _through_ffmpeg(path, found.container or path.suffix[1:], blob, found, stack, heed)
        raise AudioError(
            f"{path}: {file.subtype_info} can be read with ffmpeg; install it, or export as WAV, AIFF or FLAC"
        )
    promised = promised_frames(blob, found, file)
    if is_unindexed(blob, found):  # libsndfile guesses its length
        frames, file = counted_frames(file), _sound_file(path, stream, found, stack)
        if abs(promised - frames) <= slack_frames(blob, found):
            return Opened(blob, found, file, frames)
    if (promised and abs(promised - file.frames) > slack_frames(blob, found)) or (
        file.subtype.startswith("MPEG") and found.audio
    ):
        if ffmpeg.is_installed():
            return _through_ffmpeg(path, found.container, blob, found, stack, heed, promised / file.samplerate)
        promised = promised or int(file.frames)
        if file.subtype.startswith("MPEG"):
            frames = counted_frames(file)
            file = _sound_file(path, stream, found, stack)
        else:
            frames = int(file.frames)
        more = promised / file.samplerate if promised - frames > slack_frames(blob, found) else 0.0
        return Opened(blob, found, file, frames, promised_s=more)
    return Opened(blob, found, file, frames_of(blob, found, file))


class _After:
    """The bytes of a file after an ID3 tag. libsndfile can hang on a file that begins with one."""

    def __init__(self, stream: BinaryIO, base: int) -> None:
        self._stream, self._base = stream, base
        self.seek(0)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """As a file's, but never in front of the first byte."""
        place = self._stream.seek(offset + (self._base if whence == os.SEEK_SET else 0), whence)
        return max(place - self._base, 0)

    def tell(self) -> int:
        """As a file's."""
        return max(self._stream.tell() - self._base, 0)

    def read(self, count: int = -1) -> bytes:
        """As a file's."""
        return self._stream.read(count)

    def readinto(self, buffer: bytearray) -> int:
        """As a file's."""
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def _sound_file(path: Path, stream: BinaryIO, found: ChunkMap, stack: ExitStack) -> soundfile.SoundFile:
    """libsndfile on the file that is open. Raises `soundfile.LibsndfileError`, `AudioError`."""
    suffix = path.suffix.lower()
    if suffix == ".raw":
        raise AudioError(f"{path}: raw samples do not say rate or channels; bounce as WAV, AIFF or FLAC")
    stream.seek(0)
    if suffix in _EXTENSION_ALONE:
        return stack.enter_context(soundfile.SoundFile(native(path)))
    if found.base and found.container != "MPEG":
        return stack.enter_context(soundfile.SoundFile(_After(stream, found.base)))
    return stack.enter_context(soundfile.SoundFile(stream.fileno(), closefd=False))


def _refused(
    path: Path,
    stream: BinaryIO,
    blob: FileBlob,
    error: soundfile.LibsndfileError,
    stack: ExitStack,
    heed: ffmpeg.Heed | None,
) -> Opened:
    """What libsndfile refuses: a copy without its PEAK chunk, ffmpeg, or `error` again."""
    found = table.walk_blob(blob)
    peaks = [chunk.start for chunk in found.chunks if chunk.id == "PEAK" and chunk.end <= found.file_size]
    if peaks:
        patches = dict.fromkeys(peaks, b"JUNK")
        copy = stack.enter_context(_patched(path, stream, patches, "its PEAK chunk has to be stepped over"))
        try:
            file = stack.enter_context(soundfile.SoundFile(native(copy)))
            return Opened(blob, found, file, int(file.frames))
        except soundfile.LibsndfileError:
            pass
    head = blob.at(0, 64)
    if not (found.container or head.startswith(b"ID3")) or _cut_off(found):
        raise AudioError(f"{path}: {_trouble(blob, error)}") from error
    if not ffmpeg.is_installed():
        raise AudioError(f"{path}: {_trouble(blob, error)}, or install ffmpeg, which may read it as it is") from error
    name = found.container.title() if found.container in ("OPAQUE", "MPEG") else found.container or "ID3"
    try:
        facts = ffmpeg.facts_of(path, name)
    except AudioError:
        raise AudioError(f"{path}: {_trouble(blob, error)}") from error
    return _through_ffmpeg(path, name, blob, found, stack, heed, facts=facts)


def _through_ffmpeg(
    path: Path,
    name: str,
    blob: FileBlob,
    found: ChunkMap,
    stack: ExitStack,
    heed: ffmpeg.Heed | None,
    promised_s: float = 0.0,
    facts: ffmpeg.Facts | None = None,
) -> Opened:
    facts = facts or ffmpeg.facts_of(path, name)
    copy = stack.enter_context(ffmpeg.decoded(path, name, facts, heed))
    file = stack.enter_context(soundfile.SoundFile(native(copy)))
    frames = int(file.frames)
    if not frames:
        raise AudioError(f"{path}: ffmpeg decodes nothing of this {name} file; a newer ffmpeg may, else export it "
                         "again as WAV, AIFF or FLAC of at most 24 bits")  # fmt: skip
    promised_s = promised_s or (facts.duration_s if facts.subtype != "DECODED" else 0.0)
    short = promised_s - frames / file.samplerate > max(_PACKET, slack_frames(blob, found)) / file.samplerate
    return Opened(blob, found, file, frames, facts, copy, promised_s if short else 0.0)


def _with_length(
    path: Path, stream: BinaryIO, found: ChunkMap, file: soundfile.SoundFile, stack: ExitStack
) -> tuple[soundfile.SoundFile, int]:
    """A FLAC whose writer could not go back to fill in its length: a copy that has it, so that libsndfile can seek."""
    frames, info = counted_frames(file), found.find("STREAMINFO")
    at = info.offset + 13 if info else 0
    nibble = FileBlob(stream.fileno()).at(at, 1)[0] & 0xF0
    patches = {at: bytes([nibble | frames >> 32]), at + 1: (frames & 0xFFFFFFFF).to_bytes(4, "big")}
    copy = stack.enter_context(_patched(path, stream, patches, "its missing length has to be filled in"))
    return stack.enter_context(soundfile.SoundFile(native(copy))), frames


def _cut_off(found: ChunkMap) -> bool:
    return found.container in ("WAV", "RIFX", "RF64", "W64", "AIFF", "CAF", "FLAC") and found.audio is None


def _trouble(blob: FileBlob, error: soundfile.LibsndfileError) -> str:
    found, head = table.walk_blob(blob), blob.at(0, 64)
    blank = not head.strip(b"\0")
    if not found.container and (blank or all(32 <= byte < 127 or byte in b"\t\r\n" for byte in head)):
        what = "zeros" if blank else "text"
        return f"this is no audio file, it begins with {what}: {head[:16]!r}"
    if _cut_off(found):
        return f"the {found.container} header is cut off before the samples begin; copy or bounce it again"
    return f"cannot be read as audio ({error.error_string.rstrip('.')}); export it again as WAV, AIFF or FLAC"


@contextmanager
def _patched(path: Path, stream: BinaryIO, patches: dict[int, bytes], why: str) -> Iterator[Path]:
    """A temporary copy with other bytes at some places."""
    with tempfile.TemporaryDirectory(prefix="dawbridge-") as folder:
        copy = Path(folder) / "patched"
        try:
            stream.seek(0)
            with copy.open("wb") as target:
                shutil.copyfileobj(stream, target, 2**20)
                for place, content in patches.items():
                    target.seek(place)
                    target.write(content)
        except OSError as failure:
            raise AudioError(f"{path}: {why} in a temporary copy, which cannot be made ({failure.strerror}); "
                             f"make room in {folder}") from failure  # fmt: skip
        yield copy
