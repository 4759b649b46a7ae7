"""What is left alone in a watched folder, and why: reported once, and kept for `dawbridge jobs`."""

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from dawbridge.files.small import read_small, write_whole

FOLDER = "left_alone"
"""Name of the folder, in the state folder, in which the list is kept."""

_MOST = 200
"""Kinds that are told apart in one folder; more are one kind called `others`."""
_SHOWN = 8
"""Kinds that one line names."""


@dataclass(frozen=True, slots=True)
class LeftAlone:
    """One kind of file, or one folder, that is left alone below a watched folder."""

    what: str
    """A pattern (`*.part`), or a folder's path inside the watched one, with a slash at its end."""
    why: str
    """In a few words."""
    count: int = 1
    """How many files were met so far; 1 for a folder."""
    example: str = ""
    """One of them: its path inside the watched folder."""

    def __str__(self) -> str:
        if self.what.endswith("/"):
            return f"{self.what} ({self.why})"
        if self.count == 1:
            return f"{self.example or self.what} ({self.why})"
        return f"{self.count} {self.what}, for example {self.example} ({self.why})"


class LeftAloneList:
    """All kinds of one watched folder, each reported once."""

    def __init__(self) -> None:
        self._met: dict[str, dict[str, None]] = {}
        self._why: dict[str, str] = {}
        self._reported: set[str] = set()
        self._changed = True  # an older list is out of date

    def __iter__(self) -> Iterator[LeftAlone]:
        for what, examples in self._met.items():
            yield LeftAlone(what, self._why[what], len(examples), next(iter(examples)))

    def meet(self, what: str, why: str, example: str) -> None:
        """Take note of one file or folder."""
        if what not in self._met and len(self._met) >= _MOST:
            what, why = "others", "names and places that are no bounces'"
        met = self._met.setdefault(what, {})
        if example not in met and (len(met) < 10 * _MOST):
            self._why.setdefault(what, why)
            met[example] = None
            self._changed = True

    def news(self) -> list[LeftAlone]:
        """Kinds that were not reported yet."""
        found = [entry for entry in self if entry.what not in self._reported]
        self._reported.update(entry.what for entry in found)
        return found

    def changed(self) -> bool:
        """Whether anything was met since the last time this was asked."""
        changed, self._changed = self._changed, False
        return changed


def in_one_line(root: Path, entries: Iterable[LeftAlone]) -> str:
    """The report about what is left alone."""
    found = list(entries)
    names = ", ".join(map(str, found[:_SHOWN])) + (f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else "")
    projects = any("project" in entry.why for entry in found)
    how = "take = […]" + (" or projects = true" if projects else "")
    return f"{root}: left alone: {names}; dawbridge jobs lists them, {how} in dawbridge.toml takes them"


def keep(folder: Path, root: Path, entries: Iterable[LeftAlone]) -> None:
    """Remember what is left alone below `root`, in `folder`, for `kept`. Never raises: it is only a list."""
    plain = {"root": str(root), "left_alone": [asdict(entry) for entry in entries]}
    with suppress(OSError, UnicodeError):
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(_file(folder, root), json.dumps(plain))


def kept(folder: Path) -> dict[str, list[LeftAlone]]:
    """What is left alone, by watched folder. What cannot be read is left out; never raises."""
    found: dict[str, list[LeftAlone]] = {}
    with suppress(OSError):
        for file in sorted(folder.glob("*.json")):
            with suppress(OSError, ValueError, TypeError, KeyError, RecursionError):
                plain = json.loads(read_small(file))
                entries = [LeftAlone(**entry) for entry in plain["left_alone"]]
                if entries:
                    found[str(plain["root"])] = entries
    return found


def _file(folder: Path, root: Path) -> Path:
    return folder / (sha256(str(root).encode("utf-8", "surrogateescape")).hexdigest()[:32] + ".json")
