"""Endless encoders: how far a knob was turned, from one controller value."""

from enum import StrEnum

ACCELERATES_ABOVE = 3
"""Ticks in one message that count once; further ones count twice."""


class Encoding(StrEnum):
    """How a controller's 7 bits are read."""

    ABSOLUTE = "absolute"
    """A position, 0..127."""
    TWOS_COMPLEMENT = "twos-complement"
    """1 is one tick right, 127 one left."""
    BINARY_OFFSET = "binary-offset"
    """65 is one tick right, 63 one left."""
    SIGN_MAGNITUDE = "sign-magnitude"
    """1 is one tick right, 65 one left."""


def ticks(encoding: Encoding, value: int) -> int:
    """Controller value 0..127 → ticks, right positive, as `encoding` (any but absolute) has it."""
    match encoding:
        case Encoding.TWOS_COMPLEMENT:
            return value - 128 if value >= 64 else value
        case Encoding.BINARY_OFFSET:
            return value - 64
        case Encoding.SIGN_MAGNITUDE:
            return -(value & 63) if value & 64 else value
    raise ValueError("an absolute control has no ticks")


def travel(turned: int) -> float:
    """Ticks in one message → change of the knob position 0..1: 1/127 a tick, faster above 3 ticks."""
    count = abs(turned) + max(0, abs(turned) - ACCELERATES_ABOVE)
    return (count if turned > 0 else -count) / 127
