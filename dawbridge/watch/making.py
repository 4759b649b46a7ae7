"""Watches as a folder's settings ask for them."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import replace
from pathlib import Path

from dawbridge.config.settings import FolderSettings
from dawbridge.watch.folder import FolderWatch, Tell, WatchEvent, silent
from dawbridge.watch.ignore import Places
from dawbridge.watch.lock import FolderLock

TICK_S = 0.05
"""Seconds between two looks."""


def make_places(folder: FolderSettings) -> Places:
    """The rules of one folder about what is left alone."""
    return Places(
        folder.path.resolve(), folder.output.folder_name,
        ignore=folder.ignore, take=folder.take, projects=folder.projects,
    )  # fmt: skip


def make_watch(
    folder: FolderSettings,
    known: Callable[[Path], bool] | None,
    tell: Tell = silent,
    *,
    executor: Executor | None = None,
    lock: FolderLock | None = None,
    wake: Callable[[], None] = lambda: None,
) -> FolderWatch:
    """A watch of one folder as its settings say; the rest as `FolderWatch` takes it. Raises `WatchError`."""
    return FolderWatch(
        folder.path,
        times=replace(folder.times, accept_streamed=folder.accept_streamed),
        existing=folder.existing,
        known=known,
        poll=folder.poll,
        poll_s=folder.poll_s,
        rescan_s=folder.rescan_s,
        outputs=folder.output.folder_name,
        ignore=folder.ignore,
        take=folder.take,
        projects=folder.projects,
        executor=executor,
        lock=lock,
        wake=wake,
        tell=tell,
    )


def trace(
    folder: FolderSettings, tell: Tell, stopping: threading.Event, tick: Callable[[], None]
) -> Iterator[WatchEvent]:
    """What a daemon would hear of this folder, until `stopping` is set; nothing is separated. Raises `WatchError`."""
    watch = make_watch(folder, None, tell)
    watch.start()
    try:
        while not stopping.is_set():
            yield from watch.step(time.monotonic())
            tick()
            stopping.wait(TICK_S)
    finally:
        watch.stop()
