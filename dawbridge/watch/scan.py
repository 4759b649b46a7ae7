"""One look at a whole tree: the files in it that may be bounces."""

import os
from collections.abc import Iterator
from pathlib import Path

from dawbridge.watch.ignore import ignored_folder, ignored_name
from dawbridge.watch.settle import Stat


def scan(root: Path, outputs: str) -> Iterator[tuple[Path, Stat]]:
    """Every file below `root` that is not ignored. Folders behind symbolic links are not entered.

    Raises `OSError` where `root` itself cannot be read; what cannot be read further down is left out.
    """
    pending = [os.fspath(root)]
    while pending:
        folder = pending.pop()
        try:
            with os.scandir(folder) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError:
            if folder == os.fspath(root):
                raise
            continue
        for entry in found:
            if entry.is_dir(follow_symlinks=False):
                if not ignored_folder(entry.name, outputs):
                    pending.append(entry.path)
            elif not ignored_name(entry.name) and (stat := look(Path(entry.path))):
                yield Path(entry.path), stat


def look(path: Path) -> Stat | None:
    """A regular file's facts; None where there is none, or none that can be seen."""
    try:
        facts = path.stat()
    except (OSError, ValueError):
        return None
    regular = (facts.st_mode & 0o170000) == 0o100000
    return Stat(facts.st_size, facts.st_mtime_ns, facts.st_ino) if regular else None
