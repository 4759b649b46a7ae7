import math

import numpy as np
import pytest

from dawbridge.engine import dry

FRAME_S = 1024 / 44100
BINS = 9


def powers(levels):
    """`[frames]` → `[frames, bins]`, alike in all bins."""
    return np.tile(np.asarray(levels, np.float32)[:, None], BINS)


def gains_of(levels, amount=1.0):
    """Gains of the frames of `levels`, with silence before and after."""
    around = np.concatenate((np.zeros(dry.BEHIND_FRAMES), levels, np.zeros(dry.AHEAD_FRAMES)))
    amounts = np.broadcast_to(np.float32(amount), np.size(levels) + 2)
    return dry.gains(powers(around), np.array(amounts), FRAME_S)[:, BINS // 2]


def note(sung_frames, decay_s, tail_frames=40):
    """A note that begins at once, then the tail of a room that decays by 60 dB in `decay_s`."""
    tail = 0.25 * 10 ** (-6 * FRAME_S / decay_s * np.arange(1, tail_frames + 1))
    return np.concatenate((np.ones(sung_frames), tail))


def test_off_is_a_gain_of_exactly_1():
    np.testing.assert_array_equal(gains_of(note(30, 1.2), 0.0), np.ones(70))


def test_silence_has_a_gain_of_1():
    np.testing.assert_array_equal(gains_of(np.zeros(20)), np.ones(20))


def test_an_onset_is_left_alone():
    gains = gains_of(note(30, 1.2))
    np.testing.assert_allclose(gains[: dry.DELAY_FRAMES - 2], 1, atol=1e-6)


@pytest.mark.parametrize("sung_frames", [6, 12, 30])
@pytest.mark.parametrize("decay_s", [0.8, 1.2, 2.5])
def test_a_tail_falls_much_further_than_the_note(sung_frames, decay_s):
    gains = gains_of(note(sung_frames, decay_s))
    sung, tail = gains[:sung_frames].mean(), gains[sung_frames + 4 : sung_frames + 14].mean()
    assert 20 * math.log10(tail / sung) < -8


def test_more_is_drier_and_never_below_the_least():
    tail = [gains_of(note(20, 1.2), amount)[30] for amount in (0.05, 0.1, 0.15, 0.2, 1.0)]
    assert tail == sorted(tail, reverse=True)
    assert tail[0] > 0.7
    assert tail[-1] >= dry.LEAST * (1 - 1e-6)


def test_half_way_a_steady_note_loses_less_than_2_db():
    assert 20 * math.log10(gains_of(np.ones(60), 0.5)[40]) > -2


def test_a_frame_whose_amount_is_0_is_left_alone_beside_one_whose_is_not():
    levels = note(30, 1.2)
    amount = np.ones(levels.size + 2, np.float32)
    amount[40:45] = 0
    gains = gains_of(levels, amount)
    np.testing.assert_array_equal(gains[39:44], np.ones(5))
    assert gains[36] < 0.7


def test_a_gain_depends_on_the_frames_of_its_context_alone():
    random = np.random.default_rng(3)
    power = random.exponential(size=(80, BINS)).astype(np.float32)
    beyond = dry.BEHIND_FRAMES + dry.AHEAD_FRAMES
    whole, part = (dry.gains(given, np.ones(len(given), np.float32), FRAME_S) for given in (power, power[11:60]))
    np.testing.assert_array_equal(part, whole[11 : 60 - beyond])


def test_extremes_stay_finite():
    random = np.random.default_rng(3)
    levels = 10.0 ** random.uniform(-40, 12, 200)
    gains = gains_of(levels)
    assert np.isfinite(gains).all()
    assert gains.min() >= dry.LEAST * (1 - 1e-6)
    assert gains.max() <= 1
