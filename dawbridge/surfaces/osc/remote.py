"""Another dawbridge process that listens for OSC: does it answer, and what does it say to a command?"""

import socket
import time
from types import TracebackType
from typing import Self

from dawbridge.errors import JobError
from dawbridge.surfaces.osc.codec import Value, decode, encode

ANSWER_S = 2.0
"""A daemon answers within milliseconds; one under full load within this."""


class Remote:
    """A UDP socket to one daemon."""

    def __init__(self, host: str, port: int) -> None:
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
        self.name = f"{host}:{port}"
        self._target = (host, port)
        self._socket = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)

    def answers(self) -> bool:
        """Whether somebody is there."""
        try:
            self._socket.connect(self._target)
            self._socket.send(encode("/dawbridge/ping", ()))
            return self._hear("/dawbridge/pong")
        except OSError:
            return False

    def ask(self, address: str, *arguments: Value) -> None:
        """Send a command and wait until it was obeyed. Raises `JobError` with the daemon's refusal, or for silence."""
        try:
            self._socket.send(encode(address, arguments))
            self._socket.send(encode("/dawbridge/sync", (1,)))
            answered = self._hear("/dawbridge/synced")
        except OSError as error:
            raise JobError(f"the daemon at {self.name} cannot be reached ({error.strerror})") from error
        if not answered:
            raise JobError(f"the daemon at {self.name} does not answer; is it stopped or overloaded?")

    def _hear(self, wanted: str) -> bool:
        """Whether `wanted` came in time. Raises `JobError` where an error came first."""
        deadline = time.monotonic() + ANSWER_S
        while (left := deadline - time.monotonic()) > 0:
            self._socket.settimeout(left)
            try:
                data = self._socket.recv(65535)
            except TimeoutError:
                return False
            for message in decode(data):
                if message.address == "/dawbridge/error":
                    raise JobError(str(getattr(message, "arguments", ("", "", "refused"))[-1]))
                if message.address == wanted:
                    return True
        return False

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
