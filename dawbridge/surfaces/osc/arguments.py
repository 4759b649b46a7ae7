"""What arguments mean: numbers, whole numbers, texts, a button's press and release."""

import math

from dawbridge.errors import ControlError

Arguments = tuple[object, ...]

CODES = frozenset(
    (
        "unknown_address",
        "bad_args",
        "not_finite",
        "read_only",
        "unknown_preset",
        "bad_name",
        "unknown_job",
        "path_not_allowed",
        "busy",
        "too_many_clients",
        "internal",
    )
)
"""The closed list of codes in `/dawbridge/error`."""


class Refused(ControlError):
    """A message that cannot be obeyed; `code` is one of `CODES`."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


def arity(arguments: Arguments, least: int, most: int, wanted: str) -> None:
    """Raise `Refused` where there are fewer than `least` or more than `most` arguments; `wanted` says them."""
    if not least <= len(arguments) <= most:
        raise Refused("bad_args", f"{len(arguments)} arguments; wanted: {wanted}")


def number(argument: object) -> float:
    """i, f, h, d, T, F or a numeric string, finite. Raises `Refused`."""
    if not isinstance(argument, int | float | str):
        raise Refused("bad_args", f"{_short(argument)} is not a number; wanted: i, f, h, d, T, F or a numeric string")
    try:
        value = float(argument)
    except (ValueError, OverflowError):
        raise Refused("bad_args", f"{_short(argument)} is not a number") from None
    if not math.isfinite(value):
        raise Refused("not_finite", f"{_short(argument)} is not a finite number")
    return value


def whole(argument: object, low: int = -(2**31), high: int = 2**31 - 1) -> int:
    """A whole number within `low`..`high`, also as a float (Pd sends 1 as 1.0). Raises `Refused`."""
    value = number(argument)
    if value != int(value) or not low <= value <= high:
        raise Refused("bad_args", f"{_short(argument)} is not a whole number within {low}..{high}")
    return int(value)


def text(argument: object) -> str:
    """A string. Raises `Refused`."""
    if not isinstance(argument, str):
        raise Refused("bad_args", f"{_short(argument)} is not a string")
    return argument


def pressed(arguments: Arguments) -> bool:
    """Nothing, or anything but 0, is a press; 0 is a button's release. Raises `Refused` for two arguments or more."""
    arity(arguments, 0, 1, "nothing, or 1 for a press and 0 for the release")
    return not arguments or number(arguments[0]) != 0


def listening_port(arguments: Arguments, source_port: int) -> int | None:
    """The port that a client names first, else its own; None for a button's release. Raises `Refused`.

    A button sends a lone 1, then a lone 0: nobody listens on port 1.
    """
    if not arguments:
        return source_port
    port = whole(arguments[0], 0, 65535)
    if port > 1:
        return port
    return None if port == 0 and len(arguments) == 1 else source_port


def in_reach(position: float) -> None:
    """Say that a fader's position was clamped. Raises `Refused` where it lies outside 0..1."""
    if not 0 <= position <= 1:
        raise Refused("bad_args", f"{position:g} was clamped: 0..1 here")


def _short(argument: object) -> str:
    written = repr(argument)
    return written if len(written) <= 60 else written[:57] + "..."
