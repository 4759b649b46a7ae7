"""Ask whether anybody has a file open for writing, in the way this operating system offers."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

from dawbridge.watch.filesystem import is_local
from dawbridge.watch.writers import darwin, leases, processes, windows
from dawbridge.watch.writers.evidence import FREE, UNKNOWN, Evidence, Known, Writer

KEPT_S = 0.5
"""How long one look through all processes serves every file that is asked about."""

NAMING_S = 5.0
"""How long a busy machine may take to name a writer, in seconds."""


class WriterQuery:
    """Answers for the files of one watched folder. Asked only about files that are otherwise ready."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._local: dict[int, bool] = {}
        """By device: whether everybody who writes there runs on this computer."""
        self._open_files: processes.OpenFiles | None = None
        self._looked_at = 0.0

    def ask(self, path: Path) -> Evidence:
        """Whether somebody writes `path`. Never raises, takes microseconds as a rule and `LONGEST_S` at most."""
        found = self._ask(path)
        return found if found.known is not Known.FREE or self._is_local(path) else UNKNOWN

    def name(self, path: Path) -> tuple[Writer, ...]:
        """The processes that write `path`, as far as they can be named. May take `NAMING_S`; call it elsewhere."""
        if sys.platform == "linux":
            return processes.open_files(longest_s=NAMING_S).of(path).writers
        return self._ask(path).writers

    def _ask(self, path: Path) -> Evidence:
        if sys.platform == "linux":
            known = leases.ask(path)
            if known is Known.HELD:
                return Evidence(known)
            return FREE if known is Known.FREE else self._all().of(path)
        return darwin.ask(path) if sys.platform == "darwin" else windows.ask(path)

    def _all(self) -> processes.OpenFiles:
        now = self._clock()
        if self._open_files is None or not 0 <= now - self._looked_at < KEPT_S:
            self._open_files, self._looked_at = processes.open_files(), now
        return self._open_files

    def _is_local(self, path: Path) -> bool:
        try:
            device = path.stat().st_dev
        except (OSError, ValueError):
            return False
        if device not in self._local:
            self._local[device] = is_local(path)
        return self._local[device]
