"""The watched folders, each with its settings, as the board sees them."""

from collections.abc import Sequence
from pathlib import Path

from dawbridge.config.settings import FolderSettings
from dawbridge.files.presence import out_of_sight


class WatchedRoots:
    """Which folder a bounce lies in, and whether that folder is there."""

    def __init__(self, folders: Sequence[FolderSettings]) -> None:
        self._folders = {folder.path.resolve(): folder for folder in folders}

    @property
    def roots(self) -> list[Path]:
        """The watched folders."""
        return list(self._folders)

    def inside(self, path: Path) -> bool:
        """Whether it lies in a watched folder."""
        return self._root(path) is not None

    def settings(self, path: Path) -> FolderSettings:
        """Of the folder that it lies in; of the first folder where it lies in none."""
        return self._folders[self._root(path) or self.roots[0]]

    def is_away(self, path: Path) -> bool:
        """Not deleted: its whole folder is missing, or is the empty place where a disk was, or we may not look."""
        if out_of_sight(path):
            return True
        try:
            return next((self._root(path) or path.parent).iterdir(), None) is None
        except OSError:
            return True

    def _root(self, path: Path) -> Path | None:
        return next((root for root in self._folders if path.is_relative_to(root)), None)
