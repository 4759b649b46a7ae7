"""Is the watched folder there, the same one as before, and open to us? If it is not, its bounces are not gone."""

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dawbridge.errors import WatchError
from dawbridge.files.presence import gone


def readable_folder(root: Path) -> Path:
    """The root as an absolute path without links. Raises `WatchError` if it is not a folder, or cannot be read."""
    try:
        root = root.resolve()
        next(root.iterdir(), None)
    except OSError as error:
        raise WatchError(f"{root}: cannot be watched ({error.strerror}); name a folder that exists") from error
    return root


@dataclass(frozen=True, slots=True)
class Sight:
    """One look at a root."""

    there: bool
    again: bool = False
    """It was away, or is another folder than before: everything in it has to be looked at again."""
    news: str = ""
    """A line for the user, if something changed."""


class Presence:
    """Looks at a root, whose device and inode are remembered. Raises `OSError` if it is not there to begin with."""

    def __init__(self, root: Path, moved_to: Callable[[], Path | None] = lambda: None) -> None:
        """`moved_to`: where the folder is now, if that can be told."""
        self._root, self._moved_to = root, moved_to
        self._identity = _identity(root.stat())
        self._lost = False

    def look(self, expects_files: bool) -> Sight:
        """How it is now.

        `expects_files`: there were some, so that an empty folder on another device is where a missing disk was mounted.
        """
        identity, trouble = self._now(expects_files)
        lost, self._lost = self._lost, identity is None
        if identity is None:
            return Sight(False, news="" if lost else f"{self._root}: {trouble}")
        again = lost or identity != self._identity
        self._identity = identity
        if lost:
            return Sight(True, again, f"{self._root}: is back, watched again")
        return Sight(True, again, f"{self._root}: is another folder now, watched from its beginning" if again else "")

    def _now(self, expects_files: bool) -> tuple[tuple[int, int] | None, str]:
        """Device and inode, or None and what happened to the folder."""
        try:
            facts = os.lstat(self._root)
            if stat.S_ISLNK(facts.st_mode) or os.path.realpath(self._root) != os.fspath(self._root):
                return None, (
                    "is a symbolic link now, which is not followed; put the folder back, or stop dawbridge and watch "
                    "the folder that the link leads to"
                )
            if not stat.S_ISDIR(facts.st_mode):
                return None, "is a file now; give the folder its name back"
            identity = _identity(facts)
            if identity[0] != self._identity[0] and expects_files and not any(self._root.iterdir()):
                return None, "is empty and on another disk now: its own disk is not there any more; plug it in"
        except OSError:
            return None, self._whereabouts()
        return identity, ""

    def _whereabouts(self) -> str:
        place = self._moved_to()
        if place is not None:
            return f"was renamed or moved to {place}; give it its name back, or stop dawbridge and watch it there"
        return "is not there any more; plug it in, or give it its name back"


def _identity(facts: os.stat_result) -> tuple[int, int]:
    return facts.st_dev, facts.st_ino


class ClosedFolders:
    """Folders that we may not look into, each reported once."""

    def __init__(self) -> None:
        self._known: set[Path] = set()

    def news(self, refused: dict[Path, str]) -> list[str]:
        """Lines for the user, if `refused` (folder → the system's reason) is not what it was last time."""
        lines = [
            f"{folder}: cannot be looked into ({refused[folder]}); let this user read it and go into it. What comes "
            "there is done as soon as that works"
            for folder in refused.keys() - self._known
        ]
        opened = (folder for folder in self._known - refused.keys() if not gone(folder))
        self._known = set(refused)
        return lines + [f"{folder}: can be looked into again" for folder in opened]
