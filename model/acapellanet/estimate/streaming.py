"""Run a whole pass in chunks: memory is bounded by the chunk, and the sound is that of a single pass.

Each chunk is estimated with context on both sides, which is discarded::

    file      |---------------------------------------------|
    chunk 0   [ chunk 0      ]context
    chunk 1            context[ chunk 1      ]context
    chunk 2                            context[ the rest    ]

Chunks start on the estimator's grid and windows end at the file's own ends, so the padding that an
estimator puts there is the same as in a whole pass. The two differ by less than -90 dBFS.
"""

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from acapellanet.errors import SignalError

Block = npt.NDArray[np.float32]


def stream_estimate(
    estimate: Callable[[Tensor], Tensor],
    blocks: Iterable[Block],
    *,
    chunk_samples: int,
    context_samples: int,
    alignment_samples: int,
) -> Iterator[Block]:
    """Yield the vocals of consecutive `blocks` `[2, n]` of any length, in pieces of the same total length.

    `chunk_samples` and `context_samples` are rounded up to multiples of `alignment_samples`. Held at a
    time: a chunk, two contexts and one block. Raises `SignalError` for a block of another shape, or when
    `estimate` changes the length.
    """
    if chunk_samples < 1 or context_samples < 0 or alignment_samples < 1:
        raise SignalError("chunk and alignment must be 1 sample or more, context 0 or more")
    context = _round_up(context_samples, alignment_samples)
    return _walk(estimate, blocks, _round_up(chunk_samples, alignment_samples), context)


def _walk(estimate: Callable[[Tensor], Tensor], blocks: Iterable[Block], chunk: int, context: int) -> Iterator[Block]:
    held = _Held()
    before = 0  # samples of context held ahead of the chunk
    for block in blocks:
        held.append(block)
        while held.samples > before + chunk + context:
            window = held.first(before + chunk + context)
            yield _estimated(estimate, window)[:, before : before + chunk]
            drop = max(0, before + chunk - context)
            held.drop(drop)
            before += chunk - drop
    if held.samples > before:
        yield _estimated(estimate, held.first(held.samples))[:, before:]


class _Held:
    """A queue of audio that has not been estimated yet."""

    def __init__(self) -> None:
        self.samples = 0
        self._parts: list[Block] = []

    def append(self, block: Block) -> None:
        if block.ndim != 2 or block.shape[0] != 2:
            raise SignalError(f"blocks must be [2, n], not {list(block.shape)}")
        self._parts.append(np.asarray(block, dtype=np.float32))
        self.samples += block.shape[1]

    def first(self, samples: int) -> Block:
        """Return a copy of the first `samples`, joining blocks if necessary."""
        self._parts = [np.concatenate(self._parts, axis=1)]
        return self._parts[0][:, :samples].copy()

    def drop(self, samples: int) -> None:
        """Drop the first `samples`, which `first` has joined."""
        self._parts = [self._parts[0][:, samples:].copy()]
        self.samples -= samples


def _estimated(estimate: Callable[[Tensor], Tensor], window: Block) -> Block:
    vocals = np.asarray(estimate(torch.from_numpy(window)).numpy(), dtype=np.float32)
    if vocals.shape != window.shape:
        raise SignalError(f"the estimator gave {list(vocals.shape)} for {list(window.shape)}")
    return vocals


def _round_up(samples: int, multiple: int) -> int:
    return -(-samples // multiple) * multiple
