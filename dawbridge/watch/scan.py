"""One look at a whole tree: the files in it that may be bounces."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from dawbridge.files.stamp import Stamp, stamp_from
from dawbridge.watch.ignore import QUIET, Places, Reason

__all__ = ["Found", "scan"]


@dataclass
class Found:
    """What a look met besides files that may be bounces."""

    refused: dict[Path, str] = field(default_factory=dict)
    """Folders that cannot be looked into, perhaps the root itself, with the system's reason."""
    blocked: list[Path] = field(default_factory=list)
    """Files that have the name of the folder for stems."""
    left: Callable[[Reason, PurePath], None] = lambda _reason, _relative: None
    """Called for each file and folder that is left alone, with its path inside the root."""


def scan(tree: Path, root: Path, places: Places, found: Found) -> Iterator[tuple[Path, Stamp]]:
    """Every regular file below `tree` that may be a bounce, with its stamp.

    `tree` is `root` or a folder below it. Folders behind symbolic links are not entered. A folder that was deleted
    meanwhile is passed over.
    """
    pending = [(os.fspath(tree), PurePath(*tree.relative_to(root).parts))]
    while pending:
        folder, relative = pending.pop()
        try:
            with os.scandir(folder) as entries:
                listed = sorted(entries, key=lambda entry: entry.name)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            found.refused[Path(folder)] = error.strerror or str(error)
            continue
        names = [entry.name for entry in listed]
        for entry in listed:
            below = relative / entry.name
            if entry.is_dir(follow_symlinks=False):
                if _may_enter(below, names, places, found):
                    pending.append((entry.path, below))
            elif places.is_outputs(entry.name):
                if not _is_folder(entry):
                    found.blocked.append(Path(entry.path))
            elif stamp := _stamp(entry, below, places, found):
                yield Path(entry.path), stamp


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    """Whether it is a folder, perhaps behind a link: stems can be written there."""
    try:
        return entry.is_dir()
    except OSError:  # links in a circle
        return False


def _may_enter(relative: PurePath, neighbours: list[str], places: Places, found: Found) -> bool:
    reason = places.folder(relative, lambda: neighbours)
    return reason is None or _leave(reason, relative, found)


def _stamp(entry: "os.DirEntry[str]", relative: PurePath, places: Places, found: Found) -> Stamp | None:
    """The stamp of a regular file that may be a bounce."""
    reason = places.file(relative)
    if reason is not None:
        _leave(reason, relative, found)
        return None
    try:
        return stamp_from(entry.stat() if os.name != "nt" else Path(entry.path).stat())
    except (OSError, ValueError):
        return None


def _leave(reason: Reason, relative: PurePath, found: Found) -> bool:
    if reason != QUIET:
        found.left(reason, relative)
    return False
