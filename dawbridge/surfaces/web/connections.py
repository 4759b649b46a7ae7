"""TCP connections of the HTTP server: how many at once, and how long one may be idle.

Each connection takes one of the process's file descriptors, which the watched files need too.
"""

import asyncio
import socket
import time
from collections.abc import Callable

from dawbridge.errors import ControlError

MAX_CONNECTIONS = 64
"""Beyond this the one that has been idle for longest is closed."""
IDLE_S = 15.0
"""How long a connection may take for a request's head, or rest between two requests, in seconds."""
_LOOK_EVERY_S = 1.0
_AFTER_ERROR_S = 0.2


class Connections:
    """Accepts connections on a listening socket and closes those that only take up room."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last_s: dict[asyncio.Transport, float] = {}
        """When a connection was opened, or its last request came."""
        self._streaming: set[asyncio.Transport] = set()

    def __len__(self) -> int:
        return len(self._last_s)

    def heard(self, transport: asyncio.Transport) -> None:
        """A request came through `transport`."""
        if transport in self._last_s:
            self._last_s[transport] = self._clock()

    def streams(self, transport: asyncio.Transport, on: bool) -> None:
        """A WebSocket begins or ends: it may rest for as long as it likes."""
        if on:
            self._streaming.add(transport)
        else:
            self._streaming.discard(transport)
            self.heard(transport)

    async def accept(self, listening: socket.socket, factory: Callable[[], asyncio.Protocol]) -> None:
        """Accept until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, _ = await loop.sock_accept(listening)
            except OSError:  # no descriptor left, or the client is gone already
                self._drop_idle(0.0)
                await asyncio.sleep(_AFTER_ERROR_S)
                continue
            while len(self._last_s) >= MAX_CONNECTIONS and self._drop_oldest():
                pass
            if len(self._last_s) >= MAX_CONNECTIONS:
                connection.close()
                continue
            transport, _ = await loop.connect_accepted_socket(factory, sock=connection)
            self._last_s[transport] = self._clock()

    async def mind(self) -> None:
        """Close what is idle, until cancelled."""
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            self._drop_idle(IDLE_S)

    def _drop_idle(self, after_s: float) -> None:
        now_s = self._clock()
        for transport, last_s in tuple(self._last_s.items()):
            is_idle = transport not in self._streaming and now_s - last_s >= after_s
            if transport.is_closing() or is_idle:
                self._drop(transport)

    def _drop_oldest(self) -> bool:
        """Whether there was one that can be closed."""
        closing = [transport for transport in self._last_s if transport.is_closing()]
        resting = sorted(self._last_s.keys() - self._streaming, key=self._last_s.__getitem__)
        for transport in closing or resting[:1]:
            self._drop(transport)
        return bool(closing or resting)

    def _drop(self, transport: asyncio.Transport) -> None:
        del self._last_s[transport]
        self._streaming.discard(transport)
        transport.abort()


def bind(host: str, port: int) -> socket.socket:
    """A listening socket on TCP `host`:`port` that does not block. Raises `ControlError`."""
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        bound = socket.socket(family, kind, protocol)
    except OSError as error:
        raise ControlError(f"no OSCQuery: {host!r}: {error}") from error
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(where)
        bound.listen(1024)
    except OSError as error:
        bound.close()
        reason = f"{host}, TCP port {port}: {error.strerror}"
        raise ControlError(f"no OSCQuery on {reason}; choose another with --http-port") from error
    bound.setblocking(False)
    return bound
