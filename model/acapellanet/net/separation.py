"""Run the network over a piece of audio in a single pass."""

import torch
from torch import Tensor

from acapellanet.errors import SignalError
from acapellanet.net.network import AcapellaNet
from acapellanet.net.transforms import from_planes, istft, pad_to_frames, stft, to_planes


@torch.inference_mode()
def separate(network: AcapellaNet, mixture: Tensor, precision: torch.dtype = torch.float32) -> Tensor:
    """Estimate the vocals of `[2, samples]` or `[batch, 2, samples]` at the network's rate, in the same shape.

    The network must be in evaluation mode. The end is padded with zeros to a whole number of its coarsest frames.
    `precision` is that of the network's convolutions and dense layers alone; spectra stay float32.
    """
    samples = mixture.shape[-1]
    if samples == 0:
        return mixture.clone()
    config = network.config
    batch = mixture if mixture.dim() == 3 else mixture.unsqueeze(0)
    padded = pad_to_frames(batch, config.hop_samples, config.time_stride_frames)
    planes = to_planes(stft(padded, config.fft_samples, config.hop_samples))
    with torch.autocast(mixture.device.type, precision, enabled=precision != torch.float32):
        masks = network.masks(network.features(planes))
    spectrum = from_planes(network.applied(masks, planes))
    vocals = istft(spectrum, config.fft_samples, config.hop_samples, samples)
    return vocals.reshape(mixture.shape)


def check_stereo(mixture: Tensor) -> None:
    """Raise `SignalError` unless the shape is `[2, samples]`."""
    if mixture.dim() != 2 or mixture.shape[0] != 2:
        raise SignalError(f"estimate takes [2, samples], not {list(mixture.shape)}")
