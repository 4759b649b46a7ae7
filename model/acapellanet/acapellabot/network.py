"""acapellabot's ConvNet of 2017, layer for layer (O. B. Bohan, "Acapella Extraction with ConvNets").

A U-Net of 3×3 convolutions on the logarithmic magnitude of a mono mixture at 22.05 kHz, 667,585 parameters. As in
Keras, a layer's ReLU comes before its batch normalization, and upsampling repeats. Inside:
`[batch, channels, bins, frames]`.
"""

import json
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, pad

from acapellanet.acapellabot import ARCHITECTURE
from acapellanet.errors import ModelError
from acapellanet.net.tensor_files import load_into, read_tensors, write_tensors

PADDINGS = {"theano": (2, 0), "tensorflow": (1, 1)}
"""Zeros that `same` puts before and after, for the strided 4×4 kernels, by Keras backend."""
GRID = 4
"""Number that bins and frames must be multiples of."""
REACH_BEFORE_FRAMES, REACH_AFTER_FRAMES = 28, 22
"""Number of frames before and after that an output frame depends on, at most."""
BATCH_NORM_EPSILON, BATCH_NORM_MOMENTUM = 1e-3, 0.01


def _conv(inputs: int, outputs: int, kernel: int = 3, bias: bool = True) -> nn.Conv2d:
    if kernel == 3:
        return nn.Conv2d(inputs, outputs, 3, padding=1, bias=bias)
    return nn.Conv2d(inputs, outputs, kernel, stride=2, bias=bias)


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=BATCH_NORM_EPSILON, momentum=BATCH_NORM_MOMENTUM)


class Acapellabot(nn.Module):
    """Map the log magnitude of a mixture to that of its acapella.

    `padding`: how Keras's backend pads the strided layers, a key of `PADDINGS`; the weights of 2017 want `theano`.
    """

    def __init__(self, padding: str = "theano") -> None:
        super().__init__()
        if padding not in PADDINGS:
            raise ModelError(f"padding is {padding!r}, allowed are {', '.join(PADDINGS)}")
        self.padding = padding
        self.conv1, self.conv2 = _conv(1, 64), _conv(64, 64, 4, bias=False)
        self.conv3, self.conv4 = _conv(64, 64), _conv(64, 64, 4, bias=False)
        self.conv5, self.conv6 = _conv(64, 128), _conv(128, 128, bias=False)
        self.conv7, self.conv8 = _conv(192, 64), _conv(64, 64, bias=False)
        self.conv9, self.conv10 = _conv(128, 64), _conv(64, 64)
        self.conv11, self.conv12 = _conv(64, 32), _conv(32, 1)
        self.norm1, self.norm2, self.norm3, self.norm4 = _norm(64), _norm(64), _norm(128), _norm(64)

    def forward(self, mixture: Tensor) -> Tensor:
        """Map log1p magnitudes `[batch, 1, bins, frames]`, both multiples of 4, to the same shape; not negative."""
        a = torch.relu(self.conv1(mixture))
        b = torch.relu(self.conv3(self.norm1(self._strided(self.conv2, a))))
        x = self.norm2(self._strided(self.conv4, b))
        x = self.norm3(torch.relu(self.conv6(torch.relu(self.conv5(x)))))
        x = torch.cat((_upsampled(x), b), dim=1)
        x = self.norm4(torch.relu(self.conv8(torch.relu(self.conv7(x)))))
        x = torch.cat((_upsampled(x), a), dim=1)
        for layer in (self.conv9, self.conv10, self.conv11, self.conv12):
            x = torch.relu(layer(x))
        return x

    def _strided(self, layer: nn.Conv2d, x: Tensor) -> Tensor:
        before, after = PADDINGS[self.padding]
        return torch.relu(layer(pad(x, (before, after, before, after))))


def _upsampled(x: Tensor) -> Tensor:
    return interpolate(x, scale_factor=2, mode="nearest")


def save_acapellabot(path: Path, network: Acapellabot, origin: str, training: dict[str, object]) -> None:
    """Write weights with their architecture, padding and `origin` (`imported` or `recipe-2017`) as metadata."""
    metadata = {"architecture": ARCHITECTURE, "padding": network.padding, "origin": origin}
    write_tensors(path, network.state_dict(), {**metadata, "training": json.dumps(training)})


def load_acapellabot(path: Path) -> Acapellabot:
    """Load what `save_acapellabot` wrote, in evaluation mode. Raises `ModelError` for anything else."""
    tensors, metadata = read_tensors(path)
    if metadata.get("architecture") != ARCHITECTURE:
        raise ModelError(f"{path}: safetensors, but not of {ARCHITECTURE}")
    network = Acapellabot(metadata.get("padding", "theano"))
    load_into(network, tensors, str(path))
    return network.eval()
