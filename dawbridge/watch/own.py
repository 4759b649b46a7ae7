"""Is this file a stem that dawbridge wrote?"""

from pathlib import Path

from dawbridge.audio.containers.base import Completeness, FileBlob
from dawbridge.audio.containers.table import completeness_of
from dawbridge.audio.provenance import find_mark, is_intact, read_mark
from dawbridge.files.opening import open_regular


def first_look(path: Path, promises: bool) -> tuple[Completeness, bool]:
    """What its header says about a file, and whether one that is whole says that it is a stem of ours. Never raises.

    `promises`: whether its name promises audio.
    """
    try:
        with open_regular(path) as stream:
            blob = FileBlob(stream.fileno())
            judged = completeness_of(blob, path.suffix, promises)
            return judged, judged is Completeness.COMPLETE and find_mark(blob) is not None
    except FileNotFoundError:
        return Completeness.GONE, False
    except OSError:
        return Completeness.UNREADABLE, False


def has_mark(path: Path) -> bool:
    """Whether the file says that it is a stem of ours. A remix made from one may say so, too. Never raises."""
    return read_mark(path) is not None


def is_own_stem(path: Path) -> bool:
    """Whether the file is exactly what we wrote, wherever it is and whatever it is called. Never raises.

    Reads all of it.
    """
    return is_intact(path)
