"""OSC over TCP, for programs that cannot lose a packet: each packet is a SLIP frame. Off unless a port is named."""

import logging
import selectors
import socket
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from dawbridge.config.settings import reach
from dawbridge.errors import ControlError
from dawbridge.surfaces.osc.codec import encode
from dawbridge.surfaces.osc.slip import FrameError, Frames, frame
from dawbridge.surfaces.osc.subscribers import Address
from dawbridge.waker import Waker

MAX_CLIENTS = 16
MAX_WAITING_BYTES = 1 << 20
"""What may wait for a client that reads slowly; beyond it the connection is closed."""
_READ_BYTES = 65536

_LOG = logging.getLogger(__name__)


class Osc(Protocol):
    """What obeys the packets."""

    def receive(self, datagram: bytes, source: Address, answer: Callable[[bytes], None]) -> None:
        """Obey a datagram; `answer` sends to its client."""

    def disconnect(self, source: Address) -> None:
        """Forget a client."""


@dataclass(eq=False, slots=True)
class _Client:
    connection: socket.socket
    source: Address
    frames: Frames = field(default_factory=Frames)
    waiting: bytearray = field(default_factory=bytearray)
    lock: threading.Lock = field(default_factory=threading.Lock)
    is_new: bool = True
    """Nothing has come from it yet."""


class OscTcpServer:
    """Binds on construction; `serve` then blocks in its own thread until `close`."""

    name = "osc-tcp"

    def __init__(self, osc: Osc, host: str, port: int) -> None:
        """Listen on TCP `host`:`port` (0: any free port); `osc` obeys. Raises `ControlError`."""
        self._osc = osc
        try:
            self._listening = socket.create_server((host, port), family=_family(host), backlog=MAX_CLIENTS)
        except OSError as error:
            raise ControlError(
                f"no OSC over TCP on {host}, port {port}: {error.strerror}; choose another with --osc-tcp"
            ) from error
        self._listening.setblocking(False)
        self._address: Address = self._listening.getsockname()[:2]
        self._clients: set[_Client] = set()
        self._waker = Waker()
        self._selector = selectors.DefaultSelector()
        self._lock = threading.Lock()
        self._serving = self._closing = self._released = False

    @property
    def address(self) -> Address:
        """Host and port that are really bound."""
        return self._address

    def lines(self) -> Iterable[str]:
        """Where it listens."""
        yield f"OSC on tcp {self._address[0]}:{self._address[1]} (SLIP){reach(self._address[0])}"

    def serve(self, stop: threading.Event | None = None) -> None:
        """Pass on what comes in until `close` is called. Blocks; never raises for what a client does."""
        with self._lock:
            if self._closing:
                return
            self._serving = True
        try:
            self._selector.register(self._listening, selectors.EVENT_READ)
            self._selector.register(self._waker.waitable, selectors.EVENT_READ)
            while not (self._closing or (stop and stop.is_set())):
                for key, events in self._selector.select():
                    self._turn(key, events)
                self._send_all()
        finally:
            self._release()

    def close(self) -> None:
        """End `serve`; free the port here if it never ran. From any thread."""
        with self._lock:
            self._closing = True
            serving = self._serving
        if serving:
            self._waker.wake()
        else:
            self._release()

    def _turn(self, key: selectors.SelectorKey, events: int) -> None:
        if key.fileobj is self._listening:
            self._accept()
        elif key.fileobj is self._waker.waitable:
            self._waker.drain()
        elif key.data in self._clients and events & selectors.EVENT_READ:
            self._read(key.data)

    def _accept(self) -> None:
        try:
            connection, address = self._listening.accept()
        except OSError as error:  # no descriptor left, or the client is gone already
            _LOG.debug("OSC over TCP: %s", error)
            return
        if len(self._clients) >= MAX_CLIENTS:
            _refuse(connection, "too_many_clients", f"there are {MAX_CLIENTS} connections already")
            connection.close()
            return
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client = _Client(connection, (f"tcp:{address[0]}", address[1]))
        self._clients.add(client)
        self._selector.register(connection, selectors.EVENT_READ, client)

    def _read(self, client: _Client) -> None:
        try:
            piece = client.connection.recv(_READ_BYTES)
            if client.is_new and piece.startswith(b"\0"):
                raise FrameError("the stream begins with a length, as in OSC 1.0; send SLIP frames, as in OSC 1.1")
            packets, is_over = client.frames.feed(piece), not piece
        except BlockingIOError:
            return
        except OSError as error:
            _LOG.debug("OSC over TCP from %s:%d: %s", *client.source, error)
            packets, is_over = [], True
        except FrameError as error:
            _refuse(client.connection, "bad_args", f"{error}; the connection is closed")
            packets, is_over = [*error.packets], True
        client.is_new = False
        for packet in packets:
            self._osc.receive(packet, client.source, lambda data: self._answer(client, data))
        if is_over:
            self._drop(client)

    def _answer(self, client: _Client, data: bytes) -> None:
        """Keep what is to be sent, from the OSC server's thread."""
        with client.lock:
            client.waiting += frame(data)
        self._waker.wake()

    def _send_all(self) -> None:
        for client in tuple(self._clients):
            with client.lock:
                try:
                    sent = client.connection.send(client.waiting) if client.waiting else 0
                except BlockingIOError:
                    sent = 0
                except OSError:
                    sent = len(client.waiting)  # it is gone, as the next read tells
                del client.waiting[:sent]
                left = len(client.waiting)
            if left > MAX_WAITING_BYTES:
                self._drop(client)
                continue
            wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if left else 0)
            self._selector.modify(client.connection, wanted, client)

    def _drop(self, client: _Client) -> None:
        self._clients.discard(client)
        with suppress(KeyError, ValueError):
            self._selector.unregister(client.connection)
        client.connection.close()
        self._osc.disconnect(client.source)

    def _release(self) -> None:
        with self._lock:
            if self._released:
                return
            self._released = True
        for client in tuple(self._clients):
            self._drop(client)
        self._selector.close()
        self._listening.close()
        self._waker.close()


def _refuse(connection: socket.socket, code: str, why: str) -> None:
    """Report to a client why its connection is closed."""
    with suppress(OSError):
        connection.send(frame(encode("/dawbridge/error", ("", code, why))))


def _family(host: str) -> int:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
