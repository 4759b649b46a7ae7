"""A small OSC client: hears what dawbridge sends to one port, and sends to it."""

import queue
import socket
import threading
import time
from types import TracebackType
from typing import Any

from pythonosc.dispatcher import Dispatcher
from pythonosc.osc_server import BlockingOSCUDPServer
from pythonosc.udp_client import SimpleUDPClient


class Listener:
    """Keeps every message that arrives at `port`, in order.

    ```python
    with Listener() as heard:                      # dawbridge watch … --osc-feedback 127.0.0.1:PORT
        heard.send(9320, "/dawbridge/mask/strength", 0.5)
        job, acapella, instrumental, seconds = heard.wait_for("/dawbridge/job/done", 60)
    ```
    """

    def __init__(self, port: int = 0) -> None:
        dispatcher = Dispatcher()
        dispatcher.set_default_handler(lambda address, *values: self._heard.put((address, values)))
        self._heard: queue.Queue[tuple[str, tuple[Any, ...]]] = queue.Queue()
        self._server = BlockingOSCUDPServer(("127.0.0.1", port), dispatcher)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._server.server_address[1])

    def send(self, port: int, address: str, *values: object) -> None:
        """Send one message to dawbridge on this computer."""
        with SimpleUDPClient("127.0.0.1", port) as client:
            client.send_message(address, list(values))

    def wait_for(self, address: str, timeout_s: float) -> tuple[Any, ...]:
        """The arguments of the next message to `address`. Raises `TimeoutError`."""
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                heard, values = self._heard.get(timeout=max(0.01, deadline - time.monotonic()))
            except queue.Empty:
                raise TimeoutError(f"no {address} within {timeout_s:g} s") from None
            if heard == address:
                return values

    def __enter__(self) -> "Listener":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


def free_port() -> int:
    """A UDP port of this computer that nobody uses."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
