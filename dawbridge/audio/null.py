"""The null, exactly: how two stems are rounded so that their sum is the bounce.

Integers: B the bounce on a grid, A = round(acapella) on the same, I = B - A in int64, so A + I == B bit for bit.
Floats: A and I = B - A, formed in float64 and stored as floats, so |A + I - B| is at most half an ulp of the larger.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pair:
    """One block of both stems, full scale ±1 in float64, `[channels, samples]`; every value stands on the grid."""

    acapella: Floats
    instrumental: Floats
    error: float
    """Greatest |acapella + instrumental - mixture|."""


def on_grid(mixture: Floats, acapella: Floats, bits: int, dither: np.random.Generator | None, exact: bool) -> Pair:
    """Both stems on a grid of `bits` bits (at most 32: float64 holds them exactly).

    `dither` (TPDF, ±1 step) is added to the acapella, and to the mixture where that is not `exact` on this grid.
    """
    scale = 2.0 ** (bits - 1)
    whole = np.rint(mixture * scale + (0.0 if exact else _tpdf(dither, mixture.shape))).astype(np.int64)
    vocals = np.rint(acapella * scale + _tpdf(dither, acapella.shape)).astype(np.int64)
    return _pair(vocals / scale, (whole - vocals) / scale, mixture)


def as_float(mixture: Floats, acapella: Floats, subtype: str) -> Pair:
    """Both stems as `FLOAT` (32-bit) or `DOUBLE` samples."""
    dtype = np.float32 if subtype == "FLOAT" else np.float64
    vocals = acapella.astype(dtype).astype(np.float64)
    return _pair(vocals, (mixture - vocals).astype(dtype).astype(np.float64), mixture)


def amplified(samples: Floats, factor: float | Floats, bits: int) -> Floats:
    """`samples` times `factor`, back on the grid of `bits` bits (0: floats, no grid)."""
    louder: Floats = samples * factor
    scale = 2.0 ** (bits - 1)
    return np.asarray(np.rint(louder * scale) / scale) if bits else louder


def count_overs(samples: Floats, bits: int) -> int:
    """Samples that integers of `bits` bits cannot hold; 0 bits: beyond ±1."""
    top = 1.0 - 2.0 ** (1 - bits) if bits else 1.0
    return int(np.count_nonzero((samples > top) | (samples < -1.0)))


def float_subtype(bits: int, peak: float) -> str:
    """The smallest float format that holds every value of a grid of `bits` bits up to `peak` exactly."""
    return "FLOAT" if peak * 2.0 ** (bits - 1) <= 2**24 else "DOUBLE"


def claim(*, is_lossy: bool, both: bool, at_their_level: bool) -> str:
    """What a null depth is said of: the sum of which samples, and what it is compared with."""
    bounce = "the bounce as it decodes, at 24 bits," if is_lossy else "the bounce"
    if both and at_their_level:
        return f"sum equals {bounce}"
    return f"both stems at 0 dB would add up to {bounce}"


def decibels(peak: float) -> float:
    """A level in dB re full scale; -inf for silence."""
    return float(20.0 * np.log10(peak)) if peak > 0.0 else float("-inf")


def _pair(vocals: Floats, rest: Floats, mixture: Floats) -> Pair:
    error = float(np.abs(vocals + rest - mixture).max(initial=0.0))
    return Pair(vocals, rest, error)


def _tpdf(dither: np.random.Generator | None, shape: tuple[int, ...]) -> Floats | float:
    return 0.0 if dither is None else dither.random(shape) - dither.random(shape)
