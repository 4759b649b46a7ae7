"""A command's arguments as they come in, checked and cast as its row of the table says."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from dawbridge.commands import Argument, Command, Value
from dawbridge.errors import ControlError

Arguments = tuple[object, ...]


class Refused(ControlError):
    """A message that cannot be obeyed; `code` is one of `commands.CODES`."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Checked:
    """A command's arguments, all of them, in the table's order and types."""

    values: tuple[Value, ...]
    complaint: str = ""
    """What was clamped; empty if nothing was."""


def checked(row: Command, arguments: Arguments) -> Checked | None:
    """The arguments of `row`, with defaults filled in; None for a button's release. Raises `Refused`."""
    if row.lenient:
        return Checked(())
    if row.is_button and len(arguments) < 2 and (not row.arguments or _is_press(arguments)):
        if not pressed(arguments):
            return None
        arguments = ()
    if not row.arguments:
        arity(arguments, 0, 1, "nothing, or 1 for a press and 0 for the release")
    arity(arguments, sum(argument.default is None for argument in row.arguments), len(row.arguments), row.words)
    given = [_cast(spec, one) for spec, one in zip(row.arguments, arguments, strict=False)]
    left_out = [spec.default for spec in row.arguments[len(given) :] if spec.default is not None]
    complaints = [
        f"{number(one):g} was clamped: {spec.allowed} here"
        for spec, one in zip(row.arguments, arguments, strict=False)
        if spec.clamped and not _inside(spec, number(one))
    ]
    return Checked((*given, *left_out), "; ".join(complaints))


def arity(arguments: Sequence[object], least: int, most: int, wanted: str) -> None:
    """Raise `Refused` if there are fewer than `least` or more than `most` arguments; `wanted` names them."""
    if not least <= len(arguments) <= most:
        plural = "" if len(arguments) == 1 else "s"
        raise Refused("bad_args", f"{len(arguments)} argument{plural}; wanted: {wanted}")


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


def whole(argument: object, low: float = -(2**31), high: float = 2**31 - 1) -> int:
    """A whole number within `low`..`high`, also as a float (Pd sends 1 as 1.0). Raises `Refused`."""
    value = number(argument)
    if value != int(value) or not low <= value <= high:
        raise Refused("bad_args", f"{_short(argument)} is not a whole number within {low:.0f}..{high:.0f}")
    return int(value)


def text(argument: object) -> str:
    """A string. Raises `Refused`."""
    if not isinstance(argument, str):
        raise Refused("bad_args", f"{_short(argument)} is not a string")
    return argument


def pressed(arguments: Arguments) -> bool:
    """Nothing, or anything but 0, is a press; 0 is a button's release. Raises `Refused` for a text."""
    return not arguments or number(arguments[0]) != 0


def _is_press(arguments: Arguments) -> bool:
    """A lone 0 or 1, as a button sends it, and not a port's number."""
    return not arguments or number(arguments[0]) in (0, 1)


def _cast(spec: Argument, given: object) -> Value:
    match spec.type:
        case "s":
            return text(given)
        case "i":
            low = -(2**31) if spec.low is None else spec.low
            return whole(given, low, 2**31 - 1 if spec.high is None else spec.high)
    try:
        value = number(given)
    except Refused as error:
        if spec.allowed:
            raise Refused(error.code, f"{spec.name}: {error}; wanted: {spec.allowed}") from None
        raise
    if not _inside(spec, value):
        if not spec.clamped:
            raise Refused("bad_args", f"{spec.name} = {value:g} is not possible; wanted: {spec.allowed}")
        value = min(max(value, spec.low or 0.0), spec.high if spec.high is not None else value)
    return value


def _inside(spec: Argument, value: float) -> bool:
    low, high = spec.low, spec.high
    return (low is None or value >= low) and (high is None or value <= high)


def _short(argument: object) -> str:
    written = repr(argument)
    return written if len(written) <= 60 else written[:57] + "..."
