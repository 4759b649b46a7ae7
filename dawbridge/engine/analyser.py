"""One model on a device: turns a mixture of any length, rate and number of channels into an estimate of its vocals.

This is the slow half of a separation, and the only part of it that could run on another computer: it needs the
mixture's samples and a `Variant`, and gives samples.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from acapellanet.estimate.center import CENTER_CONTEXT_SAMPLES, HOP_SAMPLES, isolate_center
from dawbridge.engine.batching import Batches
from dawbridge.engine.device import Device, device_of, is_device_lost, is_out_of_memory
from dawbridge.engine.loop import LoopMixture, fade_samples, led_in
from dawbridge.engine.mixture import Mixture, blocks
from dawbridge.engine.resample import exactly, resample
from dawbridge.engine.stored import SampleBuffer
from dawbridge.errors import ModelError
from dawbridge.estimators.model import Estimator, LoadRequest, Model, batch_of
from dawbridge.estimators.streaming import ContextWindow, Estimate, Streaming

if TYPE_CHECKING:
    from dawbridge.cluster.pool import ClusterPool

Samples = NDArray[np.float32]
"""`[channels, samples]`."""
Progress = Callable[[float], None]
"""Called with the fraction done, 0..1; may raise `Cancelled` to stop the work."""

CHUNK_S = 24.0
"""How much the network sees at once, in seconds: long, so that little context is computed twice, but an hour of audio
stays within 1.5 GiB."""
WORST_DIFFERENCE_DB = -45.0
"""Largest difference between a device and the processor that is not heard."""
MIN_CHUNK_S = 3.0
"""The shortest chunk that is tried if memory is short, in seconds."""
BLOCK_SAMPLES = 1 << 18
CENTER = ContextWindow(CENTER_CONTEXT_SAMPLES, HOP_SAMPLES)
"""How the centre's isolation goes ahead of a model, whatever the model's own streaming."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One of the estimates that a render may mix: of the mixture itself, or of its isolated centre."""

    center: bool
    width: float
    """`center_width`, 0..1."""
    shifts: int = 1
    """Number of passes of the network whose mean it is."""

    @property
    def values(self) -> Mapping[str, float]:
        """Analysis-stage parameters that a model may depend on, by name."""
        return {"center_width": self.width}


class Analyser:
    """A model on a device, loaded when it is first needed. Not thread-safe."""

    def __init__(
        self,
        model: Model,
        device: str,
        on_step: Callable[[], None] = lambda: None,
        cluster: "ClusterPool | None" = None,
    ) -> None:
        """`on_step` is called many times a second while the model runs, and may raise to stop it.

        With a `cluster`, other computers estimate as long as it can be reached.
        """
        self.model, self.device, self._cluster = model, device, cluster
        self.notes: list[str] = []
        """What the user has to know about this model's runs, each line once."""
        self._on_step = on_step
        self._chunk_s = CHUNK_S
        self._loaded: tuple[Mapping[str, float], Estimator] | None = None
        self._batches: dict[str, Batches] = {}

    def name_of(self, variant: Variant) -> str:
        """Return the variant's name in the cache: it tells apart all that this model's estimates depend on."""
        shifts = f"-shifts{variant.shifts}" if variant.shifts > 1 else ""
        if variant.center:
            return f"center-{variant.width:.4f}{shifts}"
        own = "".join(f"-{variant.values[name]:.4f}" for name in self.model.parameters)
        return f"plain{own}{shifts}"

    def warm(self) -> None:
        """Load the weights and run once, so that the first bounce does not have to wait for it.

        If the device has too little memory, the processor is used. Raises `ModelError` and `MemoryError`.
        """
        plain, second = Variant(center=False, width=0.5), torch.zeros(2, 44100)
        self._with_less_memory(lambda: self._run(self._estimator(plain).estimate, second), chunks_matter=False)
        if self.device == "mps":
            self._with_less_memory(self._check_device, chunks_matter=False)

    def _check_device(self) -> None:
        """Leave a device that computes something else than the processor; some of Apple's kernels did."""
        difference_db = self.difference_db()
        if not difference_db <= WORST_DIFFERENCE_DB:  # not a number is no better
            self._leave_device(f"{self.device} differs from the processor by {difference_db:.0f} dB")

    def difference_db(self) -> float:
        """Run four seconds of noise here and on the processor; return the level of the difference, in dB to the result.

        Raises `ModelError` and `MemoryError`.
        """
        noise = 0.1 * torch.randn(2, 4 * 44100, generator=torch.Generator().manual_seed(1))
        plain = Variant(center=False, width=0.5)
        on_cpu = Analyser(self.model, "cpu")
        truth = on_cpu._run(on_cpu._estimator(plain).estimate, noise)
        here = self._run(self._estimator(plain).estimate, noise)
        error = (here - truth).square().mean() / truth.square().mean().clamp_min(1e-12)
        return float(10 * error.clamp_min(1e-20).log10())

    def analyse(
        self, mixture: Mixture, variant: Variant, target: SampleBuffer, loop: bool, progress: Progress = lambda _: None
    ) -> None:
        """Write the vocals of `mixture`, at its own rate, into `target`, `[channels, samples]` of its shape.

        Channels go through the model in pairs (first and second, third and fourth, …), an odd last one as mono.
        A `loop` is heard as one: its end comes before its start. Raises `ModelError`, and whatever `progress` raises.
        """
        self._with_less_memory(lambda: self._analyse(mixture, variant, target, loop, progress))

    def _with_less_memory(self, work: Callable[[], object], chunks_matter: bool = True) -> None:
        """Do `work`; if memory runs out, do it again with shorter chunks, and at last on the processor.

        On the processor at once if the device is gone.
        """
        while True:
            try:
                work()
                return
            except (RuntimeError, MemoryError) as error:
                if is_out_of_memory(error):
                    self._make_do(chunks_matter and self._chunks_can_shrink)
                elif self.device != "cpu" and is_device_lost(error):
                    self._leave_device(f"{self.device} is gone or has failed ({str(error).splitlines()[0]})")
                else:
                    raise

    @property
    def _chunks_can_shrink(self) -> bool:
        return self._loaded is None or self._loaded[1].streaming.chunks_can_shrink

    def _make_do(self, chunks_matter: bool) -> None:
        """Halve the chunk, or leave the device. Raises `MemoryError` if neither is possible."""
        if chunks_matter and self._chunk_s > MIN_CHUNK_S:
            self._chunk_s = max(MIN_CHUNK_S, self._chunk_s / 2)
            self._note(f"not enough memory on {self.device}: the network works in shorter pieces from now on")
        elif self.device != "cpu":
            self._leave_device(f"not enough memory on {self.device}")
        else:
            raise MemoryError("not enough memory for even the shortest piece")
        with suppress(RuntimeError):
            torch.cuda.empty_cache()

    def _leave_device(self, why: str) -> None:
        self.device, self._chunk_s, self._loaded = "cpu", CHUNK_S, None
        self._batches.clear()
        self._note(f"{why}: the network works on the processor from now on, more slowly")

    def _note(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)

    def _analyse(
        self, mixture: Mixture, variant: Variant, target: SampleBuffer, loop: bool, progress: Progress
    ) -> None:
        estimator, rate = self._estimator(variant), mixture.sample_rate
        heard = estimator.streaming.reach_samples + (CENTER.reach_samples if variant.center else 0)
        before = math.ceil(heard * rate / estimator.sample_rate) if loop else 0
        fade = fade_samples(rate, mixture.frames) if loop else 0
        whole = LoopMixture(mixture, before, fade + before) if loop else mixture
        for first in range(0, mixture.channels, 2):
            pair = slice(first, min(first + 2, mixture.channels))
            filled = -before
            for piece in self._stream(whole, pair, estimator, variant):
                _put(target, pair, filled, piece, mixture.frames, fade)
                filled += piece.shape[1]
                done = (filled + before) / whole.frames
                progress((first + (pair.stop - first) * done) / mixture.channels)

    def _stream(self, mixture: Mixture, pair: slice, estimator: Estimator, variant: Variant) -> Iterator[Samples]:
        """Yield the vocals of one pair of channels in consecutive pieces at the mixture's rate."""
        width, source_hz, model_hz = pair.stop - pair.start, mixture.sample_rate, estimator.sample_rate
        chunk = int(self._chunk_s * model_hz)
        stereo = (np.broadcast_to(block[pair], (2, block.shape[1])) for block in blocks(mixture, BLOCK_SAMPLES))
        heard = stereo if source_hz == model_hz else resample(stereo, 2, source_hz, model_hz)
        if variant.center:
            isolate = partial(isolate_center, sample_rate=model_hz, width=variant.width)
            heard = self._streamed("center", CENTER, isolate, isolate, heard, chunk)
        pieces = self._estimated(estimator, variant, heard, chunk)
        vocals = (piece.mean(axis=0, keepdims=True) for piece in pieces) if width == 1 else pieces
        if source_hz == model_hz:
            return iter(vocals)
        return exactly(resample(vocals, width, model_hz, source_hz), width, mixture.frames)

    def _estimated(
        self, estimator: Estimator, variant: Variant, heard: Iterable[Samples], chunk: int
    ) -> Iterator[Samples]:
        """Yield the vocals of blocks at the estimator's rate, estimated here or by the cluster."""
        if self._cluster is None or not self._cluster.ready():
            whole, streaming = batch_of(estimator), estimator.streaming
            return self._streamed("model", streaming, estimator.estimate, whole, heard, chunk, variant.shifts)
        here = partial(self._run, estimator.estimate)
        in_pieces: Streaming = getattr(estimator.streaming, "chunks", estimator.streaming)
        values = {name: variant.values[name] for name in self.model.parameters}
        return self._cluster.stream(self.model, values, in_pieces, here, heard, chunk, variant.shifts)

    def _streamed(
        self, what: str, streaming: Streaming, one: Estimate, batch: Estimate, blocks: Iterable[Samples], chunk: int,
        shifts: int = 1,
    ) -> Iterator[Samples]:  # fmt: skip
        """Yield the estimates of blocks: piece by piece by `one` on the processor, elsewhere by `batch` in batches.

        How many pieces fit is remembered by `what` they are for.
        """
        if self.device == "cpu":
            return streaming.stream(partial(self._run, one), blocks, chunk, shifts)
        if what not in self._batches:
            self._batches[what] = Batches(self._to_device())
        return self._batches[what].stream(streaming, batch, blocks, chunk, shifts)

    @property
    def peak_bytes(self) -> int:
        """Most memory of a card of NVIDIA's that was in use at once, in bytes; 0 elsewhere."""
        return max((batches.peak_bytes for batches in self._batches.values()), default=0)

    def _to_device(self) -> Device:
        return device_of(self.device, self._on_step)

    def _run(self, estimate: Estimate, mixture: torch.Tensor) -> torch.Tensor:
        """Take one piece to the device and its estimate back."""
        return estimate(mixture.to(self.device)).cpu()

    def _estimator(self, variant: Variant) -> Estimator:
        """Load the model, unless it is loaded already for the same values of the parameters that it depends on."""
        values = {name: variant.values[name] for name in self.model.parameters}
        if self._loaded is None or self._loaded[0] != values:
            if self.model.problem:
                raise ModelError(f"{self.model.name}: {self.model.problem}")
            self._loaded = values, self.model.load(LoadRequest(self.device, values, self._on_step))
        return self._loaded[1]


def _put(target: SampleBuffer, pair: slice, start: int, piece: Samples, frames: int, fade: int) -> None:
    """Write the part inside `0..frames`; lead `fade` samples of what follows the end into the start."""
    stop = start + piece.shape[1]
    inside = piece[:, max(0, -start) : max(0, frames - start)]
    if inside.shape[1]:
        place = max(0, start)
        target[pair, place : place + inside.shape[1]] = inside
    first, last = max(start, frames), min(stop, frames + fade)
    if first < last:
        span = slice(first - frames, last - frames)
        target[pair, span] = led_in(target[pair, span], piece[:, first - start : last - start], span.start, fade)
