"""Wakes a thread that waits for sockets."""

import socket
from contextlib import suppress


class Waker:
    """A pair of sockets: one end wakes, the other is waited for, with `multiprocessing.connection.wait` or `select`."""

    def __init__(self) -> None:
        self._waker, self.waitable = socket.socketpair()
        for end in (self._waker, self.waitable):
            end.setblocking(False)
        self.woken = False
        """Whether anybody woke since `drain` was last called; a reader need not drain before that."""

    def wake(self) -> None:
        """Wake whoever waits. From any thread or signal handler; never blocks or raises."""
        with suppress(OSError):  # full: it is awake anyway; or closed
            self._waker.send(b"\0")
        self.woken = True  # last: whoever sees it too early only looks once more

    def drain(self) -> None:
        """Forget all wakings until now. By the thread that waits."""
        self.woken = False
        with suppress(OSError):
            while self.waitable.recv(4096):
                pass

    def close(self) -> None:
        """Wake nobody any more."""
        self._waker.close()
        self.waitable.close()
