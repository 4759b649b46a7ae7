"""Networks that differ from `AcapellaNet` in one thing, which the 2017 author's list asks about."""

import math
from functools import lru_cache

import torch
from torch import Tensor, nn

from acapellanet.net.config import NetworkConfig
from acapellanet.net.network import MAGNITUDE_GAIN, AcapellaNet, Tdf, features_of, level_around, magnitudes_of
from acapellanet.net.transforms import unfold
from acapellanet.training.losses import COMPRESSION, magnitude

LOWEST_HZ = 30.0


class MonoInput(AcapellaNet):
    """A network that sees only the mean of left and right."""

    def features(self, planes: Tensor) -> Tensor:
        """Compute features with M in all four places."""
        return features_of(planes)[:, 2:3].expand(-1, 4, -1, -1)


class LeftRightInput(AcapellaNet):
    """A network that sees left and right, but not their mean and difference."""

    def features(self, planes: Tensor) -> Tensor:
        """Compute features of L R L R."""
        return features_of(planes)[:, [0, 1, 0, 1]]


class LocalFrequencies(AcapellaNet):
    """A network without dense layers across frequency: a bin depends on what its convolutions reach."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__(config)
        for block in self.modules():
            if isinstance(getattr(block, "tdf", None), Tdf):
                block.tdf = Nothing()


class Nothing(nn.Module):
    """A block that adds nothing."""

    def forward(self, x: Tensor) -> Tensor:
        """Return zeros of the same shape."""
        return torch.zeros_like(x)


class LinearAxis(AcapellaNet):
    """A network on the plain STFT's axis: all bins, twice as many to a patch, so that the patches are as many."""

    def features(self, planes: Tensor) -> Tensor:
        """Compute features `[batch, 8, frames, bins / 2]`, with odd and even bins as planes of their own."""
        whole = torch.log1p(MAGNITUDE_GAIN * magnitudes_of(planes) / level_around(planes))  # [batch, 4, frames, bins]
        return torch.cat((whole[..., 0::2], whole[..., 1::2]), dim=1)

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__(config)
        channels, patch = config.channels[0], config.patch_bins
        self.patch = nn.Conv2d(8, channels, (1, patch), stride=(1, patch), bias=False)
        self.head = nn.ConvTranspose2d(channels + 8 * patch, 2 * self.outputs, (1, patch), stride=(1, patch))

    def applied(self, masks: Tensor, planes: Tensor) -> Tensor:
        """Apply masks that have a value for every bin."""
        both = torch.unflatten(masks.float(), 1, (2, self.outputs))  # [batch, 2, 3, frames, bins / 2]
        return _gated(both.permute(0, 2, 3, 4, 1).flatten(3), planes)


class LogAxis(AcapellaNet):
    """A network on a constant-Q axis from 30 Hz up, taken from the STFT: low bins interpolated, high ones joined."""

    def features(self, planes: Tensor) -> Tensor:
        """Compute features on a logarithmic axis of as many values."""
        both = magnitudes_of(planes) @ _log_bands(planes.shape[-1], self.config.sample_rate).T
        return torch.log1p(MAGNITUDE_GAIN * both / level_around(planes))

    def applied(self, masks: Tensor, planes: Tensor) -> Tensor:
        """Apply masks that are interpolated at the bins."""
        back = _back_from_log(planes.shape[-1], self.config.sample_rate)
        return _gated(masks.float() @ back.T, planes)


class RealMask(AcapellaNet):
    """A network with one mask for each channel and no gate to the middle."""

    outputs = 2

    def applied(self, masks: Tensor, planes: Tensor) -> Tensor:
        """Apply masks `[batch, 2, frames, folded]` to the mixture."""
        return unfold(masks.float()).unsqueeze(2) * planes


class ComplexMask(AcapellaNet):
    """A network with a complex mask for each channel: real part 0..1, imaginary part -1..1."""

    outputs = 4

    def activated(self, planes: Tensor) -> Tensor:
        """Return the real parts of L and R, then the imaginary parts of L and R."""
        return torch.cat((torch.sigmoid(planes[:, :2]), torch.tanh(planes[:, 2:])), dim=1)

    def applied(self, masks: Tensor, planes: Tensor) -> Tensor:
        """Apply complex masks `[batch, 4, frames, folded]` to the mixture."""
        whole = unfold(masks.float())
        return _product(whole[:, :2], whole[:, 2:], planes)


class Residual(AcapellaNet):
    """A network with a mask for each channel and a spectrum to add, at most as loud as the level around."""

    outputs = 6

    def activated(self, planes: Tensor) -> Tensor:
        """Return the masks of L and R, then real and imaginary parts of what is added to L and to R."""
        return torch.cat((torch.sigmoid(planes[:, :2]), torch.tanh(planes[:, 2:])), dim=1)

    def applied(self, masks: Tensor, planes: Tensor) -> Tensor:
        """Apply masks and additions `[batch, 6, frames, folded]` to the mixture."""
        whole = unfold(masks.float())
        added = torch.unflatten(whole[:, 2:], 1, (2, 2)) * level_around(planes).unsqueeze(2)
        return whole[:, :2].unsqueeze(2) * planes + added


def log_magnitude_mse(estimate: Tensor, vocals: Tensor, mixture: Tensor, level: Tensor) -> Tensor:
    """Compute the loss of 2017, the mean squared error of the vocals' log magnitude; see `separation_loss`."""
    scale = COMPRESSION / level.clamp_min(1e-4).view(-1, 1, 1, 1)
    error = torch.log1p(scale * magnitude(estimate)) - torch.log1p(scale * magnitude(vocals))
    return error.square().mean()


def _gated(whole: Tensor, planes: Tensor) -> Tensor:
    """Apply masks and gate `[batch, 3, frames, bins]` to the mixture, by the formula in `AcapellaNet`."""
    shared = whole[:, :2] * whole[:, 2:] * 0.5
    return (whole[:, :2] - shared).unsqueeze(2) * planes + shared.unsqueeze(2) * planes.flip(1)


def _product(real: Tensor, imaginary: Tensor, planes: Tensor) -> Tensor:
    x, y = planes[:, :, 0], planes[:, :, 1]
    return torch.stack((real * x - imaginary * y, real * y + imaginary * x), dim=2)


def _log_positions(bins: int, sample_rate: int) -> Tensor:
    """Compute where on the STFT's axis, in bins, each logarithmic value is, `[bins / 2]`."""
    lowest = LOWEST_HZ / (sample_rate / 2) * bins
    return lowest * (bins / lowest) ** ((torch.arange(bins // 2) + 0.5) / (bins // 2))


@lru_cache(maxsize=4)
def _log_bands(bins: int, sample_rate: int) -> Tensor:
    """Make triangles `[bins / 2, bins]` of at least a bin to either side, whose rows sum to 1."""
    centres = _log_positions(bins, sample_rate)
    ratio = (bins / (LOWEST_HZ / (sample_rate / 2) * bins)) ** (2 / bins) - 1
    reach = (centres * ratio).clamp_min(1.0)
    distance = (torch.arange(bins).view(1, -1) - centres.view(-1, 1)).abs()
    weights: Tensor = (1 - distance / reach.view(-1, 1)).clamp_min(0.0)
    return weights / weights.sum(1, keepdim=True).clamp_min(1e-6)


@lru_cache(maxsize=4)
def _back_from_log(bins: int, sample_rate: int) -> Tensor:
    """Make a linear interpolation `[bins, bins / 2]` of logarithmic values at the STFT's bins."""
    lowest = LOWEST_HZ / (sample_rate / 2) * bins
    octaves = torch.log(torch.arange(bins).clamp_min(lowest) / lowest) / math.log(bins / lowest)
    places = (octaves * (bins // 2) - 0.5).clamp(0, bins // 2 - 1.001)
    low, part = places.long(), places.frac()
    matrix = torch.zeros(bins, bins // 2)
    matrix[torch.arange(bins), low] = 1 - part
    matrix[torch.arange(bins), low + 1] += part
    return matrix
