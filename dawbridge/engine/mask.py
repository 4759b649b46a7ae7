"""The mask's arithmetic: contrast, strength, floor and band on the spectra of mixture and vocals.

Spectra are complex `[channels, frames, bins]`. A knob is a number, or `[frames, 1]` if it moves within the bounce.

Two rules make it quick and exact. Planes are processed in tiles that stay in the processor's cache. And only steps that
round a value alike wherever it is in its array are used: a complex product, a power and an arc tangent of two arguments
round the last few values in another way, and pieces would not equal one whole pass bit for bit.
"""

import math
from collections.abc import Mapping

import torch

from dawbridge.knobs.parameters import PARAMETERS, Snapshot

Knobs = Mapping[str, float | torch.Tensor]
"""Raw values by name; a knob that moves within the bounce is `[frames, 1]`."""

BAND = ("band_low", "band_high")
MASK_BOUND = 16.0
"""Largest |vocals / mixture| of a bin: if the mixture cancels there, the ratio says nothing."""
SILENCE = 1e-9
"""A bin below this modulus has no mask."""
EDGE_OCTAVES = 1 / 6
"""Width of a band edge: a brick wall would ring for a whole window."""

_LEAST = 1e-30
"""Keeps divisions and logarithms away from zero, far below anything audible."""
_LEAST_LOG = -80.0
"""Least logarithm of what is raised to a power: smaller numbers are not on the processor's quick path."""
_MOST = 1e6
"""Largest 1/|W| that contrast considers."""
_TILE_VALUES = 1 << 19


def apply(mixture: torch.Tensor | None, vocals: torch.Tensor, knobs: Knobs, gains: torch.Tensor | None) -> None:
    """Turn the spectrum `vocals` into the acapella's, in place.

    `mixture` is None if no knob of the mask is turned; `gains`, `[1 or frames, bins]`, are those of the band, if any.
    """
    channels, frames, bins = vocals.shape
    step = max(1, _TILE_VALUES // (channels * bins))
    for start in range(0, frames, step):
        span = slice(start, start + step)
        tile = vocals[:, span]
        shaped = tile if mixture is None else apply_mask(mixture[:, span], tile, within(knobs, span))
        if gains is not None:
            shaped = shaped * (gains if gains.shape[0] == 1 else gains[span])
        tile.copy_(shaped)


def apply_mask(mixture: torch.Tensor, vocals: torch.Tensor, values: Knobs) -> torch.Tensor:
    """Apply contrast, strength and floor; return the acapella's spectrum.

    The mask is W = vocals / mixture per bin, 0 in silence. Contrast maps its modulus
    m → m^γ / (m^γ + (1-m)^γ), γ = 4^(2c-1); strength s gives X·|W|^s·e^(i·s·arg W); the floor is a least |W|.
    At strength 1 that is W·X = vocals itself; below it, |W| is bounded by `MASK_BOUND`.
    """
    strength, least = values["mask_strength"], _least(values["mask_floor"])
    if is_at(strength, 0.0):
        return mixture
    if is_at(strength, 1.0):
        return _whole(mixture, vocals, values["mask_contrast"], least)
    return _partial(mixture, vocals, values["mask_contrast"], strength, least)


def is_at(knob: float | torch.Tensor, value: float) -> bool:
    """Return whether the knob stands at `value` all the time."""
    return not isinstance(knob, torch.Tensor) and knob == value


def band_gain(window: int, sample_rate: int, values: Snapshot) -> torch.Tensor:
    """Return the gain 0..1 of each bin between `band_low` and `band_high`, `[window // 2 + 1]`; with cosine edges."""
    return band_gains(window, sample_rate, values)[0]


def band_gains(window: int, sample_rate: int, knobs: Knobs) -> torch.Tensor:
    """Return the same for each frame, `[frames, bins]`; one frame for all if no edge moves."""
    octave = torch.fft.rfftfreq(window, 1 / sample_rate).clamp_min(1e-3).log2()[None]
    gain = torch.ones_like(octave)
    for name, sign in zip(BAND, (1.0, -1.0), strict=True):
        edge, off = torch.as_tensor(knobs[name]), float(PARAMETERS[name].off or 0)
        position = sign * (octave - edge.log2()) / EDGE_OCTAVES + 0.5
        gain = gain * torch.where(edge == off, 1.0, 0.5 - 0.5 * torch.cos(math.pi * position.clamp(0, 1)))
    return gain


def within(knobs: Knobs, span: slice) -> Knobs:
    """The knobs of these frames."""
    return {name: knob[span] if isinstance(knob, torch.Tensor) else knob for name, knob in knobs.items()}


def _whole(
    mixture: torch.Tensor, vocals: torch.Tensor, contrast: float | torch.Tensor, least: torch.Tensor
) -> torch.Tensor:
    """At strength 1, return the vocals with each bin scaled."""
    loudness, voice = _power(mixture), _power(vocals)
    factor = torch.ones(()) if is_at(contrast, 0.5) else _contrast(loudness, voice, contrast)
    if not least.any():
        return vocals * factor
    lift = (loudness / voice.clamp_min(SILENCE**2)).sqrt_().mul_(least)
    lifted = vocals * torch.maximum(factor, lift)
    if voice.min() > SILENCE**2:
        return lifted
    has_voice = voice.gt_(SILENCE**2)
    return lifted * has_voice + mixture * (least * (1 - has_voice))


def _partial(
    mixture: torch.Tensor, vocals: torch.Tensor, contrast: float | torch.Tensor, strength: float | torch.Tensor,
    least: torch.Tensor,
) -> torch.Tensor:  # fmt: skip
    """Below strength 1, return the mixture with each bin scaled and turned."""
    (x, y), (v, w) = _planes(mixture), _planes(vocals)
    angle = _angle(v * x + w * y, w * x - v * y).mul_(strength)
    loudness, voice = x * x + y * y, v.mul_(v).add_(w.mul_(w))
    modulus = (voice / loudness.clamp_min(SILENCE**2)).clamp_max_(MASK_BOUND**2).sqrt_()
    if not is_at(contrast, 0.5):
        modulus.mul_(_contrast(loudness, voice, contrast))
    target = _raised(modulus, strength)
    if least.any():
        target = torch.maximum(target, least)
    along, across = angle.cos().mul_(target), angle.sin_().mul_(target)
    real, imaginary = (x * along).sub_(y * across), x.mul_(across).add_(y.mul_(along))
    return torch.complex(real, imaginary)


def _least(floor_db: float | torch.Tensor) -> torch.Tensor:
    """Return the least gain that a floor leaves; 0 if it is off."""
    floor_db = torch.as_tensor(floor_db)
    return torch.where(floor_db <= float(PARAMETERS["mask_floor"].off or 0), 0.0, 10 ** (floor_db / 20))


def _power(spectrum: torch.Tensor) -> torch.Tensor:
    """Return |spectrum|²."""
    squares = torch.view_as_real(spectrum).square()
    return squares[..., 0] + squares[..., 1]


def _planes(spectrum: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the real and the imaginary part, each contiguous."""
    planes = torch.view_as_real(spectrum).movedim(-1, 0).contiguous()
    return planes[0], planes[1]


def _contrast(loudness: torch.Tensor, voice: torch.Tensor, contrast: float | torch.Tensor) -> torch.Tensor:
    """Return the factor m'/m by which contrast scales a mask of m = √(voice / loudness); 1 above 1, 0 in silence.

    m^γ / (m^γ + (1-m)^γ) = 1 / (1 + ((1-m)/m)^γ), and (1-m)/m = 1/m - 1.
    """
    gamma = 4.0 ** (2 * contrast - 1)
    inverse = (loudness / voice.clamp_min(_LEAST)).sqrt_().clamp_(1.0, _MOST)
    factor = inverse.div_(_raised_quickly(inverse - 1, gamma).add_(1.0))
    return factor.mul_(loudness.clone().gt_(SILENCE**2))


def _raised(base: torch.Tensor, exponent: float | torch.Tensor) -> torch.Tensor:
    """Raise `base` (0 or more) to `exponent` in place; 0 stays 0, except if a moving exponent is 0."""
    stays = torch.sign(base)
    if isinstance(exponent, torch.Tensor):
        stays = torch.maximum(stays, (exponent == 0).to(base.dtype))
    return _raised_quickly(base, exponent).mul_(stays)


def _raised_quickly(base: torch.Tensor, exponent: float | torch.Tensor) -> torch.Tensor:
    """Do the same, except that a 0 stays only close to 0."""
    return base.clamp_min_(_LEAST).log_().mul_(exponent).clamp_min_(_LEAST_LOG).exp_()


def _angle(along: torch.Tensor, across: torch.Tensor) -> torch.Tensor:
    """Return the angle of along + i·across, -π..π; both arguments are overwritten."""
    turn = torch.copysign(along.clone().lt_(0).mul_(math.pi), across)
    return across.div_(along.add_(_LEAST)).atan_().add_(turn)
