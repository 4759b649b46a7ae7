"""A stem's level."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dawbridge.knobs.automation import Lane


@dataclass(frozen=True, slots=True)
class Gain:
    """A stem's level: a number, or a lane that it follows sample by sample."""

    db: float
    lane: Lane | None = None

    @property
    def is_neutral(self) -> bool:
        """Samples stay as they are."""
        return self.lane is None and self.db == 0.0

    def factor(self, start: int, stop: int, sample_rate: int) -> float | NDArray[np.float64]:
        """For frames `start..stop`: one factor, or one a frame, `[stop - start, 1]`."""
        if self.lane is None:
            return float(10.0 ** (self.db / 20.0))
        db = self.lane.values(np.arange(start, stop) / sample_rate)
        return np.asarray(10.0 ** (db / 20.0))[:, None]
