"""The middle and the dryness of a voice; see `dawbridge.engine.middle` and `dawbridge.engine.dry` for what they mean.

Spectra are `[frames, 2 * bins]`, real and imaginary parts in turns, one array for each channel.
"""

import numpy as np
from numpy.typing import NDArray

from dawbridge.engine.kernels import kernel
from dawbridge.engine.kernels.elementary import F

Values = NDArray[np.float32]

_SILENCE = F(1e-20)
"""Keeps divisions from zero, far below anything that sounds."""


@kernel
def middle_weights(left: Values, right: Values, tolerance: np.float32, from_left: Values, from_right: Values) -> None:
    """Fill `from_left` and `from_right`, `[frames, bins]`; `left` and `right` have three frames more on either side."""
    rows, bins = left.shape[0], from_left.shape[1]
    powers = np.empty((3, rows, bins), F)
    for row in range(rows):
        at_left, at_right, shared = powers[0, row], powers[1, row], powers[2, row]
        x, y = left[row], right[row]
        for i in range(bins):
            at_left[i] = x[2 * i] * x[2 * i] + x[2 * i + 1] * x[2 * i + 1]
            at_right[i] = y[2 * i] * y[2 * i] + y[2 * i + 1] * y[2 * i + 1]
            shared[i] = x[2 * i] * y[2 * i] + x[2 * i + 1] * y[2 * i + 1]
    triangles = np.zeros((3, bins + 2), F)
    for frame in range(from_left.shape[0]):
        for which in range(3):
            _triangle(powers[which, frame : frame + 7], triangles[which])
        _weights(triangles, tolerance, from_left[frame], from_right[frame])


@kernel
def _triangle(powers: Values, summed: Values) -> None:
    """Sum seven frames with weights 1 2 3 4 3 2 1 into `summed[1:-1]`."""
    a, b, c, d, e, f, g = powers[0], powers[1], powers[2], powers[3], powers[4], powers[5], powers[6]
    for i in range(a.size):
        summed[i + 1] = (a[i] + g[i]) + F(2) * (b[i] + f[i]) + F(3) * (c[i] + e[i]) + F(4) * d[i]


@kernel
def _weights(triangles: Values, tolerance: np.float32, from_left: Values, from_right: Values) -> None:
    """One frame's weights, from its powers summed over frames, with a silent bin at both ends."""
    left, right, both = triangles[0], triangles[1], triangles[2]
    for i in range(from_left.size):
        at_left = left[i] + left[i + 1] + left[i + 2]
        at_right = right[i] + right[i + 1] + right[i + 2]
        shared = both[i] + both[i + 1] + both[i + 2]
        power = at_left + at_right + _SILENCE
        # Capon: the most that a source in the middle can have is 1 / (1ᵀ Σ⁻¹ 1), Σ with the tolerance on its diagonal
        determinant = max(at_left * at_right - shared * shared, F(0))
        determinant += power * power * (tolerance + tolerance * tolerance)
        bound = determinant / (power * (F(1) + F(2) * tolerance) - F(2) * shared)
        middle = min(max(shared, F(0)), bound)
        aside_left = max(at_left + power * tolerance - middle, _SILENCE)
        aside_right = max(at_right + power * tolerance - middle, _SILENCE)
        whole = (aside_left + aside_right) * middle + aside_left * aside_right + _SILENCE * _SILENCE
        scale = middle * (F(1) + tolerance) / whole
        from_left[i], from_right[i] = aside_right * scale, aside_left * scale


@kernel
def turn(
    channel: Values, left: Values, right: Values, from_left: Values, from_right: Values, knob: Values, turned: Values
) -> None:
    """Fill `turned` with `channel` (`left` or `right`) as the middle's knob, `[frames]`, has it."""
    for frame in range(turned.shape[0]):
        toward = F(2) * knob[frame] - F(1)
        kept = F(1) - max(toward, F(0))
        x, y, z, w = channel[frame], left[frame], right[frame], turned[frame]
        at_left, at_right = from_left[frame], from_right[frame]
        for i in range(from_left.shape[1]):
            one, other = toward * at_left[i], toward * at_right[i]
            w[2 * i] = x[2 * i] * kept + (one * y[2 * i] + other * z[2 * i])
            w[2 * i + 1] = x[2 * i + 1] * kept + (one * y[2 * i + 1] + other * z[2 * i + 1])


@kernel
def add_power(channel: Values, power: Values) -> None:
    """Add |channel|² to `power`, `[frames, bins]`."""
    for frame in range(power.shape[0]):
        x, summed = channel[frame], power[frame]
        for i in range(summed.size):
            summed[i] += x[2 * i] * x[2 * i] + x[2 * i + 1] * x[2 * i + 1]


@kernel
def dry_gains(
    power: Values, amount: Values, delay: int, past: int, decay: np.float32, decayed: np.float32, least: np.float32,
    gains: Values,
) -> None:  # fmt: skip
    """Fill `gains`, `[frames, bins]`. `amount` has one frame more on either side.

    `power` has one frame more for each of two smoothings on either side, and `delay + past - 1` more before those.
    `decay` is the factor on power from one frame to the next, `decayed` that over `delay` frames with the knob at 1.
    """
    rows, bins = power.shape
    smooth, summed = np.empty((rows - 2, bins), F), np.zeros(bins + 2, F)
    for row in range(rows - 2):
        a, b, c, even = power[row], power[row + 1], power[row + 2], smooth[row]
        for i in range(bins):
            summed[i + 1] = a[i] + b[i] + c[i]
        for i in range(bins):
            even[i] = summed[i] + summed[i + 1] + summed[i + 2]
    frames = gains.shape[0]
    rough, late = np.empty((frames + 2, bins), F), np.empty(bins, F)
    for frame in range(frames + 2):
        now, found = smooth[frame + delay + past - 1], rough[frame]
        late[:] = smooth[frame]
        weight = decayed * amount[frame]
        for step in range(1, past):  # what is left of each frame of the past: the largest counts
            before = smooth[frame + step]
            for i in range(bins):
                late[i] = max(late[i] * decay, before[i])
        for i in range(bins):
            ratio = min(late[i] * weight / (now[i] + _SILENCE), F(1))
            found[i] = max(F(1) - ratio * ratio, least)
    for frame in range(frames):
        a, b, c, even = rough[frame], rough[frame + 1], rough[frame + 2], gains[frame]
        for i in range(bins):
            even[i] = F(1) if amount[frame + 1] == F(0) else (a[i] + b[i] + c[i]) * F(1 / 3)
