"""Opening files that other programs put where we look: regular files only, and never an open that waits.

A FIFO under a bounce's or a preset's name would block `open` until somebody writes into it, and opening a device can
have effects of its own. So a path is examined before it is opened, and what was opened is examined again.
"""

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOCTTY", 0)
_KINDS = (
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def open_regular(path: Path) -> BinaryIO:
    """Open a regular file for reading, buffered.

    Links are followed. Raises `OSError`: `IsADirectoryError` for a folder, and one whose text names what the file is
    for a pipe, a socket or a device.
    """
    _require_regular(path.stat(), path)
    descriptor = os.open(path, _READ)
    try:
        _require_regular(os.fstat(descriptor), path)
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def is_regular(path: Path) -> bool:
    """Whether a regular file, not a link to one, has this name. False if the system does not say."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except (OSError, ValueError):
        return False


def _require_regular(facts: os.stat_result, path: Path) -> None:
    if stat.S_ISREG(facts.st_mode):
        return
    if stat.S_ISDIR(facts.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), os.fspath(path))
    kind = next((name for test, name in _KINDS if test(facts.st_mode)), "something else")
    raise OSError(errno.EINVAL, f"it is {kind}, not a regular file", os.fspath(path))
