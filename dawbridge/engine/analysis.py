"""The slow half's result: the models' estimates of the vocals, made when they are first needed and kept.

An estimate is float32 `[channels, samples]` at the mixture's rate, in memory (the library) or on disk (the daemon,
where it is read and written span by span, so that memory does not grow with the audio's length).
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dawbridge.engine.analyser import Analyser, Progress, Variant
from dawbridge.engine.cache import AnalysisCache
from dawbridge.engine.estimate import Engine
from dawbridge.engine.estimates import DiskEstimates, Estimates, MemoryEstimates
from dawbridge.engine.loop import around, fade_samples, led_in
from dawbridge.engine.mixture import Mixture
from dawbridge.engine.render import Grid, Reader, is_plain, render
from dawbridge.engine.stored import SampleBuffer
from dawbridge.engine.voice import effective
from dawbridge.errors import AudioError
from dawbridge.knobs.automation import Automation
from dawbridge.knobs.parameters import Snapshot

__all__ = ["Analysis", "AnalysisCache", "DiskEstimates", "Estimates", "MemoryEstimates"]

Samples = NDArray[np.float32]
"""`[channels, samples]`."""

NO_AUTOMATION = Automation()
BLOCK_HOPS = 64
"""Number of frames that are rendered at once: the spectra of a block fit the processor's cache."""
PLAIN_BLOCK_HOPS = 512
"""The same for all channels together, if there is nothing to transform."""


@dataclass(frozen=True, slots=True)
class _Share:
    """One estimate that a render needs, and its share of the whole."""

    analyser: Analyser
    estimates: Estimates
    variant: Variant
    weight: float
    """Share of its model in the mean of models, 0..1."""
    amount: float
    """Share of its variant, 0..1; without effect if `center_amount` moves."""


class Analysis:
    """A mixture, the engine, and the estimates made so far; renders itself."""

    def __init__(
        self,
        mixture: Mixture,
        engine: Engine,
        estimates: Estimates,
        loop: bool = False,
        progress: Progress = lambda _: None,
    ) -> None:
        """`loop`: the mixture's end is followed by its start, so its stems go round without a click.

        `estimates` keeps those of the engine's model; of a mean of models, each model's are kept as its own.
        """
        self.mixture = mixture
        self.loop = loop
        self._engine, self._estimates, self._progress = engine, estimates, progress
        self._made: dict[tuple[Analyser, Variant], SampleBuffer] = {}
        self.estimate_s = 0.0
        """Time spent in the network, in seconds: 0 if everything that was needed had been kept."""

    @property
    def model(self) -> str:
        """The model's name and the first digits of its weights' hash."""
        return f"{Path(self._engine.model).name} {self._engine.hash[:12]}"

    def prepare(self, values: Snapshot, automation: Automation = NO_AUTOMATION) -> None:
        """Make the estimates that `values` need and that are not there yet: the slow part of a render, if any."""
        self._make(self._needed(values, automation))

    def prefetch(self, values: Snapshot) -> None:
        """Make the centre estimate too, so that the first turn of `center_amount` is as quick as the rest."""
        if self.mixture.channels > 1:
            self._make(self._shares({_variant(values, center=True): 1.0}))

    def acapella(self, values: Snapshot, automation: Automation = NO_AUTOMATION) -> Iterator[Samples]:
        """Yield the acapella in consecutive pieces, `[channels, n]`, before its gain."""
        block, piece = self.pieces(values, automation)
        for start in range(0, self.mixture.frames, block):
            yield piece(start)

    def pieces(self, values: Snapshot, automation: Automation = NO_AUTOMATION) -> tuple[int, Callable[[int], Samples]]:
        """Return the length of the acapella's pieces in samples, and what renders the piece from a multiple of it on.

        Pieces can be rendered in any order, and by several threads if the mixture can be read by several.
        """
        frames, rate = self.mixture.frames, self.mixture.sample_rate
        values, automation = effective(values, automation, self.mixture.channels)
        vocals = self._vocals(values, automation)
        hop = Grid.of(rate).hop
        if not automation.lanes and is_plain(values):
            block = hop * max(BLOCK_HOPS, PLAIN_BLOCK_HOPS // self.mixture.channels)
            return block, partial(self._untouched, vocals, block, values)
        block = hop * BLOCK_HOPS
        goes_round = self.loop and not is_plain(values, automation)

        def piece(start: int) -> Samples:
            stop = min(start + block, frames)
            if goes_round:
                return self._looped(vocals, start, stop, values, automation)
            return render(self.mixture.read, vocals, start, stop, frames, rate, values, automation)

        return block, piece

    def _untouched(self, vocals: Reader, block: int, values: Snapshot, start: int) -> Samples:
        """Return a piece without any transform: the estimate itself, or at strength 0 the mixture, times the depth."""
        stop = min(start + block, self.mixture.frames)
        samples = vocals(start, stop) if values["mask_strength"] else self.mixture.read(start, stop)
        depth = np.float32(values["mask_depth"])
        return samples if depth == 1 else samples * depth

    def _vocals(self, values: Snapshot, automation: Automation) -> Reader:
        """Return a reader of V = (1-a)·V0 + a·V1, of which V1 is needed only if a > 0; of several models, the mean."""
        shares = self._needed(values, automation)
        buffers = self._make(shares)
        lane = automation.lane("center_amount") if automation.lanes and self.mixture.channels > 1 else None
        if lane is None and len(buffers) == 1:
            only = buffers[0]
            return lambda start, stop: only[:, start:stop]

        def vocals(start: int, stop: int) -> Samples:
            amount = 0.0 if lane is None else lane.values(np.arange(start, stop) / self.mixture.sample_rate)
            mixed: Samples | None = None
            for share, buffer in zip(shares, buffers, strict=True):
                part = share.amount if lane is None else amount if share.variant.center else 1 - amount
                weight = np.asarray(share.weight * part, np.float32)
                piece = buffer[:, start:stop]
                scaled = piece if weight.ndim == 0 and weight == 1 else piece * weight
                mixed = scaled if mixed is None else mixed + scaled
            return np.zeros((self.mixture.channels, stop - start), np.float32) if mixed is None else mixed

        return vocals

    def _looped(self, vocals: Reader, start: int, stop: int, values: Snapshot, automation: Automation) -> Samples:
        """Render a piece of a loop; what the transform gives after the loop's end is led into its start."""
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

    def _needed(self, values: Snapshot, automation: Automation) -> list[_Share]:
        """List the estimates that a render mixes; if a lane moves `center_amount`, both variants."""
        stereo = self.mixture.channels > 1
        amount = values["center_amount"] if stereo else 0.0
        moves = stereo and bool(automation.lanes) and automation.lane("center_amount") is not None
        weighted = {_variant(values, center=False): 1 - amount, _variant(values, center=True): amount}
        return self._shares({variant: share for variant, share in weighted.items() if moves or share > 0})

    def _shares(self, variants: dict[Variant, float]) -> list[_Share]:
        """Combine variants with the engine's models."""
        parts = self._engine.parts
        return [
            _Share(
                analyser,
                self._estimates if len(parts) == 1 else self._estimates.of(analyser.model.fingerprint),
                variant,
                weight,
                amount,
            )
            for weight, analyser in parts
            for variant, amount in variants.items()
        ]

    def _make(self, shares: list[_Share]) -> list[SampleBuffer]:
        """Find the estimates of `shares`, and make those that are missing, with one progress over all of them."""
        shape = (self.mixture.channels, self.mixture.frames)
        for share in shares:
            key = (share.analyser, share.variant)
            if key not in self._made:
                kept = share.estimates.find(share.analyser.name_of(share.variant), shape)
                if kept is not None:
                    self._made[key] = kept
        missing = [share for share in shares if (share.analyser, share.variant) not in self._made]
        for number, share in enumerate(missing):
            self._analyse(share, shape, partial(self._advance, number, len(missing)))
        return [self._made[share.analyser, share.variant] for share in shares]

    def _advance(self, done: int, count: int, fraction: float) -> None:
        self._progress((done + fraction) / count)

    def _analyse(self, share: _Share, shape: tuple[int, int], progress: Progress) -> None:
        """Make one estimate, and keep it."""
        begun = time.perf_counter()
        name = share.analyser.name_of(share.variant)
        with share.estimates.create(name, shape) as buffer:
            share.analyser.analyse(self.mixture, share.variant, buffer, self.loop, progress)
        self.estimate_s += time.perf_counter() - begun
        found = share.estimates.find(name, shape)
        if found is None:
            raise AudioError("the analysis vanished from the cache as soon as it was made; run the job again")
        self._made[share.analyser, share.variant] = found


def _variant(values: Snapshot, *, center: bool) -> Variant:
    return Variant(center, values["center_width"], int(values["shifts"]))
