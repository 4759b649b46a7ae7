"""The main loop's inbox: other threads put things in, the loop alone takes them out, and can wait for them."""

import socket
from collections import deque
from contextlib import suppress
from typing import Generic, TypeVar

T = TypeVar("T")


class Inbox(Generic[T]):
    """A queue that `multiprocessing.connection.wait` and `select` can wait on. Nothing in it is ever dropped."""

    def __init__(self) -> None:
        self._items: deque[T] = deque()
        self._waker, self.waitable = socket.socketpair()
        for end in (self._waker, self.waitable):
            end.setblocking(False)

    def post(self, item: T) -> None:
        """Put `item` in and wake the loop. From any thread."""
        self._items.append(item)
        self.wake()

    def wake(self) -> None:
        """Wake the loop. From any thread or signal handler; never blocks or raises."""
        with suppress(OSError):  # full: it is awake anyway; or closed
            self._waker.send(b"\0")

    def drain(self) -> list[T]:
        """Everything that was put in, in order. By the loop."""
        with suppress(OSError):
            while self.waitable.recv(4096):
                pass
        items = []
        while self._items:
            items.append(self._items.popleft())
        return items

    def close(self) -> None:
        """Wake nobody any more."""
        self._waker.close()
        self.waitable.close()
