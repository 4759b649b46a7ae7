"""Tiles of a spectrogram: 256 columns of time, 256 rows of frequency, -90..0 dB below a full-scale sine.

Level 0 has a column every 20 ms; each further level has half as many. A column of a high level stands for seconds or
minutes: of these a few windows are looked at, so that a tile costs the same at every level, however long the bounce is.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Read = Callable[[int, int], NDArray[np.float64]]
"""`(start, frames) → [channels, samples]`, shorter at the end."""
Axis = Literal["log", "linear"]

SIDE = 256
"""Pixels of a tile, both ways."""
COLUMN_S = 0.02
LOWEST_HZ = 30.0
FLOOR_DB = -90.0
_WINDOWS = 4
"""Windows that a column is made of at most."""
_WINDOW_S = 0.045
LEVELS = range(24)
"""Levels that can be asked for: 20 ms · 2^23 is two days a column."""


@dataclass(frozen=True, slots=True)
class Grid:
    """What the tiles of one file have in common."""

    sample_rate: int
    """In Hz."""
    frames: int

    @property
    def window(self) -> int:
        """Samples of a window: a power of two of about 45 ms."""
        return 1 << max(6, round(math.log2(self.sample_rate * _WINDOW_S)))

    def hop(self, level: int) -> int:
        """Samples between two columns."""
        return max(1, round(self.sample_rate * COLUMN_S)) << level

    def tiles(self, level: int) -> int:
        """How many tiles the file has at a level, 1 or more."""
        return max(1, -(-self.frames // (self.hop(level) * SIDE)))

    @property
    def top_level(self) -> int:
        """The first level with one tile."""
        return next(level for level in LEVELS if self.tiles(level) == 1 or level == LEVELS[-1])

    @property
    def highest_hz(self) -> float:
        """The top of both axes."""
        return min(self.sample_rate / 2, 22_050.0)


def tile(read: Read, grid: Grid, axis: Axis, level: int, number: int) -> NDArray[np.uint8]:
    """Palette indices `[SIDE rows, SIDE columns]`, high frequencies first; columns past the end are 0."""
    hop = grid.hop(level)
    windows = min(_WINDOWS, 2**level)
    offsets = (np.arange(SIDE * windows) * hop) // windows + number * SIDE * hop
    powers = np.zeros((len(offsets), grid.window // 2 + 1))
    for place, start in enumerate(offsets):
        if start < grid.frames:
            powers[place] = _power(read(int(start), min(grid.window, grid.frames - int(start))), grid.window)
    columns = powers.reshape(SIDE, windows, -1).mean(axis=1)
    decibels = 10 * np.log10(_rows(columns, grid, axis) + 1e-12)
    indices = np.clip((decibels - FLOOR_DB) / -FLOOR_DB * 255, 0, 255).round().astype(np.uint8)
    return np.ascontiguousarray(indices.T[::-1])


def _power(block: NDArray[np.float64], window: int) -> NDArray[np.float64]:
    """Power of each bin, the channels' mean; a full-scale sine has 1."""
    padded = np.zeros((block.shape[0], window))
    padded[:, : block.shape[1]] = block
    shape = np.hanning(window)
    spectrum = np.fft.rfft(padded * shape, axis=1) * (2 / shape.sum())
    return np.asarray((spectrum.real**2 + spectrum.imag**2).mean(axis=0))


def _rows(columns: NDArray[np.float64], grid: Grid, axis: Axis) -> NDArray[np.float64]:
    """`[columns, bins]` → `[columns, SIDE]`: the loudest bin of each row, the nearest two where a row has none."""
    if axis == "log":
        edges_hz = np.geomspace(LOWEST_HZ, grid.highest_hz, SIDE + 1)
    else:
        edges_hz = np.linspace(0.0, grid.highest_hz, SIDE + 1)
    edges = edges_hz / grid.sample_rate * grid.window
    rows = np.empty((len(columns), SIDE))
    for row in range(SIDE):
        low, high = int(np.ceil(edges[row])), int(np.ceil(edges[row + 1]))
        high = min(high, columns.shape[1])
        if high > low:
            rows[:, row] = columns[:, low:high].max(axis=1)
        else:
            middle = min((edges[row] + edges[row + 1]) / 2, columns.shape[1] - 1.001)
            below = int(middle)
            part = middle - below
            rows[:, row] = columns[:, below] * (1 - part) + columns[:, below + 1] * part
    return rows
