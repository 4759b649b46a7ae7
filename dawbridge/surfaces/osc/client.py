"""A small OSC client for the commands that talk to a running daemon."""

import socket
import time
from collections.abc import Iterator
from types import TracebackType

from dawbridge.surfaces.osc.codec import Message, Value, decode, encode

Heard = tuple[str, tuple[object, ...]]
"""Address and arguments of one message."""

ANSWERS_IN_S = 0.5


class OscClient:
    """One UDP socket that talks to one daemon."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        """Raises `OSError` for a host that there is not."""
        family, kind, protocol, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        self._socket = socket.socket(family, kind, protocol)
        self._socket.connect(where)

    def send(self, address: str, *values: Value) -> None:
        """Send one message. Raises `OSError`."""
        self._socket.send(encode(address, values))

    def heard(self, timeout_s: float) -> Iterator[Heard]:
        """What comes within `timeout_s` from now, as it comes. Raises `ConnectionRefusedError` where nobody listens."""
        ends_s = time.monotonic() + timeout_s
        while (left_s := ends_s - time.monotonic()) > 0:
            self._socket.settimeout(left_s)
            try:
                datagram = self._socket.recv(65535)
            except TimeoutError:
                return
            yield from ((m.address, m.arguments) for m in decode(datagram) if isinstance(m, Message))

    def answers(self) -> bool:
        """A dawbridge listens there."""
        try:
            self.send("/dawbridge/ping")
            return any(address == "/dawbridge/pong" for address, _ in self.heard(ANSWERS_IN_S))
        except OSError:
            return False

    def dump(self) -> dict[str, object]:
        """Every value by address; empty where no dawbridge answers in time."""
        values: dict[str, object] = {}
        try:
            self.send("/dawbridge/dump")
            for address, arguments in self.heard(ANSWERS_IN_S):
                if address == "/dawbridge/dumped":
                    return values
                if len(arguments) == 1:
                    values[address] = arguments[0]
        except OSError:
            pass
        return {}

    def __enter__(self) -> "OscClient":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()
