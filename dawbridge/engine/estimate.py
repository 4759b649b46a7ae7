"""The resident model: loaded once, kept warm, streaming any length in bounded memory.

Its seam is `estimate(mixture) → vocals` at the model's rate (`acapellanet.Estimator`); everything around it,
rates, channels and exact lengths, is done here.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray

from acapellanet.errors import AcapellanetError
from acapellanet.estimate.center import CENTER_CONTEXT_SAMPLES, isolate_center
from acapellanet.estimate.estimator import Estimator, load_estimator
from acapellanet.estimate.registry import DEFAULT_MODEL, model_hash
from acapellanet.estimate.shifts import shifted
from acapellanet.estimate.streaming import stream_estimate
from dawbridge.engine.loop import LoopMixture, fade_samples, led_in
from dawbridge.engine.mixture import Mixture, blocks
from dawbridge.engine.resample import exactly, resample
from dawbridge.engine.stored import SampleBuffer
from dawbridge.errors import ConfigError, ModelError

Samples = NDArray[np.float32]
"""`[channels, samples]`."""
Progress = Callable[[float], None]
"""Told a fraction 0..1; may raise `Cancelled` to stop the work."""

Estimate = Callable[[torch.Tensor], torch.Tensor]
"""`[2, samples]` → `[2, samples]` at the model's rate."""

DEVICES = ("auto", "cuda", "mps", "cpu")
CHUNK_S = 24.0
"""Piece that the network sees at once: long, so that little context is computed twice, but an hour stays in 1.5 GiB."""
MIN_CHUNK_S = 3.0
"""Shortest piece that is tried where memory is short."""
BLOCK_SAMPLES = 1 << 18
CENTER_MODEL = "center"
"""Pre-isolation alone: the one model whose plain estimate depends on `center_width`."""


def pick_device(device: str) -> str:
    """`auto` → the best that torch sees; else the one named. Raises `ConfigError` where torch cannot use it."""
    present = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if device == "auto":
        return next(name for name in ("cuda", "mps", "cpu") if present[name])
    if device not in present:
        raise ConfigError(f"device {device!r}: allowed are {', '.join(DEVICES)}")
    if not present[device]:
        raise ConfigError(f"device {device!r}: torch {torch.__version__} cannot use it here; try --device auto")
    return device


def _put(target: SampleBuffer, pair: slice, start: int, piece: Samples, frames: int, fade: int) -> None:
    """Write what lies inside `0..frames`; lead `fade` samples of what lies behind it into the start."""
    stop = start + piece.shape[1]
    inside = piece[:, max(0, -start) : max(0, frames - start)]
    if inside.shape[1]:
        place = max(0, start)
        target[pair, place : place + inside.shape[1]] = inside
    first, last = max(start, frames), min(stop, frames + fade)
    if first < last:
        span = slice(first - frames, last - frames)
        target[pair, span] = led_in(target[pair, span], piece[:, first - start : last - start], span.start, fade)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether torch, on whatever device, or Python found no memory."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and ("out of memory" in text or "can't allocate memory" in text)


@dataclass(frozen=True, slots=True)
class Variant:
    """One of the estimates that a render may mix: of the mixture itself, or of its isolated centre."""

    center: bool
    width: float
    """`center_width` 0..1."""
    shifts: int = 1
    """Passes of the network whose mean it is."""


class Engine:
    """A model on a device. Not thread-safe: one engine, one worker."""

    def __init__(
        self,
        model: str = DEFAULT_MODEL,
        device: str = "auto",
        progress: Progress = lambda _: None,
        on_step: Callable[[], None] = lambda: None,
    ) -> None:
        """`on_step` is called many times a second while the network runs; like `progress` it may raise to stop it."""
        self.model = model
        self._on_step = on_step
        self.device = pick_device(device)
        self.progress = progress
        self._chunk_s = CHUNK_S
        self.notes: list[str] = []
        """What the person has to know of this engine, each line once."""

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the weights: part of every analysis's key. Raises `ModelError`."""
        try:
            return model_hash(self.model)
        except AcapellanetError as error:
            raise ModelError(str(error)) from error

    def warm(self) -> None:
        """Load the weights and run once, so that the first bounce does not wait for it.

        Where the device has no memory for it, the processor is used. Raises `ModelError`, `MemoryError`.
        """
        while True:
            try:
                self._estimator(0.5).estimate(torch.zeros(2, 44100))
                return
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                self._chunk_s = MIN_CHUNK_S  # a second of zeros finds no room: nothing shorter is of use
                self._make_do()

    def estimate(self, mixture: Mixture, variant: "Variant", target: SampleBuffer, loop: bool = False) -> None:
        """Write the vocals of `mixture`, at its own rate, into `target` (`[channels, samples]`, its shape).

        Channels go through the model in pairs (first and second, third and fourth, …), an odd last one as mono.
        A `loop` is heard as what it is: its end comes before its start. Raises `ModelError`, and whatever
        `progress` raises.
        """
        while True:
            try:
                self._estimate(mixture, variant, target, loop)
                return
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                self._make_do()

    def _make_do(self) -> None:
        """The memory did not suffice: half the chunk, at the least chunk the processor. Raises `MemoryError`."""
        if self._chunk_s > MIN_CHUNK_S:
            self._chunk_s = max(MIN_CHUNK_S, self._chunk_s / 2)
            note = f"not enough memory on {self.device}: the network works in shorter pieces from now on"
        elif self.device != "cpu":
            note = f"not enough memory on {self.device}: the network works on the processor from now on, more slowly"
            self.device, self._chunk_s = "cpu", CHUNK_S
            self.__dict__.pop("_resident", None)
        else:
            raise MemoryError("not enough memory for even the shortest piece")
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        if note not in self.notes:
            self.notes.append(note)

    def _estimate(self, mixture: Mixture, variant: "Variant", target: SampleBuffer, loop: bool) -> None:
        estimate, context = self._with_center(self._estimator(variant.width), variant)
        before = self._loop_context(context, mixture.sample_rate) if loop else 0
        fade = fade_samples(mixture.sample_rate, mixture.frames) if loop else 0
        whole = LoopMixture(mixture, before, fade + before) if loop else mixture
        for first in range(0, mixture.channels, 2):
            pair = slice(first, min(first + 2, mixture.channels))
            filled = -before
            for piece in self._stream(whole, pair, estimate, context):
                _put(target, pair, filled, piece, mixture.frames, fade)
                filled += piece.shape[1]
                done = (filled + before) / whole.frames
                self.progress((first + (pair.stop - first) * done) / mixture.channels)

    def _loop_context(self, context_samples: int, sample_rate: int) -> int:
        """Samples of a loop's other end that have to be heard, at its own rate; the resampler needs some too."""
        return math.ceil(
            (context_samples + self._estimator(0.5).alignment_samples) * sample_rate / self._estimator(0.5).sample_rate
        )

    def _stream(self, mixture: Mixture, pair: slice, estimate: Estimate, context_samples: int) -> Iterator[Samples]:
        """The vocals of one pair of channels in consecutive pieces at the mixture's rate."""
        source_hz, model_hz = mixture.sample_rate, self._estimator(0.5).sample_rate
        width = pair.stop - pair.start
        stereo = (np.broadcast_to(block[pair], (2, block.shape[1])) for block in blocks(mixture, BLOCK_SAMPLES))
        pieces = stream_estimate(
            estimate,
            resample(stereo, 2, source_hz, model_hz),
            chunk_samples=int(self._chunk_s * model_hz),
            context_samples=context_samples,
            alignment_samples=self._estimator(0.5).alignment_samples,
        )
        vocals = (piece.mean(axis=0, keepdims=True) if width == 1 else piece for piece in pieces)
        return exactly(resample(vocals, width, model_hz, source_hz), width, mixture.frames)

    def _with_center(self, estimator: Estimator, variant: "Variant") -> tuple[Estimate, int]:
        """The model, with the centre isolated ahead of it and shifts if asked, and the context that needs."""

        def centered(mixture: torch.Tensor) -> torch.Tensor:
            return estimator.estimate(isolate_center(mixture, estimator.sample_rate, variant.width))

        estimate = centered if variant.center else estimator.estimate
        context = estimator.context_samples + (CENTER_CONTEXT_SAMPLES if variant.center else 0)
        return shifted(estimate, context, estimator.alignment_samples, variant.shifts)

    def file_stem(self, variant: Variant) -> str:
        """The variant's name in the cache. The plain estimate of a network does not depend on the width."""
        shifts = f"-shifts{variant.shifts}" if variant.shifts > 1 else ""
        if variant.center:
            return f"center-{variant.width:.4f}{shifts}"
        return (f"plain-{variant.width:.4f}" if self.model == CENTER_MODEL else "plain") + shifts

    def _estimator(self, width: float) -> Estimator:
        if self.model != CENTER_MODEL:
            return self._resident
        return load_estimator(self.model, self.device, center_width=width)

    @cached_property
    def _resident(self) -> Estimator:
        try:
            return load_estimator(self.model, self.device, on_step=self._on_step)
        except AcapellanetError as error:
            raise ModelError(str(error)) from error
