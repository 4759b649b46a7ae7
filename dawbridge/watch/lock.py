"""One dawbridge to a folder: two would take the same bounce for theirs and write over each other's stems."""

import hashlib
from pathlib import Path

from filelock import FileLock, Timeout

from dawbridge.errors import WatchError


class FolderLock:
    """Held while a folder is watched; the system lets go of it when the process ends, however it ends."""

    def __init__(self, root: Path, locks: Path) -> None:
        """Take the lock of `root`, kept in the folder `locks`.

        Raises `WatchError` where another process has it, or nothing can be kept there.
        """
        name = hashlib.sha256(str(root).encode("utf-8", "surrogateescape")).hexdigest()[:32]
        self._lock = FileLock(locks / f"{name}.lock", timeout=0)
        try:
            locks.mkdir(parents=True, exist_ok=True)
            self._lock.acquire()
        except Timeout:
            raise WatchError(
                f"{root} is watched by another dawbridge already; stop that one, or watch another folder"
            ) from None
        except OSError as error:
            raise WatchError(
                f"{locks}: cannot be written ({error.strerror}), and what dawbridge has to remember lies beside it; "
                "let this user write there, or name another folder in DAWBRIDGE_HOME"
            ) from error

    def release(self) -> None:
        """Let others watch the folder."""
        self._lock.release()
