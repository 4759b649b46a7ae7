"""WebSocket clients of OSCQuery: what each listens to, and what waits to be sent to it."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from dawbridge.commands import Value
from dawbridge.surfaces.osc.codec import encode
from dawbridge.surfaces.osc.subscribers import Address

_MAX_ANSWERS = 4096
"""Answers that wait at most: a datagram may hold 512 questions, and thirty of them a second are answered in full."""
STREAM_HZ = 30


@dataclass(eq=False, slots=True)
class Listener:
    """One WebSocket."""

    source: Address
    """What stands in the origin of the changes that it makes."""
    paths: set[str] = field(default_factory=set)
    """What it listens to."""
    waiting: dict[str, None] = field(default_factory=dict)
    """Paths whose value is to be sent: the newest only, however many changes there were."""
    answers: deque[bytes | str] = field(default_factory=lambda: deque[bytes | str](maxlen=_MAX_ANSWERS))
    """Answers to what it sent, and notices of paths that came or went."""
    woken: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, path: str, source: Address | None) -> None:
        """The value at `path` was changed by `source`."""
        if path in self.paths and source != self.source:
            self.waiting[path] = None
            self.woken.set()

    def answer(self, message: bytes | str) -> None:
        """Send a message with the next turn: binary OSC, or a command of OSCQuery."""
        self.answers.append(message)
        self.woken.set()

    def taken(self, read: Callable[[str], Iterable[Value] | None]) -> list[bytes | str]:
        """What is to be sent now."""
        self.woken.clear()
        paths, self.waiting = self.waiting, {}
        messages = list(self.answers)
        self.answers.clear()
        found = ((path, read(path)) for path in paths)
        return messages + [encode(path, values) for path, values in found if values is not None]
