"""Requests of OSC clients that are not done yet. They are answered in the server's thread, after they are."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

from dawbridge.surfaces.arguments import Refused
from dawbridge.surfaces.osc.subscribers import Address

MAX_PENDING = 1024


@dataclass(frozen=True, slots=True)
class _Entry:
    source: Address
    request: "Future[object]"
    finish: Callable[[], None]
    """Answers the client. Must not raise."""


class Pending:
    """Who waits for what, in the order in which it came. Only the server's thread calls it."""

    def __init__(self, wake: Callable[[], None]) -> None:
        """`wake` is called, from any thread, when a request is done."""
        self._wake = wake
        self._entries: list[_Entry] = []
        self._barriers: set[Future[object]] = set()

    def add(self, source: Address, request: "Future[object]", finish: Callable[[], None]) -> None:
        """Call `finish` in `settle`, after `request` is done. Raises `Refused` (`busy`) if too many wait."""
        if len(self._entries) >= MAX_PENDING:
            raise Refused("busy", f"{MAX_PENDING} requests wait already; wait for their answers")
        self._entries.append(_Entry(source, request, finish))
        request.add_done_callback(lambda _: self._wake())

    def barrier(self, source: Address) -> "Future[object] | None":
        """A request that is done after all earlier ones of `source`; None if there are none."""
        if not any(entry.source == source for entry in self._entries):
            return None
        barrier: Future[object] = Future()
        self._barriers.add(barrier)
        return barrier

    def settle(self) -> None:
        """Answer what is done."""
        entries, self._entries = self._entries, []
        blocked: set[Address] = set()
        for entry in entries:
            if entry.request in self._barriers and entry.source not in blocked:
                self._barriers.discard(entry.request)
                entry.request.set_result(None)
            if entry.request.done():
                entry.finish()
            else:
                blocked.add(entry.source)
                self._entries.append(entry)
