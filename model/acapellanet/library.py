"""The training data: a folder of songs, voices and instrumentals, decoded once into one memory map.

The folder looks like this (any format that libsndfile reads)::

    stems/<song>/vocals.*  stems/<song>/instrumental.*     pairs whose sum is the mixture
    vocals/songs/<bank>/*  vocals/syllables/<bank>/*       solo voices
    instrumental/<owner>/*                                 music without voice

Decoded audio is kept as float16 `[frames, channels]` at 44.1 kHz, one file after the other.
"""

import json
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from acapellanet.errors import DataError

SAMPLE_RATE = 44100
SUFFIXES = frozenset({".opus", ".ogg", ".oga", ".flac", ".wav", ".aif", ".aiff", ".mp3", ".w64", ".caf"})
RATES_HZ = range(8000, 384001)
SILENCE_PEAK = 1e-3
SHORTEST_S = 0.5
AUDIO_FILE, INDEX_FILE = "audio.f16", "index.json"

Samples = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Track:
    """One decoded file: where it lies in the cache and what it is."""

    name: str
    """Path inside the data folder, with forward slashes."""
    role: str
    """`vocals` or `instrumental`."""
    bank: str
    """Folder that the file lies in: a song of stems, a voice bank, an owner of instrumentals."""
    paired: bool
    """Whether the other half of the mixture is there as well (stems)."""
    start: int
    """First value in the cache, counted in float16 values."""
    frames: int
    channels: int


@dataclass(frozen=True, slots=True)
class Problem:
    """A file that was skipped, and why."""

    name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"


class Library:
    """Decoded tracks behind one read-only memory map."""

    def __init__(self, cache: Path, tracks: list[Track], problems: list[Problem]) -> None:
        self.tracks = tracks
        self.problems = problems
        self._values = np.memmap(cache / AUDIO_FILE, dtype=np.float16, mode="r")

    def read(self, track: Track, start: int = 0, frames: int | None = None) -> Samples:
        """`[2, n]` float32 samples of `track` from `start`; mono is put on both channels.

        `n` is `frames` or what is left of the track, whichever is less.
        """
        stop = track.frames if frames is None else min(start + frames, track.frames)
        first = track.start + start * track.channels
        values = self._values[first : track.start + stop * track.channels]
        audio = np.asarray(values, dtype=np.float32).reshape(-1, track.channels).T
        return np.ascontiguousarray(np.broadcast_to(audio, (2, audio.shape[1])))


def open_library(data: Path, cache: Path, exclude: tuple[str, ...] = ()) -> Library:
    """Decode what `data` holds into `cache`, or take it from there if it is the same data.

    `exclude`: glob patterns; a file whose path inside `data` matches one is left out.
    Raises `DataError` when nothing usable is found.
    """
    found = list(_scan(data))
    if not found:
        raise DataError(
            f"{data}: no audio there; expected stems/<song>/vocals.* and instrumental.*, vocals/<bank>/*, "
            "instrumental/<owner>/*"
        )
    fingerprint = _fingerprint(data, found)
    library = _load(cache, fingerprint) or _decode_all(data, cache, found, fingerprint)
    tracks = [track for track in library.tracks if not _excluded(track.name, exclude)]
    problems = [problem for problem in library.problems if not _excluded(problem.name, exclude)]
    tracks = _drop_widows(tracks, problems)
    if not tracks:
        raise DataError(_unusable(data, found, problems))
    return Library(cache, tracks, problems)


def _excluded(name: str, patterns: tuple[str, ...]) -> bool:
    path = Path(name)
    return any(pattern in name or path.match(pattern) for pattern in patterns)


def _scan(data: Path) -> Iterator[tuple[str, str, str, bool]]:
    """`(name, role, bank, paired)` of each audio file, sorted by name."""
    for path in sorted(data.rglob("*")):
        if path.suffix.lower() not in SUFFIXES:
            continue
        parts = path.relative_to(data).parts
        name = "/".join(parts)
        if parts[0] == "stems" and len(parts) == 3 and path.stem in ("vocals", "instrumental"):
            yield name, path.stem, parts[1], True
        elif parts[0] in ("vocals", "instrumental") and len(parts) > 1:
            yield name, parts[0], parts[-2], False


def _fingerprint(data: Path, found: list[tuple[str, str, str, bool]]) -> int:
    sizes = [(name, (data / name).stat().st_size) for name, *_ in found]
    return zlib.crc32(json.dumps([SAMPLE_RATE, sizes]).encode())


def _load(cache: Path, fingerprint: int) -> Library | None:
    try:
        index = json.loads((cache / INDEX_FILE).read_text(encoding="utf-8"))
        if index["fingerprint"] != fingerprint:
            return None
        tracks = [Track(**track) for track in index["tracks"]]
        return Library(cache, tracks, [Problem(**problem) for problem in index["problems"]])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _decode_all(data: Path, cache: Path, found: list[tuple[str, str, str, bool]], fingerprint: int) -> Library:
    cache.mkdir(parents=True, exist_ok=True)
    (cache / INDEX_FILE).unlink(missing_ok=True)
    tracks: list[Track] = []
    problems: list[Problem] = []
    start = 0
    with (cache / AUDIO_FILE).open("wb") as audio_file, ThreadPoolExecutor() as pool:
        decoded = pool.map(lambda entry: _decode_or_reason(data / entry[0]), found)
        for (name, role, bank, paired), audio in zip(found, decoded, strict=True):
            if isinstance(audio, str):
                problems.append(Problem(name, audio))
                continue
            audio_file.write(audio.tobytes())
            tracks.append(Track(name, role, bank, paired, start, audio.shape[0], audio.shape[1]))
            start += audio.size
    index = {"fingerprint": fingerprint, "tracks": [asdict(t) for t in tracks]}
    index["problems"] = [asdict(problem) for problem in problems]
    if start == 0:
        raise DataError(_unusable(data, found, problems))
    (cache / INDEX_FILE).write_text(json.dumps(index), encoding="utf-8")
    return Library(cache, tracks, problems)


def _decode_or_reason(path: Path) -> npt.NDArray[np.float16] | str:
    try:
        return decode(path).astype(np.float16)
    except (DataError, soundfile.LibsndfileError, OSError) as error:
        return str(error)


def _unusable(data: Path, found: list[tuple[str, str, str, bool]], problems: list[Problem]) -> str:
    listed = "; ".join(str(problem) for problem in problems[:5])
    return f"{data}: none of {len(found)} files could be used ({listed or 'all of them are excluded'})"


def _drop_widows(tracks: list[Track], problems: list[Problem]) -> list[Track]:
    """Leave out stems whose other half is missing."""
    pairs: dict[str, set[str]] = {}
    for track in tracks:
        if track.paired:
            pairs.setdefault(track.bank, set()).add(track.role)
    kept = []
    for track in tracks:
        if track.paired and len(pairs[track.bank]) < 2:
            other = "instrumental" if track.role == "vocals" else "vocals"
            problems.append(Problem(track.name, f"no usable {other} beside it"))
        else:
            kept.append(track)
    return kept


def decode(path: Path) -> Samples:
    """`[frames, channels]` float32 at 44.1 kHz, 1 or 2 channels.

    Raises `DataError` for audio that cannot be trained on: an odd rate, NaN, silence, too short.
    """
    audio, rate = soundfile.read(path, dtype="float32", always_2d=True)
    if rate not in RATES_HZ:
        raise DataError(f"sample rate {rate} Hz, expected {RATES_HZ.start} to {RATES_HZ.stop - 1}")
    if not np.isfinite(audio).all():
        raise DataError("holds NaN or infinity")
    if audio.shape[0] < SHORTEST_S * rate:
        raise DataError(f"{audio.shape[0] / rate:.2f} s, expected {SHORTEST_S} s or more")
    if float(np.abs(audio).max()) < SILENCE_PEAK:
        raise DataError("silent")
    audio = audio[:, :2]
    if rate != SAMPLE_RATE:
        audio = soxr.resample(audio, rate, SAMPLE_RATE)
    return np.asarray(audio, dtype=np.float32)
