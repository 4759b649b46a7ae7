"""A temporary file that this process is writing: locked while it lives, so that no other process sweeps it away.

A killed process leaves its temporaries. Whoever sweeps them must spare what a living process writes, on this machine or
on another that shares the folder. So a temporary's name tells which machine made it, and its writer holds a lock on it:

- made on this machine: it is a leftover exactly if nobody holds the lock;
- made elsewhere, where a lock may not be seen: only if nobody holds it and it has not grown for a day.
"""

import hashlib
import os
import platform
import re
import secrets
import time
from contextlib import suppress
from functools import cache
from io import FileIO
from pathlib import Path

from dawbridge.files.opening import is_regular

FOREIGN_AGE_S = 24 * 3600.0
"""Seconds after which a temporary of another machine that no longer grows is taken for a leftover."""

_NAME = re.compile(r"\.dawbridge-(?:([0-9a-f]{8})-\d+-)?[0-9a-f]{16}\.part")


class Part:
    """One temporary, open for writing and reading. Make it with `create`; end it with `close` or `discard`."""

    def __init__(self, path: Path, stream: FileIO) -> None:
        self.path = path
        self.stream = stream

    @classmethod
    def create(cls, folder: Path) -> "Part":
        """A new, empty, locked temporary in `folder`, under a dot-name. Raises `OSError`."""
        while True:
            path = folder / f".dawbridge-{_machine()}-{os.getpid()}-{secrets.token_hex(8)}.part"
            stream = path.open("x+b", buffering=0)
            lock(stream.fileno(), wait=True)
            if os.name == "nt" or _is_still(path, stream):  # a sweep may have come between the two lines above
                return cls(path, stream)
            stream.close()

    def close(self) -> None:
        """Give up the lock; the file stays where it is."""
        self.stream.close()

    def discard(self) -> None:
        """Remove the file, unless it has been renamed meanwhile. Never raises."""
        with suppress(OSError):
            self.stream.close()
        with suppress(OSError):
            self.path.unlink(missing_ok=True)


def is_part(name: str) -> bool:
    """Whether a file of this name is one of our temporaries."""
    return _NAME.fullmatch(name) is not None


def remove_leftovers(folder: Path) -> int:
    """Remove the temporaries that killed processes left in `folder`, as far as permitted; how many there were."""
    try:
        found = [path for path in folder.iterdir() if is_part(path.name)]
    except OSError:
        return 0
    return sum(_remove_if_left(path) for path in found)


def sweep(root: Path, elsewhere: Path | None = None) -> int:
    """Remove the temporaries that killed processes left anywhere below `root` and `elsewhere`; how many there were."""
    left = 0
    for place in (root, elsewhere):
        for folder, _, names in os.walk(place) if place else ():
            if any(is_part(name) for name in names):
                left += remove_leftovers(Path(folder))
    return left


def lock(descriptor: int, *, wait: bool = False) -> bool | None:
    """Take the lock of an open file, for as long as it is open. False if another holds it, None if there are none.

    The lock is flock(2)'s. Network file systems pass it on or refuse it; Windows does without, since there an open
    file cannot be removed.
    """
    try:
        import fcntl
    except ImportError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _remove_if_left(path: Path) -> bool:
    """Remove a temporary that no living process writes; whether it was one."""
    if not is_regular(path):
        return False
    try:
        free = True if os.name == "nt" else _is_free(path)  # Windows refuses to remove what is open
        certain = free and _machine_of(path.name) == _machine()
        if free is False or not (certain or time.time() - path.lstat().st_mtime > FOREIGN_AGE_S):
            return False
        path.unlink()
    except OSError:
        return False
    return True


def _is_free(path: Path) -> bool | None:
    """Whether nobody holds a temporary's lock; None if this file system has no locks. Raises `OSError`."""
    descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_NOFOLLOW)
    try:
        return lock(descriptor)
    finally:
        os.close(descriptor)


def _machine_of(name: str) -> str | None:
    match = _NAME.fullmatch(name)
    return match[1] if match else None


@cache
def _machine() -> str:
    """Eight digits for this run of this machine, or of this container: where a lock is certain to be seen."""
    facts = [platform.node()]
    with suppress(OSError):
        facts.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii"))
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:8]


def _is_still(path: Path, stream: FileIO) -> bool:
    """Whether the open file is the one that has the name."""
    try:
        return os.path.samestat(os.fstat(stream.fileno()), path.stat())
    except OSError:
        return False
