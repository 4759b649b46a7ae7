"""Make a personal model from a few songs: it is trained for minutes, and kept only if it does better.

The last fifth of every song is held back. The model that was, the one trained on, and the mean of both are judged on
it; the best one is written, if it beats the first by `GAIN_DB`.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch

from acapellanet.audio import SAMPLE_RATE, Samples
from acapellanet.data.library import Library, Track, open_library
from acapellanet.data.mashups import CHOPPED, Mashups
from acapellanet.data.splits import Split
from acapellanet.errors import DataError
from acapellanet.estimate.registry import weights_path
from acapellanet.evaluation.metrics import usdr
from acapellanet.net.network import AcapellaNet
from acapellanet.net.separation import separate
from acapellanet.net.weights import load_network, save_network
from acapellanet.training.averaging import mean_network
from acapellanet.training.trainer import Trainer, TrainingOptions

HELD_BACK = 0.2
EXCERPT_S, SHORTEST_S = 12.0, 2.0
GAIN_DB = 0.1
"""Smallest gain in decibels that does not count as luck."""
RATE = 2e-4
"""Learning rate, low so that a network that knows many voices does not forget them for a few."""


@dataclass(frozen=True, slots=True)
class Learned:
    """The result: SDR of the vocals on the held-back part, in decibels."""

    before_db: float
    after_db: float
    """SDR of the best candidate."""
    weights: Path | None
    """Path of the personal model, or `None` if none is better than the one that was."""


def learn(
    folder: Path,
    out: Path,
    minutes: float,
    model: str,
    report: Callable[[float], None] = lambda share: None,
    options: TrainingOptions | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> Learned:
    """Train `model` on with the songs of `folder`, and write `out` if that does better on their held-back parts.

    `folder`: songs, each a folder with vocals.* and instrumental.*; `report` is called with the share of time spent,
    `say` with what is left out and why, and with what happens next.
    Raises `DataError` if there is no song of ten seconds or more, `ModelError` for an unknown model.
    """
    with TemporaryDirectory(prefix="acapellanet-", ignore_cleanup_errors=True) as cache:
        library = open_library(folder, Path(cache))
        for problem in library.problems:
            say(f"left out: {problem}")
        return _learned(library, out, minutes, model, report, options, say)


def _learned(
    library: Library,
    out: Path,
    minutes: float,
    model: str,
    report: Callable[[float], None],
    options: TrainingOptions | None,
    say: Callable[[str], None],
) -> Learned:
    songs = _songs(library, say)
    excerpts = _held_back(library, songs)
    whole_s = sum(vocals.frames for vocals, _ in songs) / SAMPLE_RATE
    say(f"{len(songs)} songs, {whole_s / 60:.1f} minutes, of which the last fifth of each is held back to judge by")
    source = load_network(weights_path(model))
    options = options or TrainingOptions(minutes, batch=4, frames=160, peak_rate=RATE)
    config = replace(source.config, name=out.stem)
    samples = (options.frames - 1) * config.hop_samples
    mashups = Mashups(library, _training_split(songs), samples, options.seed, chopped=CHOPPED)
    trainer = Trainer(config, options, mashups, source)
    began = time.monotonic()
    while not trainer.done:
        trainer.step()
        report(min(1.0, (time.monotonic() - began) / (minutes * 60)))
    say(f"{trainer.step_number} steps; judging the old model, the new one and their mean")
    before_db = _judged(source, excerpts)
    candidates = (trainer.averaged, mean_network([source, trainer.averaged], config))
    after_db, best = max(((_judged(network, excerpts), network) for network in candidates), key=lambda pair: pair[0])
    if not after_db > before_db + GAIN_DB:
        return Learned(before_db, after_db, None)
    training: dict[str, object] = {"learned_from": model, "songs": len(songs), "minutes": minutes}
    save_network(out, best, {**training, "before_db": round(before_db, 2), "after_db": round(after_db, 2)})
    return Learned(before_db, after_db, out)


def _songs(library: Library, say: Callable[[str], None]) -> list[tuple[Track, Track]]:
    """Find vocals and instrumental of each song that is long enough for a part to be held back."""
    halves: dict[str, dict[str, Track]] = {}
    for track in library.tracks:
        if track.paired:
            halves.setdefault(track.bank, {})[track.role] = track
    shortest_s = SHORTEST_S / HELD_BACK
    songs = []
    for bank, song in halves.items():
        length_s = min(half.frames for half in song.values()) / SAMPLE_RATE
        if length_s >= shortest_s:
            songs.append((song["vocals"], song["instrumental"]))
        else:
            say(f"left out: {bank}: {length_s:.1f} s, shorter than {shortest_s:g} s")
    if not songs:
        raise DataError(f"to learn from, songs of {shortest_s:g} s or more with vocals.* and instrumental.* are needed")
    return songs


def _training_split(songs: list[tuple[Track, Track]]) -> Split:
    """Take the first four fifths of each song."""
    cut = [tuple(replace(half, frames=int(half.frames * (1 - HELD_BACK))) for half in song) for song in songs]
    voices, music = [song[0] for song in cut], [song[1] for song in cut]
    return Split({"stems": voices}, music, {track.bank: track for track in music})


def _held_back(library: Library, songs: list[tuple[Track, Track]]) -> list[tuple[Samples, Samples]]:
    """Cut excerpts in which somebody sings from the last fifth of each song: vocals and instrumental."""
    excerpts = []
    length = int(EXCERPT_S * SAMPLE_RATE)
    for vocals, instrumental in songs:
        last = min(vocals.frames, instrumental.frames)
        for start in range(int(last * (1 - HELD_BACK)) + 1, last - int(SHORTEST_S * SAMPLE_RATE) + 1, length):
            frames = min(length, last - start)
            excerpts.append((library.read(vocals, start, frames), library.read(instrumental, start, frames)))
    sung = [excerpt for excerpt in excerpts if np.square(excerpt[0]).mean() > 1e-6]
    if not sung:
        raise DataError("nobody sings in the last fifth of any song, so that nothing can be judged")
    return sung


def _judged(network: AcapellaNet, excerpts: list[tuple[Samples, Samples]]) -> float:
    network = network.eval()
    estimates = (separate(network, torch.from_numpy(vocals + music)).numpy() for vocals, music in excerpts)
    return float(np.mean([usdr(vocals, estimate) for (vocals, _), estimate in zip(excerpts, estimates, strict=True)]))
