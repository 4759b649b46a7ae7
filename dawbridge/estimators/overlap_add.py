"""Overlap-add on an absolute grid: for networks that see a whole segment at once, as attention and recurrence do.

No amount of context makes such a network independent of where a chunk begins. So the segments do not depend on chunks::

    file       |------------------------------------|
    segment 0  [ /‾‾\\ ]                                 at 0, of the length that the network was trained with
    segment 1      [ /‾‾\\ ]                             one hop later
    segment 2          [ /‾‾\\ ]                         …

Each is weighted by a fixed window, and the sum is divided by the sum of the windows. A stream computes the same
segments, in the same order, as a whole pass does: the samples are the same, bit for bit. Held at a time: one segment.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dawbridge.estimators.streaming import Block, Estimate


@dataclass(frozen=True, slots=True)
class SegmentGrid:
    """Segments of one length at multiples of a hop from the first sample on."""

    segment_samples: int
    """Length that the network was trained with."""
    hop_samples: int
    """From the start of one segment to that of the next, at most the segment's length."""
    chunks_can_shrink = False

    @property
    def reach_samples(self) -> int:
        """A sample can depend on all of each segment that it lies in."""
        return self.segment_samples

    def stream(
        self, estimate: Estimate, blocks: Iterable[Block], chunk_samples: int, shifts: int = 1
    ) -> Iterator[Block]:
        """Yield the vocals of `blocks` hop by hop; `shifts` times as many segments make the mean of shifts."""
        hop, length = max(1, self.hop_samples // shifts), self.segment_samples
        window = _window(length)
        sums, weights = np.zeros((2, length), np.float32), np.zeros(length, np.float32)
        for segment, samples in _segments(blocks, length, hop):
            sums += _estimated(estimate, segment) * window
            weights += window
            yield sums[:, : min(hop, samples)] / weights[: min(hop, samples)]
            sums = np.concatenate((sums[:, hop:], np.zeros((2, hop), np.float32)), axis=1)
            weights = np.concatenate((weights[hop:], np.zeros(hop, np.float32)))


def _segments(blocks: Iterable[Block], length: int, hop: int) -> Iterator[tuple[Block, int]]:
    """Yield each segment, filled with silence beyond the file's end, and how many samples the file has from there."""
    parts: list[Block] = []
    held = 0
    for block in blocks:
        parts.append(np.array(block, np.float32))
        held += block.shape[1]
        if held < length + hop:
            continue
        whole = np.concatenate(parts, axis=1)
        start = 0
        while held - start >= length + hop:  # so that what is left is never nothing
            yield whole[:, start : start + length], held - start
            start += hop
        parts, held = [whole[:, start:]], held - start
    if not held:
        return
    whole = np.pad(np.concatenate(parts, axis=1), ((0, 0), (0, length)))
    for start in range(0, held, hop):
        yield whole[:, start : start + length], held - start


def _window(length: int) -> NDArray[np.float32]:
    """Rise and fall in straight lines, never to zero, so that the sum of windows can be divided by."""
    ramp = np.arange(1, length + 1, dtype=np.float32)
    return np.asarray(np.minimum(ramp, ramp[::-1]) / np.float32((length + 1) // 2), np.float32)


def _estimated(estimate: Estimate, segment: Block) -> Block:
    import torch

    vocals = np.asarray(estimate(torch.from_numpy(np.ascontiguousarray(segment))).numpy(), np.float32)
    if vocals.shape != segment.shape:
        raise ValueError(f"the estimator gave {list(vocals.shape)} for a segment of {list(segment.shape)}")
    return vocals
