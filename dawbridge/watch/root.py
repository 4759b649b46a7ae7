"""Is the watched folder there, the same disk as before, and open to us? What lies in it is not gone while it is not."""

from pathlib import Path

from dawbridge.errors import WatchError
from dawbridge.files.presence import gone


def readable_folder(root: Path) -> Path:
    """The root as an absolute path without links. Raises `WatchError` where it is no folder, or cannot be read."""
    try:
        root = root.resolve()
        next(root.iterdir(), None)
    except OSError as error:
        raise WatchError(f"{root}: cannot be watched ({error.strerror}); name a folder that exists") from error
    return root


class Presence:
    """Looks at a root. Raises `OSError` where it is not there to begin with."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._device = root.stat().st_dev
        self._lost = False

    def look(self, expects_files: bool) -> tuple[bool, bool]:
        """Whether the folder is there, and whether that changed since the last look.

        `expects_files`: there were some, so that an empty folder on another device is the place where a disk was.
        """
        there = self._mounted(expects_files)
        changed = there == self._lost
        self._lost = not there
        return there, changed

    def _mounted(self, expects_files: bool) -> bool:
        try:
            device = self._root.stat().st_dev
            if device != self._device and (any(self._root.iterdir()) or not expects_files):
                self._device = device
        except OSError:
            return False
        return device == self._device


class ClosedFolders:
    """Folders that we may not look into, each said once."""

    def __init__(self) -> None:
        self._known: set[Path] = set()

    def news(self, refused: dict[Path, str]) -> list[str]:
        """Lines for the person, where `refused` (folder → the system's reason) is not what it was last time."""
        lines = [
            f"{folder}: cannot be looked into ({refused[folder]}); let this user read it and go into it. What comes "
            "there is done as soon as that works"
            for folder in refused.keys() - self._known
        ]
        opened = (folder for folder in self._known - refused.keys() if not gone(folder))
        self._known = set(refused)
        return lines + [f"{folder}: can be looked into again" for folder in opened]
