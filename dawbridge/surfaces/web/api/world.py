"""What the API needs of the rest of dawbridge, in one place."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dawbridge.jobs.ledger import Ledger
from dawbridge.knobs.automation import Automation


def _no_lines() -> Iterable[str]:
    return ()


@dataclass(frozen=True, slots=True)
class World:
    """One running dawbridge, as the page sees it."""

    ledger: Ledger
    folders: tuple[Path, ...]
    """The watched folders, resolved."""
    cache: Path
    """Folder for pictures; made when the first one is drawn."""
    status: Callable[[], tuple[str, int]]
    """`idle`, `busy` or `paused`, and how many bounces wait."""
    automate: Callable[[Automation, int], Any]
    """Gives a job an automation; returns a `Future`."""
    why_not: Callable[[Path], str] = lambda _: ""
    """Why a file in a watched folder would not be taken for a bounce; empty if it would."""
    surfaces: Callable[[], Iterable[str]] = _no_lines
    """A line about each open surface."""
    subscribers: Callable[[], Iterable[str]] = _no_lines
    """Addresses of the OSC programs that are told of changes."""
    upload_limit_bytes: int = field(default=4 * 2**30)

    def is_inside(self, path: Path) -> bool:
        """Whether a real path lies in a watched folder."""
        return any(path.is_relative_to(folder) for folder in self.folders)
