"""Keep count of the training time, and derive the learning rate from it."""

import math
from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum
from statistics import median

STALL_FACTOR = 5.0
WARM_UP_STEPS = 100


class Schedule(StrEnum):
    """How the learning rate moves while the time is spent, after a warm-up."""

    COSINE = "cosine"
    """Half a cosine down to 1 % of the peak."""
    FLAT = "flat"
    """The peak to the end: a run that goes on as long as there is time, its weights taken by cooling a copy."""
    COOLING = "cooling"
    """A straight line from the peak down to nothing: the end of a flat run."""


@dataclass(slots=True)
class Budget:
    """The training time that counts, which is the time spent in steps.

    A step that took more than five times the usual (the process was stopped, the machine slept) counts
    as the usual one, so that a pause does not eat the schedule.
    """

    limit_s: float
    spent_s: float = 0.0
    _recent_s: deque[float] = field(default_factory=lambda: deque(maxlen=25))

    def add(self, step_s: float) -> None:
        """Count one step."""
        usual = median(self._recent_s) if len(self._recent_s) >= 5 else step_s
        counted = usual if step_s > STALL_FACTOR * usual else step_s
        self._recent_s.append(counted)
        self.spent_s += counted

    @property
    def progress(self) -> float:
        """Share of the time that is spent, 0..1."""
        return min(1.0, self.spent_s / self.limit_s) if self.limit_s > 0 else 1.0


def learning_rate(peak: float, progress: float, step: int, schedule: Schedule = Schedule.COSINE) -> float:
    """Compute the rate at `progress` 0..1 of the time after `step` steps, with a linear warm-up in steps."""
    cosine = 0.01 + 0.99 * (0.5 + 0.5 * math.cos(math.pi * progress))
    share = {Schedule.COSINE: cosine, Schedule.FLAT: 1.0, Schedule.COOLING: 1.0 - progress}[schedule]
    return peak * share * min(1.0, (step + 1) / WARM_UP_STEPS)


def ema_decay(final: float, step: int) -> float:
    """Compute the decay of the averaged weights, short at first, so that the beginning is forgotten."""
    return min(final, (1 + step) / (10 + step))
