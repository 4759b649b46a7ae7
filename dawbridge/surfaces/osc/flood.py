"""Clients that send more than anybody can turn: the cost of a datagram, errors thinned out, one line a second."""

from collections import Counter
from collections.abc import Callable

from dawbridge.surfaces.arguments import Refused
from dawbridge.surfaces.osc.subscribers import Address

FLOOD_HZ = 1000
"""Datagrams a second from one sender that are worth a line."""
BUDGET = 512
"""Work that one datagram may cause, in units of setting one knob: some milliseconds."""
PATTERN_COST = 16
ERRORS_AT_ONCE = 64
ERRORS_HZ = 32
"""Errors that a client is sent: so many at once, and so many a second from then on."""
_MAX_CLIENTS = 256


class Budget:
    """What is left of one datagram's share."""

    def __init__(self, units: int = BUDGET) -> None:
        self._units = units

    @property
    def is_spent(self) -> bool:
        """Nothing more is done for this datagram."""
        return self._units < 0

    def spend(self, units: int) -> None:
        """Take `units` away. Raises `Refused` (`busy`) if there are not so many."""
        self._units -= units
        if self.is_spent:
            raise Refused("busy", "one datagram asks for too much at once; the rest of it is left out, send it apart")


class ErrorLimit:
    """Thins out the errors that each client is sent; those left out are counted in the next one."""

    def __init__(self) -> None:
        self._left: dict[Address, tuple[float, float, int]] = {}
        """Errors that may be sent, as of when, and how many were left out."""

    def passes(self, source: Address, now_s: float) -> int | None:
        """How many were left out before this one; None if it is left out itself."""
        left, since_s, missed = self._left.pop(source, (ERRORS_AT_ONCE, now_s, 0))
        left = min(ERRORS_AT_ONCE, left + (now_s - since_s) * ERRORS_HZ)
        if len(self._left) >= _MAX_CLIENTS:
            del self._left[next(iter(self._left))]
        if left < 1:
            self._left[source] = (left, now_s, missed + 1)
            return None
        self._left[source] = (left - 1, now_s, 0)
        return missed


class FloodGauge:
    """Counts datagrams by sender, a second at a time."""

    def __init__(self, say: Callable[[str], None]) -> None:
        """`say` is given a line on the busiest sender, once a second as long as it goes on."""
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
                self._say(
                    f"OSC: {count} messages in {passed_s:.1f} s from {host}:{port}; "
                    "each is obeyed, feedback is thinned out"
                )
