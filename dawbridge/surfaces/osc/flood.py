"""Who sends more than anybody can turn: said once a second. What is sent is obeyed all the same."""

from collections import Counter
from collections.abc import Callable

from dawbridge.surfaces.osc.subscribers import Address

FLOOD_HZ = 1000
"""Datagrams a second from one sender that are worth a line."""


class FloodGauge:
    """Counts datagrams by sender, a second at a time."""

    def __init__(self, say: Callable[[str], None]) -> None:
        """`say` is told of the busiest sender, once a second as long as it goes on."""
        self._say = say
        self._counts: Counter[Address] = Counter()
        self._since_s = float("-inf")

    def count(self, source: Address, now_s: float) -> None:
        """One datagram came at `now_s`."""
        if now_s - self._since_s >= 1.0:
            self._tell(now_s - self._since_s)
            self._counts.clear()
            self._since_s = now_s
        self._counts[source] += 1

    def _tell(self, passed_s: float) -> None:
        for (host, port), count in self._counts.most_common(1):
            if count > FLOOD_HZ * passed_s:
                self._say(f"OSC: {count} messages in {passed_s:.1f} s from {host}:{port}; each is obeyed, feedback is "
                          "thinned out")  # fmt: skip
