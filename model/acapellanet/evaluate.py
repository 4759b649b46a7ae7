"""How well models separate songs whose vocals are known."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import torch

from acapellanet.errors import DataError
from acapellanet.estimator import Estimator, load_estimator
from acapellanet.library import SAMPLE_RATE, SUFFIXES, Samples, decode
from acapellanet.metrics import framed_sdr, si_sdr, usdr
from acapellanet.shifts import shifted
from acapellanet.streaming import stream_estimate

MIXTURE = "mixture"
CHUNK_SAMPLES = 30 * SAMPLE_RATE
STEMS = ("vocals", "instrumental")


@dataclass(frozen=True, slots=True)
class Song:
    """A mixture's two halves, `[2, samples]` at 44.1 kHz."""

    name: str
    vocals: Samples
    instrumental: Samples


@dataclass(frozen=True, slots=True)
class Score:
    """One stem of one song by one model; decibels, `nan` where the truth is silent."""

    song: str
    model: str
    stem: str
    """`vocals` or `instrumental`."""
    median_sdr_db: float
    """Median of the SDRs of frames of 1 s."""
    usdr_db: float
    """SDR of the whole song."""
    si_sdr_db: float
    """Scale-invariant SDR of the whole song."""


def song_folders(folder: Path) -> list[Path]:
    """`folder` itself if it is a song, else the songs in it. Raises `DataError` when there is none."""
    candidates = [folder, *sorted(path for path in folder.glob("*") if path.is_dir())]
    songs = [path for path in candidates if all(stem_path(path, stem) for stem in STEMS)]
    if not songs:
        raise DataError(f"{folder}: no folder with vocals.* and instrumental.* in it")
    return songs


def stem_path(folder: Path, stem: str) -> Path | None:
    """The audio file called `stem` in a song's folder, if there is one."""
    found = sorted(path for path in folder.glob(f"{stem}.*") if path.suffix.lower() in SUFFIXES)
    return found[0] if found else None


def read_song(folder: Path) -> Song:
    """Both stems of a song folder, cut to the shorter one. Raises `DataError` when one cannot be read."""
    vocals, instrumental = (_read_stem(folder, stem) for stem in STEMS)
    samples = min(vocals.shape[1], instrumental.shape[1])
    return Song(folder.name, vocals[:, :samples], instrumental[:, :samples])


def _read_stem(folder: Path, stem: str) -> Samples:
    path = stem_path(folder, stem)
    if path is None:
        raise DataError(f"{folder}: no {stem}.* there")
    try:
        audio = decode(path).T
    except (DataError, soundfile.LibsndfileError) as error:
        raise DataError(f"{path}: {error}") from error
    return np.ascontiguousarray(np.broadcast_to(audio, (2, audio.shape[1])))


def evaluate(folder: Path, models: Sequence[str], device: str = "cpu", shifts: int = 1) -> Iterator[Score]:
    """Scores of each song: the mixture as its own estimate, then each model, vocals then instrumental.

    `shifts` as in `acapellanet.shifts`. Raises `ModelError` or `DataError` before the first score where it can.
    """
    songs = song_folders(folder)
    estimators = [load_estimator(model, device) for model in models]
    for path in songs:
        song = read_song(path)
        mixture = song.vocals + song.instrumental
        yield from _scores(song, MIXTURE, mixture, mixture)
        for model, estimator in zip(models, estimators, strict=True):
            vocals = separate_stream(estimator, mixture, shifts)
            yield from _scores(song, model, vocals, mixture - vocals)


def separate_stream(estimator: Estimator, mixture: Samples, shifts: int = 1) -> Samples:
    """Vocals of `[2, samples]`, streamed in chunks of 30 s; the mean over `shifts` passes. Raises `SignalError`."""
    estimate, context = shifted(estimator.estimate, estimator.context_samples, estimator.alignment_samples, shifts)
    pieces = stream_estimate(
        estimate,
        [mixture],
        chunk_samples=CHUNK_SAMPLES,
        context_samples=context,
        alignment_samples=estimator.alignment_samples,
    )
    with torch.inference_mode():
        return np.concatenate([np.zeros((2, 0), dtype=np.float32), *pieces], axis=1)


def _scores(song: Song, model: str, vocals: Samples, instrumental: Samples) -> Iterator[Score]:
    pairs = ((song.vocals, vocals), (song.instrumental, instrumental))
    for stem, (truth, estimate) in zip(STEMS, pairs, strict=True):
        yield Score(
            song.name,
            model,
            stem,
            framed_sdr(truth, estimate, SAMPLE_RATE),
            usdr(truth, estimate),
            si_sdr(truth, estimate),
        )


def means(scores: Sequence[Score]) -> list[Score]:
    """The mean over songs, per model and stem, as scores of a song called `mean`."""
    keys = dict.fromkeys((score.model, score.stem) for score in scores)
    return [_mean([s for s in scores if (s.model, s.stem) == key]) for key in keys]


def _mean(scores: Sequence[Score]) -> Score:
    values = np.array([[s.median_sdr_db, s.usdr_db, s.si_sdr_db] for s in scores])
    known = [column[np.isfinite(column)] for column in values.T]
    columns = [float(column.mean()) if column.size else float("nan") for column in known]
    return Score("mean", scores[0].model, scores[0].stem, *columns)
