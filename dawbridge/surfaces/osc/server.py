"""The OSC server: one UDP socket, one thread, all of `/dawbridge/...`.

`osc_knobs` has the parameters' addresses, `osc_commands` the others, `osc_subscribers` who hears of changes.
"""

import logging
import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterable

from dawbridge.errors import ControlError, DawbridgeError, did_you_mean
from dawbridge.events import Bus, MidiEvent, Notice, PresetLoaded, PresetMorphed
from dawbridge.knobs.loader import PresetLoader
from dawbridge.knobs.parameters import PARAMETERS, ParameterStore
from dawbridge.surfaces.osc import socket as osc_socket
from dawbridge.surfaces.osc.arguments import CODES, Arguments, Refused
from dawbridge.surfaces.osc.codec import Malformed, Message, decode, is_pattern
from dawbridge.surfaces.osc.commands import Client, Commands
from dawbridge.surfaces.osc.events import OUTGOING, OscEvents
from dawbridge.surfaces.osc.flood import FloodGauge
from dawbridge.surfaces.osc.knobs import Knobs
from dawbridge.surfaces.osc.midi import Midi, MidiCommands
from dawbridge.surfaces.osc.protocols import Jobs, Moves, State
from dawbridge.surfaces.osc.subscribers import Address, Subscribers

__all__ = ["DEFAULT_PORT", "Jobs", "OscServer", "State"]

DEFAULT_PORT = 9320
"""UDP port that dawbridge listens on."""

MORPH = "/dawbridge/preset/morph"

_LOG = logging.getLogger(__name__)
_DATAGRAMS_A_TURN = 64
_HINT_EVERY_S = 0.1


class OscServer:
    """Binds on construction, so that a port in use is known at once; `serve` then blocks in its own thread.

    Feedback goes out from `serve` whichever thread changed the store or published on the bus.
    """

    def __init__(
        self,
        store: ParameterStore,
        deck: PresetLoader,
        jobs: Jobs,
        bus: Bus,
        *,
        host: str = "127.0.0.1",
        port: int = DEFAULT_PORT,
        feedback: tuple[str, int] | None = None,
        version: str = "",
        http_port: int = 0,
        midi: Midi | None = None,
        moves: Moves | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Listen on UDP `host`:`port` (0: any free port).

        `feedback` is a permanent subscriber (`--osc-feedback HOST:PORT`); `http_port` is told in the pong (0: none);
        `midi` learns; `clock` counts seconds. Raises `ControlError` where the port is taken or the host is not ours.
        """
        self._socket = osc_socket.bind(host, port)
        self._address: Address = self._socket.getsockname()[:2]
        self._clock = clock
        self._version = version
        permanent = osc_socket.resolve(feedback, self._socket) if feedback else None
        if permanent and self._is_ours(permanent):
            self._socket.close()
            raise ControlError(f"--osc-feedback {permanent[1]}: dawbridge itself listens on this port; 9321 is usual")
        self._knobs = Knobs(store)
        self._subscribers = Subscribers(self._knobs.values, self._send, permanent)
        self._events = OscEvents(self._subscribers)
        self.http_port = http_port
        """TCP port of the OSCQuery server, told in the pong; 0: there is none."""
        self._midi = MidiCommands(midi, self._subscribers, self._send)
        self._commands = Commands(
            self._knobs, deck, jobs, self._subscribers, self._pong, self._is_ours, self._midi, moves
        )
        self._flood = FloodGauge(lambda text: bus.publish(Notice(text)))
        self._waker, self._wakened = socket.socketpair()
        for end in (self._waker, self._wakened):
            end.setblocking(False)
        self._lock = threading.Lock()
        self._serving = self._closing = self._released = False
        self._next_hint_s = float("-inf")
        self._turned, self._happened = store.mailbox(self._wake), bus.mailbox(self._wake)

    @property
    def address(self) -> tuple[str, int]:
        """Host and port that are really bound."""
        return self._address

    @property
    def commands(self) -> tuple[str, ...]:
        """Addresses that are no parameters."""
        return self._commands.addresses

    def _pong(self) -> tuple[str, int, int]:
        return self._version, self._address[1], self.http_port

    def serve(self) -> None:
        """Answer until `close` is called. Blocks; never raises for what comes in from outside."""
        with self._lock:
            if self._closing:
                return
            self._serving = True
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(self._socket, selectors.EVENT_READ)
                selector.register(self._wakened, selectors.EVENT_READ)
                self._greet()
                while not self._closing:
                    selector.select(self._subscribers.wait_s(self._clock()))
                    self._turn()
        finally:
            self._release()

    def close(self) -> None:
        """End `serve`, which frees the port as it returns; frees it here if it never ran. From any thread."""
        with self._lock:
            self._closing = True
            serving = self._serving
        if serving:
            self._wake()
        else:
            self._release()

    def _release(self) -> None:
        with self._lock:
            if self._released:
                return
            self._released = True
        self._turned.close()
        self._happened.close()
        for end in (self._socket, self._waker, self._wakened):
            end.close()

    def _greet(self) -> None:
        self._subscribers.event("/dawbridge/startup", (self._version,))
        for name in PARAMETERS:
            self._subscribers.changed(name, None, self._clock())

    def _turn(self) -> None:
        """Everything that waits: datagrams in order, then what was heard, then what is due."""
        osc_socket.drain(self._wakened)
        for _ in range(_DATAGRAMS_A_TURN):
            try:
                data, source = self._socket.recvfrom(65535)
            except BlockingIOError:
                break
            except OSError as error:  # Windows: a subscriber that died, told at the next read
                _LOG.debug("OSC read: %s", error)
                continue
            if source[:2] != self._address:
                self._receive(data, (source[0], source[1]))
        self._settle()
        self._subscribers.flush(self._clock())

    def _receive(self, data: bytes, source: Address) -> None:
        """One datagram: what it sets is set together, in front of each command and at the end."""
        client = Client(source, lambda datagrams: self._answer(datagrams, source), self._clock())
        self._flood.count(source, client.now_s)
        for message in decode(data):
            self._guard(client, message.address, lambda message=message: self._obey(client, message))  # type: ignore[misc]
        self._guard(client, "", lambda: self._apply(client))

    def _guard(self, client: Client, address: str, action: Callable[[], None]) -> None:
        """No message, however odd, ends the server: its sender is told what was wrong."""
        try:
            action()
        except DawbridgeError as error:
            self._complain(client, address, error.code if error.code in CODES else "internal", str(error))
        except Exception as error:
            _LOG.exception("OSC %s from %s:%d", address[:200], *client.source)
            self._complain(client, address, "internal", f"{type(error).__name__}; the log says more")

    def _obey(self, client: Client, message: Message | Malformed) -> None:
        address = message.address
        if address in OUTGOING:
            return
        if isinstance(message, Malformed):
            raise Refused("bad_args", message.reason)
        handler = self._commands.find(address)
        if handler:
            self._apply(client)
            handler(client, message.arguments)
            return
        found = [address] if self._knobs.knows(address) else self._matching(address)
        if not found:
            raise Refused("unknown_address", f"nothing listens at this address{self._hint(address, client.now_s)}")
        for one in found:
            self._guard(client, one, lambda one=one: self._turn_knob(client, one, message.arguments))  # type: ignore[misc]

    def _turn_knob(self, client: Client, address: str, arguments: Arguments) -> None:
        self._knobs.handle(address, arguments, client.reply, _origin(client.source))

    def _matching(self, address: str) -> list[str]:
        return self._knobs.matching(address) if is_pattern(address) else []

    def _apply(self, client: Client) -> None:
        self._knobs.apply(_origin(client.source), client.reply)
        self._settle()

    def _hint(self, address: str, now_s: float) -> str:
        """The nearest address. It takes a millisecond, so a flood of nonsense goes without."""
        if now_s < self._next_hint_s or len(address) > 80:
            return ""
        self._next_hint_s = now_s + _HINT_EVERY_S
        return did_you_mean(address, (*(row.address for row in PARAMETERS.values()), *self._commands.addresses))

    def _complain(self, client: Client, address: str, code: str, message: str) -> None:
        """To the sender at once, to the subscribers with the next flush."""
        _LOG.debug("OSC %s from %s:%d: %s: %s", address[:200], *client.source, code, message)
        values = (address[:200], code, message[:500])
        client.reply("/dawbridge/error", values)
        told = self._subscribers.targets(client.source)
        self._subscribers.event("/dawbridge/error", values, key=("error", address[:200], code), but=told)

    def _answer(self, datagrams: Iterable[bytes], source: Address) -> None:
        targets = self._subscribers.targets(source)
        for datagram in datagrams:
            for target in targets:
                self._send(datagram, target)

    def _send(self, datagram: bytes, target: Address) -> None:
        try:
            self._socket.sendto(datagram, target)
        except OSError as error:  # a dead subscriber, a full buffer, a text too long for a datagram
            _LOG.debug("OSC to %s:%d: %s", *target, error)

    def _is_ours(self, target: Address) -> bool:
        """What is sent to `target` would come in again."""
        return target[1] == self._address[1] and osc_socket.is_local(target[0], self._socket.family)

    def _wake(self) -> None:
        try:
            self._waker.send(b"\0")
        except OSError:  # full: it is awake anyway; or closed
            return

    def _settle(self) -> None:
        """Queue for the subscribers what was heard since."""
        now_s = self._clock()
        for change in (change for batch in self._turned.drain() for change in batch):
            if change.changed:
                self._subscribers.changed(change.name, _source(change.origin), now_s)
        for heard in self._happened.drain():
            if isinstance(heard, MidiEvent):
                self._midi.tell(heard)
                continue
            if isinstance(heard, PresetMorphed):
                self._tell_morph(heard)
                continue
            if isinstance(heard, PresetLoaded):
                for name in PARAMETERS:
                    self._subscribers.changed(name, None, now_s)
            self._events.tell(heard, now_s)

    def _tell_morph(self, morphed: PresetMorphed) -> None:
        source = _source(morphed.origin)
        told = self._subscribers.targets(source) if source else ()
        self._subscribers.event(MORPH, (morphed.position,), key=MORPH, but=told)


def _origin(source: Address) -> str:
    return f"osc:{source[0]}:{source[1]}"


def _source(origin: str) -> Address | None:
    """The OSC client behind an origin; None for any other."""
    if not origin.startswith("osc:"):
        return None
    host, _, port = origin.removeprefix("osc:").rpartition(":")
    return (host, int(port)) if port.isdecimal() else None
