"""How much of the time is spent, and what that means for the learning rate."""

import math
from collections import deque
from dataclasses import dataclass, field
from statistics import median

STALL_FACTOR = 5.0
WARM_UP_STEPS = 100


@dataclass(slots=True)
class Budget:
    """Training time that counts: that spent in steps.

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
        """0 at the start, 1 when the time is spent."""
        return min(1.0, self.spent_s / self.limit_s) if self.limit_s > 0 else 1.0


def learning_rate(peak: float, progress: float, step: int) -> float:
    """Half a cosine from `peak` to 1 % of it over `progress` 0..1, after a linear warm-up in steps."""
    annealed = 0.01 + 0.99 * (0.5 + 0.5 * math.cos(math.pi * progress))
    return peak * annealed * min(1.0, (step + 1) / WARM_UP_STEPS)


def ema_decay(final: float, step: int) -> float:
    """Decay of the averaged weights: short at first, so that the beginning is forgotten."""
    return min(final, (1 + step) / (10 + step))
