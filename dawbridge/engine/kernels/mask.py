"""Contrast, strength and floor of the mask; see `dawbridge.engine.mask` for what they mean.

Spectra are `[channels, frames, 2 * bins]`, real and imaginary parts in turns: a step of two that is known beforehand
is what makes the loops vectors. Knobs are `[frames]`.
"""

import numpy as np
from numpy.typing import NDArray

from dawbridge.engine.kernels import inlined, kernel
from dawbridge.engine.kernels.elementary import F, angle, exp2, log2, sine

Values = NDArray[np.float32]

_BOUND = F(16.0)
"""Largest |vocals / mixture| of a bin: if the mixture cancels there, the ratio says nothing."""
_SILENCE = F(1e-18)
"""Power of a bin below which it has no mask."""
_LEAST = F(1e-30)
"""Keeps divisions and logarithms away from zero, far below anything audible."""
_MOST = F(1e6)
"""Largest 1/|W| that contrast considers."""


@kernel
def shape(mixture: Values, vocals: Values, strength: Values, gamma: Values, least: Values) -> None:
    """Turn `vocals` into the acapella's spectrum, in place. `gamma` is contrast's exponent, `least` the floor's."""
    channels, frames, bins = vocals.shape[0], vocals.shape[1], vocals.shape[2] // 2
    loudness, voice = np.empty(bins, F), np.empty(bins, F)
    for channel in range(channels):
        for frame in range(frames):
            x, v = mixture[channel, frame], vocals[channel, frame]
            if strength[frame] == F(0):
                v[:] = x
                continue
            for i in range(bins):
                loudness[i] = x[2 * i] * x[2 * i] + x[2 * i + 1] * x[2 * i + 1]
                voice[i] = v[2 * i] * v[2 * i] + v[2 * i + 1] * v[2 * i + 1]
            if strength[frame] == F(1):
                _whole(x, v, loudness, voice, gamma[frame], least[frame])
            else:
                _partial(x, v, loudness, voice, strength[frame], gamma[frame], least[frame])


@kernel
def scale(vocals: Values, gains: Values) -> None:
    """Multiply `vocals` by `gains`, `[1 or frames, bins]`, in place."""
    channels, frames, bins = vocals.shape[0], vocals.shape[1], vocals.shape[2] // 2
    for channel in range(channels):
        for frame in range(frames):
            v, gain = vocals[channel, frame], gains[min(frame, gains.shape[0] - 1)]
            for i in range(bins):
                v[2 * i] *= gain[i]
                v[2 * i + 1] *= gain[i]


@inlined
def _contrast(loudness: np.float32, voice: np.float32, gamma: np.float32) -> np.float32:
    """Factor m'/m by which contrast scales a mask of m = √(voice / loudness); 1 above 1, 0 in silence.

    m^γ / (m^γ + (1-m)^γ) = 1 / (1 + ((1-m)/m)^γ), and (1-m)/m = 1/m - 1.
    """
    inverse = min(max(np.sqrt(loudness / max(voice, _LEAST)), F(1)), _MOST)
    factor = inverse / (exp2(gamma * log2(max(inverse - F(1), _LEAST))) + F(1))
    return factor if loudness > _SILENCE else F(0)


@kernel
def _whole(x: Values, v: Values, loudness: Values, voice: Values, gamma: np.float32, least: np.float32) -> None:
    """At strength 1, scale each bin of the vocals. `loudness` and `voice` are overwritten by the factors of x and v."""
    bins = loudness.size
    if gamma == F(1) and least == F(0):
        return
    for i in range(bins):
        factor = F(1) if gamma == F(1) else _contrast(loudness[i], voice[i], gamma)
        lift = np.sqrt(loudness[i] / max(voice[i], _SILENCE)) * least
        has_voice = voice[i] > _SILENCE
        loudness[i] = F(0) if has_voice else least
        voice[i] = max(factor, lift) if has_voice or least == F(0) else F(0)
    for i in range(bins):
        v[2 * i] = v[2 * i] * voice[i] + x[2 * i] * loudness[i]
        v[2 * i + 1] = v[2 * i + 1] * voice[i] + x[2 * i + 1] * loudness[i]


@kernel
def _partial(
    x: Values, v: Values, loudness: Values, voice: Values, strength: np.float32, gamma: np.float32, least: np.float32
) -> None:
    """Below strength 1, scale and turn each bin of the mixture; the result is in `v`."""
    for i in range(loudness.size):
        modulus = min(np.sqrt(voice[i] / max(loudness[i], _SILENCE)), _BOUND)
        modulus = modulus if gamma == F(1) else modulus * _contrast(loudness[i], voice[i], gamma)
        raised = exp2(strength * log2(max(modulus, _LEAST)))
        voice[i] = max(raised if modulus > F(0) else F(0), least)
    for i in range(loudness.size):
        along = v[2 * i] * x[2 * i] + v[2 * i + 1] * x[2 * i + 1]
        across = v[2 * i + 1] * x[2 * i] - v[2 * i] * x[2 * i + 1]
        loudness[i] = angle(along, across) * strength * F(0.5)
    for i in range(loudness.size):
        half, right = sine(loudness[i]), sine(F(np.pi / 2) - abs(loudness[i]))
        turn, rise = (F(1) - F(2) * half * half) * voice[i], F(2) * half * right * voice[i]
        v[2 * i] = x[2 * i] * turn - x[2 * i + 1] * rise
        v[2 * i + 1] = x[2 * i] * rise + x[2 * i + 1] * turn
