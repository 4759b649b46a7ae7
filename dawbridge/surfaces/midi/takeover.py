"""Takeover: what a knob with a position of its own does after the value was changed from elsewhere."""

from enum import StrEnum

NEAR = 3 / 127
"""A control this close to the value takes it over again."""


class Takeover(StrEnum):
    """What a control does while its position differs from the value."""

    NONE = "none"
    """The value jumps to the control."""
    PICK_UP = "pick-up"
    """Nothing happens until the control comes near the value or crosses it."""
    SCALE = "scale"
    """The value moves the same way, scaled so that both reach the end together."""


def taken_over(takeover: Takeover, last: float | None, position: float, value: float) -> float | None:
    """The value that an unlatched control sets, or None if it sets none. All are knob positions 0..1.

    `last` is the control's previous position, None if that is not known; `position` is its present one.
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
