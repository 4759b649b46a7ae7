"""Who is told of changes and events, how often, and until when."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from dawbridge.commands import Value
from dawbridge.surfaces.arguments import Refused
from dawbridge.surfaces.osc.codec import bundled, encode

Address = tuple[str, int]
"""Host and UDP port."""

Values = Callable[[Iterable[str]], list[tuple[str, Value]]]
"""Names of parameters → the messages with their values now."""

MAX_SUBSCRIBERS = 16
DEFAULT_HZ = 30
_QUIET_S = 0.3
SILENT_S = 60.0
"""A subscriber that has sent nothing for this long makes room for another one if there is no other room."""
ECHO_S = 0.5
ECHO_NEAR = 0.006
"""A value this near to the one just sent is a rounded echo of it: 7 bits, or two decimals."""
_WAIT_AT_MOST_S = 3600.0
"""A lease may end in decades; no system call can wait for that."""
_MAX_EVENTS = 512


@dataclass(slots=True)
class Subscriber:
    """One listener. What waits for it is sent at most `max_hz` times a second, the newest of each value only."""

    target: Address
    source: Address | None
    """Where its own messages come from; None for the permanent subscriber."""
    prefix: str = ""
    """Only addresses that begin with this are sent."""
    max_hz: int = DEFAULT_HZ
    lease_s: int = 0
    """How long it is kept without `/ping`, in seconds; 0: for good."""
    expires_s: float = float("inf")
    heard_s: float = float("-inf")
    """When it last sent something."""
    is_refused: bool = False
    """Nobody listens there: the last datagram came back as refused."""
    next_s: float = float("-inf")
    names: dict[str, float] = field(default_factory=dict)
    """Parameters to send, and the time before which they wait."""
    sent: dict[str, tuple[float, float]] = field(default_factory=dict)
    """When a parameter was sent last, and the position it had."""
    events: dict[object, tuple[str, tuple[Value, ...]]] = field(default_factory=dict)

    def due_s(self) -> float:
        """When there is something to send; infinite if nothing waits."""
        if self.events:
            return self.next_s
        return max(self.next_s, min(self.names.values(), default=float("inf")))


class Subscribers:
    """At most `MAX_SUBSCRIBERS`, and a permanent one besides."""

    def __init__(
        self,
        values: Values,
        send: Callable[[bytes, Address], None],
        permanent: Address | None,
        *,
        is_alone: bool = True,
        position: Callable[[str], float] = lambda _: 0.0,
    ) -> None:
        """`is_alone`: what comes from the permanent subscriber's host is its own (a tablet's), whatever port it comes
        from; on a computer with several programs it is not. `position` gives a parameter's knob position.
        """
        self._values, self._send, self._is_alone, self._position = values, send, is_alone, position
        self._permanent = Subscriber(permanent, None) if permanent else None
        self._others: dict[Address, Subscriber] = {}
        self._count = 0

    def __iter__(self) -> Iterator[Subscriber]:
        if self._permanent:
            yield self._permanent
        yield from self._others.values()

    @property
    def is_empty(self) -> bool:
        """Whether nobody is told of anything."""
        return not (self._permanent or self._others)

    def targets_now(self) -> tuple[Address, ...]:
        """Where all of them listen. From any thread: a copy of the keys is made in one step."""
        permanent = (self._permanent.target,) if self._permanent else ()
        return (*permanent, *tuple(self._others))

    def add(self, subscriber: Subscriber, now_s: float) -> None:
        """Add one, or renew it with other terms. Raises `Refused` (`too_many_clients`) if all others are alive."""
        if subscriber.target not in self._others and len(self._others) >= MAX_SUBSCRIBERS:
            self._make_room(now_s)
        subscriber.heard_s = now_s
        self._others[subscriber.target] = subscriber
        self._renew(subscriber, now_s)

    def remove(self, target: Address) -> None:
        """Forget it, if it is there. The permanent one stays."""
        self._others.pop(target, None)

    def remove_own(self, source: Address) -> None:
        """Forget all that were subscribed from `source`, whatever port they listen on."""
        for subscriber in [other for other in self._others.values() if self._is_own(other, source)]:
            self.remove(subscriber.target)

    def heard(self, source: Address, now_s: float) -> None:
        """A datagram came from `source`: its subscribers are alive."""
        for subscriber in self._others.values():
            if source in (subscriber.source, subscriber.target):
                subscriber.heard_s = now_s

    def refused(self, target: Address) -> None:
        """A datagram to `target` came back: nobody listens there now."""
        if target in self._others:
            self._others[target].is_refused = True

    def is_echo(self, source: Address, name: str, position: float, now_s: float) -> bool:
        """Whether `source` only sends back, rounded, what it was told of the parameter a moment ago.

        Two programs that send back what they are told, each rounding in its own way, would go on forever.
        """
        for subscriber in self:
            at_s, told = subscriber.sent.get(name, (float("-inf"), 0.0))
            if now_s - at_s <= ECHO_S and abs(position - told) <= ECHO_NEAR and self._is_own(subscriber, source):
                return True
        return False

    def renew(self, host: str, now_s: float) -> None:
        """Renew all leases of a host."""
        for subscriber in self._others.values():
            if subscriber.target[0] == host:
                subscriber.heard_s = now_s
                self._renew(subscriber, now_s)

    def targets(self, source: Address) -> tuple[Address, ...]:
        """Where an answer to `source` goes: there, and to the port that it named to listen on."""
        own = [subscriber.target for subscriber in self if self._is_own(subscriber, source)]
        return tuple(dict.fromkeys((source, *own)))

    def changed(self, name: str, source: Address | None, now_s: float) -> None:
        """Tell all but the one it came from. What the permanent subscriber did itself waits until it rests."""
        for subscriber in self:
            if source is None or not self._is_own(subscriber, source):
                subscriber.names[name] = now_s
            elif subscriber is self._permanent:
                subscriber.names[name] = now_s + _QUIET_S
            else:
                subscriber.names.pop(name, None)

    def event(self, address: str, values: tuple[Value, ...], key: object = None, but: tuple[Address, ...] = ()) -> None:
        """Tell all except the targets `but`. Of events with the same `key` only the newest is sent."""
        self._count += 1
        key = self._count if key is None else key
        for subscriber in self:
            if subscriber.target not in but and address.startswith(subscriber.prefix):
                subscriber.events.pop(key, None)
                subscriber.events[key] = (address, values)
                if len(subscriber.events) > _MAX_EVENTS:
                    subscriber.events.pop(next(iter(subscriber.events)))

    def wait_s(self, now_s: float) -> float | None:
        """Seconds until `flush` has something to do; None: forever."""
        due = min((subscriber.due_s() for subscriber in self), default=float("inf"))
        due = min(due, min((other.expires_s for other in self._others.values()), default=due))
        return None if due == float("inf") else min(max(0.0, due - now_s), _WAIT_AT_MOST_S)

    def flush(self, now_s: float) -> None:
        """Send what is due, and forget subscribers whose lease has ended."""
        for target in [other.target for other in self._others.values() if other.expires_s <= now_s]:
            self.remove(target)
        for subscriber in self:
            if subscriber.due_s() <= now_s:
                self._empty(subscriber, now_s)

    def _empty(self, subscriber: Subscriber, now_s: float) -> None:
        """Send events first: a start or a preset comes ahead of the values that it leads to."""
        due = [name for name, not_before_s in subscriber.names.items() if not_before_s <= now_s]
        events, subscriber.events = list(subscriber.events.values()), {}
        values = [(address, (value,)) for address, value in self._values(due)]
        subscriber.is_refused = False
        for name in due:
            del subscriber.names[name]
            subscriber.sent[name] = (now_s, self._position(name))
        wanted = [message for message in (*events, *values) if message[0].startswith(subscriber.prefix)]
        for datagram in bundled(encode(address, arguments) for address, arguments in wanted):
            self._send(datagram, subscriber.target)
        subscriber.next_s = now_s + 1 / subscriber.max_hz

    def _renew(self, subscriber: Subscriber, now_s: float) -> None:
        subscriber.expires_s = now_s + subscriber.lease_s if subscriber.lease_s else float("inf")

    def _make_room(self, now_s: float) -> None:
        """Forget one that is refused, else the one that has been silent for longest. Raises `Refused`."""
        dead = sorted(self._others.values(), key=lambda other: (not other.is_refused, other.heard_s))[0]
        if not dead.is_refused and now_s - dead.heard_s < SILENT_S:
            raise Refused("too_many_clients", f"there are {MAX_SUBSCRIBERS} subscribers already, and all are alive")
        self._send(encode("/dawbridge/unsubscribed", (dead.target[1],)), dead.target)
        self.remove(dead.target)

    def _is_own(self, subscriber: Subscriber, source: Address) -> bool:
        if subscriber.source is None and self._is_alone:
            return subscriber.target[0] == source[0]
        return source in (subscriber.source, subscriber.target)
