"""The engine's log: what went wrong inside it, with the whole traceback, for whoever mends it."""

import logging
import traceback
from logging.handlers import RotatingFileHandler
from pathlib import Path

from dawbridge.config.paths import engine_log_path
from dawbridge.files.opening import is_regular
from dawbridge.version import VERSION

LIMIT_BYTES = 500_000
"""Size at which the log is set aside and a new one begun."""
KEPT = 2
"""Number of older logs that are kept: `engine.log.1` and `engine.log.2`."""
LONGEST = 50_000
"""Greatest length of one entry, in characters."""


def log_failure(what: str, error: BaseException) -> str:
    """Write the traceback of an unexpected error to the log; return one line for the user, which names the log.

    `what` was being done. Never raises: if the log cannot be written, the line names the error alone.
    """
    reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    path = engine_log_path()
    text = "".join(traceback.format_exception(error))
    if not _write(path, f"dawbridge {VERSION}, {what}\n{text[-LONGEST:]}"):
        return f"{reason} (an error in dawbridge; its log {path} cannot be written)"
    return f"{reason} (an error in dawbridge; {path} has the details, please report it with them)"


class _Handler(RotatingFileHandler):
    """Remembers a failure instead of printing it."""

    failed = False

    def handleError(self, record: logging.LogRecord) -> None:
        self.failed = True


def _write(path: Path, text: str) -> bool:
    """Append one entry; return whether it could be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not is_regular(path):
            return False
        handler = _Handler(path, maxBytes=LIMIT_BYTES, backupCount=KEPT, encoding="utf-8", errors="backslashreplace")
    except OSError:
        return False
    handler.setFormatter(logging.Formatter("%(asctime)s process %(process)d: %(message)s"))
    handler.emit(logging.LogRecord("dawbridge", logging.ERROR, "", 0, text, None, None))
    handler.close()
    return not handler.failed
