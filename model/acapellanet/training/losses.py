"""Define what training minimises.

The linear error decides where energy is; compressed magnitudes decide what is heard; the error's ratio to the mixture
is what separation is measured by, and counts a quiet example as much as a loud one. With the first alone a small
network stays at the identity for thousands of steps, so the second counts double: once per stem. The first two are
absolute errors, under which a network is surer of itself than it should be; the third is squared, which corrects that.
"""

import torch
from torch import Tensor

COMPRESSION = 10.0
TINY = 1e-8
RATIO_WEIGHT = 0.2
"""Weight at which the gradients of the ratio and of all other terms are of the same size."""
SMALL_RATIO = 1e-3
"""Error, as a share of the mixture's energy, below which an example has little left to gain: 30 dB."""


def magnitude(planes: Tensor) -> Tensor:
    """Compute magnitudes `[batch, channels, frames, bins]` from planes, smooth at 0."""
    return (planes.square().sum(2) + TINY).sqrt()


def separation_loss(estimate: Tensor, vocals: Tensor, mixture: Tensor, level: Tensor) -> Tensor:
    """Compute the mean loss over the batch, relative to the mixture's level.

    `estimate`, `vocals`, `mixture`: planes `[batch, channels, 2, frames, bins]`, `mixture` being what the
    network saw; `level`: `[batch]`, the mean magnitude of the original mixture.
    """
    scale = 1 / level.clamp_min(1e-4).view(-1, 1, 1, 1)
    linear = (magnitude(estimate - vocals) * scale).mean()
    voice = _compressed_error(estimate, vocals, scale)
    rest = _compressed_error(mixture - estimate, mixture - vocals, scale)
    return linear + voice + rest + RATIO_WEIGHT * _error_ratio(estimate, vocals, mixture)


def _compressed_error(estimate: Tensor, target: Tensor, scale: Tensor) -> Tensor:
    return (_compress(estimate, scale) - _compress(target, scale)).abs().mean()


def _compress(planes: Tensor, scale: Tensor) -> Tensor:
    return torch.log1p(COMPRESSION * scale * magnitude(planes))


def _error_ratio(estimate: Tensor, vocals: Tensor, mixture: Tensor) -> Tensor:
    """Average the logarithm of the error's energy over the mixture's, as far as it is above `SMALL_RATIO`."""
    dims = tuple(range(1, estimate.dim()))
    error, whole = (estimate - vocals).square().sum(dims), mixture.square().sum(dims) + TINY
    return torch.log1p(error / (SMALL_RATIO * whole)).mean()
