import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawbridge.surfaces.midi.relative import Encoding, ticks, travel

RELATIVE = [Encoding.TWOS_COMPLEMENT, Encoding.BINARY_OFFSET, Encoding.SIGN_MAGNITUDE]


@pytest.mark.parametrize(
    "encoding, right, left, far_left",
    [
        (Encoding.TWOS_COMPLEMENT, 1, 127, (64, -64)),
        (Encoding.BINARY_OFFSET, 65, 63, (0, -64)),
        (Encoding.SIGN_MAGNITUDE, 1, 65, (127, -63)),
    ],
)
def test_encodings(encoding, right, left, far_left):
    assert ticks(encoding, right) == 1
    assert ticks(encoding, left) == -1
    assert ticks(encoding, far_left[0]) == far_left[1]


@pytest.mark.parametrize("encoding, still", [(RELATIVE[0], 0), (RELATIVE[1], 64), (RELATIVE[2], 0), (RELATIVE[2], 64)])
def test_no_turn(encoding, still):
    assert ticks(encoding, still) == 0


def test_an_absolute_control_has_no_ticks():
    with pytest.raises(ValueError, match="absolute"):
        ticks(Encoding.ABSOLUTE, 1)


@pytest.mark.parametrize("turned, steps", [(0, 0), (1, 1), (-1, -1), (3, 3), (4, 5), (-4, -5), (10, 17)])
def test_travel_accelerates_above_three_ticks(turned, steps):
    assert travel(turned) == pytest.approx(steps / 127)


@given(st.integers(-64, 63))
def test_travel_is_as_far_both_ways(turned):
    assert travel(-turned) == -travel(turned)
