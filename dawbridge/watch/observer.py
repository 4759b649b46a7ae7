"""The thin layer over watchdog: native events become hints in a queue, a dead observer is noticed.

Hints are cheap and may be wrong, late or missing; `folder` looks at the file itself. Facts about watchdog that this
relies on: close events come with inotify only; a reader causes `opened` and `closed_no_write`, which are not activity;
emitter threads can die unannounced.
"""

import os
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver


class HintKind(StrEnum):
    """What may have happened to a path."""

    CHANGED = "changed"
    CLOSED = "closed"
    """Its writer closed it, or it was moved into place."""
    TREE = "tree"
    """A folder came, went or moved: look at all that is in it."""
    ACCEPT = "accept"
    """The user wants it as it is."""
    FORGET = "forget"
    """The user wants it looked at as if new."""


@dataclass(frozen=True, slots=True)
class Hint:
    """One thing to look at."""

    kind: HintKind
    path: Path


class Hints(FileSystemEventHandler):
    """A thread-safe queue of hints that watchdog fills."""

    def __init__(self, wake: Callable[[], None] = lambda: None) -> None:
        """`wake` is called for a hint that comes when none waits, in the thread that brings it."""
        self.waiting: deque[Hint] = deque()
        """The hints that `drain` has not taken yet."""
        self._wake, self._lock = wake, threading.Lock()

    def put(self, kind: HintKind, path: Path) -> None:
        """Add one. Any thread."""
        with self._lock:
            self.waiting.append(Hint(kind, path))
            is_first = len(self.waiting) == 1
        if is_first:
            self._wake()

    def drain(self) -> list[Hint]:
        """Every hint that came since the last call, in order."""
        hints = []
        while self.waiting:
            hints.append(self.waiting.popleft())
        return hints

    def on_any_event(self, event: FileSystemEvent) -> None:
        """watchdog's callback, in its thread."""
        if event.event_type in ("opened", "closed_no_write"):
            return
        source = Path(os.fsdecode(event.src_path))
        if event.is_directory:
            if event.event_type != "modified":
                self.put(HintKind.TREE, source)
            if event.event_type == "moved":
                self.put(HintKind.TREE, Path(os.fsdecode(event.dest_path)))
            return
        self.put(HintKind.CLOSED if event.event_type == "closed" else HintKind.CHANGED, source)
        if event.event_type == "moved":
            self.put(HintKind.CLOSED, Path(os.fsdecode(event.dest_path)))


class NativeEvents:
    """watchdog's observer of one tree: started, checked, healed, stopped."""

    def __init__(self, root: Path, hints: Hints) -> None:
        self._root, self._hints = root, hints
        self._observer: BaseObserver | None = None

    def start(self) -> None:
        """Start its threads. Raises `OSError` if the system has no more watches to give or the root is gone."""
        self.stop()
        observer = Observer()
        observer.schedule(self._hints, str(self._root), recursive=True)
        observer.start()
        self._observer = observer

    def stop(self) -> None:
        """End its threads. May be called twice."""
        observer, self._observer = self._observer, None
        if observer is not None:
            observer.stop()
            observer.join(timeout=5.0)

    @property
    def started(self) -> bool:
        """Whether `start` succeeded and `stop` was not called since."""
        return self._observer is not None

    @property
    def healthy(self) -> bool:
        """Whether the observer and all its emitters live."""
        observer = self._observer
        if observer is None or not observer.is_alive():
            return False
        return bool(observer.emitters) and all(emitter.is_alive() for emitter in observer.emitters)
