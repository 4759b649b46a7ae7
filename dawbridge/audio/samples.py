"""Samples as bytes and back: little- or big-endian integers of 16, 24 and 32 bits, and floats."""

import numpy as np
from numpy.typing import NDArray

from dawbridge.audio.containers.base import StemFacts

Numbers = NDArray[np.generic]
"""Integers on the grid of their bits, or floats at full scale ±1."""

_TYPES = {"PCM_16": "i2", "PCM_32": "i4", "FLOAT": "f4", "DOUBLE": "f8"}


def encoded(block: Numbers, facts: StemFacts, big_endian: bool) -> memoryview:
    """A block of samples, in any shape, as they are in the file."""
    order = ">" if big_endian else "<"
    if facts.subtype != "PCM_24":
        return np.ascontiguousarray(block, order + _TYPES[facts.subtype]).reshape(-1).view(np.uint8).data
    flat = np.ascontiguousarray(block, np.int32).reshape(-1)
    return _packed(flat << 8 if big_endian else flat, order)


def decoded(raw: bytes | memoryview, facts: StemFacts, big_endian: bool) -> Numbers:
    """The samples in `raw`, flat: int32, or floats as wide as they are in the file."""
    order = ">" if big_endian else "<"
    if facts.subtype != "PCM_24":
        kind = _TYPES[facts.subtype]
        return np.frombuffer(raw, order + kind).astype("i4" if kind[0] == "i" else kind)
    bytes_of = np.frombuffer(raw, np.uint8).reshape(-1, 3).astype(np.int32)
    low, middle, high = (bytes_of[:, column] for column in ((2, 1, 0) if big_endian else (0, 1, 2)))
    return low | middle << 8 | ((high ^ 0x80) - 0x80) << 16


def _packed(flat: NDArray[np.int32], order: str) -> memoryview:
    """Integers of 24 bits, in the lower three bytes (little-endian) or the upper ones (big-endian).

    Each sample is written with 4 bytes at a distance of 3; the next one covers what is too much.
    """
    packed = np.empty(flat.size * 3 + 1, np.uint8)
    np.ndarray((flat.size,), order + "i4", packed.data, 0, (3,))[:] = flat
    return packed.data[: flat.size * 3]
