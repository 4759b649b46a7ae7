"""What a watched folder reports, and in which words."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dawbridge.audio.containers.base import Completeness
from dawbridge.files.sightings import Sighting, Stalled, Waiting
from dawbridge.watch.damage import damage
from dawbridge.watch.left_alone import LeftAlone, in_one_line
from dawbridge.watch.settle import SettleTimes, Stuck, Watched
from dawbridge.watch.writers.evidence import Known, Writer


@dataclass(frozen=True, slots=True)
class FolderNotice:
    """Something about the folder itself, for the user: unplugged, back again, polled from now on."""

    path: Path
    text: str


@dataclass(frozen=True, slots=True)
class LeftAloneNotice:
    """Kinds of files, and folders, that are left alone and were not reported before."""

    path: Path
    """The watched folder."""
    entries: tuple[LeftAlone, ...]

    @property
    def text(self) -> str:
        """The report in one line."""
        return in_one_line(self.path, self.entries)


WatchEvent = Sighting | FolderNotice | LeftAloneNotice

Tell = Callable[[str, Path, str], None]
"""Is given a kind (event, verdict, decision), a path and a text."""


def silent(_kind: str, _path: Path, _text: str) -> None:
    """Tells nobody."""


_REASONS = {
    Completeness.PLACEHOLDER: "its header was never filled in: the program that wrote it was ended",
    Completeness.STREAMED: "its header has no length, as programs that write into a pipe leave it "
    "(--accept-streamed takes such files)",
    Completeness.OPEN: "it is shorter than its header says, or has no samples yet: a copy that was cut off",
    Completeness.FOREIGN: "it is named like audio and holds none",
    Completeness.UNREADABLE: "it cannot be opened: another program holds it, or its permissions forbid it. It is "
    "taken as soon as it can be read; else",
}


def waiting(file: Watched, writers: tuple[Writer, ...], times: SettleTimes) -> Waiting:
    """The report about a file that looks whole and is not taken yet."""
    if file.known is Known.HELD:
        return Waiting(file.path, f"is still open in {_named(writers)}; it is taken as soon as that lets go of it")
    if file.completeness is Completeness.COMPLETE:
        why = "ends with zeros that a copy may still have to fill"
    else:
        why = "does not say how long it is, and this system does not tell whether a program still writes it"
    seconds = max(times.zeros_s if file.completeness is Completeness.COMPLETE else times.unproven_s, times.opaque_s)
    return Waiting(file.path, f"{why}; it is taken when it has not changed for {seconds:g} s")


def stalled(stuck: Stuck, writers: tuple[Writer, ...], trouble: str) -> Stalled:
    """The report about a file that does not become whole.

    `writers`: who has it open. `trouble`: what reading it as it is says; empty if it can be read.
    """
    path = stuck.path
    if stuck.trouble:
        return Stalled(path, stuck.trouble, acceptable=False)
    if stuck.completeness is Completeness.UNREADABLE or stuck.completeness is Completeness.FOREIGN:
        return Stalled(path, f"{path}: {_REASONS[stuck.completeness]}; bounce or copy it again", acceptable=False)
    if stuck.held or writers:
        state = "and looks whole" if stuck.held else "and is not whole yet"
        what = f"is still open in {_named(writers)}, {state}; it is taken as soon as that lets go of a whole file"
        return Stalled(path, f"{path}: {what}", acceptable=not trouble)
    what = damage(path) or _REASONS.get(stuck.completeness, "it does not become whole")
    cannot = f" (it cannot be taken as it is: {trouble.removeprefix(f'{path}: ')})" if trouble else ""
    return Stalled(path, f"{path}: {what}; bounce or copy it again{cannot}", acceptable=not trouble)


def _named(writers: tuple[Writer, ...]) -> str:
    return ", ".join(map(str, writers[:3])) or "another program"
