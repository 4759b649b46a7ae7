"""Render, the fast half: a mixture, the network's estimate of its vocals and the knobs → the acapella.

The instrumental is always bounce - acapella (`dawbridge.audio.files.StemWriter`), so only one stem is made here.
The spectral knobs work per bin of a short-time Fourier transform at the source's own rate; its window is the
network's 4096 samples at 44.1 kHz, scaled in seconds. Streaming is exact: every frame lies on one grid, and a
block gets all frames that touch it.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from dawbridge.automation import Automation
from dawbridge.parameters import PARAMETERS, Snapshot

Samples = NDArray[np.float32]
"""`[channels, samples]`."""
Reader = Callable[[int, int], Samples]
"""`(start, stop) → [channels, stop - start]` in samples; always inside the file, but for a loop."""

Knobs = Mapping[str, float | torch.Tensor]
"""Raw values; a knob that moves within the bounce as `[frames]`."""

_BAND = ("band_low", "band_high")
SPECTRAL = frozenset(("mask_strength", "mask_contrast", "mask_floor", *_BAND))
"""Knobs that work per bin."""
NO_AUTOMATION = Automation()

MASK_BOUND = 16.0
"""Largest |vocals / mixture| of a bin: where the mixture cancels, the ratio says nothing."""
SILENCE = 1e-9
"""A bin below this modulus has no mask."""
_LEAST = 1e-30
"""Keeps divisions and logarithms from zero, far below anything that sounds."""
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
    mixture: Reader, vocals: Reader, start: int, stop: int, frames: int | None, sample_rate: int, values: Snapshot,
    automation: Automation = NO_AUTOMATION,
) -> Samples:  # fmt: skip
    """The acapella's samples `start..stop` of a bounce of `frames` samples, `[channels, stop - start]`.

    `vocals` reads the network's estimate at the source's rate. `start` must be a multiple of `Grid.hop` for
    pieces to fit together exactly as one whole pass. `frames` is None for a loop: its readers know what lies
    before 0 and behind its end. Lanes of `automation` go before `values`: those of spectral knobs are followed frame
    by frame, the depth sample by sample.
    """
    lanes = automation.only(SPECTRAL)
    if lanes:
        acapella = _spectral(mixture, vocals, start, stop, frames, sample_rate, values, lanes)
    elif values["mask_strength"] == 0.0 and not _banded(values):
        acapella = mixture(start, stop)
    elif is_neutral(values):
        acapella = vocals(start, stop)
    else:
        acapella = _spectral(mixture, vocals, start, stop, frames, sample_rate, values, lanes)
    lane = automation.lane("mask_depth")
    if lane is not None:
        return np.asarray(acapella * lane.values(np.arange(start, stop) / sample_rate).astype(np.float32))
    depth = np.float32(values["mask_depth"])
    return acapella if depth == 1 else acapella * depth


def _shapes(values: Snapshot) -> bool:
    floor_matters = values["mask_floor"] != PARAMETERS["mask_floor"].off and values["mask_strength"] > 0
    return values["mask_strength"] > 0 and (values["mask_contrast"] != 0.5 or floor_matters)


def _banded(values: Snapshot) -> bool:
    return any(values[name] != PARAMETERS[name].off for name in ("band_low", "band_high"))


def _spectral(
    mixture: Reader, vocals: Reader, start: int, stop: int, frames: int | None, sample_rate: int, values: Snapshot,
    lanes: Automation,
) -> Samples:  # fmt: skip
    grid = Grid.of(sample_rate)
    first, last = start - grid.window, stop + grid.window
    last += -(last - first) % grid.hop
    window = torch.hann_window(grid.window)
    knobs = _at_frames(
        values, lanes, np.arange(first + grid.window / 2, last - grid.window / 2 + 1, grid.hop) / sample_rate
    )
    plain = not _moves(knobs) and values["mask_strength"] == 1.0 and not _shapes(values)  # then the mixture has no say
    voice = _transform(_padded(vocals, first, last, frames), grid, window)
    shaped = (
        voice if plain else apply_mask(_transform(_padded(mixture, first, last, frames), grid, window), voice, knobs)
    )
    if _banded(values) or any(lanes.lane(name) for name in _BAND):
        shaped = shaped * _band_gains(grid.window, sample_rate, knobs)
    return _inverse(shaped, grid, window)[:, grid.window : grid.window + stop - start].numpy()


def _at_frames(values: Snapshot, lanes: Automation, times_s: NDArray[np.float64]) -> Knobs:
    """The knobs at the middles of frames: those with a lane as `[frames]`."""
    moving = {lane.name: torch.from_numpy(lane.values(times_s)).float() for lane in lanes.lanes}
    return {**values, **moving}


def _moves(knobs: Knobs) -> bool:
    """One of the mask's knobs has a lane."""
    return any(isinstance(knobs[name], torch.Tensor) for name in SPECTRAL - {*_BAND})


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


def apply_mask(mixture: torch.Tensor, vocals: torch.Tensor, values: Knobs) -> torch.Tensor:
    """Contrast, strength and floor on spectra `[..., bins, frames]` (complex); returns the acapella's spectrum.

    The mask is W = vocals / mixture per bin, 0 in silence. Contrast maps its modulus
    m → m^γ / (m^γ + (1-m)^γ), γ = 4^(2c-1); strength s gives X·|W|^s·e^(i·s·arg W); the floor is a least |W|.
    At strength 1 that is W·X = vocals itself; below it, |W| is bounded by `MASK_BOUND`. A knob is a number, or
    `[frames]`.
    """
    strength = values["mask_strength"]
    if _is(strength, 0.0):
        return mixture
    loudness, voice = _power(mixture), _power(vocals)
    ratio = (voice / loudness.clamp_min(SILENCE**2)).clamp_max_(MASK_BOUND**2).masked_fill_(loudness <= SILENCE**2, 0.0)
    ratio = ratio.sqrt_()
    factor = _contrast(ratio, values["mask_contrast"])
    least = _least(values["mask_floor"])
    if not _is(strength, 1.0):
        target = torch.maximum(_raised(ratio * factor, strength), least)
        angle = _angle(mixture, vocals).mul_(strength)
        return mixture * torch.complex(angle.cos().mul_(target), angle.sin_().mul_(target))
    if not least.any():
        return vocals * factor
    lifted = torch.maximum(factor, least * (loudness / voice.clamp_min(SILENCE**2)).sqrt_())
    return torch.where(voice > SILENCE**2, vocals * lifted, mixture * least)


def _is(knob: float | torch.Tensor, value: float) -> bool:
    """The knob stands at `value` all the time."""
    return not isinstance(knob, torch.Tensor) and knob == value


def _least(floor_db: float | torch.Tensor) -> torch.Tensor:
    """The least gain that a floor leaves; 0 where it is off."""
    floor_db = torch.as_tensor(floor_db)
    return torch.where(floor_db <= float(PARAMETERS["mask_floor"].off or 0), 0.0, 10 ** (floor_db / 20))


# Complex products, pow and atan2 round the last few values of an array in another way than those before: with them,
# pieces would not fit one whole pass bit for bit. The modulus and the angle of a complex number take thrice the time.


def _power(spectrum: torch.Tensor) -> torch.Tensor:
    """|spectrum|²."""
    return spectrum.real * spectrum.real + spectrum.imag * spectrum.imag


def _angle(mixture: torch.Tensor, vocals: torch.Tensor) -> torch.Tensor:
    """arg(vocals / mixture), -π..π."""
    along = vocals.real * mixture.real + vocals.imag * mixture.imag
    across = vocals.imag * mixture.real - vocals.real * mixture.imag
    turn = torch.copysign((along < 0).to(torch.float32).mul_(math.pi), across)
    return (across / (along + _LEAST)).atan_().add_(turn)


def _raised(base: torch.Tensor, exponent: float | torch.Tensor) -> torch.Tensor:
    """`base` (0 or more) to the power `exponent`; 0 stays 0, but where the exponent is 0."""
    is_zero = (base == 0) & (torch.as_tensor(exponent) > 0)
    return base.clamp_min(_LEAST).log_().mul_(exponent).exp_().masked_fill_(is_zero, 0.0)


def _contrast(modulus: torch.Tensor, contrast: float | torch.Tensor) -> torch.Tensor:
    """The factor m'/m by which contrast scales a mask of modulus `modulus`; 1 above 1."""
    gamma = 4.0 ** (2 * contrast - 1)
    if _is(gamma, 1.0):
        return torch.ones(())
    # m^γ / (m^γ + (1-m)^γ) = 1 / (1 + ((1-m)/m)^γ)
    m = modulus.clamp(1e-6, 1.0)
    return _raised((1 - m).div_(m), gamma).add_(1.0).mul_(m).reciprocal_()


def band_gain(window: int, sample_rate: int, values: Snapshot) -> torch.Tensor:
    """Gain 0..1 of each bin between `band_low` and `band_high`, `[window // 2 + 1]`; raised-cosine edges."""
    return _band_gains(window, sample_rate, values)[:, 0]


def _band_gains(window: int, sample_rate: int, knobs: Knobs) -> torch.Tensor:
    """The same for each frame, `[bins, frames]`; one frame for all where no edge moves."""
    octave = torch.fft.rfftfreq(window, 1 / sample_rate).clamp_min(1e-3).log2()[:, None]
    gain = torch.ones_like(octave)
    for name, sign in zip(_BAND, (1.0, -1.0), strict=True):
        edge, off = torch.as_tensor(knobs[name]), float(PARAMETERS[name].off or 0)
        position = sign * (octave - edge.log2()) / EDGE_OCTAVES + 0.5
        gain = gain * torch.where(edge == off, 1.0, 0.5 - 0.5 * torch.cos(math.pi * position.clamp(0, 1)))
    return gain
