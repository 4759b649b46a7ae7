"""What libraries write to the terminal behind Python's back, kept in a file instead."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

LIMIT_BYTES = 1_000_000
"""Length of the file at which a new one is begun; the one before is kept beside it."""


class _Handler(logging.StreamHandler[TextIO]):
    """Passes over what cannot be written."""

    def handleError(self, record: logging.LogRecord) -> None:
        """Say nothing: the disk is full."""


@contextmanager
def diverted(log: Path) -> Iterator[None]:
    """Within the block, what C libraries (ALSA, JACK, codecs) write, and what Python logs, goes to the file `log`.

    The standard error of Python itself stays the terminal's, for this program's own words. Child processes inherit the
    file. Where the file cannot be written, the chatter goes nowhere. Never raises.
    """
    try:
        terminal, before = os.dup(sys.stderr.fileno()), sys.stderr
        sys.stderr.flush()
    except (OSError, ValueError, AttributeError):  # there is no standard error to keep clean
        yield
        return
    target = _opened(log)
    os.dup2(target, 2)
    sys.stderr = os.fdopen(os.dup(terminal), "w", encoding="utf-8", errors="backslashreplace", buffering=1)
    stream = os.fdopen(target, "w", encoding="utf-8", errors="backslashreplace", buffering=1)
    handler = _Handler(stream)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)
        own, sys.stderr = sys.stderr, before
        os.dup2(terminal, 2)
        os.close(terminal)
        with suppress(OSError):  # a full disk
            stream.close()
        with suppress(OSError):
            own.close()


def _opened(log: Path) -> int:
    """A descriptor of the file, or of nowhere. Raises `OSError` if there is not even that."""
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        if log.exists() and not log.is_file():
            return os.open(os.devnull, os.O_WRONLY)
        if log.exists() and log.stat().st_size > LIMIT_BYTES:
            log.replace(log.with_name(f"{log.name}.1"))
        return os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError:
        return os.open(os.devnull, os.O_WRONLY)
