"""One `[[binding]]` of the bindings' file: reading it, with all its mistakes at once, and writing it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from dawbridge.config.problem import Problem
from dawbridge.errors import DawbridgeError, did_you_mean
from dawbridge.surfaces.midi.bindings import BUTTONS, PRESET, TARGETS, Binding, is_command
from dawbridge.surfaces.midi.events import Kind
from dawbridge.surfaces.midi.relative import Encoding
from dawbridge.surfaces.midi.takeover import Takeover

_NONE = "none"
_KINDS = (*map(str, Kind), _NONE)
_TARGET_KEYS = ("parameter", "command")
_KEYS = (*_TARGET_KEYS, *_KINDS, "channel", "port", "mode", "takeover", "center", "invert")
_FLAGS = (_NONE, str(Kind.BEND))
"""Keys that are simply true: the control has no number."""
_WHOLE = ("channel", "center", *(str(kind) for kind in Kind if kind is not Kind.BEND))
_Word = TypeVar("_Word", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Row:
    """One `[[binding]]`: a parameter or command and its control, or None if nothing is to turn it."""

    target: str
    binding: Binding | None


def read_row(table: Mapping[str, object], problems: list[Problem], where: str = "binding") -> Row | None:
    """Read one table. Mistakes are added to `problems` under the name `where`; then there is no row."""
    wrong = [Problem(key, table[key], f"no such key{did_you_mean(key, _KEYS)}") for key in table if key not in _KEYS]
    target = _target(table, wrong)
    kinds = [kind for kind in _KINDS if kind in table]
    if target == PRESET and not kinds:
        kinds = [str(Kind.PROGRAM)]
    if len(kinds) != 1:
        wrong.append(Problem("", None, f"exactly one of these is wanted: {', '.join(_KINDS)}"))
    values = {key: _value(key, given, wrong) for key, given in table.items()}
    is_bound = not wrong and kinds != [_NONE]
    binding = _binding(str(target), Kind(kinds[0]), values, wrong) if is_bound else None
    problems += [_placed(problem, where) for problem in wrong]
    return None if wrong else Row(str(target), binding)


def as_table(target: str, binding: Binding | None) -> dict[str, str | int | bool]:
    """The keys and values of one `[[binding]]`."""
    table: dict[str, str | int | bool] = {"command" if is_command(target) else "parameter": target}
    if binding is None:
        return {**table, _NONE: True}
    if binding.kind is Kind.BEND:
        table[str(Kind.BEND)] = True
    elif binding.number is not None:
        table[str(binding.kind)] = binding.number
    if binding.channel is not None and binding.kind is not Kind.MMC:
        table["channel"] = binding.channel + 1
    if binding.port is not None:
        table["port"] = "".join(character for character in binding.port if character.isprintable())
    if binding.encoding is not Encoding.ABSOLUTE:
        table["mode"] = str(binding.encoding)
    return table


def _target(table: Mapping[str, object], wrong: list[Problem]) -> object:
    keys = [key for key in _TARGET_KEYS if key in table]
    if len(keys) == 2:
        wrong.append(Problem("command", table["command"], "a binding has a parameter or a command, not both"))
    key = keys[0] if keys else "parameter"
    target = table.get(key)
    known = BUTTONS if key == "command" else tuple(name for name in TARGETS if name not in BUTTONS)
    if not (is_command(str(target)) if key == "command" else target in known):
        wrong.append(Problem(key, target, f"no such {key}{did_you_mean(str(target), known)}"))
    return target


def _placed(problem: Problem, where: str) -> Problem:
    if problem.key:
        return Problem(f"{where}: {problem.key}", problem.value, problem.advice)
    return Problem("", None, f"{where}: {problem.advice}")


def _binding(target: str, kind: Kind, values: Mapping[str, object], wrong: list[Problem]) -> Binding | None:
    channel = values.get("channel")
    more = {"encoding": "mode", "inverted": "invert", "center": "center", "takeover": "takeover", "port": "port"}
    named = {name: values[key] for name, key in more.items() if key in values}
    named["channel"] = channel - 1 if isinstance(channel, int) else None
    number = 0 if kind is Kind.BEND else values.get(str(kind))
    try:
        return Binding(target, kind, number, **named)  # type: ignore[arg-type]
    except DawbridgeError as error:
        wrong.append(Problem("", None, str(error)))
        return None


def _value(key: str, given: object, wrong: list[Problem]) -> object:
    """The value of one key, as its type."""
    if key in ("mode", "takeover"):
        return _word(Encoding if key == "mode" else Takeover, key, given, wrong)
    advice = _advice(key, given)
    if advice:
        wrong.append(Problem(key, given, advice))
    return given


def _advice(key: str, given: object) -> str:
    """What is wanted instead of `given`; empty where it is right."""
    is_whole = isinstance(given, int) and not isinstance(given, bool)
    if key in _WHOLE and not is_whole:
        return "a whole number is wanted"
    if key == "channel" and given not in range(1, 17):
        return "allowed is 1..16; leave it out for every channel"
    if key in _FLAGS and given is not True:
        return "must be true" + (": nothing turns this parameter" if key == _NONE else "")
    if key == "invert" and not isinstance(given, bool):
        return "true or false is wanted"
    if key == "port" and not (isinstance(given, str) and given):
        return "part of a port's name is wanted (see: dawbridge midi ports)"
    return ""


def _word(words: type[_Word], key: str, given: object, wrong: list[Problem]) -> object:
    allowed: Sequence[str] = [str(word) for word in words]
    if given in allowed:
        return words(str(given))
    wrong.append(Problem(key, given, f"allowed are {', '.join(allowed)}{did_you_mean(str(given), allowed)}"))
    return given
