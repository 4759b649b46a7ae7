"""What the page plays: a song's mixture, its stems, and the true voice if it is known."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from acapellanet.errors import DataError
from acapellanet.evaluation.evaluate import find_songs
from acapellanet.evaluation.metrics import usdr
from dawbridge.audio.files import open_source
from dawbridge.errors import AudioError
from dawbridge.isolator import VocalIsolator

Samples = NDArray[np.float32]
"""`[channels, samples]`, full scale ±1."""

PAGE_HZ = 44100
CEILING = 10 ** (-0.3 / 20)
"""Highest sample on the page: a lossy format overshoots a little."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Part of a song, 1 or 2 channels."""

    name: str
    sample_rate: int
    """In Hz."""
    mixture: Samples
    true_vocals: Samples | None
    start_s: float
    """Where in the song it begins, in seconds."""
    song_s: float
    """Length of the whole song, in seconds."""


@dataclass(frozen=True, slots=True)
class Track:
    """One line of the page: `[1 or 2, samples]` at 44.1 kHz."""

    name: str
    samples: Samples
    note: str = ""
    """What is known about it: its SDR."""


def read_excerpt(song: Path, start_s: float, seconds: float) -> Excerpt:
    """`seconds` of a file, or of a folder with `vocals.*` and `instrumental.*`, from `start_s` on.

    If there are more than two channels, the first two are taken.

    Raises `AudioError` for what is missing, unreadable or shorter than `start_s`.
    """
    if not song.exists():
        raise AudioError(f"there is no {song}; give an audio file: dawbridge listen path/to/song.wav")
    if not song.is_dir():
        samples, rate, whole_s = _read(song, start_s, seconds)
        return Excerpt(song.stem, rate, samples, None, start_s, whole_s)
    try:
        halves = find_songs(song)[0]
    except DataError as error:
        raise AudioError(f"{song}: a folder must hold vocals.* and instrumental.*; or give an audio file") from error
    paths = ([song / part for part in entry.parts] for entry in halves)
    (vocals, rate, whole_s), (music, other_rate, _) = (_read_sum(parts, start_s, seconds) for parts in paths)
    if rate != other_rate:
        raise AudioError(f"{song}: the voice has {rate} Hz, the instrumental {other_rate} Hz; both need the same")
    frames = min(vocals.shape[1], music.shape[1])
    width = max(len(vocals), len(music))
    vocals, music = (np.broadcast_to(part[:, :frames], (width, frames)) for part in (vocals, music))
    return Excerpt(song.resolve().name, rate, vocals + music, vocals, start_s, whole_s)


def _read_sum(paths: Sequence[Path], start_s: float, seconds: float) -> tuple[Samples, int, float]:
    """As `_read`, of files of one length whose sum is wanted."""
    read = [_read(path, start_s, seconds) for path in paths]
    return sum((samples for samples, _, _ in read[1:]), start=read[0][0]), *read[0][1:]


def _read(path: Path, start_s: float, seconds: float) -> tuple[Samples, int, float]:
    """Samples, their rate in Hz, and the whole file's length in s."""
    with open_source(path) as source:
        rate, frames = source.info.sample_rate, source.info.frames
        first = round(start_s * rate)
        if first >= frames:
            raise AudioError(f"{path}: is {frames / rate:.1f} s long; --start {start_s:g} is after its end")
        count = min(frames - first, max(1, round(seconds * rate)))
        return source.read(first, count)[:2].astype(np.float32), rate, frames / rate


def make_tracks(excerpt: Excerpt, model: str, device: str, progress: Callable[[float], None]) -> list[Track]:
    """Separate an excerpt: mixture, acapella, instrumental, and the true voice if it is known, by one gain.

    The gain keeps all of them below full scale.

    Raises `ModelError` and `ConfigError` as `VocalIsolator` does.
    """
    stems = VocalIsolator(model=model, device=device, progress=progress).process(excerpt.mixture, excerpt.sample_rate)
    parts = {"mixture": excerpt.mixture, "acapella": stems.acapella, "instrumental": stems.instrumental}
    notes = {}
    if excerpt.true_vocals is not None:
        notes = _notes(excerpt.true_vocals, parts)
        parts["true vocals"] = excerpt.true_vocals
    loudest = max(1e-9, *(float(np.abs(part).max()) for part in parts.values()))
    gain = min(1.0, CEILING / loudest)
    return [Track(name, _at_page_rate(gain * part, excerpt), notes.get(name, "")) for name, part in parts.items()]


def _notes(truth: Samples, parts: dict[str, Samples]) -> dict[str, str]:
    music = parts["mixture"] - truth
    pairs = {
        "mixture": (truth, parts["mixture"], "taken as the voice: SDR"),
        "acapella": (truth, parts["acapella"], "SDR"),
        "instrumental": (music, parts["instrumental"], "SDR"),
    }
    scores = {name: (words, usdr(true, estimate)) for name, (true, estimate, words) in pairs.items()}
    return {name: f"{words} {db:.1f} dB" for name, (words, db) in scores.items() if np.isfinite(db)}


def _at_page_rate(samples: Samples, excerpt: Excerpt) -> Samples:
    if excerpt.sample_rate == PAGE_HZ:
        return np.asarray(samples, np.float32)
    return np.asarray(soxr.resample(samples.T, excerpt.sample_rate, PAGE_HZ).T, np.float32)
