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

import numpy as np

from dawbridge.engine.mask import Spectrum, Values, parts

OFF = 0.0
"""The knob's position at which nothing happens."""
DELAY_FRAMES = 4
"""The past begins here, in frames: a whole window earlier, so that a note's onset is not its own reverberation."""
PAST_FRAMES = 8
"""How many frames of the past are looked at."""
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


def power_of(vocals: Spectrum) -> Values:
    """Power of all channels together, `[frames, bins]`, of `[channels, frames, bins]`."""
    from dawbridge.engine.kernels import voice as kernels

    power = np.zeros(vocals.shape[1:], np.float32)
    for channel in vocals:
        kernels.add_power(parts(channel), power)
    return power


def gains(power: Values, amount: Values, frame_s: float) -> Values:
    """Gain `LEAST`..1 of each bin, `[frames, bins]`; 1 in frames where the amount is 0.

    `power` is the voice's, of all channels together, `[BEHIND_FRAMES + frames + AHEAD_FRAMES, bins]`; `amount` is
    0..1, `[1 + frames + 1]`; `frame_s` is the time from one frame to the next, in seconds.
    """
    from dawbridge.engine.kernels import voice as kernels

    decay = 10.0 ** (-6.0 * frame_s / DECAY_S)
    decayed = STRONGEST * decay**DELAY_FRAMES
    gained = np.empty((power.shape[0] - BEHIND_FRAMES - AHEAD_FRAMES, power.shape[1]), np.float32)
    kernels.dry_gains(
        power, amount, DELAY_FRAMES, PAST_FRAMES, np.float32(decay), np.float32(decayed), np.float32(LEAST), gained
    )
    return gained
