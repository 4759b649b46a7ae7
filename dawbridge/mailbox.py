"""Mailboxes: how one thread tells another something without ever waiting for it.

A publisher puts things in and goes on; the listener drains its own mailbox, in its own thread, when it has the time.
A listener that never does loses the oldest things and holds up nobody.
"""

import threading
from collections.abc import Callable, Hashable
from itertools import islice
from typing import Generic, TypeVar

T = TypeVar("T")

LIMIT = 1024
"""How many things wait in a mailbox unless its owner asks for another limit."""


def _newer(_older: T, newer: T) -> T:
    return newer


class Mailbox(Generic[T]):
    """A bounded queue with many writers and one reader. Thread-safe; `put` never blocks.

    Drawn with `key` giving the letter, and a limit of 3:

        put a1  put b1  put a2     put -7    put -8     drain
        [a1]    [a1 b1] [b1 a2]    [b1 a2 7] [a2 7 8]   → [a2 7 8], lost 1
    """

    def __init__(
        self,
        wake: Callable[[], None] | None = None,
        limit: int = LIMIT,
        *,
        merge: Callable[[T, T], T] = _newer,
        on_close: Callable[["Mailbox[T]"], None] = lambda _: None,
    ) -> None:
        """`wake` is called, under no lock, when the first thing comes into an empty mailbox; it must only wake.

        When `limit` things wait and one more comes, the oldest that has a key goes, for it can be had again; if none
        has one, the two oldest become one by `merge`, which drops the older unless it is told otherwise.
        """
        self._wake, self._limit, self._merge, self._on_close = wake, max(2, limit), merge, on_close
        self._items: dict[int, T] = {}
        self._keyed: dict[Hashable, int] = {}
        self._next = 0
        self._lock = threading.Lock()
        self._filled = threading.Event()
        self.is_closed = False
        """Whether nothing more comes in."""
        self._lost = 0

    def put(self, item: T, key: Hashable | None = None) -> bool:
        """Put `item` in; whether `wake` has to be called, once no lock is held.

        Of things with the same `key` only the newest waits; None never replaces anything.
        """
        with self._lock:
            if self.is_closed:
                return False
            was_empty = not self._items
            if key is not None:
                self._items.pop(self._keyed.pop(key, -1), None)
            if len(self._items) >= self._limit:
                self._make_room()
            if key is not None:
                self._keyed[key] = self._next
            self._items[self._next] = item
            self._next += 1
            self._filled.set()
            return was_empty

    def wake(self) -> None:
        """Wake the listener, if it asked for that."""
        if self._wake:
            self._wake()

    def drain(self) -> list[T]:
        """Everything that waits, oldest first; the mailbox is empty then."""
        with self._lock:
            items, self._items = list(self._items.values()), {}
            self._keyed.clear()
            if not self.is_closed:
                self._filled.clear()
            return items

    def wait(self, timeout_s: float | None) -> bool:
        """Wait until something is in it or it is closed, at most `timeout_s` (None: for ever); whether that is so."""
        return self._filled.wait(timeout_s)

    def take_lost(self) -> int:
        """How many things were dropped for want of room since the last call."""
        with self._lock:
            lost, self._lost = self._lost, 0
            return lost

    def close(self) -> None:
        """Take nothing more in, and wake who waits; what is in it can still be drained."""
        with self._lock:
            self.is_closed = True
            self._filled.set()
        self._on_close(self)
        self.wake()

    def _make_room(self) -> None:
        key = next(iter(self._keyed), None)
        if key is not None:
            del self._items[self._keyed.pop(key)]
            self._lost += 1
            return
        first, second = islice(self._items, 2)
        older = self._items.pop(first)
        self._items[second] = self._merge(older, self._items[second])
        self._lost += 1


class Mailboxes(Generic[T]):
    """All mailboxes of one publisher: each thing goes into all of them, in one order. Thread-safe."""

    def __init__(self, merge: Callable[[T, T], T] = _newer) -> None:
        """`merge` as a mailbox takes it."""
        self._merge = merge
        self._boxes: tuple[Mailbox[T], ...] = ()
        self._lock = threading.Lock()

    def open(self, wake: Callable[[], None] | None = None, limit: int = LIMIT) -> Mailbox[T]:
        """A new mailbox, which is filled from now on until it is closed."""
        box = Mailbox(wake, limit, merge=self._merge, on_close=self._remove)
        with self._lock:
            self._boxes = (*self._boxes, box)
        return box

    def deliver(self, make: Callable[[], T | None]) -> T | None:
        """Put what `make` gives into every mailbox, unless it is None; then wake who has to be woken.

        `make` is called while nothing else is delivered, so that what it does happens in the same order for everyone.
        """
        with self._lock:
            item = make()
            if item is None:
                return None
            filled = [box for box in self._boxes if box.put(item)]
        for box in filled:
            box.wake()
        return item

    def put(self, item: T, key: Hashable | None = None) -> None:
        """Put `item` into every mailbox, with the `key` that it has there; then wake who has to be woken."""
        with self._lock:
            filled = [box for box in self._boxes if box.put(item, key)]
        for box in filled:
            box.wake()

    def _remove(self, box: Mailbox[T]) -> None:
        with self._lock:
            self._boxes = tuple(other for other in self._boxes if other is not box)
