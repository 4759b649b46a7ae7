"""The network in tiles along time: each layer keeps its own edges, so that no context is computed twice.

A convolution that looks `r` frames to either side holds the last `2 r` frames that it has seen, and gives frame `t` as
soon as frame `t + r` has come. What goes around it (a shortcut, a skip across levels) waits in a queue::

    frames in     |--- tile 0 ---|--- tile 1 ---|--- tile 2 ---|
    3×3, r = 1    |-- tile 0 ---|--- tile 1 ---|--- tile 2 ----|      one frame later; at the end, all

So tiles give what one whole pass gives, whatever their length, and short ones stay in the processor's cache. (The last
bit of a sample may differ: a library may round in another way at the end of an array.)
Everything inside is `[batch, channels, frames, bins]`; a tensor may have no frames.
"""

from collections import deque
from collections.abc import Callable
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d

from acapellanet.net.network import AcapellaNet, Dilated, TfcTdf, patches

Step = Callable[[], None]
"""Called before each block; may raise to stop the work."""


class FrameQueue:
    """Frames, along dimension 2, that wait for others to catch up."""

    def __init__(self) -> None:
        self._parts: deque[Tensor] = deque()
        self.frames = 0

    def push(self, x: Tensor) -> None:
        """Put frames at the end."""
        if x.shape[2]:
            self._parts.append(x)
            self.frames += x.shape[2]

    def take(self, frames: int) -> Tensor:
        """Take 1 or more frames from the start; there must be so many."""
        taken: list[Tensor] = []
        self.frames -= frames
        while frames:
            part = self._parts.popleft()
            taken.append(part[:, :, :frames])
            if part.shape[2] > frames:
                self._parts.appendleft(part[:, :, frames:])
            frames -= taken[-1].shape[2]
        return taken[0] if len(taken) == 1 else joined(taken)


class _Conv:
    """A convolution that keeps the size, fed tile by tile."""

    def __init__(self, conv: nn.Conv2d) -> None:
        self._conv = conv
        self._reach = conv.dilation[0] * (conv.kernel_size[0] // 2)
        self._padding = (0, cast(tuple[int, int], conv.padding)[1])
        self._held: Tensor | None = None

    def push(self, x: Tensor, last: bool, more: Tensor | None = None) -> Tensor:
        """A tile in, the frames that can be given by now out. `more` is added to the tile on the way."""
        if not self._reach:
            return cast(Tensor, self._conv(x)) if x.shape[2] else x
        seen = self._seen(x, last, more)
        ready = seen.shape[2] - 2 * self._reach
        if ready <= 0:
            self._held = seen
            return x[:, :, :0]
        self._held = seen[:, :, ready:]
        conv = self._conv
        return conv2d(seen, conv.weight, conv.bias, 1, self._padding, conv.dilation)

    def _seen(self, x: Tensor, last: bool, more: Tensor | None) -> Tensor:
        """What was held, the tile, and at the end the silence after it, channels-last in memory."""
        batch, channels, frames, bins = x.shape
        held = self._reach if self._held is None else self._held.shape[2]
        shape = (batch, channels, held + frames + self._reach * last, bins)
        seen = torch.empty(shape, dtype=x.dtype, device=x.device, memory_format=torch.channels_last)
        seen[:, :, :held] = 0.0 if self._held is None else self._held
        seen[:, :, held + frames :] = 0.0
        tile = seen[:, :, held : held + frames]
        if more is None:
            tile.copy_(x)
        else:
            torch.add(x, more, out=tile)
        return seen


class _Block:
    """A `TfcTdf` or `Dilated` block, fed tile by tile."""

    def __init__(self, block: nn.Module, on_step: Step) -> None:
        assert isinstance(block, TfcTdf | Dilated)
        self._across = block.tdf if isinstance(block, TfcTdf) else None
        self._first, self._second = (_Conv(cast(nn.Conv2d, part[0])) for part in (block.first, block.second))
        self._shortcut = FrameQueue()
        self._on_step = on_step

    def push(self, x: Tensor, last: bool) -> Tensor:
        self._on_step()
        self._shortcut.push(x)
        inner = torch.relu_(self._first.push(x, last))
        across = self._across(inner) if self._across is not None and inner.shape[2] else None
        outer = self._second.push(inner, last, across)
        if outer.shape[2]:
            outer = torch.relu_(outer.add_(self._shortcut.take(outer.shape[2])))
        return outer


class _Down:
    """Two frames to one: an odd one waits for the next tile."""

    def __init__(self, down: nn.Module) -> None:
        self._down = down
        self._channels = cast(nn.Conv2d, cast(nn.Sequential, down)[0]).out_channels
        self._waiting = FrameQueue()

    def push(self, x: Tensor) -> Tensor:
        self._waiting.push(x)
        pairs = self._waiting.frames // 2
        if not pairs:
            return x.new_empty(x.shape[0], self._channels, 0, x.shape[3] // 2)
        return cast(Tensor, self._down(self._waiting.take(2 * pairs)))


class _Up:
    """One frame to two, and one bin to two: a transposed convolution without overlap, as one product of matrices."""

    def __init__(self, up: nn.Module) -> None:
        conv = cast(nn.ConvTranspose2d, cast(nn.Sequential, up)[0])
        self._channels = conv.out_channels
        self._weight = conv.weight.permute(0, 2, 3, 1).flatten(1).contiguous()  # [in, 2 2 out]
        self._bias = cast(Tensor, conv.bias).repeat(4)

    def push(self, x: Tensor, skips: FrameQueue) -> Tensor:
        batch, _, frames, bins = x.shape
        if not frames:
            return x.new_empty(batch, self._channels, 0, 2 * bins)
        wide = torch.addmm(self._bias, _rows(x), self._weight).relu_()
        halves = wide.view(batch, frames, bins, 2, 2, self._channels).transpose(2, 3)  # [b, t, 2, f, 2, c]
        skip = skips.take(2 * frames).permute(0, 2, 3, 1).reshape(batch, frames, 2, bins, 2, self._channels)
        return (skip + halves).reshape(batch, 2 * frames, 2 * bins, self._channels).permute(0, 3, 1, 2)


class _Head:
    """The last layer, a transposed convolution without overlap as well: each patch's channels give its bins."""

    def __init__(self, network: AcapellaNet) -> None:
        conv = network.head
        self._patch = network.config.patch_bins
        weight = conv.weight.flatten(1)  # [in, outputs patch]
        own = weight.shape[0] - 4 * self._patch
        self._weight, self._beside = weight[:own].contiguous(), weight[own:].contiguous()
        self._bias = cast(Tensor, conv.bias).repeat_interleave(self._patch)

    def planes(self, x: Tensor, features: Tensor) -> Tensor:
        """`[batch, channels, frames, bins]`, features `[batch, 4, frames, folded]` → `[batch, 3, frames, folded]`."""
        batch, _, frames, bins = x.shape
        wide = torch.addmm(self._bias, _rows(x), self._weight)
        wide = torch.addmm(wide, _rows(patches(features, self._patch)), self._beside)
        return wide.view(batch, frames, bins, -1, self._patch).permute(0, 3, 1, 2, 4).flatten(3)


class Halfway(NamedTuple):
    """What the first half hands to the second: the coarsest level, the skips, and the tile that it was given."""

    coarse: Tensor
    skips: list[Tensor]
    features: Tensor
    last: bool


class Encoder:
    """The first half of the masks' network, from features down to the end of the coarsest level.

    It costs about as much as the second half, so that each can have a thread of its own.
    """

    def __init__(self, network: AcapellaNet, on_step: Step = lambda: None) -> None:
        """`network` with its normalization folded in (`inference.prepare`)."""
        self._network = network
        self._levels = _levels(network.encoders, on_step)
        self._downs = [_Down(down) for down in network.downs]
        self._bottom = [_Block(block, on_step) for block in (*network.bottom, *network.dilated)]

    def push(self, features: Tensor, last: bool) -> Halfway:
        """Features `[batch, 4, frames, folded]` of a tile; `last`: the end of the audio."""
        features = features.to(self._network.position.dtype)
        x = self._patched(features)
        skips = []
        for blocks, down in zip(self._levels, self._downs, strict=True):
            for block in blocks:
                x = block.push(x, last)
            skips.append(x)
            x = down.push(x)
        for block in self._bottom:
            x = block.push(x, last)
        return Halfway(x, skips, features, last)

    def _patched(self, features: Tensor) -> Tensor:
        network = self._network
        if features.shape[2]:
            return torch.relu_(network.patch(features) + network.position)
        return features.new_empty(features.shape[0], network.config.channels[0], 0, network.position.shape[3])


class Decoder:
    """The second half, from the end of the coarsest level up to masks."""

    def __init__(self, network: AcapellaNet, on_step: Step = lambda: None) -> None:
        """`network` as for `Encoder`."""
        self._network = network
        self._levels = _levels(network.decoders, on_step)
        self._ups = [_Up(up) for up in network.ups]
        self._head = _Head(network)
        self._skips = [FrameQueue() for _ in self._levels]
        self._features = FrameQueue()

    def push(self, half: Halfway) -> Tensor | None:
        """The next masks, `[batch, 3, frames, folded]`; None as long as none can be given."""
        network = self._network
        self._features.push(half.features)
        for queue, skip in zip(self._skips, half.skips, strict=True):
            queue.push(skip)
        x = half.coarse
        for level in reversed(range(len(self._levels))):
            x = self._ups[level].push(x, self._skips[level])
            for block in self._levels[level]:
                x = block.push(x, half.last)
        if not x.shape[2]:
            return None
        return network.activated(self._head.planes(x, self._features.take(x.shape[2])).float())


def _levels(levels: nn.ModuleList, on_step: Step) -> list[list[_Block]]:
    return [[_Block(block, on_step) for block in cast(nn.Sequential, level)] for level in levels]


def joined(parts: list[Tensor]) -> Tensor:
    """Tensors one after the other along dimension 2, channels-last in memory if one of them is.

    `torch.cat` keeps that layout only if all of them have it, and one without frames has none.
    """
    first = parts[0]
    if not any(part.is_contiguous(memory_format=torch.channels_last) for part in parts if part.shape[2]):
        return torch.cat(parts, 2)
    shape = (first.shape[0], first.shape[1], sum(part.shape[2] for part in parts), first.shape[3])
    whole = torch.empty(shape, dtype=first.dtype, device=first.device, memory_format=torch.channels_last)
    start = 0
    for part in parts:
        whole[:, :, start : start + part.shape[2]] = part
        start += part.shape[2]
    return whole


def _rows(x: Tensor) -> Tensor:
    """`[batch, channels, frames, bins]` → `[batch frames bins, channels]`."""
    return x.permute(0, 2, 3, 1).reshape(-1, x.shape[1])
