"""Separate audio with acapellabot: 22.05 kHz mono, STFT 1536 / hop 384, log1p magnitude, and two ways back to sound.

The phase is discarded before the network. `mask`: the ratio of estimated to mixture magnitude, 0..1, is applied to left
and right, so the phase is the mixture's. `griffinlim`: 10 rounds of Griffin and Lim 1984 from random phase, as in 2017;
mono, and its waveform does not follow the mixture's, so bounce - acapella keeps most of the voice.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

from acapellanet.acapellabot.network import (
    GRID,
    REACH_AFTER_FRAMES,
    REACH_BEFORE_FRAMES,
    Acapellabot,
    load_acapellabot,
)
from acapellanet.net.separation import check_stereo

SAMPLE_RATE = 22050
FFT_SAMPLES, HOP_SAMPLES = 1536, 384
ALIGNMENT_SAMPLES = GRID * HOP_SAMPLES
CONTEXT_SAMPLES = REACH_BEFORE_FRAMES * HOP_SAMPLES + FFT_SAMPLES
"""The network's reach plus half a window each for the transform and its inverse."""
GRIFFIN_LIM_ROUNDS = 10
BLOCK_FRAMES = 256
QUIET = 1e-8


def _on_grid(count: int) -> int:
    return -(-count // GRID) * GRID


def spectrum_of(audio: Tensor) -> Tensor:
    """Transform more than 768 `[..., samples]` → complex `[..., 769, samples // 384 + 1]`, mirrored at the ends.

    The same as `librosa.stft(audio, n_fft=1536, hop_length=384, pad_mode="reflect")`.
    """
    window = torch.hann_window(FFT_SAMPLES, device=audio.device)
    return torch.stft(audio, FFT_SAMPLES, HOP_SAMPLES, window=window, pad_mode="reflect", return_complex=True)


def audio_of(spectrum: Tensor, samples: int) -> Tensor:
    """Invert `spectrum_of`."""
    window = torch.hann_window(FFT_SAMPLES, device=spectrum.device)
    return torch.istft(spectrum, FFT_SAMPLES, HOP_SAMPLES, window=window, length=samples)


def predict(network: Acapellabot, magnitudes: Tensor, on_step: Callable[[], None] = lambda: None) -> Tensor:
    """Run the network on log1p magnitudes `[bins, frames]` of any size, padded with zeros to its grid.

    In blocks of 256 frames with as much context as it hears, which equals one pass. `on_step` is called before each.
    """
    bins, frames = magnitudes.shape
    whole = pad(magnitudes, (0, _on_grid(frames) - frames, 0, _on_grid(bins) - bins))
    estimated = []
    for start in range(0, whole.shape[1], BLOCK_FRAMES):
        on_step()
        first = max(0, start - _on_grid(REACH_BEFORE_FRAMES))
        piece = whole[:, first : start + BLOCK_FRAMES + _on_grid(REACH_AFTER_FRAMES)]
        heard = network(piece[None, None])[0, 0, :bins]
        estimated.append(heard[:, start - first : start - first + BLOCK_FRAMES])
    return torch.cat(estimated, dim=1)[:, :frames]


class AcapellabotEstimator:
    """acapellabot as an `Estimator`: `[2, samples]` at 22.05 kHz in and out."""

    sample_rate = SAMPLE_RATE
    context_samples = _on_grid(CONTEXT_SAMPLES // HOP_SAMPLES) * HOP_SAMPLES
    alignment_samples = ALIGNMENT_SAMPLES

    def __init__(
        self, name: str, path: Path, digest: str, device: torch.device, griffin_lim: bool, on_step: Callable[[], None]
    ) -> None:
        """Load the weights. Raises `ModelError` if they are missing, damaged or of another architecture."""
        self.name, self.hash = name, digest
        self._network = load_acapellabot(path).requires_grad_(False).to(device)
        self._device, self._griffin_lim, self._on_step = device, griffin_lim, on_step

    @torch.inference_mode()
    def estimate(self, mixture: Tensor) -> Tensor:
        """Estimate the vocals of `[2, samples]`, in the same shape. Raises `SignalError` for another shape."""
        check_stereo(mixture)
        samples = mixture.shape[1]
        if samples == 0:
            return mixture.clone()
        audio = pad(mixture.to(self._device, torch.float32), (0, max(0, FFT_SAMPLES - samples)))
        mono = spectrum_of(audio.mean(0)).abs()
        estimated = torch.expm1(predict(self._network, torch.log1p(mono), self._on_step))
        if self._griffin_lim:
            return _griffin_lim(estimated.cpu(), audio.shape[1])[:, :samples]
        mask = (estimated / mono.clamp_min(QUIET)).clamp(0.0, 1.0) * (mono > QUIET)
        return audio_of(spectrum_of(audio) * mask, audio.shape[1])[:, :samples].cpu()


def _griffin_lim(magnitudes: Tensor, samples: int) -> Tensor:
    """Invert magnitudes `[769, frames]` → `[2, samples]`, both channels alike, from a fixed random phase."""
    import librosa

    audio = librosa.griffinlim(
        magnitudes.numpy(),
        n_iter=GRIFFIN_LIM_ROUNDS,
        hop_length=HOP_SAMPLES,
        n_fft=FFT_SAMPLES,
        length=samples,
        pad_mode="reflect",
        momentum=0.0,
        random_state=0,
    )
    return torch.from_numpy(np.stack((audio, audio)).astype(np.float32))
