"""What a watched folder reports, and in which words."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dawbridge.watch.settle import Stuck
from dawbridge.watch.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Settling:
    """A bounce is being written, or was written and must lie still a moment. Once per file and burst of writing."""

    path: Path


@dataclass(frozen=True, slots=True)
class Settled:
    """A bounce is whole and readable."""

    path: Path
    relative: str
    """Path inside the watched folder, with forward slashes: the job key's second part."""
    preset_folder: str | None
    """Name of the first folder below the root; None for a file in the root itself. It may be a preset's name."""


@dataclass(frozen=True, slots=True)
class Stalled:
    """A bounce does not become whole. Said once; it is still watched."""

    path: Path
    reason: str
    """What is the matter, and what can be done."""
    acceptable: bool = True
    """It could be read as it is, if that is wanted."""


@dataclass(frozen=True, slots=True)
class Gone:
    """A file that was reported before was deleted, renamed or moved away."""

    path: Path


@dataclass(frozen=True, slots=True)
class FolderNotice:
    """Something about the folder itself, for the person: unplugged, back again, polled from now on."""

    path: Path
    text: str


WatchEvent = Settling | Settled | Stalled | Gone | FolderNotice

Tell = Callable[[str, Path, str], None]
"""Told a kind (event, verdict, decision), a path and a text."""


def silent(_kind: str, _path: Path, _text: str) -> None:
    """Nobody is told."""


_REASONS = {
    Verdict.PLACEHOLDER: "its header was never filled in: the program that wrote it was ended, or still writes",
    Verdict.STREAMED: "its header has no length, as programs that write into a pipe leave it "
    "(--accept-streamed takes such files)",
    Verdict.OPEN: "it is shorter than its header says, or has no samples yet: a copy that was cut off",
    Verdict.FOREIGN: "it is named like audio and holds none",
    Verdict.UNREADABLE: "it cannot be opened: another program holds it, or its permissions forbid it. It is taken as "
    "soon as it can be read; else",
}


def stalled(stuck: Stuck) -> Stalled:
    """The report about a file that does not become whole."""
    acceptable = not stuck.trouble and stuck.verdict not in (Verdict.UNREADABLE, Verdict.FOREIGN)
    return Stalled(stuck.path, reason(stuck.path, stuck.verdict, stuck.trouble), acceptable)


def reason(path: Path, verdict: Verdict, trouble: str) -> str:
    """Why a file is stalled, and what can be done. `trouble`: what reading it said, where it looked whole."""
    if trouble:
        return trouble
    return f"{path}: {_REASONS.get(verdict, 'it does not become whole')}; bounce or copy it again"
