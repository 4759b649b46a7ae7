"""Mistakes in the files that users write: presets, bindings, settings."""

from collections.abc import Iterable
from dataclasses import dataclass
from reprlib import Repr

_SHORT = Repr()
_SHORT.maxstring = _SHORT.maxother = 80
_SHORT.maxlist = _SHORT.maxdict = 4
_SHORT.maxlevel = 3


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: which key, what its value was, and what is allowed or meant."""

    key: str
    """Empty if the mistake is not about one key."""
    value: object
    advice: str

    def __str__(self) -> str:
        """One line, however long or odd the key and the value are."""
        return f"{_printable(self.key)} = {_SHORT.repr(self.value)}: {self.advice}" if self.key else self.advice


def in_words(problems: Iterable[Problem]) -> str:
    """All of them in one line."""
    return "; ".join(map(str, problems))


def _printable(key: str) -> str:
    """A key as it was written, unless it is long or holds characters that a terminal would obey."""
    return key if key.isprintable() and len(key) <= 200 else _SHORT.repr(key)
