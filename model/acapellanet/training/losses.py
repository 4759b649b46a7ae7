"""What training minimises.

Linear error decides where energy is; compressed magnitudes decide what is heard. With the first alone a
small network stays at the identity for thousands of steps, so the second counts double: once per stem.
"""

import torch
from torch import Tensor

COMPRESSION = 10.0
TINY = 1e-8


def magnitude(planes: Tensor) -> Tensor:
    """`[batch, channels, 2, frames, bins]` → `[batch, channels, frames, bins]`, smooth at 0."""
    return (planes.square().sum(2) + TINY).sqrt()


def separation_loss(estimate: Tensor, vocals: Tensor, mixture: Tensor, level: Tensor) -> Tensor:
    """Mean over the batch, relative to the mixture's level.

    `estimate`, `vocals`, `mixture`: planes `[batch, channels, 2, frames, bins]`, `mixture` being what the
    network saw; `level`: `[batch]`, the mean magnitude of the original mixture.
    """
    scale = 1 / level.clamp_min(1e-4).view(-1, 1, 1, 1)
    linear = (magnitude(estimate - vocals) * scale).mean()
    voice = _compressed_error(estimate, vocals, scale)
    rest = _compressed_error(mixture - estimate, mixture - vocals, scale)
    return linear + voice + rest


def _compressed_error(estimate: Tensor, target: Tensor, scale: Tensor) -> Tensor:
    return (_compress(estimate, scale) - _compress(target, scale)).abs().mean()


def _compress(planes: Tensor, scale: Tensor) -> Tensor:
    return torch.log1p(COMPRESSION * scale * magnitude(planes))
