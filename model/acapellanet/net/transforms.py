"""Convert between samples and what the network sees: the STFT and the warped frequency axis.

The STFT pads with zeros, half a window on either side, so that frame `t` is centred on sample
`t * hop`. 2048 bins are folded onto 1024: the low quarter bin by bin, then means of two, then of four.
Values: the transform is scaled by `1 / sqrt(window)`, as for `torch.stft(normalized=True)`.
"""

from functools import lru_cache

import torch
from torch import Tensor
from torch.nn.functional import pad


@lru_cache(maxsize=8)
def window_of(samples: int, device: torch.device) -> Tensor:
    return torch.hann_window(samples, device=device)


def stft(audio: Tensor, fft_samples: int, hop_samples: int) -> Tensor:
    """Transform `[..., samples]` → complex `[..., bins, frames]`; bins = fft/2 + 1, frames = samples // hop + 1."""
    flat = audio.reshape(-1, audio.shape[-1])
    spectrum = torch.stft(
        flat,
        fft_samples,
        hop_samples,
        window=window_of(fft_samples, audio.device),
        center=True,
        pad_mode="constant",
        normalized=True,
        return_complex=True,
    )
    return spectrum.reshape(*audio.shape[:-1], *spectrum.shape[-2:])


def istft(spectrum: Tensor, fft_samples: int, hop_samples: int, samples: int) -> Tensor:
    """Transform complex `[..., bins, frames]` → `[..., samples]`, the inverse of `stft`."""
    flat = spectrum.reshape(-1, *spectrum.shape[-2:])
    audio = torch.istft(
        flat,
        fft_samples,
        hop_samples,
        window=window_of(fft_samples, spectrum.device),
        center=True,
        normalized=True,
        length=samples,
    )
    return audio.reshape(*spectrum.shape[:-2], samples)


def frames_needed(samples: int, hop_samples: int, multiple: int) -> int:
    """Count the frames that `samples` span, rounded up to a multiple of `multiple`."""
    frames = samples // hop_samples + 1
    return -(-frames // multiple) * multiple


def pad_to_frames(audio: Tensor, hop_samples: int, multiple: int) -> Tensor:
    """Pad the end of `[..., samples]` with zeros, so that `stft` gives a multiple of `multiple` frames."""
    samples = audio.shape[-1]
    wanted = (frames_needed(samples, hop_samples, multiple) - 1) * hop_samples
    return pad(audio, (0, max(0, wanted - samples)))


def fold(bins: Tensor) -> Tensor:
    """Fold `[..., 4 n]` bins → `[..., 2 n]`: `n` single ones, `n / 2` means of two, `n / 2` means of four.

    With 8 bins::

        0 1 | 2 3 | 4 5 6 7
        a b |  c  |    d
    """
    quarter = bins.shape[-1] // 4
    single, pairs, quads = torch.split(bins, [quarter, quarter, 2 * quarter], dim=-1)
    return torch.cat((single, _mean_of(pairs, 2), _mean_of(quads, 4)), dim=-1)


def unfold(folded: Tensor) -> Tensor:
    """Unfold `[..., 2 n]` → `[..., 4 n]`: each folded value returns to the bins that it was the mean of."""
    half = folded.shape[-1] // 4
    single, pairs, quads = torch.split(folded, [2 * half, half, half], dim=-1)
    return torch.cat((single, _repeat(pairs, 2), _repeat(quads, 4)), dim=-1)


def _mean_of(bins: Tensor, count: int) -> Tensor:
    return torch.unflatten(bins, -1, (-1, count)).mean(-1)


def _repeat(bins: Tensor, count: int) -> Tensor:
    return bins.unsqueeze(-1).expand(*bins.shape, count).flatten(-2)


def to_planes(spectrum: Tensor) -> Tensor:
    """Convert complex `[..., bins + 1, frames]` → real `[..., 2, frames, bins]`, without the Nyquist bin."""
    return torch.view_as_real(spectrum[..., :-1, :]).movedim(-1, -3).transpose(-1, -2).contiguous()


def from_planes(planes: Tensor) -> Tensor:
    """Convert real `[..., 2, frames, bins]` → complex `[..., bins + 1, frames]`, with zeros in the Nyquist bin."""
    spectrum = torch.complex(planes[..., 0, :, :], planes[..., 1, :, :]).transpose(-1, -2)
    return pad(spectrum, (0, 0, 0, 1))
