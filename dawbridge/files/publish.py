"""Putting finished files in their places: names that fit, one atomic step, nothing left behind."""

import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import soundfile

from dawbridge.errors import DiskError

_NAME_BYTES = 255 - len(" (99).flac")
_PART = ".dawbridge-"


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


def temporary(folder: Path) -> Path:
    """A new dot-file name in `folder`, which no watcher and no DAW takes for audio."""
    return folder / f"{_PART}{secrets.token_hex(8)}.part"


def remove_leftovers(folder: Path) -> int:
    """Remove temporaries that a killed run left in `folder`, as far as that is permitted; how many there were."""
    left = list(folder.glob(f"{_PART}*.part"))
    for path in left:
        with suppress(OSError):
            path.unlink(missing_ok=True)
    return len(left)


def sweep(root: Path, elsewhere: Path | None = None) -> int:
    """Remove the temporaries that a killed run left anywhere below `root` and `elsewhere`; how many there were."""
    left = 0
    for place in (root, elsewhere):
        for folder, _, names in os.walk(place) if place else ():
            if any(name.startswith(_PART) for name in names):
                left += remove_leftovers(Path(folder))
    return left


def make_room(folder: Path, wanted_bytes: int) -> None:
    """Make `folder` and see that so much fits. Raises `DiskError`."""
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
    if free < wanted_bytes:
        raise DiskError(f"{folder}: the stems need {wanted_bytes / 1e6:.0f} MB and {free / 1e6:.0f} MB are free; "
                        "make room; it is tried again each minute")  # fmt: skip


def put(part: Path, final: Path, durable: bool = True) -> Path:
    """Give `part` the name `final` in one step, flushed before if it is to be `durable`; where it then lies.

    Where `final` is held open by another program (Windows), it is `name (2).wav` and so on. Raises `OSError`.
    """
    if durable:
        with part.open("r+b") as stream:
            os.fsync(stream.fileno())
    for number in range(1, 100):
        place = final if number == 1 else final.with_name(f"{final.stem} ({number}){final.suffix}")
        try:
            part.replace(place)
        except PermissionError:
            if number == 99 or not place.exists():
                raise
            continue
        if durable:
            _flush_folder(place.parent)
        return place
    raise AssertionError("unreachable")


def make_durable(path: Path) -> None:
    """Flush a file that was put in its place without. One that is gone by now, or cannot be flushed, is passed over."""
    with suppress(OSError):
        with path.open("r+b") as stream:
            os.fsync(stream.fileno())
        _flush_folder(path.parent)


def in_use(final: Path, where: Path) -> str:
    """The line for the person where a stem could not take its name."""
    return f"{final.name} is in use by another program; the new stem is {where.name}"


@contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """Turn what the disk says while writing into a `DiskError` that says what to do."""
    try:
        yield
    except (OSError, soundfile.LibsndfileError) as error:
        reason = getattr(error, "strerror", None) or getattr(error, "error_string", None) or str(error)
        raise DiskError(f"{folder}: stems cannot be written ({reason}); check that the disk is not full, is still "
                         "there, and that this user may write in the folder") from error  # fmt: skip


def _flush_folder(folder: Path) -> None:
    """Make the new name itself durable, where the system can."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
