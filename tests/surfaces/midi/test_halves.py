"""14-bit pairs from senders of every habit: no value that was never sent."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dawbridge.surfaces.midi.events import TOP_14, Control, Kind
from dawbridge.surfaces.midi.halves import PAIR_WAIT_S, Halves

FADER = Control(Kind.CC14, 0, 7)
VALUES = st.lists(st.integers(0, TOP_14), min_size=1, max_size=30)
GAPS = st.floats(0.0, 0.08)
BETWEEN = st.floats(0.0, 1.0)


def heard(halves, messages):
    """Values that a sender's `messages`, (time, is upper half, 7 bits), come to."""
    values = []
    for now_s, is_msb, value in messages:
        if halves.deadline_s <= now_s:
            values += halves.flush()
        values += halves.put_msb(value, now_s) if is_msb else halves.put_lsb(value, now_s)
    values += halves.flush() if halves.deadline_s < float("inf") else []
    return [event.value for event in values]


def sent(values, gap_s, between_s, *, lsb_first=False, msb_on_change=False):
    now_s, last_msb = 0.0, None
    for value in values:
        msb, lsb = value >> 7, value & 127
        halves = [(True, msb), (False, lsb)]
        if lsb_first:
            halves.reverse()
        elif msb_on_change and msb == last_msb:
            del halves[0]
        last_msb = msb
        for half in halves:
            yield now_s, *half
            now_s += gap_s
        now_s += between_s


@settings(deadline=None)
@given(VALUES, GAPS, BETWEEN)
def test_upper_half_first(values, gap_s, between_s):
    assert heard(Halves(FADER), sent(values, gap_s, between_s)) == values


@settings(deadline=None)
@given(VALUES, GAPS, BETWEEN)
def test_lower_half_first(values, gap_s, between_s):
    assert heard(Halves(FADER), sent(values, gap_s, between_s, lsb_first=True)) == values


@settings(deadline=None)
@given(VALUES, GAPS, BETWEEN)
def test_upper_half_only_when_it_changes(values, gap_s, between_s):
    assert heard(Halves(FADER), sent(values, gap_s, between_s, msb_on_change=True)) == values


@settings(deadline=None)
@given(st.lists(st.integers(0, 127), min_size=1, max_size=30), BETWEEN)
def test_seven_bits_reach_both_ends(values, between_s):
    messages = [(place * between_s, True, value) for place, value in enumerate(values)]
    assert heard(Halves(FADER), messages) == [value << 7 | value for value in values]


def test_seven_bits_are_not_held_up_once_they_are_known():
    halves = Halves(FADER)
    heard(halves, [(0.0, True, 10), (0.01, True, 11), (0.02, True, 12)])
    (event,) = halves.put_msb(13, 0.03)
    assert event.value == 13 << 7 | 13


def test_an_upper_half_alone_from_a_sender_of_both_keeps_the_lower_one():
    halves = Halves(FADER)
    assert heard(halves, [(0.0, True, 64), (0.01, False, 5), (1.0, True, 65)]) == [64 << 7 | 5, 65 << 7 | 5]


def test_an_order_that_was_mistaken_is_found_out():
    """The first half was lost when the device was plugged in, and what came looked like the other order."""
    halves = Halves(FADER)
    lost = list(sent([5000, 5100], 0.002, 0.02, lsb_first=True))[1:]
    heard(halves, lost)
    later = [(10.0 + now_s, *half) for now_s, *half in sent([6000, 6100], 0.002, 0.5, lsb_first=True)]
    heard(halves, later)
    assert heard(
        halves, [(20.0 + now_s, *half) for now_s, *half in sent([7000, 7100], 0.002, 0.5, lsb_first=True)]
    ) == [
        7000,
        7100,
    ]


@pytest.mark.parametrize("is_msb", [True, False])
def test_what_waits_has_an_end(is_msb):
    halves = Halves(FADER)
    assert heard(halves, [(1.0, is_msb, 3)]) == ([3 << 7 | 3] if is_msb else [])
    assert halves.deadline_s == float("inf")
    assert PAIR_WAIT_S <= 0.1
