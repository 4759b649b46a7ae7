import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawbridge.surfaces.midi.takeover import NEAR, Takeover, taken_over

unit = st.floats(0, 1)


@pytest.mark.parametrize(
    "takeover, last, position, value, expected",
    [
        (Takeover.NONE, None, 0.9, 0.1, 0.9),
        (Takeover.NONE, 0.8, 0.9, 0.1, 0.9),
        (Takeover.PICK_UP, None, 0.9, 0.1, None),
        (Takeover.PICK_UP, 0.9, 0.5, 0.1, None),
        (Takeover.PICK_UP, 0.5, 0.1 + NEAR, 0.1, 0.1 + NEAR),
        (Takeover.PICK_UP, None, 0.1 - NEAR, 0.1, 0.1 - NEAR),
        (Takeover.PICK_UP, 0.5, 0.1 + 2 * NEAR, 0.1, None),
        (Takeover.PICK_UP, 0.9, 0.0, 0.3, 0.0),
        (Takeover.PICK_UP, 0.0, 0.9, 0.3, 0.9),
        (Takeover.PICK_UP, 0.3, 0.9, 0.3, 0.9),
        (Takeover.SCALE, None, 0.9, 0.1, None),
        (Takeover.SCALE, 0.5, 0.75, 0.2, 0.6),
        (Takeover.SCALE, 0.5, 0.25, 0.2, 0.1),
        (Takeover.SCALE, 0.5, 0.5, 0.2, 0.2),
        (Takeover.SCALE, 0.5, 1.0, 0.2, 1.0),
        (Takeover.SCALE, 0.5, 0.0, 0.2, 0.0),
    ],
)
def test_table(takeover, last, position, value, expected):
    assert taken_over(takeover, last, position, value) == (expected if expected is None else pytest.approx(expected))


@given(unit, unit, unit)
def test_scaling_never_turns_the_other_way_round_and_stays_in_range(last, position, value):
    new = taken_over(Takeover.SCALE, last, position, value)
    assert new is not None and 0 <= new <= 1
    if new != position:
        assert (new - value) * (position - last) >= 0


@given(unit, unit, unit)
def test_pick_up_jumps_no_further_than_the_control_moved(last, position, value):
    new = taken_over(Takeover.PICK_UP, last, position, value)
    assert new is None or abs(new - value) <= max(abs(position - last), NEAR + 1e-8)
