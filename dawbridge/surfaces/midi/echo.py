"""What comes back from a port that returns what it is sent: loopMIDI, an IAC bus, a DAW that passes it through."""

from collections import Counter, deque
from collections.abc import Sequence

ECHO_S = 0.5
"""How long a message that was sent may take to come back, in seconds."""


class EchoFilter:
    """Knows what was sent through one port lately, so that it turns nothing when it comes back."""

    def __init__(self) -> None:
        self._sent: deque[tuple[float, bytes]] = deque()
        self._waiting: Counter[bytes] = Counter()

    def sent(self, message: Sequence[int], now_s: float) -> None:
        """`message` was sent."""
        self._expire(now_s)
        data = bytes(message)
        self._sent.append((now_s, data))
        self._waiting[data] += 1

    def is_echo(self, message: Sequence[int], now_s: float) -> bool:
        """Whether `message` is one that was sent. Each counts as often as it was sent."""
        if not self._sent:
            return False
        self._expire(now_s)
        data = bytes(message)
        if not self._waiting[data]:
            return False
        self._waiting[data] -= 1
        return True

    def _expire(self, now_s: float) -> None:
        while self._sent and now_s - self._sent[0][0] > ECHO_S:
            _, data = self._sent.popleft()
            sent = sum(other == data for _, other in self._sent)
            self._waiting[data] = min(self._waiting[data], sent)
            if not self._waiting[data]:
                del self._waiting[data]
