"""Elementary functions for single precision that are made of additions and products, so that loops become vectors.

A library's logarithm is a call for each value, and its last bit differs between a vector and what is left over at its
end. These are polynomials through Chebyshev's nodes, exact to about 1e-7.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from dawbridge.engine.kernels import inlined

F = np.float32
I = np.int32  # noqa: E741

Wave = NDArray[np.float64]


def _fitted(function: Callable[[Wave], Wave], low: float, high: float, degree: int) -> tuple[np.float32, ...]:
    """Coefficients of the polynomial through the Chebyshev nodes of `low..high`, lowest power first."""
    series = np.polynomial.Chebyshev.interpolate(function, degree, domain=[low, high])
    return tuple(F(value) for value in series.convert(kind=np.polynomial.Polynomial).coef)


def _even(function: Callable[[Wave], Wave]) -> Callable[[Wave], Wave]:
    """f(√z), for a function whose powers are even, or made so by a division."""
    return lambda squared: function(np.sqrt(np.maximum(squared, 1e-16)))


_HALF_PI, _QUARTER_PI, _PI = F(np.pi / 2), F(np.pi / 4), F(np.pi)
_EIGHTH = F(np.tan(np.pi / 8))
_ROOT = F(np.sqrt(2))
_LEAST = F(1e-30)
_ARCTAN = _fitted(_even(lambda x: np.arctan(x) / x), 0, np.tan(np.pi / 8) ** 2, 4)
_SINE = _fitted(_even(lambda x: np.sin(x) / x), 0, (np.pi / 2) ** 2, 5)
_EXP2 = _fitted(np.exp2, -0.5, 0.5, 6)
_LOG2 = _fitted(_even(lambda x: 2 / np.log(2) * np.arctanh(x) / x), 0, (np.sqrt(2) - 1) ** 4, 3)


@inlined
def log2(x: np.float32) -> np.float32:
    """Logarithm to the base 2 of a normal, positive number."""
    bits = F(x).view(I)
    exponent = F(I(I(bits >> I(23)) - I(127)))
    mantissa = I(I(bits & I(0x7FFFFF)) | I(0x3F800000)).view(F)  # 1..2
    is_upper = mantissa > _ROOT
    mantissa = mantissa * F(0.5) if is_upper else mantissa
    exponent = exponent + F(1) if is_upper else exponent
    t = (mantissa - F(1)) / (mantissa + F(1))
    z = t * t
    return exponent + (((_LOG2[3] * z + _LOG2[2]) * z + _LOG2[1]) * z + _LOG2[0]) * t


@inlined
def exp2(x: np.float32) -> np.float32:
    """2 to the power of `x`, which is bounded by ±126."""
    bounded = min(max(x, F(-126)), F(126))
    whole = np.floor(bounded + F(0.5))
    t = bounded - whole
    high = ((_EXP2[6] * t + _EXP2[5]) * t + _EXP2[4]) * t + _EXP2[3]
    fraction = ((high * t + _EXP2[2]) * t + _EXP2[1]) * t + _EXP2[0]
    result: np.float32 = fraction * I(I(I(whole) + I(127)) << I(23)).view(F)
    return result


@inlined
def angle(along: np.float32, across: np.float32) -> np.float32:
    """Angle of along + i·across, -π..π; 0 at 0."""
    near, far = abs(along), abs(across)
    t = min(near, far) / max(max(near, far), _LEAST)
    is_steep = t > _EIGHTH
    t = (t - F(1)) / (t + F(1)) if is_steep else t
    z = t * t
    turned = ((((_ARCTAN[4] * z + _ARCTAN[3]) * z + _ARCTAN[2]) * z + _ARCTAN[1]) * z + _ARCTAN[0]) * t
    turned = turned + _QUARTER_PI if is_steep else turned
    turned = _HALF_PI - turned if far > near else turned
    turned = _PI - turned if along < F(0) else turned
    return -turned if across < F(0) else turned


@inlined
def sine(x: np.float32) -> np.float32:
    """Sine of -π/2..π/2."""
    z = x * x
    high = (_SINE[5] * z + _SINE[4]) * z + _SINE[3]
    return ((high * z + _SINE[2]) * z + _SINE[1]) * z * x + _SINE[0] * x
