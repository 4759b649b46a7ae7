"""Takeover: what a knob with a position of its own does when the value was changed from elsewhere meanwhile."""

from enum import StrEnum

NEAR = 3 / 127
"""A control this close to the value has it again."""


class Takeover(StrEnum):
    """What a control does whose position is not the value's."""

    NONE = "none"
    """The value jumps to the control."""
    PICK_UP = "pick-up"
    """Nothing, until the control comes near the value or crosses it."""
    SCALE = "scale"
    """The value moves the same way, by so much that both reach the end together."""


def taken_over(takeover: Takeover, last: float | None, position: float, value: float) -> float | None:
    """The new value of an unlatched control, or None where it stays. All are knob positions 0..1.

    `last` is where the control stood before, None where that is not known; `position` is where it stands now.
    """
    if takeover is Takeover.NONE or _has_met(last, position, value):
        return position
    if takeover is Takeover.PICK_UP or last is None:
        return None
    scaled = _scaled(last, position, value)
    return position if abs(position - scaled) <= NEAR else scaled


def _has_met(last: float | None, position: float, value: float) -> bool:
    crossed = last is not None and (last - value) * (position - value) <= 0
    return crossed or abs(position - value) <= NEAR + 1e-9


def _scaled(last: float, position: float, value: float) -> float:
    if position > last:
        return value + (position - last) * (1 - value) / (1 - last)
    if position < last:
        return value + (position - last) * value / last
    return value
