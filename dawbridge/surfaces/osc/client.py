"""A client of a running dawbridge over OSC: for the commands, for tests and benchmarks, and for programs of your own.

```python
with OscClient(9320) as client:
    client.subscribe()
    client.send("/dawbridge/mask/strength", 0.5)
    job, acapella, instrumental, seconds = client.wait_for("/dawbridge/job/done", 60)
```
"""

import socket
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from dawbridge.commands import Value
from dawbridge.errors import JobError
from dawbridge.surfaces.osc.codec import Message, decode, encode

Heard = tuple[str, tuple[object, ...]]
"""Address and arguments of one message."""

ANSWERS_IN_S = 0.5
ANSWER_S = 2.0
"""How long an answer may take, in seconds: milliseconds as a rule, this under full load."""
_RECEIVE_BUFFER_BYTES = 1 << 22
_MAX_ARGUMENTS = 65535
"""A list of presets has as many as fit into a datagram."""


class OscClient:
    """One UDP socket that talks to one dawbridge. What comes in waits in the socket until it is asked for."""

    def __init__(self, port: int, host: str = "127.0.0.1", *, listen: int | None = None) -> None:
        """`port` and `host`: where dawbridge listens; an address for all interfaces means this machine.

        `listen`: a port of this machine to listen on, for what any program sends there; without it the socket has a
        port of its own, and hears dawbridge alone. Raises `OSError` if there is no such host, or the port is taken.
        """
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
        family, kind, protocol, _, target = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        self._target: tuple[object, ...] = target
        self.name = f"{host}:{port}"
        """Who it talks to."""
        self._socket = socket.socket(family, kind, protocol)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER_BYTES)
        self._waiting: list[Heard] = []
        if listen is None:
            self._socket.connect(self._target)
        else:
            self._socket.bind(("127.0.0.1" if family == socket.AF_INET else "::1", listen))

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._socket.getsockname()[1])

    def send(self, address: str, *values: Value) -> None:
        """Send one message. Raises `OSError`."""
        self.send_raw(encode(address, values))

    def send_raw(self, datagram: bytes) -> None:
        """Send one datagram as it is. Raises `OSError`."""
        self._socket.sendto(datagram, self._target)

    def heard(self, timeout_s: float) -> Iterator[Heard]:
        """What comes within `timeout_s` from now, as it comes; for 0 what has come already.

        Raises `ConnectionRefusedError` if nobody listens.
        """
        ends_s = time.monotonic() + timeout_s
        while self._waiting or self._receive(ends_s - time.monotonic() if timeout_s else 0.0):
            while self._waiting:
                yield self._waiting.pop(0)

    def wait_for(self, address: str, timeout_s: float, *first: object) -> tuple[object, ...]:
        """The arguments of the next message to `address`, of those that begin with `first`. Raises `TimeoutError`."""
        for heard, values in self.heard(timeout_s):
            if heard == address and values[: len(first)] == first:
                return values
        raise TimeoutError(f"no {address} within {timeout_s:g} s")

    def subscribe(self, prefix: str = "", max_hz: int = 1000, timeout_s: float = ANSWER_S) -> Self:
        """Be sent every value, then every change and event. Raises `TimeoutError` if nobody answers."""
        self.send("/dawbridge/subscribe", 0, prefix, max_hz)
        self.wait_for("/dawbridge/subscribed", timeout_s)
        return self

    def answers(self) -> bool:
        """Whether a dawbridge listens there."""
        try:
            self.send("/dawbridge/ping")
            return any(address == "/dawbridge/pong" for address, _ in self.heard(ANSWERS_IN_S))
        except OSError:
            return False

    def ask(self, address: str, *values: Value, timeout_s: float = ANSWER_S) -> list[Heard]:
        """Send a command and wait until it was obeyed; what it brought back.

        Raises `JobError` with the refusal, or if nobody answers.
        """
        answers: list[Heard] = []
        try:
            self.send(address, *values)
            self.send("/dawbridge/sync", 1)
            for heard, arguments in self.heard(timeout_s):
                if heard == "/dawbridge/error" and arguments[:1] == (address,):
                    raise JobError(str(arguments[-1]))
                if heard == "/dawbridge/synced":
                    return answers
                answers.append((heard, arguments))
        except OSError as error:
            raise JobError(f"the dawbridge at {self.name} cannot be reached ({error.strerror})") from error
        raise JobError(f"the dawbridge at {self.name} does not answer; is it stopped or overloaded?")

    def dump(self) -> dict[str, object]:
        """Every value by address; empty if no dawbridge answers in time."""
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

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _receive(self, timeout_s: float) -> bool:
        """Whether a datagram came in time."""
        if timeout_s < 0:
            return False
        self._socket.settimeout(timeout_s)
        try:
            datagram = self._socket.recv(65535)
        except (TimeoutError, BlockingIOError):
            return False
        self._waiting += [(m.address, m.arguments) for m in decode(datagram, _MAX_ARGUMENTS) if isinstance(m, Message)]
        return True


def free_port() -> int:
    """A UDP port of this machine that nobody uses."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
