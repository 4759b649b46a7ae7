"""Loops: audio whose end is followed by its start, so that its stems go round without a click.

The mixture is unrolled on either side before it is heard or transformed::

    file                 [abcdefgh]
    what is heard    efgh[abcdefgh]abcd

and what follows the end is led into the start, since a transform's frames there need not lie as they do at the start:
if a whole number of them fits into the loop, both are the same.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from dawbridge.engine.mixture import Mixture

Samples = NDArray[np.float32]
"""`[channels, samples]`."""

FADE_S = 1024 / 44100
"""How long it takes to lead what follows the end into the start, in seconds."""


def around(read: Callable[[int, int], Samples], start: int, stop: int, frames: int) -> Samples:
    """Return samples `start..stop` of a loop of `frames` samples, however far outside of it they are."""
    if stop - start >= frames:
        return read(0, frames)[:, np.arange(start, stop) % frames]
    first = start % frames
    last = first + stop - start
    if last <= frames:
        return read(first, last)
    return np.concatenate((read(first, frames), read(0, last - frames)), axis=1)


class LoopMixture:
    """A loop, unrolled: its end before its start and its start after its end, as often as is needed."""

    def __init__(self, loop: Mixture, before: int, after: int) -> None:
        """`before` and `after`: numbers of samples that are added on either side."""
        self._loop, self._before = loop, before
        self.sample_rate, self.channels = loop.sample_rate, loop.channels
        self.frames = before + loop.frames + after

    def read(self, start: int, stop: int) -> Samples:
        """Return samples `start..stop`, counted from the first one that was added."""
        return around(self._loop.read, start - self._before, stop - self._before, self._loop.frames)


def fade_samples(sample_rate: int, frames: int) -> int:
    """Return the number of samples over which a loop's end is led into its start; all of a shorter loop."""
    return min(frames, round(FADE_S * sample_rate))


def led_in(start: Samples, beyond: Samples, place: int, fade: int) -> Samples:
    """Return a piece of a loop's `start`, entered without a step: at first what comes `beyond` the end, then itself.

    Both are `[channels, n]`, the samples from `place` on; the whole way takes `fade` samples.
    """
    weight = (np.arange(place, place + start.shape[1], dtype=np.float32) + 1) / np.float32(fade + 1)
    return np.asarray(beyond + (start - beyond) * weight, np.float32)
