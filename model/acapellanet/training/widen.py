"""Start a network from the weights of another of the same width, or of a narrower one that is widened.

Widening follows Chen et al. 2016, "Net2Net" (arXiv:1511.05641): each new channel repeats an old one, and
whatever reads the old one reads its copies in equal shares, so that the wider network begins with the output of
the narrower one. A little noise tells the copies apart. Drawn for one layer that reads `b` twice::

    a  b          a  b  b'
    |  |    →     |  |  |
    w1 w2         w1 w2/2 w2/2
"""

from dataclasses import replace

import torch
from torch import Tensor

from acapellanet.errors import ModelError
from acapellanet.net.config import NetworkConfig
from acapellanet.net.network import AcapellaNet

NOISE = 0.1
"""Noise of the copies, relative to the spread of the tensor's weights."""


def start_from(network: AcapellaNet, source: AcapellaNet, seed: int = 0) -> None:
    """Initialise `network` with what `source` has learned.

    Raises `ModelError` unless the two differ only in name, width and temper, and `network` is at least as wide.
    """
    _check(network.config, source.config)
    random = torch.Generator().manual_seed(seed)
    copies = [
        _copies(old, new, random) for old, new in zip(source.config.channels, network.config.channels, strict=True)
    ]
    old = source.state_dict()
    grown = {name: _grown(name, old[name], copies, random) for name in network.state_dict()}
    network.load_state_dict(grown)


def _check(new: NetworkConfig, old: NetworkConfig) -> None:
    alike = replace(old, name=new.name, channels=new.channels, temper=new.temper) == new
    same_depth = len(old.channels) == len(new.channels)
    if not (alike and same_depth and all(a <= b for a, b in zip(old.channels, new.channels, strict=True))):
        raise ModelError(
            f"{new.name} {new.channels} cannot start from {old.name} {old.channels}: all but name and width must be "
            "the same, and no level narrower"
        )


def _copies(old: int, new: int, random: torch.Generator) -> Tensor:
    """Choose which old channel each new one repeats, `[new]`."""
    return torch.cat((torch.arange(old), torch.randint(old, (new - old,), generator=random)))


def _grown(name: str, old: Tensor, copies: list[Tensor], random: torch.Generator) -> Tensor:
    reads, writes = _channels_of(name, copies)
    if name == "position":
        return old[:, writes]
    if old.dim() == 0 or name.endswith((".squeeze", ".expand")):  # counters; dense layers, shared by all channels
        return old.clone()
    if old.dim() == 1:
        return old[writes] if writes is not None else old.clone()
    transposed = name.startswith(("ups", "head"))
    weight = old.transpose(0, 1) if transposed else old  # [out, in, ...]
    if writes is not None:
        weight = weight[writes]
    if reads is not None:
        weight = _read_in_shares(name, weight, reads)
    fresh = torch.randn(weight.shape, generator=random) * (NOISE * weight.std())
    wider = weight + fresh * _is_new(weight.shape, old.shape, transposed)
    return wider.transpose(0, 1).contiguous() if transposed else wider.contiguous()


def _is_new(shape: torch.Size, old: torch.Size, transposed: bool) -> Tensor:
    """Mark weights that were not in the old tensor by 1, all others by 0."""
    outs, ins = (old[1], old[0]) if transposed else (old[0], old[1])
    new = torch.ones(shape[0], shape[1], 1, 1)
    new[:outs, :ins] = 0.0
    return new


def _read_in_shares(name: str, weight: Tensor, reads: Tensor) -> Tensor:
    """Repeat and divide columns of `[out, in, ...]`; what the head reads of the input is left alone."""
    shares = torch.bincount(reads)[reads].to(weight.dtype).view(1, -1, 1, 1)
    old = int(reads.max()) + 1
    repeated = weight[:, reads] / shares
    return torch.cat((repeated, weight[:, old:]), dim=1) if name.startswith("head") else repeated


def _channels_of(name: str, copies: list[Tensor]) -> tuple[Tensor | None, Tensor | None]:
    """Return the copies of the levels that a tensor reads and writes; `None` if it is not a level's."""
    part, _, rest = name.partition(".")
    if part in ("position", "patch", "patch_norm"):
        return None, copies[0]
    if part == "head":
        return copies[0], None
    if part in ("bottom", "dilated"):
        return copies[-1], copies[-1]
    level = int(rest.split(".")[0])
    if part == "downs":
        return copies[level], copies[level + 1]
    if part == "ups":
        return copies[level + 1], copies[level]
    return copies[level], copies[level]
