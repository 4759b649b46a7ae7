"""A whole file through the network in tiles, two halves of the network at a time; memory is bounded by the tile.

The encoder works in a thread of its own on the next tile while the decoder finishes the last one, each with half of the
processor: threads that share a tile would wait for each other after every layer. The samples are those of one whole
pass (`net.tiles`), whatever the blocks that come in and however long the tiles.
"""

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from acapellanet.errors import SignalError
from acapellanet.net.frames import Analysis, Synthesis
from acapellanet.net.network import AcapellaNet
from acapellanet.net.tiles import Decoder, Encoder, FrameQueue, Halfway

Block = npt.NDArray[np.float32]
"""`[2, samples]`."""
TILE_FRAMES = 128
"""Frames of a tile: three seconds, whose layers fit the processor's cache."""
_AHEAD = 2
"""Tiles that the encoder may be ahead of the decoder."""
_LOOK_S = 0.1
"""How often a thread that waits looks whether it should end, in seconds."""


@dataclass(frozen=True, slots=True)
class _Tile:
    """What the encoder's thread hands over."""

    half: Halfway
    planes: Tensor
    """The mixture's, `[1, 4, frames, bins]`, of the frames whose features `half` has."""
    samples: int
    """Length of the file, known with the last tile; 0 before."""


class _Stopped(Exception):
    """Nobody wants the rest."""


def stream_tiles(
    network: AcapellaNet,
    blocks: Iterable[Block],
    tile_frames: int = TILE_FRAMES,
    on_step: Callable[[], None] = lambda: None,
) -> Iterator[Block]:
    """Yield the vocals of consecutive `blocks` `[2, n]` of any lengths; the pieces' lengths add up to the same.

    `network` as `inference.prepare` gives it, on the CPU. `on_step` is called in the caller's thread, many times a
    second, and may raise to stop. Raises `SignalError` for a block of another shape.
    """
    stride = network.config.time_stride_frames
    tiles = _encoded(network, blocks, max(1, tile_frames // stride) * stride)
    threads = torch.get_num_threads()
    ahead = _Ahead(tiles, max(1, threads // 2))
    torch.set_num_threads(max(1, threads - threads // 2))
    try:
        yield from _decoded(network, ahead, on_step)
    finally:
        ahead.stop()
        torch.set_num_threads(threads)


def _encoded(network: AcapellaNet, blocks: Iterable[Block], tile: int) -> Iterator[_Tile]:
    """The first half: from samples to the network's coarsest level."""
    analysis, encoder = Analysis(network.config), Encoder(network)
    for block in blocks:
        if block.ndim != 2 or block.shape[0] != 2:
            raise SignalError(f"blocks must be [2, n], not {list(block.shape)}")
        analysis.put(torch.from_numpy(np.array(block, np.float32)))
        while analysis.frames > tile:  # one at least is left for the end
            features, planes = analysis.take(tile, last=False)
            yield _Tile(encoder.push(features, last=False), planes, 0)
    if not analysis.samples:
        return
    analysis.end()
    while frames := analysis.frames:
        last = frames <= tile
        features, planes = analysis.take(min(frames, tile), last)
        yield _Tile(encoder.push(features, last), planes, analysis.samples if last else 0)


def _decoded(network: AcapellaNet, tiles: Iterable[_Tile], on_step: Callable[[], None]) -> Iterator[Block]:
    """The second half: from the coarsest level to samples."""
    decoder, synthesis, waiting = Decoder(network, on_step), Synthesis(network.config), FrameQueue()
    given = samples = 0
    for tile in tiles:
        with torch.inference_mode():
            waiting.push(tile.planes)
            samples = tile.samples
            masks = decoder.push(tile.half)
            vocals = None if masks is None else synthesis.put(masks, waiting.take(masks.shape[2]))
        if vocals is not None and vocals.shape[1]:
            piece = vocals.numpy() if not samples else vocals[:, : samples - given].numpy()
            given += piece.shape[1]
            yield piece
    if given < samples:
        with torch.inference_mode():
            rest = synthesis.end()[:, : samples - given]
        yield rest.numpy()


class _Ahead:
    """An iterable that a thread of its own works through, a few items ahead of its reader."""

    def __init__(self, tiles: Iterator[_Tile], threads: int) -> None:
        self._tiles, self._threads = tiles, threads
        self._queue: queue.Queue[_Tile | BaseException | None] = queue.Queue(_AHEAD)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="encoder", daemon=True)
        self._thread.start()

    def __iter__(self) -> Iterator[_Tile]:
        while (item := self._queue.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item

    def stop(self) -> None:
        """End the thread, wherever it is."""
        self._stopping.set()
        self._thread.join()

    def _work(self) -> None:
        torch.set_num_threads(self._threads)
        try:
            with torch.inference_mode():
                for tile in self._tiles:
                    self._put(tile)
            self._put(None)
        except _Stopped:
            return
        except BaseException as error:  # the reader raises it
            try:
                self._put(error)
            except _Stopped:
                return

    def _put(self, item: _Tile | BaseException | None) -> None:
        while not self._stopping.is_set():
            try:
                self._queue.put(item, timeout=_LOOK_S)
                return
            except queue.Full:
                continue
        raise _Stopped
