"""Isolate the centre channel: what left and right have in common, bin by bin.

A source panned to the middle is alike in both channels, so its bins have `L ≈ R`. Per bin of the STFT the
similarity `2 Re(L R*) / (|L|² + |R|²)` is 1 for such a bin, `sqrt(1 - p²)` for a source panned to `p`,
about 0 for what is uncorrelated and negative for what is out of phase (after Avendano 2003, "Frequency-
domain source identification and manipulation in stereo mixes"). Two such similarities are multiplied:
of the bin itself, and of its neighbourhood in time and frequency, which tells a steady middle from bins
that agree by chance. The power of the product is the width.
"""

import math

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from acapellanet.errors import SignalError
from acapellanet.net.transforms import istft, stft

FFT_SAMPLES = 4096
HOP_SAMPLES = 1024
NOMINAL_RATE_HZ = 44100
CENTER_CONTEXT_SAMPLES = 8 * HOP_SAMPLES
"""Number of samples on either side of a chunk that its result depends on, at 44.1 kHz, rounded up."""
LOW_CUT_HZ = 120.0
SMOOTH_BINS, SMOOTH_FRAMES = 5, 5
MONO_SIDE_POWER = 1e-7
QUIET = 1e-10


def isolate_center(mix: Tensor, sample_rate: int, width: float = 0.5) -> Tensor:
    """Isolate the middle of a stereo mix `[..., 2, samples]`, in the same shape.

    `width` 0..1: how far from the middle still counts as centre; it is clamped. Mono on two channels is returned
    unchanged. Raises `SignalError` unless there are two channels.
    """
    if mix.dim() < 2 or mix.shape[-2] != 2:
        raise SignalError(f"isolate_center takes [..., 2, samples], not {list(mix.shape)}")
    samples = mix.shape[-1]
    if samples == 0:
        return mix.clone()
    fft_samples = _fft_for(sample_rate)
    hop_samples = fft_samples * HOP_SAMPLES // FFT_SAMPLES
    spectrum = stft(mix, fft_samples, hop_samples)
    gains = center_gains(spectrum, sample_rate, width)
    return istft(spectrum * gains.unsqueeze(-3), fft_samples, hop_samples, samples)


def _fft_for(sample_rate: int) -> int:
    """Return the power of two that lasts about as long as 4096 samples at 44.1 kHz."""
    if not 1000 <= sample_rate <= 1_000_000:
        raise SignalError(f"sample rate is {sample_rate} Hz, expected 1000 to 1000000")
    return int(2 ** round(math.log2(FFT_SAMPLES * sample_rate / NOMINAL_RATE_HZ)))


def center_gains(spectrum: Tensor, sample_rate: int, width: float) -> Tensor:
    """Compute gains 0..1 `[..., bins, frames]` from a complex spectrum `[..., 2, bins, frames]`."""
    shared, power = _shared_and_power(spectrum)
    alike = _similarity(shared, power)
    around = _similarity(_smooth(shared), _smooth(power))
    exponent = exponent_of(width)
    gains = (alike * around) ** (exponent / 2)
    return torch.where(_is_mono(spectrum, power), 1.0, gains * _low_cut(spectrum, sample_rate))


def exponent_of(width: float) -> float:
    """Map a width to a power: 0 → 16, 0.5 → 4, 1 → 1."""
    return float(4.0 ** (2.0 - 2.0 * min(1.0, max(0.0, width))))


def _shared_and_power(spectrum: Tensor) -> tuple[Tensor, Tensor]:
    planes = torch.view_as_real(spectrum)
    left, right = planes[..., 0, :, :, :], planes[..., 1, :, :, :]
    return 2 * (left * right).sum(-1), (left.square() + right.square()).sum(-1)


def _similarity(shared: Tensor, power: Tensor) -> Tensor:
    return (shared / (power + QUIET)).clamp(0.0, 1.0)


def _smooth(plane: Tensor) -> Tensor:
    """Average over neighbouring bins and frames, fewer of them at the edges; `[..., bins, frames]`."""
    flat = plane.reshape(-1, 1, *plane.shape[-2:])
    kernel = (SMOOTH_BINS, SMOOTH_FRAMES)
    padding = (SMOOTH_BINS // 2, SMOOTH_FRAMES // 2)
    return avg_pool2d(flat, kernel, stride=1, padding=padding).reshape(plane.shape)


def _is_mono(spectrum: Tensor, power: Tensor) -> Tensor:
    """Find frames without a side signal, which have nothing to isolate; `[..., 1, frames]`."""
    side = torch.view_as_real(spectrum[..., 0, :, :] - spectrum[..., 1, :, :]).square().sum(-1)
    return side.sum(-2, keepdim=True) <= MONO_SIDE_POWER * power.sum(-2, keepdim=True)


def _low_cut(spectrum: Tensor, sample_rate: int) -> Tensor:
    """Compute gains `[bins, 1]` that exclude what lies below 120 Hz, where kick and bass are in the middle too."""
    bins = spectrum.shape[-2]
    hz = torch.arange(bins, device=spectrum.device) * (sample_rate / 2 / (bins - 1))
    return ((hz / LOW_CUT_HZ - 0.5) * 2).clamp(0.0, 1.0).unsqueeze(-1)
