"""Where bounces begin on their session's timeline and how long they are, read from their headers in another thread."""

from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

from dawbridge.audio.timeline import Extent
from dawbridge.files.stamp import Stamp, stamp_of

KEPT = 64
"""How many bounces are remembered."""


Read = Callable[[Path], Extent]
"""Reads a bounce's header. Never raises."""
Submit = Callable[[Read, Path], "Future[Extent]"]
"""Has a file read, in whatever thread."""


class Extents:
    """What was read, and of which state of the file. Used by the main loop alone."""

    def __init__(self, read: Read, submit: Submit, wake: Callable[[], None]) -> None:
        """`wake` is called, from any thread, when a header has been read."""
        self._read, self._submit, self._wake = read, submit, wake
        self._known: OrderedDict[Path, tuple[Stamp, Future[Extent]]] = OrderedDict()

    def of(self, bounce: Path) -> Extent | None:
        """The extent of a bounce; None if there is no such file, or it has not been read: then that begins."""
        stamp = stamp_of(bounce)
        if stamp is None:
            return None
        if bounce not in self._known or self._known[bounce][0] != stamp:
            future = self._submit(self._read, bounce)
            self._known[bounce] = stamp, future
            future.add_done_callback(lambda _: self._wake())
            while len(self._known) > KEPT:
                self._known.popitem(last=False)
        future = self._known[bounce][1]
        return future.result() if future.done() else None
