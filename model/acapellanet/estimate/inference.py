"""Make a trained network fast: fold BatchNorm into the convolution before it."""

import copy
from typing import cast

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from acapellanet.net.config import NetworkConfig
from acapellanet.net.network import LEVEL_REACH_FRAMES, AcapellaNet

CONTEXT_LIMIT_S = 4.0
STFT_REACH_FRAMES = 4


def prepare(network: AcapellaNet, device: torch.device) -> AcapellaNet:
    """Copy a network to `device` for inference: same output up to rounding, with BatchNorm folded where possible."""
    folded = copy.deepcopy(network).eval().requires_grad_(False)
    for module in list(folded.modules()):
        if isinstance(module, nn.Sequential) and len(module) > 1 and isinstance(module[1], nn.BatchNorm2d):
            module[0] = _fused(module[0], module[1])
            module[1] = nn.Identity()
    folded.patch = _fused(folded.patch, folded.patch_norm)
    folded.patch_norm = nn.Identity()  # type: ignore[assignment]
    moved = folded.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return cast(AcapellaNet, moved)


def in_bfloat16(network: AcapellaNet) -> AcapellaNet:
    """Copy a network that is prepared for the processor, with its products in bfloat16.

    Sums inside of a product, normalizations and masks stay float32.
    """
    low = copy.deepcopy(network).to(torch.bfloat16)
    for module, exact in zip(low.modules(), network.modules(), strict=True):
        if isinstance(module, nn.BatchNorm2d):
            module.float().load_state_dict(exact.state_dict())
    return low


def _fused(conv: nn.Module, norm: nn.BatchNorm2d) -> nn.Conv2d:
    transposed = isinstance(conv, nn.ConvTranspose2d)
    return fuse_conv_bn_eval(cast(nn.Conv2d, conv), norm, transpose=transposed)


def reach_frames(config: NetworkConfig) -> int:
    """Count the STFT frames on either side that a sample's estimate depends on, at most.

    Each TFC-TDF block looks two frames of its own level to either side, down the encoder and up again;
    the dilated blocks their dilations; the level 32 frames; the STFT two frames in and two out.
    """
    strides = [int(2**level) for level in range(len(config.channels))]
    sides = sum(2 * config.blocks * stride for stride in strides[:-1])
    bottom = strides[-1] * (2 * config.blocks + sum(config.dilations))
    return 2 * sides + bottom + LEVEL_REACH_FRAMES + STFT_REACH_FRAMES


def context_samples(config: NetworkConfig) -> int:
    """Compute the context that a chunk needs on either side: the reach in whole steps of alignment, at most 4 s."""
    limit = int(CONTEXT_LIMIT_S * config.sample_rate) // config.alignment_samples
    reach = -(-reach_frames(config) * config.hop_samples // config.alignment_samples)
    return min(limit, reach) * config.alignment_samples
