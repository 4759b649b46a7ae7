"""Knobs turned since the last render, and whether they have come to rest."""

import threading
from collections.abc import Callable

from dawbridge.knobs.parameters import PARAMETERS, Change, ParameterStore, Stage

SETTLE_S = 0.15
"""A knob this long at rest is rendered."""
LONGEST_WAIT_S = 1.0
"""A knob that never rests is rendered this often."""


class TurnedKnobs:
    """Collects changed sound parameters. Thread-safe; `clock` counts seconds."""

    def __init__(self, store: ParameterStore, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._analysis = False
        self._turned: dict[str, float] = {}
        self._first = self._last = 0.0
        self._box = store.mailbox()

    @property
    def pending(self) -> bool:
        """Something was turned and not taken yet."""
        self._hear()
        return bool(self._turned)

    def settled(self, now: float) -> bool:
        """Something was turned, and has rested or was waited for long enough."""
        return now >= self.due_s()

    def due_s(self) -> float:
        """When what was turned counts as settled, if nothing more is turned; infinite where nothing was."""
        return min(self._last + SETTLE_S, self._first + LONGEST_WAIT_S) if self.pending else float("inf")

    def take(self) -> dict[str, float]:
        """What was turned, raw values by name; then it counts as rendered."""
        self._hear()
        with self._lock:
            taken, self._turned = self._turned, {}
            return taken

    def take_analysis(self) -> bool:
        """Whether a knob of the analysis stage was turned since the last call."""
        self._hear()
        with self._lock:
            turned, self._analysis = self._analysis, False
            return turned

    def _hear(self) -> None:
        """What came into the mailbox since."""
        with self._lock:
            for change in (change for batch in self._box.drain() for change in batch):
                if change.changed and _sounds(change):
                    self._last = change.at_s
                    self._first = self._first if self._turned else self._last
                    self._turned[change.name] = change.value
                    self._analysis |= PARAMETERS[change.name].stage is Stage.ANALYSIS


def _sounds(change: Change) -> bool:
    return PARAMETERS[change.name].stage is not Stage.CONTROL
