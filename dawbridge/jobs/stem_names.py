"""Which name a bounce's stems get: its own, or a longer one if another bounce's stems have it.

`song.wav` and `song.flac` would both write `song_acapella`. The first to come has that name; the other one's stems are
`song.flac_acapella`, now and after every restart. Where a file of somebody else's has the name, the stem is
`song_acapella (2)`, and stays that.
"""

import re
import sys
import unicodedata
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from dawbridge.errors import JobError
from dawbridge.files.output import Output
from dawbridge.files.presence import gone
from dawbridge.jobs.facts import StemTargets
from dawbridge.jobs.ledger import Ledger
from dawbridge.jobs.record import JobRecord

_TRIES = 1000
_NUMBER = re.compile(r" \([0-9]+\)")


class StemNames:
    """Finds names, each for one bounce; the ledger remembers. Writes nothing: the claim is for its caller to keep."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def targets(self, bounce: Path, output: Output) -> StemTargets:
        """Where the stems go, and the name to claim. Raises `JobError` if no name is free."""
        mine = self._ledger.claimed(bounce)
        if mine:
            for name in islice(candidates(bounce), 2 + len(mine)):
                acapella, instrumental = output.paths(bounce, name)
                if one_name(acapella) in mine:
                    return self._as_written(bounce, StemTargets(acapella, instrumental))
        taken_by = None
        for name in candidates(bounce):
            acapella, instrumental = output.paths(bounce, name)
            owner = self._ledger.owner(one_name(acapella))
            if owner is None or not self._holds(owner):
                return StemTargets(acapella, instrumental, one_name(acapella), _note(bounce, taken_by, acapella))
            taken_by = taken_by or owner
        raise JobError(f"{bounce}: no free name for its stems in {acapella.parent}; move some away")

    def _as_written(self, bounce: Path, targets: StemTargets) -> StemTargets:
        """The numbered names, if the last stems had to take them."""
        last = self._ledger.last_done_of(bounce)
        if last is None:
            return targets
        return StemTargets(
            _numbered(targets.acapella, last.acapella), _numbered(targets.instrumental, last.instrumental)
        )

    def _holds(self, owner: Path) -> bool:
        """Whether another bounce keeps its name: it does while it, or any of its stems, exists."""
        if not gone(owner):
            return True
        record = self._ledger.latest(owner)
        return record is not None and not all(gone(stem) for stem in record.stems)


def moved_stems(record: JobRecord, bounce: Path, output: Output) -> tuple[str, str] | None:
    """Where the stems of a bounce that is at `bounce` now are; None if they did not come along.

    They did if each is beside the bounce as it was before and no longer at its old place, or if it never was beside
    the bounce (an output folder of its own) and is where the bounce's stems would be written, by whatever name.
    """
    usual = output.paths(bounce)
    found = [_moved(record.path, bounce, stem, place) for stem, place in zip(_both(record), usual, strict=True)]
    return (found[0] or "", found[1] or "") if None not in found else None


def candidates(bounce: Path) -> Iterator[str]:
    """Names for a bounce's stems, the usual one first."""
    yield bounce.stem
    yield bounce.name
    for number in range(2, _TRIES):
        yield f"{bounce.name} ({number})"


def one_name(path: Path) -> str:
    """What is one name to the file system: if it does not tell case or accents apart, neither do we."""
    text = str(path)
    return unicodedata.normalize("NFC", text).casefold() if sys.platform in ("darwin", "win32") else text


def _note(bounce: Path, taken_by: Path | None, acapella: Path) -> str:
    if taken_by is None:
        return ""
    return f"{taken_by.name} has its stems' usual name; these are called {acapella.name} and so on"


def _numbered(target: Path, written: str) -> Path:
    """The path, without suffix, that a stem was written to, if that is `target` with a number behind its name."""
    last = Path(written).with_suffix("") if written else target
    is_numbered = last.name.startswith(target.name) and _NUMBER.fullmatch(last.name[len(target.name) :])
    return last if is_numbered and last.parent == target.parent and not gone(Path(written)) else target


def _both(record: JobRecord) -> tuple[str, str]:
    return record.acapella, record.instrumental


def _moved(old: Path, new: Path, stem: str, usual: Path) -> str | None:
    """Where one stem is now; empty if there was none, None if it did not come along."""
    if not stem:
        return ""
    before = Path(stem)
    if before.is_relative_to(old.parent):
        inside = before.relative_to(old.parent)
        name = new.stem + inside.name.removeprefix(old.stem) if inside.name.startswith(old.stem) else inside.name
        place = new.parent / inside.with_name(name)
    elif old.name == new.name and before.parent == usual.parent and not gone(before):
        return stem  # a longer name, since another bounce had the usual one
    else:
        place = usual.with_name(usual.name + before.suffix)
    came_along = not gone(place) and (place == before or gone(before))
    return str(place) if came_along else None
