"""The mask's arithmetic: contrast, strength, floor and band on the spectra of mixture and vocals.

The mask is W = vocals / mixture per bin, 0 in silence. Contrast maps its modulus m → m^γ / (m^γ + (1-m)^γ),
γ = 4^(2c-1); strength s gives X·|W|^s·e^(i·s·arg W); the floor is a least |W|. At strength 1 that is W·X = vocals
itself; below it, |W| is bounded.

Spectra are complex `[channels, frames, bins]`. A knob is a number, or `[frames]` if it moves within the bounce.
"""

import math
from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from dawbridge.knobs.parameters import PARAMETERS

Spectrum = NDArray[np.complex64]
Values = NDArray[np.float32]
Knob = float | Values
Knobs = Mapping[str, Knob]
"""Raw values by name; a knob that moves within the bounce is `[frames]`."""

BAND = ("band_low", "band_high")
EDGE_OCTAVES = 1 / 6
"""Width of a band edge: a brick wall would ring for a whole window."""


def apply(mixture: Spectrum | None, vocals: Spectrum, knobs: Knobs, gains: Values | None) -> None:
    """Turn the spectrum `vocals` into the acapella's, in place.

    `mixture` is None if no knob of the mask is turned; `gains`, `[1 or frames, bins]`, are those of the band, if any.
    """
    from dawbridge.engine.kernels import mask as kernels

    if mixture is not None:
        strength, contrast, floor_db = (
            at_frames(knobs[name], vocals.shape[1]) for name in ("mask_strength", "mask_contrast", "mask_floor")
        )
        gamma = np.power(np.float32(4), 2 * contrast - 1, dtype=np.float32)
        kernels.shape(parts(mixture), parts(vocals), strength, gamma, _least(floor_db))
    if gains is not None:
        kernels.scale(parts(vocals), gains)


def parts(spectrum: Spectrum) -> Values:
    """The same memory as real and imaginary parts in turns, `[..., 2 * bins]`."""
    values: Values = spectrum.view(np.float32)
    return values


def at_frames(knob: Knob, frames: int) -> Values:
    """The knob at each frame, `[frames]`."""
    return knob if isinstance(knob, np.ndarray) else np.full(frames, knob, np.float32)


def is_at(knob: Knob, value: float) -> bool:
    """Return whether the knob stands at `value` all the time."""
    return not isinstance(knob, np.ndarray) and knob == value


def band_gains(window: int, sample_rate: int, knobs: Knobs) -> Values:
    """Return the gain 0..1 of each bin between `band_low` and `band_high`, with cosine edges.

    `[frames, window // 2 + 1]`; one frame for all if no edge moves.
    """
    edges = [knobs[name] for name in BAND]
    if any(isinstance(edge, np.ndarray) for edge in edges):
        return _gains_between(window, sample_rate, *(np.atleast_1d(edge)[:, None] for edge in edges))
    return _fixed_gains(window, sample_rate, *(float(edge) for edge in edges))


@lru_cache(maxsize=8)
def _fixed_gains(window: int, sample_rate: int, low: float, high: float) -> Values:
    return _gains_between(window, sample_rate, np.array([[low]]), np.array([[high]]))


def _gains_between(window: int, sample_rate: int, *edges: NDArray[np.floating]) -> Values:
    octave = np.log2(np.maximum(np.fft.rfftfreq(window, 1 / sample_rate), 1e-3))[None]
    gain = np.ones_like(octave)
    for name, edge, sign in zip(BAND, edges, (1.0, -1.0), strict=True):
        position = np.clip(sign * (octave - np.log2(edge)) / EDGE_OCTAVES + 0.5, 0, 1)
        gain = gain * np.where(edge == PARAMETERS[name].off, 1.0, 0.5 - 0.5 * np.cos(math.pi * position))
    return np.asarray(gain, np.float32)


def within(knobs: Knobs, span: slice) -> Knobs:
    """The knobs of these frames."""
    return {name: knob[span] if isinstance(knob, np.ndarray) else knob for name, knob in knobs.items()}


def _least(floor_db: Values) -> Values:
    """Return the least gain that a floor leaves; 0 if it is off."""
    least: Values = np.where(floor_db <= float(PARAMETERS["mask_floor"].off or 0), 0, np.float32(10) ** (floor_db / 20))
    return least.astype(np.float32)
