"""Estimators: what a host such as dawbridge calls to get the vocals of a mixture."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor

from acapellanet.acapellabot.separation import AcapellabotEstimator
from acapellanet.errors import ModelError
from acapellanet.estimate.center import CENTER_CONTEXT_SAMPLES, HOP_SAMPLES, NOMINAL_RATE_HZ, isolate_center
from acapellanet.estimate.inference import context_samples, in_bfloat16, prepare
from acapellanet.estimate.registry import (
    ANCESTOR,
    CENTER_MODEL,
    DEFAULT_MODEL,
    GRIFFIN_LIM,
    is_ancestor,
    model_hash,
    weights_path,
)
from acapellanet.estimate.tiles import TILE_FRAMES, Block, stream_tiles
from acapellanet.net.network import Dilated, TfcTdf
from acapellanet.net.precision import has_bfloat16
from acapellanet.net.separation import check_stereo, separate
from acapellanet.net.weights import load_network

PRECISIONS = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}


class Estimator(Protocol):
    """Anything that estimates the vocals of a mixture."""

    @property
    def name(self) -> str:
        """Name of the model, or path of its weights."""
        ...

    @property
    def hash(self) -> str:
        """SHA-256 of the weights in hex: what an estimate depends on besides the mixture."""
        ...

    @property
    def sample_rate(self) -> int:
        """Sample rate that `estimate` takes and returns, in Hz."""
        ...

    @property
    def context_samples(self) -> int:
        """Number of samples of context that a chunk of a stream needs on either side, to be discarded."""
        ...

    @property
    def alignment_samples(self) -> int:
        """Grid that the chunks of a stream must start on, in samples."""
        ...

    def estimate(self, mixture: Tensor) -> Tensor:
        """Estimate the vocals of `[2, samples]` float32 in one pass, in the same shape, on the CPU."""
        ...


class NetworkEstimator:
    """An `AcapellaNet` with its weights, on a device."""

    def __init__(
        self, name: str, path: Path, digest: str, device: str, precision: str, on_step: Callable[[], None]
    ) -> None:
        if precision and precision not in PRECISIONS:
            raise ModelError(f"precision {precision!r} is not known; allowed are {', '.join(PRECISIONS)}, or empty")
        network = load_network(path)
        self.name, self.hash = name, digest
        self.sample_rate = network.config.sample_rate
        self.context_samples = context_samples(network.config)
        self.alignment_samples = network.config.alignment_samples
        self.hop_samples = network.config.hop_samples
        self._device, self._on_step = _device(device), on_step
        self._network = prepare(network, self._device)
        # its error is as small as that of the card's own float32 (docs/network.md)
        self._precision = PRECISIONS[precision or ("float16" if self._device.type == "cuda" else "float32")]
        self.can_stream_tiles = (
            self._device.type == "cpu"
            and self._precision != torch.float16
            and network.config.fft_samples % network.config.hop_samples == 0
        )
        """Whether `stream` can be used: elsewhere whole chunks are faster."""
        low = precision == "bfloat16" or (not precision and has_bfloat16(self._device))
        self._tiled = in_bfloat16(self._network) if self.can_stream_tiles and low else self._network
        for block in self._network.modules():
            if isinstance(block, (TfcTdf, Dilated)):
                block.register_forward_pre_hook(lambda *_: on_step())

    def estimate(self, mixture: Tensor) -> Tensor:
        """Estimate the vocals of `[2, samples]`, in the same shape. Raises `SignalError` for another shape."""
        check_stereo(mixture)
        return separate(self._network, mixture.to(self._device, torch.float32), self._precision).cpu()

    def estimate_batch(self, mixtures: Tensor) -> Tensor:
        """Estimate the vocals of `[pieces, 2, samples]`, in the same shape; the result stays on the device."""
        return separate(self._network, mixtures.to(self._device, torch.float32), self._precision)

    def stream(self, blocks: Iterable[Block], tile_frames: int = TILE_FRAMES) -> Iterator[Block]:
        """Yield the vocals of consecutive blocks `[2, n]`; much faster than chunks with context.

        They are the same up to rounding, which is that of bfloat16 where the processor has it (docs/network.md).
        """
        return stream_tiles(self._tiled, blocks, tile_frames, self._on_step)


class CenterEstimator:
    """Centre isolation alone, without network or weights."""

    name = CENTER_MODEL
    sample_rate = NOMINAL_RATE_HZ
    context_samples = CENTER_CONTEXT_SAMPLES
    alignment_samples = HOP_SAMPLES

    def __init__(self, width: float) -> None:
        self.hash = model_hash(CENTER_MODEL)
        self._width = width

    @torch.inference_mode()
    def estimate(self, mixture: Tensor) -> Tensor:
        """Estimate the vocals of `[2, samples]`, in the same shape. Raises `SignalError` for another shape."""
        check_stereo(mixture)
        return isolate_center(mixture.float(), self.sample_rate, self._width)

    @torch.inference_mode()
    def estimate_batch(self, mixtures: Tensor) -> Tensor:
        """Estimate the vocals of `[pieces, 2, samples]`, in the same shape; the result stays on the device."""
        return isolate_center(mixtures.float(), self.sample_rate, self._width)


def load_estimator(
    model: str = DEFAULT_MODEL,
    device: str = "cpu",
    *,
    center_width: float = 0.5,
    precision: str = "",
    on_step: Callable[[], None] = lambda: None,
) -> Estimator:
    """Load a model by its name (`model_names()`) or by the path of a `.safetensors` file.

    After the name of acapellabot's weights, `-griffinlim` asks for the phase of 2017 (`acapellabot.separation`).
    `device`: as torch names them (`cpu`, `cuda`, `mps`). `center_width` 0..1 is for `center` alone. `precision`:
    `float32`, `float16` or `bfloat16` for the network's layers; empty is what suits the device: float16 on a graphics
    card, on a processor that has bfloat16 in hardware that for streams, else float32. `on_step` is called before each
    block of the network, many times a second, and may raise to stop an estimate.
    Raises `ModelError` if the name is unknown, or the file is missing, damaged or of another architecture.
    """
    if model == CENTER_MODEL:
        return CenterEstimator(center_width)
    path, griffin_lim = weights_path(model), model.endswith(GRIFFIN_LIM)
    if is_ancestor(path):
        return AcapellabotEstimator(model, path, model_hash(model), _device(device), griffin_lim, on_step)
    if griffin_lim:
        raise ModelError(f"{model}: {GRIFFIN_LIM} is for weights of {ANCESTOR} alone; leave it out")
    return NetworkEstimator(model, path, model_hash(model), device, precision, on_step)


def _device(name: str) -> torch.device:
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise ModelError(f"device {name!r} cannot be used ({str(error).splitlines()[0]}); try 'cpu'") from error
    return device
