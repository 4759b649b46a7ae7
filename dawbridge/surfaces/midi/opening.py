"""Opening a port that may refuse: another program holds it, or its driver is not ready yet."""

from collections.abc import Callable, Container
from dataclasses import dataclass

from dawbridge.surfaces.midi.system import Opened

RETRY_AFTER_S = (1.0, 2.0, 5.0, 10.0)
"""Waits after the first, second, ... refusal; the last one from then on."""


@dataclass(slots=True)
class _Refusals:
    count: int = 0
    again_at_s: float = float("-inf")


class Opening:
    """Attempts to open ports, with longer and longer waits between them. Ports go by name."""

    def __init__(self, complain: Callable[[str], None]) -> None:
        """`complain` hears of the first refusal of each."""
        self._complain = complain
        self._refusals: dict[str, _Refusals] = {}

    @property
    def again_at_s(self) -> float:
        """When the next attempt is due; infinity where all is well."""
        return min((refused.again_at_s for refused in self._refusals.values()), default=float("inf"))

    def attempt(self, name: str, open_port: Callable[[], Opened], now_s: float) -> Opened | None:
        """What `open_port` returns; None where it raises `OSError`, or where it is too early to ask again."""
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
        """Ports that are not among the names in `present` are gone: should they come back, they start anew."""
        self._refusals = {name: refused for name, refused in self._refusals.items() if name in present}
