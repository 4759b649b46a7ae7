"""Opening ports that may refuse, because another program has them or their driver is not ready yet."""

from collections.abc import Callable, Container
from dataclasses import dataclass

from dawbridge.surfaces.midi.system import Opened

RETRY_AFTER_S = (1.0, 2.0, 5.0, 10.0)
"""Waits after the first, second, ... refusal, in seconds; the last one applies from then on."""


@dataclass(slots=True)
class _Refusals:
    count: int = 0
    again_at_s: float = float("-inf")


class Opening:
    """Attempts to open ports, by name, with longer and longer waits between them."""

    def __init__(self, complain: Callable[[str], None]) -> None:
        """`complain` is given a line on the first refusal of each port."""
        self._complain = complain
        self._refusals: dict[str, _Refusals] = {}

    @property
    def again_at_s(self) -> float:
        """When the next attempt is due; infinite if no port refused."""
        return min((refused.again_at_s for refused in self._refusals.values()), default=float("inf"))

    def attempt(self, name: str, open_port: Callable[[], Opened], now_s: float) -> Opened | None:
        """What `open_port` returns; None if it raises `OSError`, or if it is too early to try again."""
        refused = self._refusals.get(name, _Refusals())
        if now_s < refused.again_at_s:
            return None
        try:
            opened = open_port()
        except OSError as error:
            if refused.count == 0:
                self._complain(f"MIDI {name} cannot be opened: {error}; it is tried again")
            refused.again_at_s = now_s + RETRY_AFTER_S[min(refused.count, len(RETRY_AFTER_S) - 1)]
            refused.count += 1
            self._refusals[name] = refused
            return None
        self._refusals.pop(name, None)
        return opened

    def forget_others(self, present: Container[str]) -> None:
        """Forget ports that are not in `present`: if they come back, they are tried at once."""
        self._refusals = {name: refused for name, refused in self._refusals.items() if name in present}
