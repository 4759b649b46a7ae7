"""Putting finished files in their places: names that fit, one atomic step, nothing replaced that is not ours."""

import ctypes
import errno
import hashlib
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from dawbridge.errors import DiskError
from dawbridge.files.opening import is_regular
from dawbridge.files.part import Part
from dawbridge.files.small import flush_folder
from dawbridge.files.stamp import Stamp, stamp_of

IsOurs = Callable[[Path], bool]
"""Whether an existing file is exactly what dawbridge wrote, so that it may be replaced."""

_TRIES = 100
_ADVICE = {
    errno.EEXIST: "move some of them away",
    errno.ENOSPC: "the disk is full: make room",
    errno.EDQUOT: "this user's share of the disk is used up: make room",
    errno.EFBIG: "the disk's file system takes no file of this size: use another, or a shorter bounce",
    errno.EROFS: "the disk can only be read: bounce into another folder, or give another `output`",
    errno.EACCES: "give this user the right to write in the folder",
    errno.EPERM: "give this user the right to write in the folder",
    errno.ENAMETOOLONG: "give the bounce or the `output` a shorter name",
    errno.EIO: "the disk reports a fault: look after it before anything else",
    errno.EMFILE: "too many files are open: end other programs, or raise the limit (`ulimit -n`)",
    errno.ENFILE: "too many files are open: end other programs",
}
"""What to do about what the system reports."""
_NAME_BYTES = 255 - len(" (99).flac")


def stem_paths(folder: Path, bounce: Path) -> tuple[Path, Path]:
    """Final paths, without suffix, of a bounce's acapella and instrumental: `folder/name_acapella`, ...

    Names too long for a file system (255 bytes with suffix) are shortened, with eight digits of their hash.
    """
    return folder / fitted(bounce.stem, "_acapella"), folder / fitted(bounce.stem, "_instrumental")


def fitted(name: str, tail: str) -> str:
    """`name` + `tail`, at most 245 bytes in UTF-8, cut inside `name` and never inside a character."""
    raw = os.fsencode(name)
    room = _NAME_BYTES - len(tail.encode())
    if len(raw) <= room:
        return name + tail
    digits = hashlib.sha256(raw).hexdigest()[:8]
    return raw[: room - 9].decode("utf-8", "ignore") + "~" + digits + tail


def make_room(folder: Path, wanted_bytes: int) -> None:
    """Create `folder` and check that so many bytes fit into it. Raises `DiskError`."""
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
    if free < wanted_bytes:
        raise DiskError(f"{folder}: the stems need {wanted_bytes / 1e6:.0f} MB and {free / 1e6:.0f} MB are free; "
                        "make room; it is tried again each minute")  # fmt: skip


def publish(part: Part, final: Path, is_ours: IsOurs, durable: bool = True) -> Path:
    """Give a finished temporary its name in one step, flushed before if it is to be `durable`; the name it got.

    A regular file that `is_ours` is replaced. Anything else under that name is left alone: another program's file, a
    stem that was edited, a folder, a pipe, a link, or a file that another program holds open (Windows). Then the name
    is `final (2).wav`, and so on. Raises `OSError`.
    """
    if durable:
        os.fsync(part.stream.fileno())
    if os.name == "nt":
        part.close()  # an open file cannot be renamed there
    for number in range(1, _TRIES):
        place = final if number == 1 else final.with_name(f"{final.stem} ({number}){final.suffix}")
        if _take(part.path, place, is_ours):
            part.close()
            if durable:
                flush_folder(place.parent)
            return place
    raise FileExistsError(errno.EEXIST, f"{_TRIES - 1} names like it are taken by other files", str(final))


def make_durable(path: Path) -> None:
    """Flush a file that was published without. Passes over one that is gone by now or cannot be flushed."""
    with suppress(OSError):
        if not is_regular(path):
            return
        with path.open("r+b") as stream:
            os.fsync(stream.fileno())
        flush_folder(path.parent)


def name_taken(final: Path, where: Path) -> str:
    """The line for the user if a stem could not have its usual name."""
    return (
        f"{final.name} is not a stem that dawbridge wrote, was changed since, or is held open by another program; "
        f"it is not replaced, and the new stem is {where.name}"
    )


@contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """Turn what the disk reports while stems are written into a `DiskError` that says what to do."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        line = f"{folder}: stems cannot be written ({reason}); {_advice(error)}"
        raise DiskError(obstacle(folder) or line) from error


def obstacle(folder: Path) -> str:
    """What stands where `folder`, or one above it, should be, and what to do; empty if nothing does."""
    place = next((place for place in (folder, *folder.parents) if os.path.lexists(place)), folder)
    if place.is_dir() or not os.path.lexists(place):
        return ""
    if place.is_symlink() and not place.exists():
        return f"{place}: is a link to nothing that is there, and stems need a folder of this name; remove the link"
    return f"{place}: is a file, and stems need a folder of this name; rename the file"


def _advice(error: OSError) -> str:
    return _ADVICE.get(
        error.errno or 0, "check that the disk is still there and that this user may write in the folder"
    )


def _take(part: Path, place: Path, is_ours: IsOurs) -> bool:
    """Rename `part` to `place`, if that is free or holds a file of ours; whether it was done."""
    before = _unchanged_stamp(place, is_ours)
    try:
        if before is None:
            _rename_to_free_name(part, place)
        elif stamp_of(place) == before:
            part.replace(place)
        else:
            return False
    except FileExistsError:
        return False
    except PermissionError:
        if not os.path.lexists(place):
            raise
        return False
    return True


def _unchanged_stamp(place: Path, is_ours: IsOurs) -> Stamp | None:
    """The stamp of the file of ours at `place`; None for a name to be taken only if it is free."""
    before = stamp_of(place) if is_regular(place) else None
    return before if before is not None and is_ours(place) else None


def _rename_to_free_name(part: Path, place: Path) -> None:
    """Raises `FileExistsError` if anything has that name, `OSError` for the rest."""
    if os.name == "nt":
        part.rename(place)  # which never replaces there
        return
    exclusive = _exclusive_rename()
    if exclusive is not None:
        code = exclusive(os.fsencode(part), os.fsencode(place))
        if code == 0:
            return
        if code not in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):
            raise OSError(code, os.strerror(code), str(place))
    if os.path.lexists(place):  # this file system cannot do both in one step
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(place))
    part.rename(place)


@cache
def _exclusive_rename() -> Callable[[bytes, bytes], int] | None:
    """A rename that replaces nothing and gives the error number or 0: renameat2(2), on macOS renamex_np(2)."""
    name = {"linux": "renameat2", "darwin": "renamex_np"}.get(sys.platform)
    function = getattr(ctypes.CDLL(None, use_errno=True), name, None) if name else None
    if function is None:
        return None
    here, exclusive = -100, 1 if sys.platform == "linux" else 4  # AT_FDCWD; RENAME_NOREPLACE, RENAME_EXCL

    def rename(old: bytes, new: bytes) -> int:
        arguments = (here, old, here, new) if sys.platform == "linux" else (old, new)
        return ctypes.get_errno() if function(*arguments, exclusive) else 0

    return rename
