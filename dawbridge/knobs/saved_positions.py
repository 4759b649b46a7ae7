"""Knob positions that outlive the daemon: raw values in a small JSON file."""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from dawbridge.knobs.presets import validate

SAVE_EVERY_S = 1.0
"""How often positions are written at most, in seconds."""
LIMIT = 65536
"""Bytes that the file may have."""


class SavedPositions:
    """The file of a running daemon: written at most once a second, and only if a knob was turned.

    What the disk refuses is tried again each second until it is written.
    """

    def __init__(self, file: Path, clock: Callable[[], float]) -> None:
        self._file, self._clock = file, clock
        self.values, self.problems = load(file)
        """Raw values by name as they were left, and what could not be used."""
        self.saved: Mapping[str, float] = self.values
        """Raw values by name as the file has them."""
        self._next = float("-inf")
        self._trouble = ""

    def keep(self, current: Mapping[str, float], *, at_once: bool = False) -> str:
        """Write what was turned; a line, once, if that cannot be done or can be done again, else an empty string."""
        now = self._clock()
        if (now < self._next and not at_once) or current == self.saved:
            return ""
        self._next = now + SAVE_EVERY_S
        before = self._trouble
        try:
            save(self._file, current)
        except OSError as error:
            self._trouble = f"knob positions cannot be kept: {self._file}: {error.strerror}; they are written later"
            return self._trouble if self._trouble != before else ""
        self.saved, self._trouble = current, ""
        return "knob positions are kept again" if before else ""


def load(file: Path) -> tuple[dict[str, float], list[str]]:
    """Raw values by name, and what could not be used. A missing file is not a problem; a damaged one is set aside."""
    try:
        text = _read(file)
    except FileNotFoundError:
        return {}, []
    except OSError as error:
        return {}, [f"{file}: cannot be read ({error.strerror or error}); the knobs start at their defaults"]
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        return {}, [f"{file}: is damaged ({_brief(error)}){_set_aside(file)}; the knobs start at their defaults"]
    if not isinstance(document, dict):
        return {}, [f"{file}: is not a table of knobs{_set_aside(file)}; the knobs start at their defaults"]
    values, problems = validate(document)
    return values, [f"{file}: {problem}" for problem in problems]


def save(file: Path, values: Mapping[str, float]) -> None:
    """Write all of `values`, whole or not at all. Raises `OSError`."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(f".{os.getpid()}.part")
    part.write_text(json.dumps(dict(values), indent=1), encoding="utf-8")
    part.replace(file)


def _read(file: Path) -> bytes:
    """Raises `OSError`, also for what is not a regular file or is far too long."""
    if file.exists() and not file.is_file():
        raise OSError("it is not a regular file")
    with file.open("rb") as stream:
        content = stream.read(LIMIT + 1)
    if len(content) > LIMIT:
        raise OSError(f"it is longer than {LIMIT} bytes")
    return content


def _set_aside(file: Path) -> str:
    """Give a damaged file another name, in words."""
    aside = file.with_name(f"{file.name}.damaged")
    try:
        file.replace(aside)
    except OSError:
        return ""
    return f" and is kept as {aside.name}"


def _brief(error: Exception) -> str:
    return "nested too deep" if isinstance(error, RecursionError) else str(error)[:100]
