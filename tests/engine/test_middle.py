import math

import numpy as np
import pytest
import torch

from dawbridge.engine import middle

FRAMES, BINS = 40, 33
AROUND = middle.AROUND_FRAMES
INNER = slice(AROUND, -AROUND)


def planes(seed, scale=1.0):
    random = np.random.default_rng(seed)
    return tuple(torch.from_numpy((scale * random.standard_normal((FRAMES, BINS))).astype(np.float32)) for _ in "ri")


def times(channel, factor):
    return tuple(plane * factor for plane in channel)


def added(one, other):
    return tuple(a + b for a, b in zip(one, other, strict=True))


def inner(channel):
    return tuple(plane[INNER] for plane in channel)


def level_db(channel):
    return 10 * math.log10(float(sum(plane.double().square().sum() for plane in channel)) + 1e-30)


SILENT = times(planes(1), 0.0)


@pytest.mark.parametrize("knob", [0.5, torch.full((FRAMES - 2 * AROUND, 1), 0.5)])
def test_at_neutral_every_bit_is_kept(knob):
    left, right = planes(1), planes(2)
    turned = middle.turn(left, right, knob)
    for given, got in zip((left, right), turned, strict=True):
        for plane, other in zip(inner(given), got, strict=True):
            assert torch.equal(plane, other)


def test_a_lead_in_the_middle_stays_at_one_end_and_leaves_at_the_other():
    lead = planes(1)
    for got in middle.turn(lead, lead, 1.0):
        for plane, kept in zip(inner(lead), got, strict=True):
            torch.testing.assert_close(kept, plane, rtol=1e-5, atol=1e-5)
    for got in middle.turn(lead, lead, 0.0):
        assert level_db(got) < level_db(inner(lead)) - 90


def test_a_voice_hard_left_leaves_at_one_end_and_stays_at_the_other():
    voice = planes(1)
    assert level_db(middle.turn(voice, SILENT, 1.0)[0]) < level_db(inner(voice)) - 90
    for plane, kept in zip(inner(voice), middle.turn(voice, SILENT, 0.0)[0], strict=True):
        assert torch.equal(kept, plane)


def test_half_way_to_an_end_what_is_taken_out_is_6_db_quieter():
    lead, side = planes(1), planes(2)
    assert level_db(middle.turn(lead, lead, 0.25)[0]) == pytest.approx(level_db(inner(lead)) - 6.02, abs=0.01)
    assert level_db(middle.turn(side, SILENT, 0.75)[0]) == pytest.approx(level_db(inner(side)) - 6.02, abs=0.01)


def test_a_single_voice_half_way_to_the_side_is_no_lead():
    """Both channels share it, so that the shared power alone would take it for one."""
    voice = planes(1)
    left, right = times(voice, 0.92), times(voice, 0.38)
    up = middle.turn(left, right, 1.0)
    assert level_db(up[0]) < level_db(inner(left)) - 15


def test_a_lead_a_little_off_the_middle_is_one():
    lead = planes(1)
    up = middle.turn(lead, times(lead, 0.95), 1.0)
    assert level_db(up[0]) > level_db(inner(lead)) - 1.5


def test_what_is_taken_out_at_one_end_is_what_is_left_at_the_other():
    left, right = added(planes(1), planes(2)), added(planes(1), planes(3))
    up, down = middle.turn(left, right, 1.0), middle.turn(left, right, 0.0)
    for given, kept, rest in zip((left, right), up, down, strict=True):
        for plane, one, other in zip(inner(given), kept, rest, strict=True):
            torch.testing.assert_close(one + other, plane, rtol=1e-5, atol=1e-5)


def test_weights_add_up_to_1_at_most_but_for_the_tolerance():
    for seed in range(20):
        lead, share = planes(seed), np.random.default_rng(seed).uniform(0, 2, 4)
        left = added(times(lead, share[0]), times(planes(seed + 100), share[1]))
        right = added(times(lead, share[2]), times(planes(seed + 200), share[3]))
        from_left, from_right = middle.weights(left, right)
        assert float((from_left + from_right).max()) <= 1 + middle.TOLERANCE
        assert float(torch.minimum(from_left, from_right).min()) >= 0


@pytest.mark.parametrize("scale", [0.0, 1e-12, 1e-6, 1e3])
def test_silence_and_extremes_stay_finite(scale):
    for knob in (0.0, 1.0):
        for channel in middle.turn(planes(1, scale), planes(2, scale), knob):
            assert all(torch.isfinite(plane).all() for plane in channel)


def test_a_loud_bin_does_not_depend_on_where_its_block_begins():
    left, right = planes(1), planes(2)
    whole = middle.turn(left, right, 0.8)
    part = middle.turn(tuple(p[7:31] for p in left), tuple(p[7:31] for p in right), 0.8)
    for one, other in zip(whole, part, strict=True):
        assert torch.equal(one[0][7 : 31 - 2 * AROUND], other[0])
