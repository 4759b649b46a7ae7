"""Audio files that are read again and again by spans: the last few stay open for a while. Thread-safe."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from dawbridge.audio.files import Source, open_source
from dawbridge.files.stamp import Stamp, stamp_of

OPEN_AT_ONCE = 6
IDLE_S = 30.0
"""How long a file that nobody reads stays open, in seconds, if somebody reads another one."""


class _Entry:
    """One open file, which one thread reads at a time."""

    def __init__(self, source: Source, stack: ExitStack) -> None:
        self.source, self.lock, self._stack = source, threading.Lock(), stack
        self.used_s, self.users, self.is_dropped = 0.0, 0, False

    def close(self) -> None:
        self._stack.close()


class Sources:
    """Borrow a source; it is returned at the end of the block."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._entries: dict[tuple[Path, Stamp | None], _Entry] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._entries)

    @contextmanager
    def borrow(self, path: Path) -> Iterator[Source]:
        """The file as it is now; whoever else wants it waits. Raises `AudioError` as `open_source` does."""
        key = (path, stamp_of(path))
        entry = self._take(key)
        try:
            with entry.lock:
                yield entry.source
        finally:
            self._give_back(entry)

    def close(self) -> None:
        """Close what nobody reads now; the rest is closed when it is returned."""
        self._drop(lambda _: True)

    def close_idle(self) -> None:
        """Close what nobody has read for a while."""
        before = self._clock() - IDLE_S
        self._drop(lambda entry: entry.users == 0 and entry.used_s <= before)

    def _take(self, key: tuple[Path, Stamp | None]) -> _Entry:
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None:
                entry.users += 1
                return entry
        stack = ExitStack()
        opened = _Entry(stack.enter_context(open_source(key[0])), stack)
        with self._lock:
            entry = self._entries.setdefault(key, opened)
            entry.users += 1
        if entry is not opened:
            opened.close()
        self._make_room()
        return entry

    def _give_back(self, entry: _Entry) -> None:
        with self._lock:
            entry.users -= 1
            entry.used_s = self._clock()
            closes = entry.is_dropped and entry.users == 0
        if closes:
            entry.close()
        self._make_room()

    def _make_room(self) -> None:
        with self._lock:
            resting = sorted((e for e in self._entries.values() if not e.users), key=lambda e: e.used_s)
            spare = {id(entry) for entry in resting[: max(0, len(self._entries) - OPEN_AT_ONCE)]}
        self._drop(lambda entry: id(entry) in spare and entry.users == 0)

    def _drop(self, wanted: Callable[[_Entry], bool]) -> None:
        with self._lock:
            dropped = {key: entry for key, entry in self._entries.items() if wanted(entry)}
            for key, entry in dropped.items():
                del self._entries[key]
                entry.is_dropped = True
            closing = [entry for entry in dropped.values() if entry.users == 0]
        for entry in closing:
            entry.close()
