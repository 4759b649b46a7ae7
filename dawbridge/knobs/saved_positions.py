"""Knob positions that outlive the daemon: raw values in a small JSON file."""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from dawbridge.knobs.presets import validate

SAVE_EVERY_S = 1.0


class KeptPositions:
    """The file of a running daemon: written at most once a second, and only where a knob was turned."""

    def __init__(self, file: Path, clock: Callable[[], float]) -> None:
        self._file, self._clock = file, clock
        self.values, self.problems = load(file)
        """Raw values by name as they were left, and what could not be used."""
        self._saved: Mapping[str, float] | None = None
        self._next = float("-inf")

    def keep(self, current: Mapping[str, float], *, at_once: bool = False) -> str:
        """Write what was turned; a line where that cannot be done, else the empty string."""
        if self._saved is None:
            self._saved = current
        now = self._clock()
        if current == self._saved or (now < self._next and not at_once):
            return ""
        self._next, self._saved = now + SAVE_EVERY_S, current
        try:
            save(self._file, current)
        except OSError as error:
            return f"knob positions cannot be kept: {self._file}: {error.strerror}"
        return ""


def load(file: Path) -> tuple[dict[str, float], list[str]]:
    """Raw values by name, and what could not be used. A missing file is no problem."""
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}, []
    except (OSError, ValueError) as error:
        return {}, [f"{file}: not readable ({error}); the knobs start at their defaults"]
    if not isinstance(document, dict):
        return {}, [f"{file}: not a table of knobs; the knobs start at their defaults"]
    values, problems = validate(document)
    return values, [f"{file}: {problem}" for problem in problems]


def save(file: Path, values: Mapping[str, float]) -> None:
    """Write all of `values`, whole or not at all. Raises `OSError`."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(f".{os.getpid()}.part")
    part.write_text(json.dumps(dict(values), indent=1), encoding="utf-8")
    part.replace(file)
