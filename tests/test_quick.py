"""What `make quick` leaves out is named right: a place that is gone would leave out nothing, unnoticed."""

from tests import conftest


def test_every_slow_place_is_there():
    assert [place for place in conftest.SLOW_PLACES if not (conftest.TESTS / place).exists()] == []
