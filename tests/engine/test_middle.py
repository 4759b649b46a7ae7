import math

import numpy as np
import pytest

from dawbridge.engine import middle

FRAMES, BINS = 40, 33
AROUND = middle.AROUND_FRAMES


def noise(seed, scale=1.0):
    random = np.random.default_rng(seed)
    return (scale * random.standard_normal((FRAMES, 2 * BINS))).astype(np.float32).view(np.complex64)


def stereo(left, right):
    return np.stack((left, right)).astype(np.complex64)


def inner(spectrum):
    return spectrum[..., AROUND:-AROUND, :]


def level_db(spectrum):
    return 10 * math.log10(np.sum(np.abs(spectrum.astype(np.complex128)) ** 2) + 1e-30)


SILENT = np.zeros_like(noise(1))


@pytest.mark.parametrize("knob", [0.5, np.full(FRAMES - 2 * AROUND, 0.5, np.float32)])
def test_at_neutral_every_bit_is_kept(knob):
    vocals = stereo(noise(1), noise(2))
    np.testing.assert_array_equal(middle.turn(vocals, knob), inner(vocals))


def test_a_lead_in_the_middle_stays_at_one_end_and_leaves_at_the_other():
    lead = stereo(noise(1), noise(1))
    np.testing.assert_allclose(middle.turn(lead, 1.0), inner(lead), rtol=1e-5, atol=1e-5)
    assert level_db(middle.turn(lead, 0.0)) < level_db(inner(lead)) - 90


def test_a_voice_hard_left_leaves_at_one_end_and_stays_at_the_other():
    voice = stereo(noise(1), SILENT)
    assert level_db(middle.turn(voice, 1.0)) < level_db(inner(voice)) - 90
    np.testing.assert_array_equal(middle.turn(voice, 0.0)[0], inner(voice)[0])


def test_half_way_to_an_end_what_is_taken_out_is_6_db_quieter():
    lead, side = stereo(noise(1), noise(1)), stereo(noise(2), SILENT)
    assert level_db(middle.turn(lead, 0.25)) == pytest.approx(level_db(inner(lead)) - 6.02, abs=0.01)
    assert level_db(middle.turn(side, 0.75)) == pytest.approx(level_db(inner(side)) - 6.02, abs=0.01)


def test_a_knob_that_moves_is_followed_frame_by_frame():
    vocals = stereo(noise(1) + noise(2), noise(1) + noise(3))
    knob = np.linspace(0, 1, FRAMES - 2 * AROUND, dtype=np.float32)
    moving = middle.turn(vocals, knob)
    for frame in (0, 10, 33):
        np.testing.assert_array_equal(moving[:, frame], middle.turn(vocals, float(knob[frame]))[:, frame])


def test_a_single_voice_half_way_to_the_side_is_no_lead():
    """Both channels share it, so that the shared power alone would take it for one."""
    vocals = stereo(0.92 * noise(1), 0.38 * noise(1))
    assert level_db(middle.turn(vocals, 1.0)[0]) < level_db(inner(vocals)[0]) - 15


def test_a_lead_a_little_off_the_middle_is_one():
    vocals = stereo(noise(1), 0.95 * noise(1))
    assert level_db(middle.turn(vocals, 1.0)[0]) > level_db(inner(vocals)[0]) - 1.5


def test_what_is_taken_out_at_one_end_is_what_is_left_at_the_other():
    vocals = stereo(noise(1) + noise(2), noise(1) + noise(3))
    both = middle.turn(vocals, 1.0) + middle.turn(vocals, 0.0)
    np.testing.assert_allclose(both, inner(vocals), rtol=1e-5, atol=1e-5)


def test_weights_add_up_to_1_at_most_but_for_the_tolerance():
    for seed in range(20):
        lead, share = noise(seed), np.random.default_rng(seed).uniform(0, 2, 4)
        left = lead * share[0] + noise(seed + 100) * share[1]
        right = lead * share[2] + noise(seed + 200) * share[3]
        from_left, from_right = middle.weights(stereo(left, right))
        assert (from_left + from_right).max() <= 1 + middle.TOLERANCE + 1e-6
        assert min(from_left.min(), from_right.min()) >= 0


@pytest.mark.parametrize("scale", [0.0, 1e-12, 1e-6, 1e3])
def test_silence_and_extremes_stay_finite(scale):
    for knob in (0.0, 1.0):
        assert np.isfinite(middle.turn(stereo(noise(1, scale), noise(2, scale)), knob)).all()


def test_a_loud_bin_does_not_depend_on_where_its_block_begins():
    vocals = stereo(noise(1), noise(2))
    whole, part = middle.turn(vocals, 0.8), middle.turn(vocals[:, 7:31], 0.8)
    np.testing.assert_array_equal(whole[:, 7 : 31 - 2 * AROUND], part)
