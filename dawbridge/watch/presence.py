"""Is the watched folder there, and is it still the same disk? Nothing in it is gone while it is unplugged."""

from pathlib import Path

from dawbridge.errors import WatchError


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
