"""Lanes of more points than are kept: their shape stays, to the end."""

import numpy as np

from dawbridge.knobs import thinning
from dawbridge.knobs.automation import MAX_POINTS, Automation, Lane
from dawbridge.knobs.parameters import PARAMETERS
from dawbridge.knobs.thinning import RAMP_S, thinned

NAME = "mask_depth"


def test_a_lane_that_is_too_long_keeps_its_shape_within_the_tolerance():
    times = np.concatenate([np.arange(0, 4, 0.002), [9.0, 9.001], np.arange(12, 14, 0.004)])
    values = np.concatenate([0.5 + 0.4 * np.sin(np.arange(0, 4, 0.002) * 5), [0.0, 1.0], np.linspace(0, 1, 500)])
    points = list(zip(times.tolist(), values.tolist(), strict=True))
    for most in (1000, 400):
        lane = Lane(NAME, thinned(points, values.tolist(), most))
        assert len(lane.points) <= most
        at = np.arange(-0.5, 15, 0.0005)
        error = np.abs(lane.positions(at) - Lane(NAME, tuple(points)).positions(at)).max()
        assert error <= thinning.TOLERANCES[-1] + 1e-9
        assert lane.span_s == (times[0], times[-1])


def test_rests_need_two_points_and_a_jump_stays_a_jump():
    points = [(second / 10, 0.25) for second in range(1000)] + [(99.901, 0.75)]
    assert thinned(points, [value for _, value in points], 100) == (points[0], points[-2], points[-1])


def test_a_knob_that_never_rests_for_hours_is_coarser_and_goes_to_its_end():
    points = [(second * RAMP_S * 2, second % 2) for second in range(10_000)]
    kept = thinned(points, [value for _, value in points], 500)
    assert len(kept) <= 500
    assert (kept[0], kept[-1]) == (points[0], points[-1])


def test_no_lane_is_cut_at_its_end():
    count = MAX_POINTS + 1000
    made = Automation.of({NAME: [(place / 1000, place / count) for place in range(count)]})
    assert len(made.lanes[0].points) <= MAX_POINTS
    assert made.lanes[0].points[-1] == ((count - 1) / 1000, PARAMETERS[NAME].clamp((count - 1) / count))
