"""How long a bounce is, in samples, by its own pages, frames and headers: libsndfile's word is not always true."""

import soundfile

from dawbridge.audio.containers import flac, mpeg, ogg
from dawbridge.audio.containers.base import ChunkMap, FileBlob, number, payload

_MPEG_SLACK = 8 * 1152
"""Samples by which a count of an MP3's frames and its decoded length differ: encoder's and decoder's delay, index."""
_OGG_SLACK = 8192
_COUNT_FRAMES = 2**18


def mpeg_length(blob: FileBlob, found: ChunkMap) -> tuple[int, int]:
    """Samples per channel of an MP3 whose index is not true of it, and its rate; else 0 and 1."""
    first = mpeg.frame_of(blob.at(found.base, 4)) if found.container == "MPEG" else None
    indexed = mpeg.indexed_samples(blob, found.base) if first else 0
    if first is None or not indexed:
        return 0, 1
    counted = mpeg.count_samples(blob, found.base)
    return (counted, first.sample_rate) if abs(counted - indexed) > _MPEG_SLACK else (0, 1)


def is_unindexed(blob: FileBlob, found: ChunkMap) -> bool:
    """Whether an MP2 or MP3 says nothing of its length."""
    return found.container == "MPEG" and not mpeg.indexed_samples(blob, found.base)


def promised_frames(blob: FileBlob, found: ChunkMap, file: soundfile.SoundFile) -> int:
    """Samples per channel that a file holds by its own pages or frames; 0 if libsndfile's word counts."""
    if found.container == "MPEG":
        return mpeg.count_samples(blob, found.base)
    if found.container == "OGG":
        links = ogg.links(blob, found.base)
        ratio = file.samplerate / 48000 if links and links[0].codec == "opus" else 1.0
        return round(sum(link.frames for link in links) * ratio)
    return 0


def slack_frames(blob: FileBlob, found: ChunkMap) -> int:
    """Samples by which what a file promises and what libsndfile finds may differ: none in a chain, however short."""
    if found.container == "OGG":
        return _OGG_SLACK if len(ogg.links(blob, found.base)) < 2 else 0
    return _MPEG_SLACK if found.container == "MPEG" else 0


def frames_of(blob: FileBlob, found: ChunkMap, file: soundfile.SoundFile) -> int:
    """The length. libsndfile takes chunks after the samples of a W64 for samples; its header knows better."""
    frames = int(file.frames)
    form, data = found.find("fmt "), found.audio
    if found.container == "W64" and form and data and data.size:
        align = number(payload(blob, form, 64)[12:14], "<H")
        return min(frames, data.size // align) if align else frames
    return frames


def flac_total(blob: FileBlob, found: ChunkMap) -> int:
    info = found.find("STREAMINFO")
    return flac.total_of(payload(blob, info, 64)) if info else 0


def counted_frames(file: soundfile.SoundFile) -> int:
    """Samples per channel, by decoding all of them; `file` has just been opened."""
    frames = 0
    file.seekable = lambda: False  # else soundfile seeks after each read, which takes a length that is known
    while count := len(file.read(_COUNT_FRAMES, dtype="float32", always_2d=True)):
        frames += count
    return frames
