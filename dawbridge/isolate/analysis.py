"""The slow half's result: the network's estimates of the vocals, made when first needed and kept.

An estimate is float32 `[channels, samples]` at the mixture's rate, in memory (the library) or on disk (the daemon,
where a memory map bounds what an hour of audio costs).
"""

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dawbridge.isolate.cache import AnalysisCache, DiskEstimates, Estimates, MemoryEstimates
from dawbridge.isolate.engine import Engine, Variant
from dawbridge.isolate.mixture import Mixture
from dawbridge.isolate.render import Grid, render
from dawbridge.parameters import Snapshot

__all__ = ["Analysis", "AnalysisCache", "DiskEstimates", "Estimates", "MemoryEstimates"]

Samples = NDArray[np.float32]
"""`[channels, samples]`."""

BLOCK_HOPS = 256
"""Frames that are rendered at once: the spectra of a block fit the processor's cache."""


class Analysis:
    """A mixture, the engine, and the estimates made so far; knows how to render itself."""

    def __init__(self, mixture: Mixture, engine: Engine, estimates: Estimates) -> None:
        self.mixture = mixture
        self._engine = engine
        self._estimates = estimates
        self.estimate_s = 0.0
        """Seconds spent in the network: 0 where all that was needed was kept."""

    @property
    def model(self) -> str:
        """The model's name and the first digits of its weights' hash."""
        return f"{Path(self._engine.model).name} {self._engine.hash[:12]}"

    def prepare(self, values: Snapshot) -> None:
        """Make the estimates that `values` need and that are not there: the slow part of a render, if any."""
        for variant, _ in self._needed(values):
            self._estimate(variant)

    def prefetch(self, values: Snapshot) -> None:
        """Make the centre estimate too, so that the first turn of `center_amount` is as quick as the rest."""
        if self.mixture.channels > 1:
            self._estimate(Variant(True, values["center_width"]))

    def acapella(self, values: Snapshot) -> Iterator[Samples]:
        """The acapella in consecutive pieces, `[channels, n]`, before its gain."""
        self.prepare(values)
        mixture, parts = self.mixture, [(self._estimate(v), np.float32(w)) for v, w in self._needed(values)]

        def vocals(start: int, stop: int) -> Samples:
            first, weight = parts[0]
            mixed = np.asarray(first[:, start:stop]) * weight if weight != 1 else np.asarray(first[:, start:stop])
            for estimate, weight in parts[1:]:
                mixed = mixed + estimate[:, start:stop] * weight
            return mixed

        block = Grid.of(mixture.sample_rate).hop * BLOCK_HOPS
        for start in range(0, mixture.frames, block):
            stop = min(start + block, mixture.frames)
            yield render(mixture.read, vocals, start, stop, mixture.frames, mixture.sample_rate, values)

    def _needed(self, values: Snapshot) -> list[tuple[Variant, float]]:
        """Estimates and their weights: V = (1-a)·V0 + a·V1."""
        amount = values["center_amount"] if self.mixture.channels > 1 else 0.0
        width = values["center_width"]
        weighted = [(Variant(False, width), 1 - amount), (Variant(True, width), amount)]
        return [(variant, weight) for variant, weight in weighted if weight > 0]

    def _estimate(self, variant: Variant) -> Samples:
        name, shape = self._engine.file_stem(variant), (self.mixture.channels, self.mixture.frames)
        kept = self._estimates.find(name, shape)
        if kept is not None:
            return kept
        begun = time.perf_counter()
        with self._estimates.create(name, shape) as room:
            self._engine.estimate(self.mixture, variant, room)
        self.estimate_s += time.perf_counter() - begun
        found = self._estimates.find(name, shape)
        return room if found is None else found
