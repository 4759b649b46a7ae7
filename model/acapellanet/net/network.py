"""AcapellaNet: a U-Net of TFC-TDF blocks that puts a mask on a stereo mixture.

After Choi et al. 2020, "Investigating U-Nets with various intermediate blocks for spectrogram-based
singing voice separation" (arXiv:1912.02591): 3×3 convolutions (TFC), then a bottlenecked dense layer
across frequency, shared over channels and time (TDF), so that each bin hears the whole spectrum.
The only statistics taken over all of time are BatchNorm's, which inference folds into the
convolutions, so a chunk with enough context equals the whole pass. Tensor layout: `[batch, channels, frames, bins]`.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool1d

from acapellanet.net.config import NetworkConfig
from acapellanet.net.transforms import fold, unfold

MAGNITUDE_GAIN = 30.0
LEVEL_REACH_FRAMES = 32
LEVEL_FLOOR = 1e-9
SURE = 6.0
"""Logit of a mask at which `tempered` has half of the effect that it has at 0."""
KERNEL = 3


def conv_norm(inputs: int, outputs: int, kernel: int | tuple[int, int], dilation: int = 1) -> nn.Sequential:
    """Build a convolution with BatchNorm that keeps the size; `dilation` applies to time only."""
    height, width = (kernel, kernel) if isinstance(kernel, int) else kernel
    padding = (dilation * (height // 2), width // 2)
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, (height, width), padding=padding, dilation=(dilation, 1), bias=False),
        nn.BatchNorm2d(outputs),
    )


class Tdf(nn.Module):
    """Dense layers across frequency, narrow in the middle, shared over channels and time."""

    def __init__(self, bins: int, channels: int, bottleneck: int) -> None:
        super().__init__()
        narrow = max(4, bins // bottleneck)
        self.squeeze = nn.Parameter(torch.randn(narrow, bins) * (2 / bins) ** 0.5)
        self.squeeze_norm = nn.BatchNorm2d(channels)
        self.expand = nn.Parameter(torch.randn(bins, narrow) * (2 / narrow) ** 0.5)
        self.expand_norm = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        """`[batch, channels, frames, bins]` → the same shape."""
        narrow = torch.relu_(self.squeeze_norm(across_bins(x, self.squeeze)))
        return torch.relu_(self.expand_norm(across_bins(narrow, self.expand)))


def across_bins(x: Tensor, weight: Tensor) -> Tensor:
    """Multiply `[b, c, t, f]` by `[g, f]` → `[b, c, t, g]`, kept channels-last in memory."""
    last = x.permute(0, 2, 3, 1)  # [b, t, f, c]
    return torch.matmul(weight, last).permute(0, 3, 1, 2)


class TfcTdf(nn.Module):
    """Convolution, dense layer across frequency, convolution, around a shortcut."""

    def __init__(self, channels: int, bins: int, bottleneck: int) -> None:
        super().__init__()
        self.first = conv_norm(channels, channels, KERNEL)
        self.tdf = Tdf(bins, channels, bottleneck)
        self.second = conv_norm(channels, channels, KERNEL)

    def forward(self, x: Tensor) -> Tensor:
        """`[batch, channels, frames, bins]` → the same shape."""
        inner = torch.relu_(self.first(x))
        inner = inner + self.tdf(inner)
        return torch.relu_(x + self.second(inner))


class Dilated(nn.Module):
    """Residual block with a dilated convolution along time: the long memory at the bottleneck."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.first = conv_norm(channels, channels, KERNEL, dilation)
        self.second = conv_norm(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """`[batch, channels, frames, bins]` → the same shape."""
        return torch.relu_(x + self.second(torch.relu_(self.first(x))))


class AcapellaNet(nn.Module):
    """Mixture spectrum in, vocals spectrum out.

    Three planes leave the last convolution, each through a sigmoid: masks `m_L`, `m_R`, and a gate `g`
    that says how much of the masked signal is taken from the middle, `M = (L + R) / 2`::

        V_L = m_L · ((1 - g) · L + g · M)      V_R = m_R · ((1 - g) · R + g · M)

    With `g = 0` this is a plain mask; a voice in the middle of wide instruments wants `g = 1`.
    """

    outputs = 3
    """Planes that leave the last convolution."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        channels, patch = config.channels, config.patch_bins
        bins = [config.fft_samples // 4 // patch >> level for level in range(len(channels))]
        self.position = nn.Parameter(torch.zeros(1, channels[0], 1, bins[0]))
        self.patch = nn.Conv2d(4, channels[0], (1, patch), stride=(1, patch), bias=False)
        self.patch_norm = nn.BatchNorm2d(channels[0])

        def level_blocks(level: int) -> nn.Sequential:
            return nn.Sequential(
                *(TfcTdf(channels[level], bins[level], config.bottleneck) for _ in range(config.blocks))
            )

        upper = range(len(channels) - 1)
        self.encoders = nn.ModuleList(level_blocks(level) for level in upper)
        self.downs = nn.ModuleList(_down(channels[i], channels[i + 1]) for i in upper)
        self.bottom = level_blocks(len(channels) - 1)
        self.dilated = nn.Sequential(*(Dilated(channels[-1], dilation) for dilation in config.dilations))
        self.ups = nn.ModuleList(_up(channels[i + 1], channels[i]) for i in upper)
        self.decoders = nn.ModuleList(level_blocks(level) for level in upper)
        self.head = nn.ConvTranspose2d(channels[0] + 4 * patch, self.outputs, (1, patch), stride=(1, patch))

    def masks(self, features: Tensor) -> Tensor:
        """Features `[batch, 4, frames, folded]` → `[batch, 3, frames, folded]` in 0..1: m_L, m_R, g."""
        features = features.to(self.position.dtype)
        x = self.patch_norm(self.patch(features)) + self.position
        x = torch.relu_(x)
        skips = []
        for encoder, down in zip(self.encoders, self.downs, strict=True):
            x = encoder(x)
            skips.append(x)
            x = down(x)
        x = self.dilated(self.bottom(x))
        for up, decoder in zip(reversed(self.ups), reversed(self.decoders), strict=True):
            x = decoder(up(x) + skips.pop())
        x = torch.cat((x, patches(features, self.config.patch_bins)), dim=1)
        return self.activated(self.head(x).float())

    def activated(self, planes: Tensor) -> Tensor:
        """Turn the output of the last convolution into masks."""
        if self.config.temper != 1.0:
            planes = torch.cat((tempered(planes[:, :2], self.config.temper), planes[:, 2:]), dim=1)
        return torch.sigmoid(planes)

    def features(self, planes: Tensor) -> Tensor:
        """Compute the input of `masks` from a mixture `[batch, 2, 2, frames, bins]`."""
        return features_of(planes)

    def applied(self, masks: Tensor, planes: Tensor) -> Tensor:
        """Apply masks to the mixture's planes, which gives the vocals in the mixture's shape."""
        return apply_masks(masks, planes)

    def forward(self, planes: Tensor) -> Tensor:
        """Mixture `[batch, 2, 2, frames, bins]` (channel, real and imaginary) → vocals of that shape.

        Bins are those of the STFT without the Nyquist bin; frames must be a multiple of
        `config.time_stride_frames`.
        """
        return self.applied(self.masks(self.features(planes)), planes)


def tempered(logits: Tensor, temper: float) -> Tensor:
    """Multiply small logits of masks by `temper`, and leave those far beyond `SURE` as they are.

    A network that has heard few voices is more certain about a new one than it should be. This is temperature scaling
    (Guo et al. 2017, "On calibration of modern neural networks", arXiv:1706.04599), except where the network is all
    but certain: what it silences stays silent.
    """
    sure = SURE**2  # t + (1 - t) x² / (x² + s) is 1 - (1 - t) s / (x² + s)
    return torch.addcdiv(logits, logits, logits.square().add_(sure), value=-(1 - temper) * sure)


def apply_masks(masks: Tensor, planes: Tensor) -> Tensor:
    """Apply masks `[batch, 3, frames, folded]` to `[batch, 2, 2, frames, bins]`, by the formula in `AcapellaNet`."""
    masks = masks.float()
    shared = masks[:, :2] * masks[:, 2:] * 0.5  # [batch, 2, frames, folded]: m g / 2
    own = unfold(masks[:, :2] - shared).unsqueeze(2)  # [batch, 2, 1, frames, bins]
    return own * planes + unfold(shared).unsqueeze(2) * planes.flip(1)


def _down(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 2, stride=2, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )


def _up(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.ConvTranspose2d(inputs, outputs, 2, stride=2, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )


def patches(features: Tensor, patch: int) -> Tensor:
    """Rearrange `[b, 4, t, f]` → `[b, 4 patch, t, f / patch]`: the input's bins as channels, for the last layer."""
    return torch.unflatten(features, -1, (-1, patch)).permute(0, 1, 4, 2, 3).flatten(1, 2)


def features_of(planes: Tensor) -> Tensor:
    """Compute log1p magnitudes of L R M S, `[batch, 4, frames, folded]`, from `[batch, 2, 2, frames, bins]`.

    They are relative to the level around each frame, so that quiet and loud bounces look alike to the network.
    """
    return features_at(planes, level_around(planes))


def features_at(planes: Tensor, level: Tensor) -> Tensor:
    """Compute the same from a given level around each frame, `[batch, 1, frames, 1]`."""
    return torch.log1p(MAGNITUDE_GAIN * fold(magnitudes_of(planes)) / level)


def magnitudes_of(planes: Tensor) -> Tensor:
    """Compute magnitudes of L R M S, `[batch, 4, frames, bins]`, from `[batch, 2, 2, frames, bins]`."""
    left, right = planes[:, 0], planes[:, 1]
    both = torch.stack((left, right, (left + right) / 2, (left - right) / 2), dim=1)
    return both.square().sum(2).sqrt()


def level_around(planes: Tensor) -> Tensor:
    """Compute the RMS magnitude over all bins and 32 frames to either side, `[batch, 1, frames, 1]`."""
    return level_of(power_of(planes))


def power_of(planes: Tensor) -> Tensor:
    """Compute the mean power of each frame, `[batch, 1, frames]`, from `[batch, 2, 2, frames, bins]`."""
    return planes.square().sum(2).mean((1, 3)).unsqueeze(1)


def level_of(power: Tensor) -> Tensor:
    """Compute the level around each frame, `[batch, 1, frames, 1]`, from the power of frames `[batch, 1, frames]`."""
    window = 2 * LEVEL_REACH_FRAMES + 1
    around = avg_pool1d(power, window, stride=1, padding=LEVEL_REACH_FRAMES, count_include_pad=False)
    return (around + LEVEL_FLOOR).sqrt().unsqueeze(-1)


def parameter_count(network: nn.Module) -> int:
    """Count the trainable values."""
    return sum(parameter.numel() for parameter in network.parameters())


def macs_per_second(config: NetworkConfig) -> int:
    """Count the multiply-accumulates of convolutions and dense layers for one second of stereo audio."""
    frames = 16 * config.time_stride_frames
    total = 0

    def count(module: nn.Module, _: object, output: Tensor) -> None:
        nonlocal total
        if isinstance(module, nn.Conv2d):
            total += output[0, 0].numel() * module.weight.numel()
        elif isinstance(module, nn.ConvTranspose2d):
            stride = module.stride[0] * module.stride[1]
            total += output[0, 0].numel() // stride * module.weight.numel()
        elif isinstance(module, Tdf):
            total += 2 * output[0].numel() * module.squeeze.shape[0]

    with torch.device("meta"):
        network = AcapellaNet(config)
        for module in network.modules():
            module.register_forward_hook(count)
        network.masks(torch.zeros(1, 4, frames, config.fft_samples // 4))
    return round(total * config.sample_rate / (frames * config.hop_samples))
