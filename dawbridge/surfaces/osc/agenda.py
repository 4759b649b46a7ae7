"""Bundles for later: their time tags are honoured if they lie a short time ahead."""

import heapq
from collections.abc import Callable, Iterator
from itertools import count

from dawbridge.surfaces.osc.codec import due_s
from dawbridge.surfaces.osc.subscribers import Address

AHEAD_S = 10.0
"""A bundle further ahead is obeyed at once: its sender's clock is wrong, as a tablet's often is."""
MAX_BYTES = 1 << 20
"""Bundles beyond this size altogether are obeyed at once as well."""


class Agenda:
    """Datagrams and when to obey them. Those of one time keep their order; what is sent without a time never waits."""

    def __init__(self, wall_clock: Callable[[], float]) -> None:
        """`wall_clock` gives the time of day in seconds since 1970."""
        self._now_s = wall_clock
        self._heap: list[tuple[float, int, bytes, Address]] = []
        self._numbers = count()
        self._size = 0

    def keeps(self, datagram: bytes, source: Address) -> bool:
        """Keep `datagram` if it is a bundle for later; False: obey it now."""
        at_s = due_s(datagram)
        if not 0 < at_s - self._now_s() <= AHEAD_S or self._size + len(datagram) > MAX_BYTES:
            return False
        heapq.heappush(self._heap, (at_s, next(self._numbers), datagram, source))
        self._size += len(datagram)
        return True

    def wait_s(self) -> float | None:
        """Seconds until `due` has something; None: it has nothing to wait for."""
        if not self._heap:
            return None
        ahead_s = self._heap[0][0] - self._now_s()
        return max(0.0, ahead_s) if ahead_s <= AHEAD_S else 0.0

    def due(self) -> Iterator[tuple[bytes, Address]]:
        """What is to be obeyed now. If this computer's clock was put back, what was kept does not wait for it."""
        now_s = self._now_s()
        while self._heap and not 0 < self._heap[0][0] - now_s <= AHEAD_S:
            _, _, datagram, source = heapq.heappop(self._heap)
            self._size -= len(datagram)
            yield datagram, source
