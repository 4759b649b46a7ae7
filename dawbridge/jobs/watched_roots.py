"""The watched folders, each with its settings, as the scheduler sees them."""

from collections.abc import Callable, Sequence
from pathlib import Path

from dawbridge.config.settings import FolderSettings
from dawbridge.errors import PathNotAllowedError
from dawbridge.files.presence import out_of_sight
from dawbridge.files.stamp import Stamp, stamp_of


class WatchedRoots:
    """Which folder a bounce is in, and whether that folder is there."""

    def __init__(
        self,
        folders: Sequence[FolderSettings],
        *,
        is_local: Callable[[Path], bool] = lambda _: True,
        left_alone: Callable[[Path], str] = lambda _: "",
    ) -> None:
        """`is_local`: whether a folder is on a disk of this computer; `left_alone`: why a file in a folder is not taken
        for a bounce, in a few words, empty if it is.
        """
        self._folders = {folder.path.resolve(): folder for folder in folders}
        self._local = {root: is_local(root) for root in self._folders}
        self._left_alone = left_alone

    @property
    def roots(self) -> list[Path]:
        """The watched folders."""
        return list(self._folders)

    def inside(self, path: Path) -> bool:
        """Whether it is in a watched folder."""
        return self._root(path) is not None

    def settings(self, path: Path) -> FolderSettings:
        """Settings of the folder that it is in; of the first folder if it is in none."""
        return self._folders[self._root(path) or self.roots[0]]

    def is_away(self, path: Path) -> bool:
        """Whether it is not deleted: its folder is missing, or is the empty place where a disk was, or is closed."""
        if out_of_sight(path):
            return True
        try:
            return next((self._root(path) or path.parent).iterdir(), None) is None
        except OSError:
            return True

    def stamp(self, path: Path) -> Stamp | None:
        """The file's stamp. Inodes and times of change of network folders mean little, and are left out."""
        stamp = stamp_of(path)
        if stamp is not None and not self._local.get(self._root(path) or path, True):
            return Stamp(stamp.size, stamp.modified_ns)
        return stamp

    def submitted(self, name: str) -> Path:
        """The real path of a file that somebody wants separated. Raises `PathNotAllowedError`."""
        try:
            path = Path(name).resolve()
            is_file = path.is_file()
        except (OSError, RuntimeError, ValueError) as error:  # a name too long, links that lead in a circle
            raise PathNotAllowedError(f"{name[:200]} cannot be looked at: {error.__class__.__name__}") from error
        root = self._root(path)
        if root is None:
            raise PathNotAllowedError(f"{name} is outside the watched folders")
        if not is_file:
            raise PathNotAllowedError(f"{name} is not a file")
        reason = self._left_alone(path)
        if reason:
            raise PathNotAllowedError(f"{name} is left alone: {reason}")
        return path

    def _root(self, path: Path) -> Path | None:
        return next((root for root in self._folders if path.is_relative_to(root)), None)
