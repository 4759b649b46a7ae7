"""Where a bounce lies on its session's timeline, read from its header alone.

Source: EBU 3285: TimeReference, in samples since midnight, is at byte 338 of the chunk `bext`.
"""

import struct
from dataclasses import dataclass
from pathlib import Path

import soundfile

from dawbridge.audio.containers.base import FileBlob, payload
from dawbridge.audio.containers.table import walk_blob
from dawbridge.files.opening import open_regular

_AT = 338
_PLAIN = ("WAV", "RIFX", "RF64", "BW64", "W64", "AIFF", "CAF", "FLAC", "OGG")
"""Containers whose length libsndfile reads off their header or their last page."""


@dataclass(frozen=True, slots=True)
class Extent:
    """A bounce on its session's timeline."""

    start_s: float = 0.0
    """Its time reference, in seconds since midnight; 0 if it has none."""
    duration_s: float = 0.0
    """Duration of the audio, in seconds; 0 if its header does not say."""


def time_reference_s(bounce: Path, sample_rate: int) -> float:
    """Where a bounce belongs on the timeline by its BWF time stamp, in seconds; 0 if it has none. Never raises."""
    try:
        with open_regular(bounce) as stream:
            return _reference(FileBlob(stream.fileno())) / sample_rate
    except OSError:
        return 0.0


def extent_of(bounce: Path) -> Extent:
    """A bounce's extent, from its header; one whose header does not say its length has no duration. Never raises."""
    try:
        with open_regular(bounce) as stream:
            blob = FileBlob(stream.fileno())
            found = walk_blob(blob)
            if found.container not in _PLAIN or found.base:  # libsndfile can hang on a tag ahead of the audio
                return Extent()
            reference = _reference(blob)
            stream.seek(0)
            with soundfile.SoundFile(stream.fileno(), closefd=False) as file:
                return Extent(reference / file.samplerate, file.frames / file.samplerate)
    except (OSError, soundfile.SoundFileError):
        return Extent()


def _reference(blob: FileBlob) -> int:
    """In samples; 0 if the file has none. Raises `OSError`."""
    chunk = walk_blob(blob).find("bext")
    body = payload(blob, chunk, _AT + 8) if chunk else b""
    return int(struct.unpack_from("<Q", body, _AT)[0]) if len(body) == _AT + 8 else 0
