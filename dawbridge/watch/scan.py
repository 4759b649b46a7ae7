"""One look at a whole tree: the files in it that may be bounces."""

import os
from collections.abc import Iterator
from pathlib import Path

from dawbridge.watch.ignore import ignored_folder, ignored_name
from dawbridge.watch.settle import Stat


def scan(root: Path, outputs: str, refused: dict[Path, str]) -> Iterator[tuple[Path, Stat]]:
    """Every file below `root` that is not ignored. Folders behind symbolic links are not entered.

    Folders that cannot be looked into, perhaps `root` itself, are put into `refused` with the system's reason. A
    folder that was deleted meanwhile is none of these.
    """
    pending = [os.fspath(root)]
    while pending:
        folder = pending.pop()
        try:
            with os.scandir(folder) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except FileNotFoundError:
            continue
        except OSError as error:
            refused[Path(folder)] = error.strerror or str(error)
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
