"""A text output that never keeps its writer for ever: a terminal that was stopped, a pipe that nobody reads."""

import io
import os
import select
import sys
import threading
import time
from typing import TextIO

_LOOK_EVERY_S = 0.1
_PIECE_BYTES = 512
"""POSIX's least PIPE_BUF: where `select` says that a pipe or terminal takes something, so much does not block."""


class PatientOutput(io.TextIOBase):
    """Writes to `out`'s descriptor as far as it takes something, until `give_up`. Used from one thread.

    Where the output has no descriptor that can be waited for (Windows, a test's string), it is written to directly.
    """

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stdout
        self._encoding = getattr(self._out, "encoding", None) or "utf-8"
        self._waiting = bytearray()
        self._gives_up = threading.Event()
        self._until_s = float("inf")
        try:
            self._descriptor = self._out.fileno() if sys.platform != "win32" else -1
        except (OSError, ValueError):
            self._descriptor = -1
        if self._descriptor >= 0:
            self._out.flush()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """Of the output."""
        return self._encoding

    def fileno(self) -> int:
        """Of the output. Raises `OSError` where it has none."""
        return self._out.fileno()

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return self._out.isatty()

    def writable(self) -> bool:
        """Always."""
        return True

    def give_up(self, within_s: float) -> None:
        """Drop what nobody reads within `within_s` seconds, and all that follows. From any thread."""
        self._until_s = time.monotonic() + within_s
        self._gives_up.set()

    def write(self, text: str) -> int:
        """Keep `text` until `flush`."""
        if self._descriptor < 0:
            return self._out.write(text)
        self._waiting += text.encode(self._encoding, "backslashreplace")
        return len(text)

    def flush(self) -> None:
        """Write what was kept, waiting until somebody reads or `give_up` is called. Never raises."""
        if self._descriptor < 0:
            self._out.flush()
            return
        try:
            while self._waiting and not (self._gives_up.is_set() and time.monotonic() >= self._until_s):
                if select.select((), (self._descriptor,), (), _LOOK_EVERY_S)[1]:
                    written = os.write(self._descriptor, self._waiting[:_PIECE_BYTES])
                    del self._waiting[:written]
        except BlockingIOError:
            return
        except (OSError, ValueError):  # the reader is gone
            self._gives_up.set()
            self._until_s = float("-inf")
        self._waiting.clear()
