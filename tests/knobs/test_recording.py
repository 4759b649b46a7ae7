"""A take as it is played: its passes, what they replace and what they leave alone."""

from dawbridge.knobs.automation import RAMP_S, Automation
from dawbridge.knobs.recording import Move, Recording

NAME = "acapella_gain"


def recorded(*moves):
    """Passes of moves (seconds, run, value) of one knob, which was at 0 before."""
    recording, previous = Recording(), 0.0
    for seconds, run, value in moves:
        recording.add(Move(NAME, seconds, run, previous, value))
        previous = value
    return recording.passes()


def points(passes):
    return [list(one.lanes[0].points) for one in passes]


def test_each_jump_begins_a_pass_and_what_lies_between_is_left_alone():
    passes = recorded((10.0, 1, -1.0), (11.0, 1, -2.0), (40.0, 2, -3.0), (41.0, 2, -4.0))
    assert [one.lanes[0].span_s for one in passes] == [(10.0 - RAMP_S, 11.0), (40.0 - RAMP_S, 41.0)]
    before = Automation.of({NAME: [(0, -9), (10.5, -8), (20, -7), (30, -6), (40.5, -5), (50, -10)]})
    laid = before.overdubbed(passes)
    assert laid.plain()[NAME] == [
        [0.0, -9.0], [10.0, -1.0], [11.0, -2.0], [20.0, -7.0], [30.0, -6.0], [40.0, -3.0], [41.0, -4.0], [50.0, -10.0],
    ]  # fmt: skip


def test_a_later_pass_replaces_what_it_is_played_over_and_what_touches_is_one():
    first, second = ((10.0, 1, -1.0), (15.0, 1, -2.0), (20.0, 1, -3.0)), ((14.0, 2, -4.0), (16.0, 2, -5.0))
    passes = recorded(*first, *second, (1.0, 3, -6.0))
    assert points(passes) == [
        [(1.0 - RAMP_S, 0.0), (1.0, -6.0)],
        [(10.0 - RAMP_S, 0.0), (10.0, -1.0), (14.0, -4.0), (16.0, -5.0), (20.0, -3.0)],
    ]


def test_what_was_before_the_first_pass_stays_as_it_was():
    before = Automation.of({NAME: [(10, -9), (20, -8)]})
    laid = before.overdubbed(recorded((5.0, 1, -1.0), (6.0, 1, -2.0)))
    assert laid.plain()[NAME] == [[5.0 - RAMP_S, -9.0], [5.0, -1.0], [6.0, -2.0], [10.0, -9.0], [20.0, -8.0]]


def test_a_playhead_that_runs_backwards_replaces_what_it_passes():
    passes = recorded((10.0, 1, -1.0), (11.0, 1, -2.0), (12.0, 1, -3.0), (11.5, 1, -4.0), (9.5, 1, -5.0))
    assert points(passes) == [[(9.5 - RAMP_S, 0.0), (9.5, -5.0), (11.5, -4.0), (12.0, -3.0)]]


def test_a_long_take_is_whole():
    recording = Recording()
    for place in range(30_000):
        recording.add(Move(NAME, place / 100, 1, 0.0, -1.0 - place % 2))
    assert len(recording.passes()[0].lanes[0].points) == 30_001
