"""A running `dawbridge watch` to measure, and programs that talk to it over OSC."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dawbridge.surfaces.osc.codec import Message, decode, encode
from examples.listener import free_port

PATIENCE_S = 900.0


class Client:
    """One program with one UDP socket."""

    def __init__(self, port: int) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self._socket.bind(("127.0.0.1", 0))
        self._server = ("127.0.0.1", port)

    def send(self, address: str, *values: float | int | str) -> None:
        self.raw(encode(address, values))

    def raw(self, datagram: bytes) -> None:
        self._socket.sendto(datagram, self._server)

    def heard(self, timeout_s: float) -> Iterator[Message]:
        """Messages as they come, until none comes for so long."""
        self._socket.settimeout(timeout_s)
        while True:
            try:
                datagram = self._socket.recv(65535)
            except TimeoutError:
                return
            yield from (message for message in decode(datagram) if isinstance(message, Message))

    def waiting(self) -> Iterator[Message]:
        """What has come already."""
        self._socket.setblocking(False)
        while True:
            try:
                datagram = self._socket.recv(65535)
            except BlockingIOError:
                return
            yield from (message for message in decode(datagram) if isinstance(message, Message))

    def wait_for(self, address: str, *first: object, timeout_s: float = PATIENCE_S) -> tuple[object, ...]:
        for message in self.heard(timeout_s):
            if message.address == address and message.arguments[: len(first)] == first:
                return message.arguments
        raise TimeoutError(f"no {address} within {timeout_s:g} s")

    def subscribe(self) -> "Client":
        """At the highest rate, so that the daemon's own time is measured and not the rate limit."""
        self.send("/dawbridge/subscribe", self._socket.getsockname()[1], "", 1000)
        self.wait_for("/dawbridge/subscribed")
        return self


@dataclass(frozen=True)
class Rig:
    """The running daemon."""

    port: int
    process: "subprocess.Popen[bytes]"
    bounces: Path

    def client(self) -> Client:
        """A subscriber."""
        return Client(self.port).subscribe()

    def memory_mb(self) -> float:
        """Resident memory of the daemon's own process; 0 where the system does not say."""
        try:
            status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        except OSError:
            return 0.0
        return next(float(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS"))


@contextmanager
def daemon(model: str, *, midi: bool = False) -> Iterator[Rig]:
    """`dawbridge watch` on a fresh folder."""
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        bounces = folder / "bounces"
        bounces.mkdir()
        command = [sys.executable, "-m", "dawbridge", "watch", str(bounces), "--http-port", "0"]
        command += ["--osc-port", str(port), "--model", model, *([] if midi else ["--no-midi"])]
        process = subprocess.Popen(command, env={**os.environ, "DAWBRIDGE_HOME": str(folder / "home")})
        try:
            probe = Client(port)
            while True:
                probe.send("/dawbridge/ping")
                if next(probe.heard(0.2), None):
                    break
            yield Rig(port, process, bounces)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)
