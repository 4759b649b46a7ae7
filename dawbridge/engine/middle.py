"""Keep what is sung in the middle, or what is sung at the sides: the knob `acapella_middle`.

Each bin of the estimated vocals is modelled as a lead that is equal in both channels, plus voices at the left and at
the right that have nothing in common: `L = C + A`, `R = C + B`. From the covariance of L and R in the bin's
neighbourhood follow the powers c, a and b of the three, and from those the least-squares estimate of the middle:

    Ĉ = c · (b·L + a·R) / (c·(a + b) + a·b)

c is the shared power Re E[L R*], but never more than a source in the middle can explain (Capon's bound), so that a
single voice panned half-way is not mistaken for a lead. The weights are smooth in time and frequency because the
covariances are, which is what keeps them free of musical noise.

Sources: C. Faller, "Multiple-loudspeaker playback of stereo signals", JAES 54 (2006); C. Avendano and J.-M. Jot,
"A frequency-domain approach to multichannel upmix", JAES 52 (2004); J. Capon, Proc. IEEE 57 (1969).
"""

import numpy as np

from dawbridge.engine.mask import Knob, Spectrum, Values, at_frames, parts

NEUTRAL = 0.5
"""The knob's position at which nothing happens."""
AROUND_FRAMES = 3
"""Frames on either side that a frame's result depends on: powers are summed over 7 frames and 3 bins."""
TOLERANCE = 0.01
"""Power, relative to the bin's, that a lead may have outside the middle: admits a lead panned by a twentieth."""


def turn(vocals: Spectrum, knob: Knob) -> Spectrum:
    """Both channels' spectra with the knob applied, `[2, frames, bins]`.

    `vocals` is `[2, frames + 2 * AROUND_FRAMES, bins]`. `knob` is 0..1, or `[frames]` if it moves. At 1 only the
    middle is left, at 0 only the sides; half-way to either end, what is taken out is 6 dB quieter. A frame with the
    knob at `NEUTRAL` comes back bit for bit.
    """
    from dawbridge.engine.kernels import voice as kernels

    weighted = weights(vocals)
    inner = parts(vocals)[:, AROUND_FRAMES:-AROUND_FRAMES]
    turned = np.empty_like(vocals, shape=(2, inner.shape[1], vocals.shape[2]))
    knobs = at_frames(knob, inner.shape[1])
    for channel in range(2):
        kernels.turn(inner[channel], inner[0], inner[1], *weighted, knobs, parts(turned[channel]))
    return turned


def weights(vocals: Spectrum) -> tuple[Values, Values]:
    """How much of L and of R makes up the middle, 0..1, `[frames, bins]`.

    Their sum is 1 for a lead alone and never above `1 + TOLERANCE`. `vocals` is as for `turn`.
    """
    from dawbridge.engine.kernels import voice as kernels

    shape = (vocals.shape[1] - 2 * AROUND_FRAMES, vocals.shape[2])
    from_left, from_right = np.empty(shape, np.float32), np.empty(shape, np.float32)
    left, right = parts(vocals)
    kernels.middle_weights(left, right, np.float32(TOLERANCE), from_left, from_right)
    return from_left, from_right
