"""A file's stamp: the one way in which dawbridge notices that a file may have changed.

Equal stamps mean that the file was not touched. Different stamps mean nothing yet: the content decides.
"""

import os
import stat
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Stamp:
    """What the file system says of a regular file."""

    size: int
    """Length in bytes."""
    modified_ns: int
    """Time of the last change to its content, which programs can set at will."""
    inode: int = 0
    """Number of the file on its disk: another one means another file under the same name."""
    changed_ns: int = 0
    """Time of the last change to content, name or permissions, which no program can set (Windows: of creation)."""


def stamp_of(path: Path) -> Stamp | None:
    """The stamp of a regular file, or of the one that a link leads to.

    None for a file that is gone or out of sight, and for folders, pipes, sockets and devices. Opens nothing and
    never raises.
    """
    try:
        facts = path.stat()
    except (OSError, ValueError):
        return None
    return stamp_from(facts)


def stamp_from(facts: os.stat_result) -> Stamp | None:
    """The stamp in a `stat` result; None if it is not that of a regular file."""
    if not stat.S_ISREG(facts.st_mode):
        return None
    return Stamp(facts.st_size, facts.st_mtime_ns, facts.st_ino, facts.st_ctime_ns)
