"""The slow half's result: the network's estimates of the vocals, made when first needed and kept.

An estimate is float32 `[channels, samples]` at the mixture's rate, in memory (the library) or on disk (the daemon,
where it is read and written span by span, so that memory does not grow with the audio's length).
"""

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dawbridge.engine.cache import AnalysisCache, DiskEstimates, Estimates, MemoryEstimates
from dawbridge.engine.estimate import Engine, Variant
from dawbridge.engine.loop import around, fade_samples, led_in
from dawbridge.engine.mixture import Mixture
from dawbridge.engine.render import Grid, Reader, is_plain, render
from dawbridge.engine.stored import SampleBuffer
from dawbridge.errors import AudioError
from dawbridge.knobs.automation import Automation
from dawbridge.knobs.parameters import Snapshot

__all__ = ["Analysis", "AnalysisCache", "DiskEstimates", "Estimates", "MemoryEstimates"]

Samples = NDArray[np.float32]
"""`[channels, samples]`."""

NO_AUTOMATION = Automation()
BLOCK_HOPS = 64
"""Frames that are rendered at once: the spectra of a block fit the processor's cache."""


class Analysis:
    """A mixture, the engine, and the estimates made so far; knows how to render itself."""

    def __init__(self, mixture: Mixture, engine: Engine, estimates: Estimates, loop: bool = False) -> None:
        """`loop`: the mixture's end is followed by its start, so its stems go round without a click."""
        self.mixture = mixture
        self.loop = loop
        self._engine = engine
        self._estimates = estimates
        self.estimate_s = 0.0
        """Seconds spent in the network: 0 where all that was needed was kept."""

    @property
    def model(self) -> str:
        """The model's name and the first digits of its weights' hash."""
        return f"{Path(self._engine.model).name} {self._engine.hash[:12]}"

    def prepare(self, values: Snapshot, automation: Automation = NO_AUTOMATION) -> None:
        """Make the estimates that `values` need and that are not there: the slow part of a render, if any."""
        for variant, _ in self._needed(values, automation):
            self._estimate(variant)

    def prefetch(self, values: Snapshot) -> None:
        """Make the centre estimate too, so that the first turn of `center_amount` is as quick as the rest."""
        if self.mixture.channels > 1:
            self._estimate(_variant(values, center=True))

    def acapella(self, values: Snapshot, automation: Automation = NO_AUTOMATION) -> Iterator[Samples]:
        """The acapella in consecutive pieces, `[channels, n]`, before its gain."""
        block, piece = self.pieces(values, automation)
        for start in range(0, self.mixture.frames, block):
            yield piece(start)

    def pieces(self, values: Snapshot, automation: Automation = NO_AUTOMATION) -> tuple[int, Callable[[int], Samples]]:
        """The length of the acapella's pieces in samples, and what makes the one from a multiple of it on.

        Pieces can be made in any order, and by several threads where the mixture can be read so.
        """
        frames, rate, mixture = self.mixture.frames, self.mixture.sample_rate, self.mixture.read
        vocals = self._vocals(values, automation)
        block = Grid.of(rate).hop * BLOCK_HOPS
        goes_round = self.loop and not is_plain(values, automation)

        def piece(start: int) -> Samples:
            stop = min(start + block, frames)
            if goes_round:
                return self._looped(vocals, start, stop, values, automation)
            return render(mixture, vocals, start, stop, frames, rate, values, automation)

        return block, piece

    def _vocals(self, values: Snapshot, automation: Automation) -> Reader:
        """V = (1-a)·V0 + a·V1, which needs V1 only where a > 0."""
        self.prepare(values, automation)
        lane = automation.lane("center_amount") if self.mixture.channels > 1 else None
        parts = [(self._estimate(v), np.float32(w)) for v, w in self._needed(values, automation)]

        def vocals(start: int, stop: int) -> Samples:
            first, weight = parts[0]
            if lane is not None:
                amount = lane.values(np.arange(start, stop) / self.mixture.sample_rate).astype(np.float32)
                return np.asarray(first[:, start:stop] * (1 - amount) + parts[1][0][:, start:stop] * amount)
            mixed = first[:, start:stop] * weight if weight != 1 else first[:, start:stop]
            for estimate, weight in parts[1:]:
                mixed = mixed + estimate[:, start:stop] * weight
            return mixed

        return vocals

    def _looped(self, vocals: Reader, start: int, stop: int, values: Snapshot, automation: Automation) -> Samples:
        """A piece of a loop; what the transform gives behind the loop's end is led into its start."""
        frames, rate = self.mixture.frames, self.mixture.sample_rate
        mixture = partial(around, self.mixture.read, frames=frames)
        voice = partial(around, vocals, frames=frames)
        piece = render(mixture, voice, start, stop, None, rate, values, automation)
        if start == 0:
            fade, hop = fade_samples(rate, frames), Grid.of(rate).hop
            place = frames // hop * hop
            beyond = render(mixture, voice, place, frames + fade, None, rate, values, automation)[:, frames - place :]
            piece = np.concatenate((led_in(piece[:, :fade], beyond, 0, fade), piece[:, fade:]), axis=1)
        return piece

    def _needed(self, values: Snapshot, automation: Automation) -> list[tuple[Variant, float]]:
        """Estimates and their weights; with a lane for the amount both are needed."""
        amount = values["center_amount"] if self.mixture.channels > 1 else 0.0
        weighted = [(_variant(values, center=False), 1 - amount), (_variant(values, center=True), amount)]
        if automation.lane("center_amount") and self.mixture.channels > 1:
            return weighted
        return [(variant, weight) for variant, weight in weighted if weight > 0]

    def _estimate(self, variant: Variant) -> SampleBuffer:
        name, shape = self._engine.file_stem(variant), (self.mixture.channels, self.mixture.frames)
        kept = self._estimates.find(name, shape)
        if kept is not None:
            return kept
        begun = time.perf_counter()
        with self._estimates.create(name, shape) as room:
            self._engine.estimate(self.mixture, variant, room, self.loop)
        self.estimate_s += time.perf_counter() - begun
        found = self._estimates.find(name, shape)
        if found is None:
            raise AudioError("the analysis vanished from the cache as soon as it was made; run the job again")
        return found


def _variant(values: Snapshot, *, center: bool) -> Variant:
    return Variant(center, values["center_width"], int(values["shifts"]))
