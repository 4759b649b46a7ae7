"""Small files of our own and of the user's: written whole or not at all, read with a limit."""

import errno
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from dawbridge.files.opening import open_regular

LIMIT = 2**20
"""Bytes that a small file may have unless its reader says otherwise: 1 MiB."""


def read_small(path: Path, limit: int = LIMIT) -> bytes:
    """The content of a regular file of at most `limit` bytes.

    Never blocks. Raises `OSError`: also for a pipe, a device or a folder, and with `EFBIG` for a file that is longer.
    """
    with open_regular(path) as stream:
        content = stream.read(limit + 1)
    if len(content) > limit:
        raise OSError(errno.EFBIG, f"it is longer than {limit} bytes", os.fspath(path))
    return content


def write_whole(path: Path, content: str | bytes) -> None:
    """Replace `path`'s content in one step; whoever reads it meanwhile sees all of the old or all of the new.

    Text is written as UTF-8. A link is followed, so that a file kept elsewhere stays there; an existing file keeps
    its permissions. The folder must exist. Raises `OSError`, and then the old file is untouched.
    """
    target = path.resolve() if path.is_symlink() else path
    mode = _mode_of(target)
    part = target.with_name(f".{target.name[:100]}.{os.getpid()}-{secrets.token_hex(4)}.part")
    try:
        with part.open("xb") as stream:
            stream.write(content.encode() if isinstance(content, str) else content)
            stream.flush()
            os.fsync(stream.fileno())
        if mode is not None:
            part.chmod(mode)
        part.replace(target)
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise
    flush_folder(target.parent)


def flush_folder(folder: Path) -> None:
    """Make a new name in `folder` durable where the system can. Never raises."""
    if os.name == "nt":
        return
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _mode_of(target: Path) -> int | None:
    """Permissions of the file that is to be replaced. Raises `OSError` for what is not a regular file."""
    try:
        facts = target.lstat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(facts.st_mode):
        raise OSError(errno.EINVAL, "it is not a regular file", os.fspath(target))
    return stat.S_IMODE(facts.st_mode)
