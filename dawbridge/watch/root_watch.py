"""The root of a watched folder: that it is there, that it is locked, and that its file events come."""

from pathlib import Path

from dawbridge.errors import WatchError
from dawbridge.watch.lock import FolderLock
from dawbridge.watch.observer import Hints, NativeEvents
from dawbridge.watch.reports import FolderNotice, WatchEvent
from dawbridge.watch.root import Presence


class RootWatch:
    """Looks after one root. One thread; the observer's own threads only fill `hints`."""

    def __init__(self, root: Path, hints: Hints, lock: FolderLock | None, polling: bool, poll_s: float) -> None:
        """`lock`: taken once more when another folder comes to lie at this path. Raises `OSError` without a root."""
        self._root, self._lock, self._poll_s = root, lock, poll_s
        self._native = NativeEvents(root, hints)
        self._wants_native = False
        self._presence = Presence(root, lambda: lock.moved_to if lock else None)
        self._refusal = ""
        """Why the folder that came to lie here may not be watched."""
        self._notices: list[WatchEvent] = []
        self.polling = polling
        """No native events: the caller has to scan."""
        self.there = True

    def start(self) -> None:
        """Start the observer's threads (none while polling)."""
        self._wants_native = not self.polling
        self._start_native()

    def stop(self) -> None:
        """End them."""
        self._wants_native = False
        self._native.stop()

    def heal(self) -> None:
        """Start the observer again if it died unannounced."""
        if self._wants_native and not self._native.healthy:
            self._start_native()

    def look(self, expects_files: bool) -> bool:
        """Look whether the root is there; True if everything in it has to be looked at again.

        `expects_files`: there were some when it was seen last.
        """
        sight = self._presence.look(expects_files)
        self.there = sight.there
        if sight.news:
            self._notice(sight.news)
        if not sight.there:
            self._native.stop()
            return False
        return (sight.again or bool(self._refusal)) and self._come_back()

    def take_notices(self) -> list[WatchEvent]:
        """What there is to report since the last time."""
        notices, self._notices = self._notices, []
        return notices

    def _come_back(self) -> bool:
        """The folder is there again, or another one is; False if another dawbridge has taken it meanwhile."""
        try:
            if self._lock:
                self._lock.renew()
        except WatchError as error:
            if str(error) != self._refusal:
                self._notice(str(error))
            self._refusal, self.there = str(error), False
            return False
        self._refusal = ""
        self._native.stop()
        self._start_native()
        return True

    def _start_native(self) -> None:
        if not self._wants_native:
            return
        try:
            self._native.start()
        except OSError as error:
            self._wants_native, self.polling = False, True
            self._notice(f"{self._root}: no file events ({error.strerror}); looking every {self._poll_s:g} s instead")

    def _notice(self, text: str) -> None:
        self._notices.append(FolderNotice(self._root, text))
