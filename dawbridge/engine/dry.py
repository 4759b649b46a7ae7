"""Take reverberation off the voice: the knob `acapella_dry`.

Late reverberation is a decaying past: what a bin holds now of a room is what it held 0.1 s ago, weakened by the room's
decay (Lebart's model). The louder that is beside what the bin holds now, the more the bin is turned down. A
sung note that stays is louder than its own decayed past and is left nearly alone; a tail is not.

The past is looked back at over a fixed number of frames and its largest value counts, so that a short note's tail is
found as well as a long one's, and so that a piece comes out as it does in one whole pass.

Sources: K. Lebart, J. M. Boucher, P. N. Denbigh, "A new method based on spectral subtraction for speech
dereverberation", Acta Acustica 87 (2001); E. A. P. Habets, S. Gannot, I. Cohen, "Late reverberant spectral variance
estimation based on a statistical model", IEEE SPL 16 (2009).
"""

import torch

from dawbridge.engine.middle import over_bins

OFF = 0.0
"""The knob's position at which nothing happens."""
DELAY_FRAMES = 4
"""The past begins here, in frames: a whole window earlier, so that a note's onset is not its own reverberation."""
PAST_FRAMES = 8
"""How many frames of the past are looked at; a power of two."""
DECAY_S = 1.0
"""Time in which the assumed room decays by 60 dB."""
STRONGEST = 3.0
"""How much the late power is overestimated with the knob at 1."""
LEAST = 0.1
"""Least gain of a bin: deeper holes would ring."""
BEHIND_FRAMES = DELAY_FRAMES + PAST_FRAMES - 1 + 2
"""Earlier frames that a frame's gain depends on: the past, and one each for the two smoothings."""
AHEAD_FRAMES = 2
"""Later frames that a frame's gain depends on."""

_SILENCE = 1e-20
"""Keeps divisions from zero, far below anything that sounds."""


def gains(power: torch.Tensor, amount: float | torch.Tensor, frame_s: float) -> torch.Tensor:
    """Gain `LEAST`..1 of each bin, `[frames, bins]`; 1 in frames where the amount is 0.

    `power` is the voice's, of all channels together, `[BEHIND_FRAMES + frames + AHEAD_FRAMES, bins]`; `amount` is
    0..1, or `[1 + frames + 1, 1]` if it moves; `frame_s` is the time from one frame to the next, in seconds.
    """
    smooth = over_bins((power[:-2] + power[1:-1]).add_(power[2:]))
    late = _decayed_past(smooth, 10.0 ** (-6.0 * frame_s / DECAY_S))
    now = smooth[DELAY_FRAMES + PAST_FRAMES - 1 :]
    ratio = late.div_(now + _SILENCE).mul_(STRONGEST).mul_(amount).clamp_max_(1.0)
    rough = ratio.mul_(ratio).neg_().add_(1.0).clamp_min_(LEAST)
    even = (rough[:-2] + rough[1:-1]).add_(rough[2:]).mul_(1 / 3)
    if isinstance(amount, torch.Tensor):
        return torch.where(amount[1:-1] == OFF, 1.0, even)
    return even


def _decayed_past(power: torch.Tensor, decay: float) -> torch.Tensor:
    """The largest of what is left of each of the `PAST_FRAMES` frames from `DELAY_FRAMES` ago on.

    `decay` is the factor on power from one frame to the next. Doubling finds it: the largest of 2 frames, of 4, of 8.
    """
    largest = power
    span = 1
    while span < PAST_FRAMES:
        largest = torch.maximum(largest[span:], largest[:-span] * decay**span)
        span *= 2
    return largest[:-DELAY_FRAMES] * decay**DELAY_FRAMES
