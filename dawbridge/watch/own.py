"""Is this file a stem that dawbridge wrote?"""

from pathlib import Path

from dawbridge.audio.containers.base import Blob, ChunkMap, Completeness, FileBlob
from dawbridge.audio.containers.table import completeness_by, walk_blob
from dawbridge.audio.provenance import find_mark, is_intact
from dawbridge.files.opening import open_regular


def judged(path: Path, promises: bool) -> tuple[Completeness, bool]:
    """Judge a file by its header, and whether it is whole and says that it is a stem of ours; by one look at it.

    A remix made from a stem may say so, too. `promises`: whether its name promises audio. Never raises.
    """
    try:
        with open_regular(path) as stream:
            blob = FileBlob(stream.fileno())
            found = walk_blob(blob)
            how = completeness_by(blob, found, path.suffix, promises)
            return how, how is Completeness.COMPLETE and has_mark(blob, found)
    except FileNotFoundError:
        return Completeness.GONE, False
    except OSError:
        return Completeness.UNREADABLE, False


def has_mark(blob: Blob, found: ChunkMap) -> bool:
    """Whether an open file, whose chunks are known, says that it is a stem of ours. Never raises."""
    try:
        return find_mark(blob, found) is not None
    except OSError:
        return False


def is_own_stem(path: Path) -> bool:
    """Whether the file is exactly what we wrote, wherever it is and whatever it is called. Never raises.

    Reads all of it.
    """
    return is_intact(path)
