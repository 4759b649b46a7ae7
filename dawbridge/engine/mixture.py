"""The audio to be separated: samples that can be read span by span, from memory or from a file."""

from collections.abc import Iterator
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dawbridge.errors import AudioError

Samples = NDArray[np.float32]
"""`[channels, samples]`."""


class Mixture(Protocol):
    """Audio that is read in spans, so that memory does not grow with its length."""

    @property
    def sample_rate(self) -> int:
        """Sample rate, in Hz."""

    @property
    def channels(self) -> int:
        """Number of channels, 1 or more."""

    @property
    def frames(self) -> int:
        """Number of samples per channel."""

    def read(self, start: int, stop: int) -> Samples:
        """Return samples `start..stop`, `[channels, stop - start]`, full scale ±1."""


def blocks(mixture: Mixture, block_samples: int) -> Iterator[Samples]:
    """Yield the whole mixture in consecutive pieces of `block_samples`."""
    for start in range(0, mixture.frames, block_samples):
        yield mixture.read(start, min(start + block_samples, mixture.frames))


class ArrayMixture:
    """A mixture in memory."""

    def __init__(self, samples: NDArray[np.generic], sample_rate: int) -> None:
        self.samples = samples
        self.sample_rate = sample_rate
        self.channels, self.frames = samples.shape

    def read(self, start: int, stop: int) -> Samples:
        """Return samples `start..stop`, `[channels, stop - start]`."""
        return self.samples[:, start:stop].astype(np.float32)

    @classmethod
    def of(cls, audio: ArrayLike, sample_rate: float) -> "ArrayMixture":
        """Check audio `[channels, samples]` or `[samples]`, floats at full scale ±1 or integers of 8..32 bits.

        Integers become floats that hold them exactly (float32 up to 16 bits, else float64). Raises `AudioError`.
        """
        array = np.asarray(audio)
        array = array[None] if array.ndim == 1 else array
        _check_shape(array, sample_rate)
        return cls(_as_float(array), int(sample_rate))


def _check_shape(array: NDArray[np.generic], sample_rate: float) -> None:
    if array.ndim != 2 or not 1 <= array.shape[0] <= 64:
        raise AudioError(f"audio of shape {array.shape}: give [channels, samples] with 1..64 channels, or [samples]")
    if array.shape[1] == 0:
        raise AudioError("the audio has no samples; at least 1 is needed")
    if sample_rate != int(sample_rate) or not 4000 <= sample_rate <= 768000:
        raise AudioError(f"a sample rate of {sample_rate} Hz: allowed are whole numbers of 4000..768000 Hz")


def _as_float(array: NDArray[np.generic]) -> NDArray[np.generic]:
    if array.dtype.kind == "i":
        wide = array.astype(np.float32 if array.dtype.itemsize <= 2 else np.float64)
        scaled: NDArray[np.generic] = np.ldexp(wide, 1 - 8 * array.dtype.itemsize)
        return scaled
    if array.dtype.kind != "f":
        raise AudioError(f"audio of type {array.dtype}: give floats at full scale ±1, or signed integers")
    array = array if array.dtype.itemsize >= 4 else array.astype(np.float32)
    bad = np.flatnonzero(~np.isfinite(array).all(axis=0))
    if bad.size:
        raise AudioError(f"the audio has {bad.size} samples that are NaN or infinite, the first at {bad[0]}")
    return array
