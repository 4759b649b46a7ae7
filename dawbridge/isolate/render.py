"""Render, the fast half: a mixture, the network's estimate of its vocals and the knobs → the acapella.

The instrumental is always bounce - acapella (`dawbridge.audio.files.StemWriter`), so only one stem is made here.
The spectral knobs work per bin of a short-time Fourier transform at the source's own rate; its window is the
network's 4096 samples at 44.1 kHz, scaled in seconds. Streaming is exact: every frame lies on one grid, and a
block gets all frames that touch it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from dawbridge.parameters import PARAMETERS, Snapshot

Samples = NDArray[np.float32]
"""`[channels, samples]`."""
Reader = Callable[[int, int], Samples]
"""`(start, stop) → [channels, stop - start]` in samples; always inside the file, but for a loop."""

MASK_BOUND = 16.0
"""Largest |vocals / mixture| of a bin: where the mixture cancels, the ratio says nothing."""
SILENCE = 1e-9
"""A bin below this modulus has no mask."""
EDGE_OCTAVES = 1 / 6
"""Width of a band edge: a brick wall would ring for a whole window."""


@dataclass(frozen=True, slots=True)
class Grid:
    """The frames of one sample rate: `window` and `hop` in samples, 4 hops a window."""

    window: int
    hop: int

    @classmethod
    def of(cls, sample_rate: int) -> "Grid":
        """The network's window in seconds, on a hop of a multiple of 16 samples."""
        hop = max(16, round(1024 * sample_rate / 44100 / 16) * 16)
        return cls(4 * hop, hop)


def is_neutral(values: Snapshot) -> bool:
    """Whether no spectral knob is turned, so that a stem needs no transform."""
    return values["mask_strength"] in (0.0, 1.0) and not _shapes(values) and not _banded(values)


def render(
    mixture: Reader, vocals: Reader, start: int, stop: int, frames: int | None, sample_rate: int, values: Snapshot
) -> Samples:
    """The acapella's samples `start..stop` of a bounce of `frames` samples, `[channels, stop - start]`.

    `vocals` reads the network's estimate at the source's rate. `start` must be a multiple of `Grid.hop` for
    pieces to fit together exactly as one whole pass. `frames` is None for a loop: its readers know what lies
    before 0 and behind its end.
    """
    if values["mask_strength"] == 0.0 and not _banded(values):
        acapella = mixture(start, stop)
    elif is_neutral(values):
        acapella = vocals(start, stop)
    else:
        acapella = _spectral(mixture, vocals, start, stop, frames, sample_rate, values)
    depth = np.float32(values["mask_depth"])
    return acapella if depth == 1 else acapella * depth


def _shapes(values: Snapshot) -> bool:
    floor_matters = values["mask_floor"] != PARAMETERS["mask_floor"].off and values["mask_strength"] > 0
    return values["mask_strength"] > 0 and (values["mask_contrast"] != 0.5 or floor_matters)


def _banded(values: Snapshot) -> bool:
    return any(values[name] != PARAMETERS[name].off for name in ("band_low", "band_high"))


def _spectral(
    mixture: Reader, vocals: Reader, start: int, stop: int, frames: int | None, sample_rate: int, values: Snapshot
) -> Samples:
    grid = Grid.of(sample_rate)
    first, last = start - grid.window, stop + grid.window
    last += -(last - first) % grid.hop
    window = torch.hann_window(grid.window)
    mix = _transform(_padded(mixture, first, last, frames), grid, window)
    voice = _transform(_padded(vocals, first, last, frames), grid, window)
    shaped = apply_mask(mix, voice, values)
    if _banded(values):
        shaped = shaped * band_gain(grid.window, sample_rate, values)[:, None]
    return _inverse(shaped, grid, window)[:, grid.window : grid.window + stop - start].numpy()


def _padded(read: Reader, first: int, last: int, frames: int | None) -> torch.Tensor:
    """Samples `first..last`, with silence where that lies outside the file; a loop has no outside."""
    if frames is None:
        return torch.from_numpy(np.require(read(first, last), np.float32, ["C", "W"]))
    inner = torch.from_numpy(np.require(read(max(first, 0), min(last, frames)), np.float32, ["C", "W"]))
    return torch.nn.functional.pad(inner, (max(0, -first), max(0, last - frames)))


def _transform(samples: torch.Tensor, grid: Grid, window: torch.Tensor) -> torch.Tensor:
    # [channels, samples] → [channels, bins, frames]
    return torch.stft(samples, grid.window, grid.hop, window=window, center=False, return_complex=True)


def _inverse(spectrum: torch.Tensor, grid: Grid, window: torch.Tensor) -> torch.Tensor:
    """Weighted overlap-add; four overlapping squared Hann windows add up to 1.5."""
    pieces = torch.fft.irfft(spectrum.transpose(1, 2), n=grid.window).mul_(window / 1.5)
    channels, count, _ = pieces.shape
    quarters = pieces.view(channels, count, 4, grid.hop)
    summed = torch.zeros(channels, count + 3, grid.hop)
    for quarter in range(4):
        summed[:, quarter : quarter + count] += quarters[:, :, quarter]
    return summed.view(channels, -1)


def apply_mask(mixture: torch.Tensor, vocals: torch.Tensor, values: Snapshot) -> torch.Tensor:
    """Contrast, strength and floor on spectra `[..., bins, frames]` (complex); returns the acapella's spectrum.

    The mask is W = vocals / mixture per bin, 0 in silence. Contrast maps its modulus
    m → m^γ / (m^γ + (1-m)^γ), γ = 4^(2c-1); strength s gives X·|W|^s·e^(i·s·arg W); the floor is a least |W|.
    At strength 1 that is W·X = vocals itself; below it, |W| is bounded by `MASK_BOUND`.
    """
    strength = values["mask_strength"]
    if strength == 0.0:
        return mixture
    size, voice = mixture.abs(), vocals.abs()
    ratio = (voice / size.clamp_min(SILENCE)).clamp_max_(MASK_BOUND).masked_fill_(size <= SILENCE, 0.0)
    factor = _contrast(ratio, values["mask_contrast"])
    floor = values["mask_floor"]
    least = 0.0 if floor == PARAMETERS["mask_floor"].off else 10 ** (floor / 20)
    if strength != 1.0:
        target = (ratio * factor).pow_(strength).clamp_min_(least)
        return mixture * torch.polar(target, torch.angle(vocals * mixture.conj()).mul_(strength))
    if least == 0.0:
        return vocals * factor
    lifted = torch.maximum(factor, least * size / voice.clamp_min(SILENCE))
    return torch.where(voice > SILENCE, vocals * lifted, mixture * least)


def _contrast(modulus: torch.Tensor, contrast: float) -> torch.Tensor:
    """The factor m'/m by which contrast scales a mask of modulus `modulus`; 1 above 1."""
    gamma = 4.0 ** (2 * contrast - 1)
    if gamma == 1.0:
        return torch.ones(())
    m = modulus.clamp(1e-6, 1.0)
    raised = m.pow(gamma)
    return raised.div_(raised + (1 - m).pow_(gamma)).div_(m)


def band_gain(window: int, sample_rate: int, values: Snapshot) -> torch.Tensor:
    """Gain 0..1 of each bin between `band_low` and `band_high`, `[window // 2 + 1]`; raised-cosine edges."""
    octave = torch.fft.rfftfreq(window, 1 / sample_rate).clamp_min(1e-3).log2()
    gain = torch.ones_like(octave)
    for name, sign in (("band_low", 1.0), ("band_high", -1.0)):
        if values[name] != PARAMETERS[name].off:
            position = sign * (octave - math.log2(values[name])) / EDGE_OCTAVES + 0.5
            gain = gain * (0.5 - 0.5 * torch.cos(math.pi * position.clamp(0, 1)))
    return gain
