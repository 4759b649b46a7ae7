"""Is this file a stem that dawbridge wrote?"""

from pathlib import Path

from dawbridge.audio.provenance import is_intact, read_mark


def has_mark(path: Path) -> bool:
    """Whether the file says that it is a stem of ours. A remix made from one may say so, too. Never raises."""
    return read_mark(path) is not None


def is_own_stem(path: Path) -> bool:
    """Whether the file is exactly what we wrote, wherever it is and whatever it is called. Never raises.

    Reads all of it.
    """
    return is_intact(path)
