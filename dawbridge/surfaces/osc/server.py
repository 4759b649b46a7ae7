"""The OSC server: one UDP socket and one thread for all of `/dawbridge/...`.

`receiver` obeys what comes in, `subscribers` has who is told of changes. Other transports (a WebSocket, TCP) hand
their datagrams to `receive`.
"""

import errno
import logging
import selectors
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence

from dawbridge.commands import COMMANDS, Command
from dawbridge.config.settings import reach
from dawbridge.errors import ControlError
from dawbridge.events import Bus, Notice
from dawbridge.knobs.loader import PresetLoader
from dawbridge.knobs.parameters import ParameterStore
from dawbridge.surfaces.dispatch import Dispatcher
from dawbridge.surfaces.osc import socket as osc_socket
from dawbridge.surfaces.osc.agenda import Agenda
from dawbridge.surfaces.osc.codec import Message, cut, decode, encode, too_long
from dawbridge.surfaces.osc.knobs import Knobs
from dawbridge.surfaces.osc.pending import Pending
from dawbridge.surfaces.osc.receiver import OscReceiver
from dawbridge.surfaces.osc.session import Desk
from dawbridge.surfaces.osc.subscribers import Address, Subscribers
from dawbridge.surfaces.overview import Overview
from dawbridge.surfaces.targets import Jobs, Midi, Moves
from dawbridge.waker import Waker

DEFAULT_PORT = 9320
"""UDP port that dawbridge listens on."""

Answer = Callable[[bytes], None]
"""Sends one datagram through a client's own connection. From the server's thread; returns at once."""

CONNECTED = ("tcp:", "ws:")
"""How the hosts of clients begin that are reached through a connection of their own."""
_MIDI: Address = ("midi", 0)
"""The source of the commands that MIDI controls do."""
_LOG = logging.getLogger(__name__)
_DATAGRAMS_A_TURN = 64


class OscServer:
    """Binds on construction, so that a port in use is known at once; `serve` then blocks in its own thread.

    Feedback is sent from `serve`, whichever thread changed the store or published on the bus.
    """

    name = "osc"

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
        commands: Sequence[Command] = COMMANDS,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        """Listen on UDP `host`:`port` (0: any free port).

        `feedback` is a permanent subscriber (`--osc-feedback HOST:PORT`); `http_port` is named in the pong (0: none);
        `clock` counts seconds, and `wall_clock` gives the time of day, which bundles refer to.
        Raises `ControlError` if the port is taken or the host is not this machine's.
        """
        self._socket = osc_socket.bind(host, port)
        self._address: Address = self._socket.getsockname()[:2]
        self._clock, self._version, self._bus = clock, version, bus
        permanent = osc_socket.resolve(feedback, self._socket) if feedback else None
        if permanent and self._is_ours(permanent):
            self._socket.close()
            raise ControlError(f"--osc-feedback {permanent[1]}: dawbridge itself listens on this port; 9321 is usual")
        self._waker = Waker()
        knobs = Knobs(store)
        self._subscribers = Subscribers(
            knobs.values, self._send, permanent, position=knobs.position,
            is_alone=permanent is None or not osc_socket.is_local(permanent[0], self._socket.family),
        )  # fmt: skip
        self.http_port = http_port
        """TCP port of the OSCQuery server, named in the pong; 0: there is none."""
        targets = {"presets": deck, "jobs": jobs, "automation": moves, "midi": midi}
        self.overview = Overview(bus, targets)
        """What whoever joins has to know."""
        self.dispatcher = Dispatcher({**targets, "overview": self.overview}, commands)
        """The commands, over what does them."""
        self._pending = Pending(self._waker.wake)
        desk = Desk(
            knobs, self._subscribers, self._pending, lambda: (*self._pong(), *jobs.status()), self.dispatcher.state,
            self._is_ours, lambda source: source in self._routes, self._answer,
            lambda *what: self._receiver.guard(*what),
        )  # fmt: skip
        self._receiver = OscReceiver(
            desk, self.dispatcher, store.mailbox(self._waker.wake), bus.mailbox(self._waker.wake), clock,
            lambda text: bus.publish(Notice(text)),
        )  # fmt: skip
        self._agenda = Agenda(wall_clock)
        self._routes: dict[Address, Answer] = {}
        self._injected: deque[tuple[bytes, Address]] = deque()
        self._lock = threading.Lock()
        self._serving = self._closing = self._released = False

    @property
    def address(self) -> tuple[str, int]:
        """Host and port that are really bound."""
        return self._address

    def listeners(self) -> tuple[str, ...]:
        """Where subscribers are, the permanent one included: `127.0.0.1:9321`. From any thread."""
        return tuple(f"{target[0]}:{target[1]}" for target in self._subscribers.targets_now())

    def lines(self) -> Iterable[str]:
        """Where it listens."""
        yield f"OSC on udp {self._address[0]}:{self._address[1]}{reach(self._address[0])}"

    def serve(self, stop: threading.Event | None = None) -> None:
        """Answer until `close` is called, or `stop` is set at a turn. Never raises for what comes in from outside."""
        with self._lock:
            if self._closing:
                return
            self._serving = True
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(self._socket, selectors.EVENT_READ)
                selector.register(self._waker.waitable, selectors.EVENT_READ)
                self._receiver.greet(self._version)
                while not (self._closing or (stop and stop.is_set())):
                    selector.select(self._wait_s())
                    self._turn()
        finally:
            self._release()

    def close(self) -> None:
        """End `serve`, which frees the port as it returns; free it here if it never ran. From any thread."""
        with self._lock:
            self._closing = True
            serving = self._serving
        if serving:
            self._waker.wake()
        else:
            self._release()

    def receive(self, datagram: bytes, source: Address, answer: Answer) -> None:
        """Obey a datagram that came through another transport; `answer` sends to its client. From any thread."""
        self._routes[source] = answer
        self._injected.append((datagram, source))
        self._waker.wake()

    def command(self, address: str) -> None:
        """Do a command for another surface of this run, a MIDI control; a refusal is a line on the bus. Any thread."""

        def hear(datagram: bytes) -> None:
            for message in decode(datagram):
                if message.address == "/dawbridge/error" and isinstance(message, Message):
                    self._bus.publish(Notice(f"MIDI: {message.arguments[0]}: {message.arguments[-1]}"))

        self.receive(encode(address), _MIDI, hear)

    def disconnect(self, source: Address) -> None:
        """Forget a client of another transport, which is gone. From any thread."""
        self._injected.append((b"", source))
        self._waker.wake()

    def _pong(self) -> tuple[str, int, int]:
        return self._version, self._address[1], self.http_port

    def _wait_s(self) -> float | None:
        waits = [wait for wait in (self._subscribers.wait_s(self._clock()), self._agenda.wait_s()) if wait is not None]
        return min(waits, default=None)

    def _release(self) -> None:
        with self._lock:
            if self._released:
                return
            self._released = True
        self._receiver.close()
        self.overview.close()
        self._socket.close()
        self._waker.close()

    def _turn(self) -> None:
        """Do everything that waits: datagrams in order, then what was heard, then what is due."""
        self._waker.drain()
        for _ in range(_DATAGRAMS_A_TURN):
            try:
                data, source = self._socket.recvfrom(65535)
            except BlockingIOError:
                break
            except OSError as error:  # a subscriber that died, reported at the next read
                _LOG.debug("OSC read: %s", error)
                self._note_refused()
                continue
            if source[:2] != self._address:
                self._take(data, (source[0], source[1]))
        for _ in range(min(len(self._injected), _DATAGRAMS_A_TURN)):
            self._take(*self._injected.popleft())
        for data, source in self._agenda.due():
            self._receiver.obey(data, source)
        self._pending.settle()
        self._receiver.settle()
        self._receiver.report()
        self._subscribers.flush(self._clock())
        if self._injected:
            self._waker.wake()

    def _take(self, data: bytes, source: Address) -> None:
        """Obey a datagram now, or keep it if it is a bundle for later."""
        if not data and source in self._routes:
            del self._routes[source]
            self._subscribers.remove_own(source)
        elif not self._agenda.keeps(data, source):
            self._receiver.obey(data, source)

    def _answer(self, datagrams: Iterable[bytes], source: Address) -> None:
        targets = self._subscribers.targets(source)
        for datagram in datagrams:
            for target in targets:
                self._send(datagram, target)

    def _send(self, datagram: bytes, target: Address) -> None:
        route = self._routes.get(target)
        if route:
            route(datagram)
            return
        if target[0].startswith(CONNECTED):  # the connection is gone; as a host's name it would be looked up
            return
        for part in cut(datagram):
            self._send_udp(part, target)

    def _send_udp(self, datagram: bytes, target: Address) -> None:
        for _ in range(2):  # the first try may report what became of an earlier datagram
            try:
                self._socket.sendto(datagram, target)
                return
            except ConnectionError:
                self._note_refused()
            except OSError as error:  # a full buffer, an address of another kind, a text too long for a datagram
                _LOG.debug("OSC to %s:%d: %s", *target, error)
                if error.errno == errno.EMSGSIZE:
                    self._send_udp(too_long(datagram), target)
                return

    def _note_refused(self) -> None:
        for target in osc_socket.refused(self._socket):
            self._subscribers.refused(target)

    def _is_ours(self, target: Address) -> bool:
        """Whether what is sent to `target` would come in again."""
        return target[1] == self._address[1] and osc_socket.is_local(target[0], self._socket.family)
