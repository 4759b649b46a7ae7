"""One OSC client while its datagram is obeyed: how it is answered, and the commands that are about itself."""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass

from dawbridge.commands import Command, Value
from dawbridge.surfaces.arguments import Refused
from dawbridge.surfaces.osc.codec import bundled, encode
from dawbridge.surfaces.osc.knobs import Knobs
from dawbridge.surfaces.osc.pending import Pending
from dawbridge.surfaces.osc.subscribers import Address, Subscriber, Subscribers


@dataclass(frozen=True, slots=True)
class Desk:
    """What the server has for its clients."""

    knobs: Knobs
    subscribers: Subscribers
    pending: Pending
    pong: Callable[[], tuple[Value, ...]]
    """Version, OSC port, HTTP port, state and queue length."""
    state: Callable[[], Mapping[str, tuple[Value, ...]]]
    """What a new subscriber is told besides the knobs' values, by address."""
    is_ours: Callable[[Address], bool]
    """Whether an address is one that the server itself listens on."""
    is_connected: Callable[[Address], bool]
    """Whether a client is reached through a connection of its own, and at no other port."""
    answer: Callable[[Iterable[bytes], Address], None]
    """Sends datagrams to a source, and to the port on which it listens."""
    guard: Callable[["Session", str, Callable[[], None]], None]
    """Runs something; what it raises is reported to the client, for an address."""


class Session:
    """A `Caller`: what one client asks, and what it is answered."""

    def __init__(self, desk: Desk, source: Address, now_s: float) -> None:
        """`source` is where the datagram came from, and `now_s` when."""
        self._desk, self.source, self.now_s = desk, source, now_s
        self.address = ""
        """Address of the message at hand."""
        self._afterwards: list[Callable[[], object]] = []

    @property
    def origin(self) -> str:
        return f"osc:{self.source[0]}:{self.source[1]}"

    def reply(self, address: str, values: Iterable[Value] = ()) -> None:
        self._desk.answer((encode(address, values),), self.source)

    def defer(self, request: "Future[object]", finish: Callable[[object], None]) -> None:
        address = self.address
        self._desk.pending.add(
            self.source, request, lambda: self._desk.guard(self, address, lambda: finish(request.result(0)))
        )

    def finished(self, row: Command) -> None:
        if row.shows_values and self.source not in (subscriber.source for subscriber in self._desk.subscribers):
            self._send_values()
        afterwards, self._afterwards = self._afterwards, []
        for action in afterwards:
            action()

    def ping(self) -> tuple[Value, ...]:
        """What the pong says."""
        return self._desk.pong()

    def renew(self) -> None:
        """Renew the leases of all subscribers on this host."""
        self._desk.subscribers.renew(self.source[0], self.now_s)

    def subscribe(self, port: int, prefix: str, max_hz: int, lease_s: int) -> int:
        """Be told of changes and events at `port` (1 or less: the source's); the port. Raises `Refused`."""
        target = self._target(port)
        if self._desk.is_ours(target):
            raise Refused("bad_args", f"{target[1]} is dawbridge's own port; name the one that you listen on")
        self._desk.subscribers.add(Subscriber(target, self.source, prefix, max_hz, lease_s), self.now_s)
        self._afterwards.append(lambda: self._send_all(prefix))
        return target[1]

    def unsubscribe(self, port: int) -> int:
        """Be told nothing more at `port`; from the source's own port, at none that it subscribed. The port."""
        target = self._target(port)
        self._afterwards.append(lambda: self._remove(target))
        return target[1]

    def dump(self) -> int:
        """Send every value; how many there were."""
        return self._send_values()

    def sync(self, _number: int) -> "Future[object] | None":
        """Something to wait for, if earlier requests of this client are not done yet."""
        return self._desk.pending.barrier(self.source)

    def _target(self, port: int) -> Address:
        named = port > 1 and not self._desk.is_connected(self.source)
        return (self.source[0], port) if named else self.source

    def _remove(self, target: Address) -> None:
        self._desk.subscribers.remove(target)
        if target == self.source:
            self._desk.subscribers.remove_own(self.source)

    def _send_all(self, prefix: str) -> None:
        self._send_values(prefix)
        state = ((address, values) for address, values in self._desk.state().items() if address.startswith(prefix))
        self._desk.answer(bundled(encode(address, values) for address, values in state), self.source)

    def _send_values(self, prefix: str = "") -> int:
        values = [(address, value) for address, value in self._desk.knobs.values() if address.startswith(prefix)]
        self._desk.answer(bundled(encode(address, (value,)) for address, value in values), self.source)
        return len(values)
