"""Decode the training data, a folder of songs, voices and instrumentals, once into one memory map.

The module `layouts` says what the folder may look like. Decoded audio is kept as int16 `[frames, channels]` at
44.1 kHz, one file after the other, each scaled to its own peak.
"""

import json
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import soundfile
import soxr
from filelock import FileLock

from acapellanet.audio import SAMPLE_RATE, Samples
from acapellanet.data.layouts import KNOWN_LAYOUTS, Entry, scan
from acapellanet.errors import DataError

RATES_HZ = range(8000, 384001)
SILENCE_PEAK = 1e-3
SHORTEST_S = 0.5
UNEVEN_S = 0.1
"""Difference between the lengths of a song's halves, in seconds, above which they are left out as a mistake."""
AUDIO_FILE, INDEX_FILE, LOCK_FILE = "audio.i16", "index.json", "lock"
LARGEST = 32767


@dataclass(frozen=True, slots=True)
class Track:
    """One decoded file: what it is and where it is in the cache."""

    name: str
    """Path inside the data folder, with forward slashes."""
    role: str
    """`vocals` or `instrumental`."""
    bank: str
    """Folder that contains the file: a song of stems, a voice bank, an owner of instrumentals."""
    paired: bool
    """Whether it is half of a song whose other half is there as well."""
    start: int
    """Position of the first value in the cache, in int16 values."""
    frames: int
    channels: int
    peak: float
    """Amplitude that the largest int16 value stands for."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A file that was skipped, and why."""

    name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"


class Library:
    """Decoded tracks in one read-only memory map."""

    def __init__(self, cache: Path, tracks: list[Track], problems: list[Problem]) -> None:
        self.tracks = tracks
        self.problems = problems
        self._values = np.memmap(cache / AUDIO_FILE, dtype=np.int16, mode="r")

    @property
    def fingerprint(self) -> int:
        """Checksum of the names and lengths of all tracks."""
        return zlib.crc32(json.dumps([[track.name, track.frames] for track in self.tracks]).encode())

    def read(self, track: Track, start: int = 0, frames: int | None = None) -> Samples:
        """Read `[2, n]` float32 samples of `track` from `start` on; mono is put on both channels.

        `n` is `frames` or what is left of the track, whichever is less.
        """
        stop = track.frames if frames is None else min(start + frames, track.frames)
        first = track.start + start * track.channels
        values = self._values[first : track.start + stop * track.channels]
        audio = np.multiply(values, track.peak / LARGEST, dtype=np.float32).reshape(-1, track.channels).T
        return np.ascontiguousarray(np.broadcast_to(audio, (2, audio.shape[1])))


def open_library(data: Path, cache: Path, exclude: tuple[str, ...] = ()) -> Library:
    """Decode the audio of `data` into `cache`, or take it from there if the data is the same.

    `exclude`: glob patterns; a file whose path inside `data` matches one is left out.
    Raises `DataError` if nothing usable is found, or if the cache cannot be written.
    """
    found = scan(data)
    if not found:
        raise DataError(f"{data}: no audio to train on there; expected {KNOWN_LAYOUTS}")
    fingerprint = _fingerprint(data, found)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with FileLock(cache / LOCK_FILE):  # one of several processes decodes; the others find what it wrote
            library = _load(cache, fingerprint) or _decode_all(data, cache, found, fingerprint)
    except OSError as error:
        raise DataError(f"{cache}: decoded audio cannot be kept ({error}); free space, or give --cache") from error
    tracks = [track for track in library.tracks if not _excluded(track.name, exclude)]
    problems = [problem for problem in library.problems if not _excluded(problem.name, exclude)]
    tracks = _whole_songs(tracks, problems)
    if not tracks:
        raise DataError(_unusable(data, found, problems))
    return Library(cache, tracks, problems)


def _excluded(name: str, patterns: tuple[str, ...]) -> bool:
    path = Path(name)
    return any(pattern in name or path.match(pattern) for pattern in patterns)


def _fingerprint(data: Path, found: list[Entry]) -> int:
    sizes = [(entry.name, [(data / part).stat().st_size for part in entry.parts]) for entry in found]
    return zlib.crc32(json.dumps([SAMPLE_RATE, sizes]).encode())


def _load(cache: Path, fingerprint: int) -> Library | None:
    try:
        index = json.loads((cache / INDEX_FILE).read_text(encoding="utf-8"))
        if index["fingerprint"] != fingerprint or index["checksum"] != _checksum(cache / AUDIO_FILE):
            return None
        tracks = [Track(**track) for track in index["tracks"]]
        return Library(cache, tracks, [Problem(**problem) for problem in index["problems"]])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _checksum(path: Path) -> int:
    checksum = 0
    with path.open("rb") as file:
        while block := file.read(1 << 24):
            checksum = zlib.crc32(block, checksum)
    return checksum


def _decode_all(data: Path, cache: Path, found: list[Entry], fingerprint: int) -> Library:
    for name in (INDEX_FILE, AUDIO_FILE):  # a process that has the old file mapped keeps it
        (cache / name).unlink(missing_ok=True)
    tracks: list[Track] = []
    problems: list[Problem] = []
    start = checksum = 0
    with _whole_or_not_at_all(cache / AUDIO_FILE) as audio_file, ThreadPoolExecutor() as pool:
        decoded = pool.map(lambda entry: _decode_or_reason([data / part for part in entry.parts]), found)
        for entry, audio in zip(found, decoded, strict=True):
            if isinstance(audio, str):
                problems.append(Problem(entry.name, audio))
                continue
            values, peak = audio
            written = values.tobytes()
            audio_file.write(written)
            checksum = zlib.crc32(written, checksum)
            frames, channels = values.shape
            tracks.append(Track(entry.name, entry.role, entry.bank, entry.paired, start, frames, channels, peak))
            start += values.size
    index = {"fingerprint": fingerprint, "checksum": checksum, "tracks": [asdict(t) for t in tracks]}
    index["problems"] = [asdict(problem) for problem in problems]
    if start == 0:
        raise DataError(_unusable(data, found, problems))
    (cache / INDEX_FILE).write_text(json.dumps(index), encoding="utf-8")
    return Library(cache, tracks, problems)


@contextmanager
def _whole_or_not_at_all(path: Path) -> Iterator[BinaryIO]:
    """Open a file to write, and remove it if that fails: on a full disk nothing is left of it."""
    try:
        with path.open("wb") as file:
            yield file
    except OSError:
        path.unlink(missing_ok=True)
        raise


def _decode_or_reason(paths: list[Path]) -> tuple[npt.NDArray[np.int16], float] | str:
    try:
        audio = decode_sum(paths)
        peak = float(np.abs(audio).max())
        return np.rint(audio * (LARGEST / peak)).astype(np.int16), peak
    except (DataError, soundfile.LibsndfileError, OSError) as error:
        return str(error)


def _unusable(data: Path, found: list[Entry], problems: list[Problem]) -> str:
    listed = "; ".join(str(problem) for problem in problems[:5])
    return f"{data}: none of {len(found)} files could be used ({listed or 'all of them are excluded'})"


def _whole_songs(tracks: list[Track], problems: list[Problem]) -> list[Track]:
    """Leave out halves of songs whose other half is missing or has another length."""
    songs: dict[str, dict[str, Track]] = {}
    for track in tracks:
        if track.paired:
            songs.setdefault(track.bank, {})[track.role] = track
    reasons = {bank: _why_not(halves) for bank, halves in songs.items()}
    problems += [Problem(t.name, reasons[t.bank]) for t in tracks if t.paired and reasons[t.bank]]
    return [track for track in tracks if not (track.paired and reasons[track.bank])]


def _why_not(halves: dict[str, Track]) -> str:
    if len(halves) < 2:
        return f"no usable {'instrumental' if 'vocals' in halves else 'vocals'} beside it"
    lengths_s = {role: track.frames / SAMPLE_RATE for role, track in halves.items()}
    if abs(lengths_s["vocals"] - lengths_s["instrumental"]) <= UNEVEN_S:
        return ""
    return f"vocals are {lengths_s['vocals']:.1f} s long, instrumental {lengths_s['instrumental']:.1f} s"


def decode_sum(paths: list[Path]) -> Samples:
    """Decode files and add them up; only the sum must not be silent. Raises `DataError`."""
    parts = [decode(path, may_be_silent=len(paths) > 1) for path in paths]
    if len({part.shape for part in parts}) > 1:
        raise DataError("parts of different lengths or channels")
    total = np.sum(parts, axis=0) if len(parts) > 1 else parts[0]
    if float(np.abs(total).max()) < SILENCE_PEAK:
        raise DataError("silent")
    return np.asarray(total, dtype=np.float32)


def decode(path: Path, may_be_silent: bool = False) -> Samples:
    """Decode a file to `[frames, channels]` float32 at 44.1 kHz, 1 or 2 channels.

    Raises `DataError` for audio that cannot be trained on: an odd rate, NaN, silence, too short.
    """
    audio, rate = soundfile.read(path, dtype="float32", always_2d=True)
    if rate not in RATES_HZ:
        raise DataError(f"sample rate {rate} Hz, expected {RATES_HZ.start} to {RATES_HZ.stop - 1}")
    if not np.isfinite(audio).all():
        raise DataError("holds NaN or infinity")
    if audio.shape[0] < SHORTEST_S * rate:
        raise DataError(f"{audio.shape[0] / rate:.2f} s, expected {SHORTEST_S} s or more")
    if not may_be_silent and float(np.abs(audio).max()) < SILENCE_PEAK:
        raise DataError("silent")
    audio = audio[:, :2]
    if rate != SAMPLE_RATE:
        audio = soxr.resample(audio, rate, SAMPLE_RATE)
    return np.asarray(audio, dtype=np.float32)
