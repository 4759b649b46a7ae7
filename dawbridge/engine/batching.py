"""Estimates the pieces of a stream in batches: a graphics card is not busy with one piece at a time.

A scout goes through the blocks first, and collects the pieces that it is asked to estimate; then the stream itself
takes the estimates in the same order. So each way of streaming is batched, whatever it does at its borders::

    scout      1 2 3 4 | 5 6 7 8 | …        decodes, and hands over
    card                [1 2 3 4] [5 6 7 8]
    stream                        1 2 3 4 …  takes, and passes on
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import tee

import torch
from torch import Tensor

from dawbridge.engine.device import Device, Wait, is_out_of_memory
from dawbridge.estimators.streaming import Block, Estimate, Streaming

AHEAD = 2
"""Groups of pieces that are under way at once: while the card works on one, the next is decoded."""


class Batches:
    """Runs streams on a device in batches; remembers how many pieces fit. Not thread-safe."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._limits: dict[int, int] = {}
        """By length of a piece, in samples: the most pieces that memory sufficed for, if it was too little once."""

    @property
    def peak_bytes(self) -> int:
        """Most memory of the device that was in use at once, if it can be known."""
        return self._device.peak_bytes

    def stream(
        self, streaming: Streaming, work: Estimate, blocks: Iterable[Block], chunk_samples: int, shifts: int = 1
    ) -> Iterator[Block]:
        """As `streaming.stream`, with `work` that takes and gives `[pieces, 2, samples]` on the device.

        Raises what `work` raises, and what torch raises if memory does not suffice for a single piece.
        """
        ahead_of, behind = tee(blocks)
        found: list[Tensor] = []
        under_way: deque[Iterator[Tensor]] = deque()

        def send(piece: Tensor) -> Tensor:
            found.append(piece)
            return torch.zeros_like(piece)

        scout = streaming.stream(send, ahead_of, chunk_samples, shifts)

        def begin() -> bool:
            """Start the next group; False if there are no more pieces."""
            while not found or len(found) < self._most(found[-1]):
                if next(scout, None) is None:
                    break
            if found:
                under_way.append(self._begun(work, found))
                found.clear()
                return True
            return False

        def take(_: Tensor) -> Tensor:
            while True:
                while len(under_way) < AHEAD and begin():
                    pass
                piece = next(under_way[0], None)
                if piece is not None:
                    return piece
                under_way.popleft()

        yield from streaming.stream(take, behind, chunk_samples, shifts)

    def _most(self, piece: Tensor) -> int:
        samples = piece.shape[-1]
        return min(self._device.most(samples), self._limits.get(samples, self._device.most(samples)))

    def _begun(self, work: Estimate, pieces: Sequence[Tensor]) -> Iterator[Tensor]:
        """Start pieces of any lengths, those of one length together; gives their estimates in the pieces' order."""
        places: dict[int, list[int]] = {}
        for place, piece in enumerate(pieces):
            places.setdefault(piece.shape[-1], []).append(place)
        rows: dict[int, tuple[Wait, int]] = {}
        for same in places.values():
            rows.update(zip(same, self._started(work, [pieces[place] for place in same]), strict=True))
        return (wait()[row] for wait, row in (rows[place] for place in range(len(pieces))))

    def _started(self, work: Estimate, pieces: Sequence[Tensor]) -> list[tuple[Wait, int]]:
        """Start pieces of one length, as many together as fit; half as many from then on if memory runs out."""
        rows: list[tuple[Wait, int]] = []
        while len(rows) < len(pieces):
            batch = pieces[len(rows) :][: self._most(pieces[0])]
            try:
                wait = self._device.start(work, batch)
            except (RuntimeError, MemoryError) as error:
                if len(batch) == 1 or not is_out_of_memory(error):
                    raise
            else:
                rows += [(wait, row) for row in range(len(batch))]
                continue
            # outside of the handler, which would keep the failed batch's tensors alive
            self._limits[batch[0].shape[-1]] = len(batch) // 2
            self._device.free()
        return rows
