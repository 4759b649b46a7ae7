"""Converts sample rates in a stream and keeps time: no delay, and an exact number of samples."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
"""`[channels, samples]`."""


def resample(blocks: Iterable[Samples], channels: int, source_hz: int, target_hz: int) -> Iterator[Samples]:
    """Yield consecutive pieces at `target_hz`; the n-th sample is that at n / target_hz seconds (soxr, VHQ)."""
    if source_hz == target_hz:
        yield from blocks
        return
    import soxr  # only if a rate has to change: `make gpu` runs without it

    stream = soxr.ResampleStream(source_hz, target_hz, channels, dtype="float32", quality="VHQ")
    for block in blocks:
        yield stream.resample_chunk(np.ascontiguousarray(block.T)).T
    yield stream.resample_chunk(np.zeros((0, channels), np.float32), last=True).T


def exactly(blocks: Iterable[Samples], channels: int, frames: int) -> Iterator[Samples]:
    """Yield the same pieces, cut or filled with silence to `frames` samples in all."""
    left = frames
    for block in blocks:
        piece = block[:, :left]
        left -= piece.shape[1]
        if piece.shape[1]:
            yield piece
    if left:
        yield np.zeros((channels, left), np.float32)
