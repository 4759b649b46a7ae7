"""Let several processes train one network: each mixes its share of every batch, and gradients are averaged.

They are started by `torchrun --nproc-per-node N -m acapellanet train …`, which gives each process its number in the
environment; without it there is one process, and nothing here has an effect. NCCL connects GPUs, gloo everything else.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from acapellanet.errors import TrainingError

CPU = torch.device("cpu")


@dataclass(frozen=True, slots=True)
class World:
    """The place of this process among those that train together."""

    rank: int = 0
    size: int = 1
    device: torch.device = CPU

    @property
    def leads(self) -> bool:
        """Whether this process writes, judges and prints."""
        return self.rank == 0

    def share(self, numbers: range) -> range:
        """Return this process's part of `numbers`. Raises `TrainingError` if they cannot be divided."""
        if len(numbers) % self.size:
            raise TrainingError(f"--batch {len(numbers)} does not divide among {self.size} processes")
        return numbers[self.rank :: self.size]

    def mean(self, value: Tensor) -> float:
        """Average a scalar over all processes."""
        value = value.detach()
        return float(_summed(value) if self.size > 1 else value) / self.size

    def agreed(self, value: float) -> float:
        """Return the value that the leading process has."""
        if self.size == 1:
            return value
        said = torch.tensor([value], dtype=torch.float32 if self.device.type == "mps" else torch.float64).to(
            self.device
        )
        dist.broadcast(said, 0)
        return float(said)

    @contextmanager
    def leader_first(self) -> Iterator[None]:
        """Let the leading process run the block first, then the others, which find its results."""
        if not self.leads:
            self.agreed(0.0)
        yield
        if self.leads:
            self.agreed(0.0)

    def together(self, module: nn.Module) -> nn.Module:
        """Wrap `module` so that gradients are averaged over all processes; `join_norms` must come first."""
        if self.size == 1:
            return module
        on_gpu = [self.device.index] if self.device.type == "cuda" else None
        return DistributedDataParallel(module, device_ids=on_gpu)


ALONE = World()
"""One process, on the CPU."""


def open_world(device: str) -> World:
    """Join the other processes if torchrun started this one. `device`: `auto`, or as torch names it.

    Raises `TrainingError` for a device that torch cannot use here.
    """
    size, local = int(os.environ.get("WORLD_SIZE", "1")), int(os.environ.get("LOCAL_RANK", "0"))
    chosen = _device(device, local)
    if size > 1 and not dist.is_initialized():
        dist.init_process_group("nccl" if chosen.type == "cuda" else "gloo")
    return World(int(os.environ.get("RANK", "0")), size, chosen)


def close_world() -> None:
    """Leave the other processes."""
    if dist.is_initialized():
        dist.destroy_process_group()


def _device(name: str, local: int) -> torch.device:
    present = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    kind = next(key for key, here in present.items() if here) if name == "auto" else name.split(":")[0]
    if not present.get(kind):
        usable = ", ".join(key for key, here in present.items() if here)
        raise TrainingError(f"--device {name}: torch {torch.__version__} cannot use it here (usable: {usable})")
    if kind != "cuda":
        return torch.device(kind)
    chosen = torch.device(name) if ":" in name else torch.device("cuda", local)
    if (chosen.index or 0) >= torch.cuda.device_count():
        raise TrainingError(f"--device {name}: there are {torch.cuda.device_count()} GPUs for process {local} to use")
    torch.cuda.set_device(chosen)
    return chosen


def _summed(value: Tensor) -> Tensor:
    """Sum over all processes, without a gradient, unlike `_Sum`."""
    total = value.clone()
    dist.all_reduce(total)
    return total


class _Sum(torch.autograd.Function):
    """A sum over all processes, whose gradients are summed as well."""

    @staticmethod
    def forward(ctx: Any, value: Tensor) -> Tensor:
        return _summed(value)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        return _summed(gradients[0])


class JoinedBatchNorm2d(nn.BatchNorm2d):
    """BatchNorm with the statistics of the whole batch, on any device.

    `torch.nn.SyncBatchNorm` supports GPUs only. While training, mean and mean square are averaged over the processes,
    whose shares are of equal size; gradients go back the same way.
    """

    def forward(self, x: Tensor) -> Tensor:
        """`[batch, channels, …]` → the same shape."""
        if not self.training:
            return super().forward(x)
        dims, exact = [0, 2, 3], x.float()  # under autocast x is bfloat16; statistics never are
        own = torch.stack((exact.mean(dims), exact.square().mean(dims)))
        mean, square = _Sum.apply(own) / dist.get_world_size()  # type: ignore[no-untyped-call]
        variance = (square - mean.square()).clamp_min(0.0)
        self._remember(mean.detach(), variance.detach(), x.numel() // x.shape[1] * dist.get_world_size())
        scale = self.weight * torch.rsqrt(variance + self.eps)
        normal: Tensor = exact * scale.view(1, -1, 1, 1) + (self.bias - mean * scale).view(1, -1, 1, 1)
        return normal.to(x.dtype)

    @torch.no_grad()
    def _remember(self, mean: Tensor, variance: Tensor, count: int) -> None:
        momentum = self.momentum or 0.1
        assert self.running_mean is not None and self.running_var is not None  # all of ours are affine and tracked
        self.running_mean.lerp_(mean, momentum)
        self.running_var.lerp_(variance * (count / max(1, count - 1)), momentum)


def join_norms(network: nn.Module) -> None:
    """Replace every BatchNorm of `network` by a joined one, in place; the names of its tensors stay."""
    for module in network.modules():
        if type(module) is nn.BatchNorm2d:
            module.__class__ = JoinedBatchNorm2d
