"""The main loop's inbox: other threads put things in, the loop alone takes them out, and can wait for them."""

from collections import deque
from typing import Generic, TypeVar

from dawbridge.waker import Waker

T = TypeVar("T")


class Inbox(Waker, Generic[T]):
    """A queue that can be waited for as sockets are. Nothing in it is ever dropped."""

    def __init__(self) -> None:
        super().__init__()
        self._items: deque[T] = deque()

    def post(self, item: T) -> None:
        """Put `item` in and wake the loop. From any thread."""
        self._items.append(item)
        self.wake()

    def take(self) -> list[T]:
        """Everything that was put in, in order. By the loop."""
        self.drain()
        items = []
        while self._items:
            items.append(self._items.popleft())
        return items
