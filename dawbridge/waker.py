"""Wakes a thread that waits for sockets."""

import socket
from contextlib import suppress


class Waker:
    """A pair of sockets: one end wakes, the other is waited for, with `multiprocessing.connection.wait` or `select`."""

    def __init__(self) -> None:
        self._waker, self.waitable = socket.socketpair()
        for end in (self._waker, self.waitable):
            end.setblocking(False)

    def wake(self) -> None:
        """Wake whoever waits. From any thread or signal handler; never blocks or raises."""
        with suppress(OSError):  # full: it is awake anyway; or closed
            self._waker.send(b"\0")

    def drain(self) -> None:
        """Forget all wakings until now. By the thread that waits."""
        with suppress(OSError):
            while self.waitable.recv(4096):
                pass

    def close(self) -> None:
        """Wake nobody any more."""
        self._waker.close()
        self.waitable.close()
