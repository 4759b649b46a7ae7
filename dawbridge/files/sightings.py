"""What becomes of the files in a watched folder: reported by the watch, taken by the scheduler."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Settling:
    """A bounce is being written, or was written and must lie still a moment. Once per file and burst of writing."""

    path: Path


@dataclass(frozen=True, slots=True)
class Waiting:
    """A bounce that looks whole is not taken yet. Reported once per file, after some seconds."""

    path: Path
    reason: str
    """Why, and what it waits for."""


@dataclass(frozen=True, slots=True)
class Settled:
    """A bounce is whole and readable."""

    path: Path
    preset_folder: str | None = None
    """Name of the first folder below the root; None for a file in the root itself. It may be a preset's name."""


@dataclass(frozen=True, slots=True)
class Stalled:
    """A bounce does not become whole. Reported once; it is still watched."""

    path: Path
    reason: str
    """What is the matter, and what can be done."""
    acceptable: bool = True
    """It could be read as it is, if that is wanted."""


@dataclass(frozen=True, slots=True)
class Gone:
    """A file that was reported before was deleted, renamed or moved away."""

    path: Path


Sighting = Settling | Waiting | Settled | Stalled | Gone
