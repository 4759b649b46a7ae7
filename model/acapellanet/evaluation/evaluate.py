"""Measure how well models separate songs whose vocals are known."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import soundfile
import torch

from acapellanet.audio import SAMPLE_RATE, Samples
from acapellanet.data.layouts import INSTRUMENTAL, VOCALS, Entry, scan
from acapellanet.data.library import decode_sum
from acapellanet.data.rates import at_rate
from acapellanet.data.splits import HELD_OUT_FOLDER
from acapellanet.errors import DataError
from acapellanet.estimate.estimator import Estimator, load_estimator
from acapellanet.estimate.registry import model_label
from acapellanet.estimate.shifts import shifted
from acapellanet.estimate.streaming import stream_estimate
from acapellanet.evaluation.audibility import (
    bleedless_and_fullness,
    leak_db,
    log_wmse,
    share_lost,
    tenth_percentile_sdr,
)
from acapellanet.evaluation.metrics import museval_sdr, si_sdr, usdr
from acapellanet.evaluation.scores import Score

MIXTURE, REPET = "mixture", "repet"
"""Names of rows without a model: the mixture as it is, and `repet`, which only an evaluation needs."""
CHUNK_SAMPLES = 30 * SAMPLE_RATE
STEMS = ("vocals", "instrumental")


@dataclass(frozen=True, slots=True)
class Song:
    """The two halves of a mixture, `[2, samples]` at 44.1 kHz."""

    name: str
    vocals: Samples
    instrumental: Samples


def find_songs(folder: Path) -> list[tuple[Entry, Entry]]:
    """Find vocals and instrumental of each song in `folder`, or of `folder` itself, in any layout that has pairs.

    If some are under `test/`, as in MUSDB18-HQ, only those are returned. Raises `DataError` if there is none.
    """
    halves = {(entry.bank, entry.role): entry for entry in scan(folder) if entry.paired}
    banks = dict.fromkeys(bank for bank, _ in halves)
    whole = [bank for bank in banks if {(bank, VOCALS), (bank, INSTRUMENTAL)} <= halves.keys()]
    songs = [(halves[bank, VOCALS], halves[bank, INSTRUMENTAL]) for bank in whole]
    tests = [song for song in songs if song[0].bank.startswith(HELD_OUT_FOLDER)]
    if not songs:
        raise DataError(f"{folder}: no folder with vocals.* and instrumental.* in it")
    return tests or songs


def read_song(folder: Path, song: tuple[Entry, Entry]) -> Song:
    """Read both halves, cut to the shorter one. Raises `DataError` if one cannot be read."""
    vocals, instrumental = (_read_stem(folder, entry) for entry in song)
    samples = min(vocals.shape[1], instrumental.shape[1])
    name = song[0].bank if song[0].bank != "." else folder.resolve().name
    return Song(name, vocals[:, :samples], instrumental[:, :samples])


def _read_stem(folder: Path, entry: Entry) -> Samples:
    try:
        audio = decode_sum([folder / part for part in entry.parts]).T
    except (DataError, soundfile.LibsndfileError) as error:
        raise DataError(f"{folder / entry.name}: {error}") from error
    return np.ascontiguousarray(np.broadcast_to(audio, (2, audio.shape[1])))


def evaluate(folder: Path, models: Sequence[str], device: str = "cpu", shifts: int = 1) -> Iterator[Score]:
    """Score each song: the mixture as its own estimate, then each model, vocals then instrumental.

    The module `estimate.shifts` explains `shifts`. Raises `ModelError` or `DataError`, if possible before any score.
    """
    songs = find_songs(folder)
    separators = {model: _separator(model, device, shifts) for model in models}
    for halves in songs:
        song = read_song(folder, halves)
        mixture = song.vocals + song.instrumental
        yield from _scores(song, MIXTURE, mixture, mixture)
        for model, separator in separators.items():
            vocals = separator(mixture)
            label = model if model == REPET else model_label(model)
            yield from _scores(song, label, vocals, mixture - vocals)


def _separator(model: str, device: str, shifts: int) -> Callable[[Samples], Samples]:
    if model == REPET:
        from acapellanet.evaluation.repet import repet  # librosa is slow to import

        return repet
    return partial(separate_stream, load_estimator(model, device), shifts=shifts)


def separate_stream(estimator: Estimator, mixture: Samples, shifts: int = 1) -> Samples:
    """Estimate the vocals of `[2, samples]` in chunks of 30 s at the estimator's rate, as a mean of `shifts` passes.

    Raises `SignalError`.
    """
    estimate, context = shifted(estimator.estimate, estimator.context_samples, estimator.alignment_samples, shifts)
    heard = at_rate(mixture, SAMPLE_RATE, estimator.sample_rate)
    pieces = stream_estimate(
        estimate,
        [heard],
        chunk_samples=CHUNK_SAMPLES * estimator.sample_rate // SAMPLE_RATE,
        context_samples=context,
        alignment_samples=estimator.alignment_samples,
    )
    with torch.inference_mode():
        vocals = np.concatenate([np.zeros((2, 0), dtype=np.float32), *pieces], axis=1)
    return at_rate(vocals, estimator.sample_rate, SAMPLE_RATE, mixture.shape[1])


def _scores(song: Song, model: str, vocals: Samples, instrumental: Samples) -> Iterator[Score]:
    truths, estimates = (song.vocals, song.instrumental), (vocals, instrumental)
    mixture = song.vocals + song.instrumental
    medians_db = museval_sdr(truths, estimates, SAMPLE_RATE)
    for stem, truth, estimate, median_db in zip(STEMS, truths, estimates, medians_db, strict=True):
        bleedless, fullness = bleedless_and_fullness(truth, estimate, SAMPLE_RATE)
        yield Score(
            song.name,
            model,
            stem,
            median_db,
            usdr(truth, estimate),
            si_sdr(truth, estimate),
            tenth_percentile_sdr(truth, estimate, SAMPLE_RATE),
            bleedless,
            fullness,
            log_wmse(mixture, truth, estimate, SAMPLE_RATE),
            leak_db(truth, estimate, mixture, SAMPLE_RATE),
            share_lost(truth, estimate, SAMPLE_RATE),
        )
