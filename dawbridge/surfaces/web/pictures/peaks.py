"""Peaks of a waveform: the lowest and highest sample of each span, over all channels."""

import itertools
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Read = Callable[[int, int], NDArray[np.float64]]
"""`(start, frames) → [channels, samples]`."""
Peaks = NDArray[np.int16]
"""`[2, spans]`: lowest and highest, full scale 32767."""

SPAN = 256
"""Samples of one span of the overview that is kept on disk."""
_BLOCK = SPAN * 1024
_SPARSE = 512
"""Samples that a sketch looks at in each span."""


def overview(read: Read, frames: int, heed: Callable[[], None] = lambda: None) -> Peaks:
    """Peaks of every `SPAN` samples. `heed` is called now and then, and may raise."""
    found = np.zeros((2, -(-frames // SPAN)), np.int16)
    for start in range(0, frames, _BLOCK):
        heed()
        low, high = _extremes(read(start, min(_BLOCK, frames - start)), SPAN)
        place = start // SPAN
        found[:, place : place + low.size] = _scaled(low, high)
    return found


def from_overview(kept: Peaks, start: int, stop: int, points: int) -> Peaks:
    """`points` peaks of the samples `start`..`stop` from the overview; points are no finer than its spans."""
    edges = np.linspace(start / SPAN, stop / SPAN, points + 1)
    low = np.minimum(np.floor(edges[:-1]).astype(int), kept.shape[1] - 1)
    high = np.clip(np.ceil(edges[1:]).astype(int), low + 1, kept.shape[1])
    pairs = np.stack([low, high], axis=1)
    return np.array(
        [[kept[0, a:b].min() for a, b in pairs], [kept[1, a:b].max() for a, b in pairs]], np.int16
    )  # fmt: skip


def close_up(read: Read, start: int, stop: int, points: int) -> Peaks:
    """`points` peaks of a span that is short enough to be read whole."""
    block = read(start, stop - start)
    return _by_edges(block, points)


def sketch(read: Read, start: int, stop: int, points: int) -> Peaks:
    """The same of a span of any length, in little time: of each point only the first samples are looked at."""
    edges = np.linspace(start, stop, points + 1).astype(int)
    found = np.zeros((2, points), np.int16)
    for place, (a, b) in enumerate(itertools.pairwise(edges)):
        block = read(int(a), int(min(max(b - a, 1), _SPARSE, stop - a)))
        if block.size:
            found[:, place] = _scaled(block.min(keepdims=True)[0], block.max(keepdims=True)[0])[:, 0]
    return found


def _by_edges(block: NDArray[np.float64], points: int) -> Peaks:
    length = block.shape[1]
    edges = np.linspace(0, length, points + 1).astype(int)
    found = np.zeros((2, points), np.int16)
    low, high = block.min(axis=0), block.max(axis=0)
    for place, (a, b) in enumerate(itertools.pairwise(edges)):
        b = max(b, a + 1)
        if a < length:
            found[:, place] = _scaled(low[a:b].min(keepdims=True), high[a:b].max(keepdims=True))[:, 0]
    return found


def _extremes(block: NDArray[np.float64], span: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    low, high = block.min(axis=0), block.max(axis=0)
    starts = np.arange(0, block.shape[1], span)
    return np.minimum.reduceat(low, starts), np.maximum.reduceat(high, starts)


def _scaled(low: NDArray[np.float64], high: NDArray[np.float64]) -> Peaks:
    both = np.stack([np.floor(low * 32767), np.ceil(high * 32767)])
    scaled: Peaks = np.clip(both, -32768, 32767).astype(np.int16)
    return scaled
