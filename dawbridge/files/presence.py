"""Is a file there, is it gone, or may we not look? A folder that is closed to us, or a drive that hiccups, hides what
is in it; it does not delete it. (`Path.exists` and its like raise `PermissionError` there.)"""

from pathlib import Path


def gone(path: Path) -> bool:
    """Nothing is there, and that is certain."""
    return _is_there(path) is False


def out_of_sight(path: Path) -> bool:
    """The system does not say whether anything is there."""
    return _is_there(path) is None


def stands(path: Path) -> bool:
    """A file is there, or was left in a place that we may not look into now."""
    try:
        return path.is_file()
    except OSError:
        return True


def _is_there(path: Path) -> bool | None:
    """None where the system does not say."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return False
    except OSError:
        return None
    return True
