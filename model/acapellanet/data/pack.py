"""Pack training data into a few files, for a slow link to a machine with a GPU: `acapellanet pack`.

A pack is a folder: parts of at most 60 MiB, each some whole tracks as Ogg Vorbis at 44.1 kHz, and `index.json`, which
says what each track is, where it is, and the checksum of each part. Only what is trained on is packed. Reading needs
nothing but numpy and soundfile, so that this module imports no more.
"""

import io
import json
import os
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import soundfile

from acapellanet.audio import SAMPLE_RATE
from acapellanet.errors import DataError

if TYPE_CHECKING:
    from acapellanet.data.library import Library, Track

INDEX_FILE, VERSION = "index.json", 1
PART_BYTES = 60 << 20
QUALITY = 0.5
"""Compression of Vorbis, 0 (best) to 1 (smallest)."""
LARGEST = 32767
WRITE_FRAMES = 1 << 16
"""libsndfile's encoder keeps a whole write on the stack, so that audio is written in pieces."""


@dataclass(frozen=True, slots=True)
class PackedTrack:
    """One track: what it is, and where its bytes are."""

    name: str
    kind: str
    """Which of `splits.SHARES` it is drawn under; empty for music without voice."""
    speaker: str
    """Bank of a voice; all banks of a kind are drawn equally often."""
    song: str
    """Song of stems that it is half of, or empty."""
    monotone: bool
    frames: int
    channels: int
    part: int
    start: int
    size: int
    peak: float
    """Amplitude that full scale stands for."""


@dataclass(frozen=True, slots=True)
class Pack:
    """Decoded tracks, one after the other in one array."""

    tracks: list[PackedTrack]
    values: npt.NDArray[np.int16]
    """Interleaved samples of all tracks."""
    starts: list[int]
    """First value of each track."""
    fingerprint: int


def write_pack(
    library: "Library",
    tracks: Sequence["Track"],
    out: Path,
    report: Callable[[int], None],
    part_bytes: int = PART_BYTES,
) -> list[Path]:
    """Write `tracks` of a library to the folder `out` and return the paths of all files.

    `report` is called with the number of tracks that are packed.

    Raises `DataError` if there are none, or if `out` holds other files already.
    """
    from acapellanet.data.splits import is_monotone, share_of

    if not tracks:
        raise DataError("nothing to pack: no audio besides what is held out")
    if out.exists() and any(out.iterdir()) and not (out / INDEX_FILE).exists():
        raise DataError(f"{out}: holds other files; give a new folder")
    out.mkdir(parents=True, exist_ok=True)
    (out / INDEX_FILE).unlink(missing_ok=True)
    parts: list[bytearray] = [bytearray()]
    packed: list[PackedTrack] = []
    with ThreadPoolExecutor() as pool:
        for track, blob in zip(tracks, pool.map(lambda track: _encoded(library, track), tracks), strict=True):
            if parts[-1] and len(parts[-1]) + len(blob) > part_bytes:
                parts.append(bytearray())
            kind = share_of(track) if track.role == "vocals" else ""
            song = track.bank if track.paired else ""
            place = (len(parts) - 1, len(parts[-1]), len(blob), track.peak)
            packed.append(
                PackedTrack(
                    track.name, kind, track.bank, song, is_monotone(track), track.frames, track.channels, *place
                )
            )
            parts[-1] += blob
            report(len(packed))
    paths = [out / f"part-{number:03}.bin" for number in range(len(parts))]
    for path, part in zip(paths, parts, strict=True):
        path.write_bytes(part)
    index = {
        "version": VERSION,
        "parts": [{"name": path.name, "crc32": zlib.crc32(part)} for path, part in zip(paths, parts, strict=True)],
        "tracks": [asdict(track) for track in packed],
    }
    (out / INDEX_FILE).write_text(json.dumps(index), encoding="utf-8")
    return [*paths, out / INDEX_FILE]


def read_pack(folder: Path) -> Pack:
    """Decode a pack. Raises `DataError` that names what is missing or damaged."""
    try:
        index = json.loads((folder / INDEX_FILE).read_text(encoding="utf-8"))
        if index["version"] != VERSION:
            raise DataError(f"{folder}: pack of version {index['version']}, this one reads {VERSION}; pack again")
        tracks = [PackedTrack(**track) for track in index["tracks"]]
        parts = [_checked(folder / part["name"], part["crc32"]) for part in index["parts"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{folder}: no pack, or its {INDEX_FILE} is damaged ({error}); pack or fetch it again"
        ) from error
    sizes = [track.frames * track.channels for track in tracks]
    starts = [0, *np.cumsum(sizes).tolist()]
    values = np.zeros(starts[-1], dtype=np.int16)

    def decode(number: int) -> None:
        track = tracks[number]
        blob = parts[track.part][track.start : track.start + track.size]
        audio = soundfile.read(io.BytesIO(blob), dtype="int16", always_2d=True)[0][: track.frames]
        values[starts[number] : starts[number] + audio.size] = audio.reshape(-1)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(decode, range(len(tracks))))
    fingerprint = zlib.crc32(json.dumps([[track.name, track.frames] for track in tracks]).encode())
    return Pack(tracks, values, starts[:-1], fingerprint)


def _checked(path: Path, checksum: int) -> bytes:
    content = path.read_bytes()
    if zlib.crc32(content) != checksum:
        raise DataError(f"{path}: damaged (checksum differs); fetch it again, or pack again")
    return content


def _encoded(library: "Library", track: "Track") -> bytes:
    audio = library.read(track)[: track.channels].T / max(track.peak, 1e-9)
    buffer = io.BytesIO()
    with soundfile.SoundFile(
        buffer, "w", SAMPLE_RATE, track.channels, "VORBIS", format="OGG", compression_level=QUALITY
    ) as file:
        for start in range(0, len(audio), WRITE_FRAMES):
            file.write(0.97 * audio[start : start + WRITE_FRAMES])
    return buffer.getvalue()
