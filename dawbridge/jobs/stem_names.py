"""Which name a bounce's stems get: its own, or a longer one where another bounce's stems have it.

`song.wav` and `song.flac` would both write `song_acapella`. The first to come has that name; the other one's stems are
`song.flac_acapella`, now and after every restart.
"""

import sys
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

from dawbridge.audio.provenance import is_intact
from dawbridge.errors import JobError
from dawbridge.files.output import Output
from dawbridge.files.presence import gone
from dawbridge.jobs.ledger import Ledger

_TRIES = 1000


class StemNames:
    """Gives out names, each to one bounce; the ledger remembers."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def paths(self, bounce: Path, output: Output) -> tuple[Path, Path, str]:
        """Final paths without suffix of acapella and instrumental, and a line where the name is not the usual one.

        The line is empty the second time. Raises `JobError` where no name is free.
        """
        mine = self._ledger.claimed(bounce)
        if mine:
            for name in islice(candidates(bounce), 2 + len(mine)):
                acapella, instrumental = output.paths(bounce, name)
                if one_name(acapella) in mine:
                    return acapella, instrumental, ""
        taken_by = None
        for name in candidates(bounce):
            acapella, instrumental = output.paths(bounce, name)
            owner = self._ledger.owner(one_name(acapella))
            if owner is None or not self._holds(owner):
                self._ledger.claim(one_name(acapella), bounce)
                return acapella, instrumental, _note(bounce, taken_by, acapella)
            taken_by = taken_by or owner
        raise JobError(f"{bounce}: no free name for its stems in {acapella.parent}; move some away")

    def replace(self, bounce: Path, written: list[Path]) -> None:
        """Remove what an earlier render of the same bounce wrote under the same name in another format.

        A bounce whose stems pass full scale gets float WAVs; its FLAC stems of before would contradict them.
        """
        for old in self._ledger.stems_of(bounce):
            if is_intact(old) and any(old != new and old.with_suffix("") == new.with_suffix("") for new in written):
                with suppress(OSError):
                    old.unlink(missing_ok=True)

    def _holds(self, owner: Path) -> bool:
        """Another bounce's name is kept while it, or any of its stems, is there."""
        if not gone(owner):
            return True
        entry = self._ledger.latest(owner)
        return entry is not None and not all(gone(stem) for stem in entry.stems)


def candidates(bounce: Path) -> Iterator[str]:
    """Names for a bounce's stems, the usual one first."""
    yield bounce.stem
    yield bounce.name
    for number in range(2, _TRIES):
        yield f"{bounce.name} ({number})"


def one_name(path: Path) -> str:
    """What is one name to the file system. Where it does not tell case or accents apart, neither do we."""
    text = str(path)
    return unicodedata.normalize("NFC", text).casefold() if sys.platform in ("darwin", "win32") else text


def _note(bounce: Path, taken_by: Path | None, acapella: Path) -> str:
    if taken_by is None:
        return ""
    return f"{bounce.name}: {taken_by.name} has its stems' usual name; these are called {acapella.name} and so on"
