"""Turn examples into what the network takes: spectra of mixture and voice, on the device that trains."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch
from torch import Tensor

from acapellanet.estimate.center import center_gains
from acapellanet.net.config import NetworkConfig
from acapellanet.net.transforms import stft, to_planes

if TYPE_CHECKING:
    from acapellanet.data.mashups import Example


class Examples(Protocol):
    """What examples are drawn from."""

    @property
    def fingerprint(self) -> int:
        """Checksum of the files that examples are made of."""
        ...


@dataclass(frozen=True, slots=True)
class Batch:
    """Planes `[batch, 2, 2, frames, bins]` of mixture and vocals, and the mixture's mean magnitude `[batch]`."""

    mixture: Tensor
    vocals: Tensor
    level: Tensor


def make_batch(examples: list["Example"], config: NetworkConfig, device: torch.device) -> Batch:
    """Transform examples; if an example asks for it, the network sees the isolated centre instead of the mixture."""
    vocals = stft(_stack([e.vocals for e in examples], device), config.fft_samples, config.hop_samples)
    music = stft(_stack([e.instrumental for e in examples], device), config.fft_samples, config.hop_samples)
    mixture = vocals + music
    level = mixture.abs().mean((1, 2, 3))
    for index, example in enumerate(examples):
        if example.centered:
            gains = center_gains(mixture[index], config.sample_rate, example.width)
            mixture[index] = mixture[index] * gains
    return Batch(to_planes(mixture), to_planes(vocals), level)


def _stack(audio: list[np.typing.NDArray[np.float32]], device: torch.device) -> Tensor:
    return torch.from_numpy(np.stack(audio)).to(device)
