"""One dawbridge to a folder, and to all that is below it: two would write over each other's stems.

The lock is a hidden file in the watched folder itself, so that every dawbridge sees it: one of another user, one with
another `DAWBRIDGE_HOME`, one on another computer that shares the folder. The system lets go of it when the process
ends, however it ends. The lock that version 0.1 kept in the state folder is taken as well; it is the only one if the
watched folder's file system has no locks or has no room for the file.
"""

import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from dawbridge.errors import WatchError
from dawbridge.files.opening import is_regular
from dawbridge.files.part import lock

NAME = ".dawbridge.lock"
"""Name of the file in the watched folder."""

_TRIES = 4
"""Another dawbridge may hold a lock for a moment, only to see whether it is free."""
_PAUSE_S = 0.05


class FolderLock:
    """Held while a folder is watched."""

    def __init__(self, root: Path, locks: Path) -> None:
        """Take the lock of `root`. `locks`: the folder of this user's state where version 0.1 kept its locks.

        Raises `WatchError` if another process watches the folder, one above it or one below it, or if nothing can be
        kept in `locks`.
        """
        self._root = root
        self._handle: int | None = None
        self._file: Path | None = None
        self._old = _old_lock(root, locks)
        try:
            self.renew()
        except WatchError:
            self._old.release()
            raise

    def renew(self) -> None:
        """Take the lock once more, after another folder or disk came to lie at this path. Raises `WatchError`."""
        self._let_go()
        self._take()
        try:
            _refuse_nested(self._root)
        except WatchError:
            self._let_go()
            raise

    @property
    def moved_to(self) -> Path | None:
        """Where the folder is now, if it was renamed or moved and the system tells; else None."""
        if self._handle is None:
            return None
        try:
            place = Path(f"/proc/self/fd/{self._handle}").readlink()
        except OSError:
            return None
        return place.parent if place.name == NAME and place.parent != self._root and place.exists() else None

    def release(self) -> None:
        """Let others watch the folder."""
        self._let_go()
        self._old.release()

    def _take(self) -> None:
        for _ in range(_TRIES):
            try:
                handle = _opened(self._root / NAME)
            except OSError:
                return  # no room for it, or a folder that only lets itself be read: the old lock has to do
            free = lock(handle)
            if free and _is_named(handle, self._root / NAME):
                self._handle, self._file = handle, self._root / NAME
                _sign(handle)
                return
            holder = _holder(handle)
            os.close(handle)
            if free is None:
                return  # a file system without locks
            if free is False:
                time.sleep(_PAUSE_S)
        raise WatchError(
            f"{self._root} is watched by another dawbridge already{holder}; stop that one, or watch another folder"
        )

    def _let_go(self) -> None:
        """Remove the file while it is still ours, then let go of it."""
        handle, self._handle = self._handle, None
        if handle is None or self._file is None:
            return
        with suppress(OSError):
            if _is_named(handle, self._file):
                self._file.unlink()
        with suppress(OSError):
            os.close(handle)


def _refuse_nested(root: Path) -> None:
    """Raises `WatchError` if another process watches a folder above or below `root`."""
    for outer in root.parents:
        if _is_held(outer / NAME):
            raise WatchError(
                f"{root} is inside {outer}, which another dawbridge watches with all that is in it; stop that one, or "
                "watch another folder"
            )
    for inner in _locks_below(root):
        if _is_held(inner):
            raise WatchError(
                f"{inner.parent} is inside {root} and is watched by another dawbridge; stop that one, or watch another "
                "folder"
            )


def _locks_below(root: Path) -> Iterator[Path]:
    for folder, _, names in os.walk(root):
        if NAME in names and Path(folder) != root:
            yield Path(folder) / NAME


def _is_held(file: Path) -> bool:
    """Whether a living process holds this lock."""
    if not is_regular(file):
        return False
    for _ in range(_TRIES):
        try:
            handle = os.open(file, os.O_RDONLY | os.O_NONBLOCK | getattr(os, "O_NOFOLLOW", 0))
        except OSError:
            return False
        try:
            if lock(handle) is not False:
                return False
        finally:
            os.close(handle)
        time.sleep(_PAUSE_S)
    return True


def _opened(file: Path) -> int:
    """The file, made if it is missing, for writing if that is permitted. Raises `OSError`."""
    flags = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    if file.is_symlink() or (file.exists() and not is_regular(file)):
        raise OSError(f"{file} is not a regular file")
    try:
        return os.open(file, os.O_RDWR | os.O_CREAT | flags, 0o666)
    except PermissionError:
        return os.open(file, os.O_RDONLY | flags)  # another user's


def _is_named(handle: int, file: Path) -> bool:
    """Whether the open file still has this name: the last holder removes it."""
    try:
        return os.path.samestat(os.fstat(handle), os.lstat(file))
    except OSError:
        return False


def _sign(handle: int) -> None:
    """Write into the file who holds it."""
    with suppress(OSError):
        os.truncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)


def _holder(handle: int) -> str:
    try:
        text = os.pread(handle, 32, 0).decode("ascii", "replace").strip()
    except OSError:
        return ""
    return f" (pid {text})" if text.isdigit() else ""


def _old_lock(root: Path, locks: Path) -> FileLock:
    name = hashlib.sha256(str(root).encode("utf-8", "surrogateescape")).hexdigest()[:32]
    old = FileLock(locks / f"{name}.lock", timeout=0)
    try:
        locks.mkdir(parents=True, exist_ok=True)
        old.acquire()
    except Timeout:
        raise WatchError(
            f"{root} is watched by another dawbridge already; stop that one, or watch another folder"
        ) from None
    except OSError as error:
        raise WatchError(
            f"{locks}: cannot be written ({error.strerror}), and what dawbridge has to remember lies beside it; "
            "let this user write there, or name another folder in DAWBRIDGE_HOME"
        ) from error
    return old
