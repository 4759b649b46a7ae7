"""Where the playhead is: whose word counts, and where time code begins."""

import pytest

from dawbridge.knobs.transport import AUTOMATIC, CLOCK, DAY_S, FIRST_BEAT, FOLLOWS_S, TIMECODE, TRANSPORT, Transport


@pytest.fixture
def clock():
    return [100.0]


@pytest.fixture
def transport(clock):
    return Transport(lambda: clock[0])


def test_time_code_counts_from_the_hour_where_it_was_located_or_from_the_zero_that_was_set(clock, transport):
    transport.tell(3600.0 + 2.0, True, TIMECODE)
    assert transport.now() == (2.0, True)
    for seconds in range(7100, 7202):  # it plays on over the hour
        clock[0] += 1.0
        transport.tell(float(seconds), True, TIMECODE)
    assert transport.now() == (3601.0, True)
    transport.tell(36000.0, False, TIMECODE)
    assert transport.now() == (0.0, False)
    transport.tell(3598.0, False, TIMECODE)  # a pre-roll, and drop frame's first hour, which is 3.6 ms short
    assert transport.now() == (-2.0, False)
    transport.set_zero(3590.0)
    transport.tell(3600.0, False, TIMECODE)
    assert (transport.now(), transport.zero_s) == ((10.0, False), 3590.0)
    transport.set_zero(-1.0)
    transport.tell(7201.0, False, TIMECODE)
    assert (transport.now(), transport.zero_s) == ((1.0, False), -1.0)


def test_the_best_source_owns_the_position_until_it_is_silent(clock, transport):
    transport.tell(5.0, False)
    assert (transport.now(), transport.owner) == ((5.0, False), "transport")
    transport.tell(20.0, False, CLOCK)
    transport.tell(6.0, False)
    assert (transport.now(), transport.owner) == ((20.0, False), "clock")
    transport.tell(30.0, False, TIMECODE)
    transport.tell(21.0, False, CLOCK)
    assert (transport.now(), transport.owner) == ((30.0, False), "mtc")
    clock[0] += FOLLOWS_S + 0.1
    assert transport.owner == ""
    transport.tell(7.0, False)
    assert (transport.now(), transport.owner) == ((7.0, False), "transport")


def test_of_two_ports_the_one_that_was_heard_first_counts_until_it_is_silent(clock, transport):
    transport.tell(5.0, True, CLOCK, "Live")
    transport.tell(90.0, True, CLOCK, "Drum Machine")
    assert (transport.now(), transport.owner) == ((5.0, True), "clock Live")
    transport.tell(70.0, True, TIMECODE, "Drum Machine")
    transport.tell(30.0, True, TIMECODE, "Live")
    assert (transport.now(), transport.owner) == ((70.0, True), "mtc Drum Machine")
    clock[0] += FOLLOWS_S + 0.1
    transport.tell(30.0, True, TIMECODE, "Live")
    transport.tell(71.0, True, TIMECODE, "Drum Machine")
    assert (transport.now(), transport.owner) == ((30.0, True), "mtc Live")


@pytest.mark.parametrize("zero", [DAY_S - 60.0, AUTOMATIC, FIRST_BEAT])
def test_time_code_goes_on_over_midnight(clock, transport, zero):
    transport.set_zero(zero)
    heard = []
    for seconds in range(-3, 4):
        transport.tell(seconds % DAY_S, True, TIMECODE)
        heard.append(transport.now()[0])
        clock[0] += 1.0
    assert heard == [heard[0] + step for step in range(7)]
    assert heard[0] == {DAY_S - 60.0: 57.0, AUTOMATIC: -3.0, FIRST_BEAT: 0.0}[zero]
    runs = {transport.place(at)[1] for at in (100.0, 103.0, clock[0])}
    assert len(runs) == 1
    for seconds in range(2, -4, -1):  # and back
        transport.tell(seconds % DAY_S, True, TIMECODE, "", True)
        clock[0] += 1.0
    assert transport.seconds() == heard[0] - 1.0


def test_a_place_after_midnight_is_after_a_zero_before_it_and_the_other_way_round(transport):
    for zero, said, seconds in ((DAY_S - 60, 30, 90), (5, DAY_S - 3, -8), (3600, 3590, -10), (3600, 30_000, 26_400)):
        transport.set_zero(zero)
        transport.tell(said, False, TIMECODE)
        assert transport.now() == (seconds, False)
        transport.tell(said, False, TRANSPORT)


def test_a_small_locate_begins_another_run_and_the_clock_s_own_unrest_does_not(clock, transport):
    transport.tell(10.0, True)
    for said in (10.4, 10.7, 11.2):
        clock[0] += 0.4
        transport.tell(said, True)
    first = transport.place(clock[0])[1]
    assert transport.place(100.0)[1] == first
    transport.tell(12.2, True)
    assert transport.place(clock[0])[1] == first + 1


def test_a_playhead_that_runs_backwards_goes_on_backwards(clock, transport):
    transport.tell(10.0, True, TIMECODE, "", True)
    clock[0] += 0.5
    assert transport.now() == (9.5, True)


def test_any_number_but_0_says_that_it_plays(clock, transport):
    transport.tell(10.0, 5)
    clock[0] += 0.5
    assert transport.now() == (10.5, True)


@pytest.mark.parametrize(
    ("start_s", "source", "said_s", "seconds"),
    [
        (3600.0, TIMECODE, 3605.0, 5.0),
        (3630.0, TIMECODE, 3632.0, 2.0),
        (30.0, TIMECODE, 3632.0, 2.0),  # its stamp counts from the session's start, its time code from 01:00:00:00
        (0.0, TIMECODE, 3632.0, 32.0),
        (52_000.0, TIMECODE, 3632.0, 32.0),  # a time of day
        (30.0, TRANSPORT, 32.0, 2.0),
        (3630.0, TRANSPORT, 32.0, 2.0),
        (30.0, CLOCK, 10.0, -20.0),
        (500.0, CLOCK, 32.0, 32.0),
    ],
)
def test_the_bounce_s_own_time_reference_is_the_zero_if_it_can_be(transport, start_s, source, said_s, seconds):
    transport.set_bounce(start_s, 200.0)
    transport.tell(said_s, True, source)
    assert transport.now() == (pytest.approx(seconds), True)
    transport.set_zero(said_s - 7.0)
    transport.tell(said_s, True, source)
    assert transport.now()[0] == pytest.approx(7.0)


def test_the_first_beat_is_the_zero(clock, transport):
    transport.set_zero(FIRST_BEAT)
    assert transport.zero_s == FIRST_BEAT
    transport.tell(42.0, False)
    transport.tell(50.0, True)
    clock[0] += 1.0
    transport.tell(51.0, True)
    assert transport.now() == (1.0, True)
    transport.tell(80.0, True)
    assert transport.now() == (30.0, True)
    transport.set_zero(FIRST_BEAT)
    transport.tell(90.0, True)
    assert transport.now() == (0.0, True)
    transport.set_zero(AUTOMATIC)
    transport.tell(90.0, True)
    assert (transport.now(), transport.zero_s) == ((90.0, True), AUTOMATIC)


def test_the_time_reference_counts_as_soon_as_the_playhead_comes_into_the_bounce(clock, transport):
    transport.set_bounce(100.0, 60.0)
    for seconds in range(40, 103):  # it plays from far ahead of the bounce, without a jump
        clock[0] += 1.0
        transport.tell(float(seconds), True, CLOCK)
    assert transport.now() == (2.0, True)
