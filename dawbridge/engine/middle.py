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

import torch

NEUTRAL = 0.5
"""The knob's position at which nothing happens."""
AROUND_FRAMES = 3
"""Frames on either side that a frame's result depends on."""
TOLERANCE = 0.01
"""Power, relative to the bin's, that a lead may have outside the middle: admits a lead panned by a twentieth."""

_SILENCE = 1e-20
"""Keeps divisions from zero, far below anything that sounds."""

Planes = tuple[torch.Tensor, torch.Tensor]
"""Real and imaginary part of one channel's spectrum, `[frames, bins]` each."""


def turn(left: Planes, right: Planes, knob: float | torch.Tensor) -> tuple[Planes, Planes]:
    """Both channels' spectra with the knob applied.

    The planes are `[frames + 2 * AROUND_FRAMES, bins]`; what comes back is shorter by `AROUND_FRAMES` on either side.
    `knob` is 0..1, or `[frames, 1]` if it moves. At 1 only the middle is left, at 0 only the sides; half-way to
    either end, what is taken out is 6 dB quieter. A frame with the knob at `NEUTRAL` comes back bit for bit.
    """
    from_left, from_right = weights(left, right)
    toward = 2 * knob - 1
    kept = 1 - toward.clamp_min(0.0) if isinstance(toward, torch.Tensor) else 1 - max(toward, 0.0)
    from_left.mul_(toward)
    from_right.mul_(toward)
    inner = slice(AROUND_FRAMES, -AROUND_FRAMES)
    turned_left, turned_right = [], []
    for left_plane, right_plane in zip(left, right, strict=True):
        at_left, at_right = left_plane[inner], right_plane[inner]
        middle = (from_left * at_left).add_(from_right * at_right)
        turned_left.append((at_left * kept).add_(middle))
        turned_right.append((at_right * kept).add_(middle))
    return (turned_left[0], turned_left[1]), (turned_right[0], turned_right[1])


def weights(left: Planes, right: Planes) -> tuple[torch.Tensor, torch.Tensor]:
    """How much of L and of R makes up the middle, 0..1, `[frames, bins]`; their sum is 1 for a lead
    alone and never above `1 + TOLERANCE`."""
    at_left, at_right = _smooth(_product(left, left)), _smooth(_product(right, right))
    shared = _smooth(_product(left, right))
    power = (at_left + at_right).add_(_SILENCE)
    # Capon: the most that a source in the middle can have is 1 / (1ᵀ Σ⁻¹ 1), Σ with the tolerance on its diagonal
    determinant = (at_left * at_right).sub_(shared * shared).clamp_min_(0.0)
    determinant.add_((power * power).mul_(TOLERANCE + TOLERANCE**2))
    bound = determinant.div_((power * (1 + 2 * TOLERANCE)).sub_(shared * 2))
    middle = torch.minimum(shared.clamp_min_(0.0), bound)
    allowance = power.mul_(TOLERANCE)
    aside_left = at_left.add_(allowance).sub_(middle).clamp_min_(_SILENCE)
    aside_right = at_right.add_(allowance).sub_(middle).clamp_min_(_SILENCE)
    whole = (aside_left + aside_right).mul_(middle).add_(aside_left * aside_right).add_(_SILENCE**2)
    scale = middle.mul_(1 + TOLERANCE).div_(whole)
    return aside_right.mul_(scale), aside_left.mul_(scale)


def _product(one: Planes, other: Planes) -> torch.Tensor:
    """Re(one · other*)."""
    return (one[0] * other[0]).add_(one[1] * other[1])


def _smooth(plane: torch.Tensor) -> torch.Tensor:
    """A triangle over 7 frames and a box over 3 bins, unscaled; `AROUND_FRAMES` shorter on either side.

    Sums of shifted planes round each value alike wherever its block begins, which a running sum would not.
    """
    pairs = plane[1:] + plane[:-1]
    fours = pairs[2:] + pairs[:-2]
    pairs = fours[1:] + fours[:-1]
    triangle = pairs[2:] + pairs[:-2]
    return over_bins(triangle)


def over_bins(plane: torch.Tensor) -> torch.Tensor:
    """Sum of each bin and its two neighbours; of those that exist at the ends."""
    summed = plane.clone()
    summed[:, 1:].add_(plane[:, :-1])
    summed[:, :-1].add_(plane[:, 1:])
    return summed
