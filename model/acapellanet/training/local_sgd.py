"""Let processes train apart and meet from time to time: local SGD through one file, without waiting.

Each process takes some steps of its own from the weights they share, then adds a part of what it moved to them and
goes on from the sum (Stich 2019, "Local SGD converges fast and communicates little", arXiv:1805.09767). What is added
has a momentum (Wang et al. 2020, "SlowMo", arXiv:1910.00643), so that what both processes agree on adds up. None waits
for the others: a process that was stopped for a while only adds its part later. Drawn for two::

    shared  s0 ─────────── s1 ──── s2 ─────────── s3
    first   s0 ── 20 steps ─┘└─── 20 steps ────────┘
    second  s0 ── 20 steps, slower ─┘└── 20 steps ──

The shared file also holds the average over time that is used for separation, and how much audio all have heard.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import ClassVar

import torch
from filelock import FileLock
from torch import Tensor, nn

from acapellanet.errors import TrainingError
from acapellanet.net.tensor_files import read_tensors, write_tensors

SHARED_FILE = "shared.safetensors"
STATE_KEY = "state"


@dataclass(slots=True)
class Heard:
    """The progress of all processes together."""

    steps: int = 0
    audio_s: float = 0.0
    """Duration of all examples that were heard, in seconds."""
    meetings: int = 0


@dataclass(frozen=True, slots=True)
class MeetingOptions:
    """How processes are joined."""

    every_steps: int = 20
    share: float = 0.5
    """Part of a process's movement that is added to the shared weights: one over the number of processes."""
    momentum: float = 0.5
    ema: float = 0.9995
    """Decay of the averaged weights per step of one process."""
    ema_flat: ClassVar[float] = 0.9995
    ema_cooling: ClassVar[float] = 0.99
    """Decay while the rate falls to nothing, which averages by itself."""


class MeetingPlace:
    """One folder's shared weights, momentum, average and count, behind a file lock."""

    def __init__(self, folder: Path, config_json: str, options: MeetingOptions) -> None:
        self.path = folder / SHARED_FILE
        self.options = options
        self.heard = Heard()
        self._config_json = config_json
        self._lock = FileLock(f"{self.path}.lock")
        self._base: dict[str, Tensor] = {}

    def join(self, network: nn.Module, averaged: nn.Module) -> None:
        """Load the shared weights into `network` and `averaged`, or create them from these two.

        Raises `TrainingError` if they are of another configuration, `ModelError` if the file is damaged.
        """
        with self._lock:
            if self.path.exists():
                shared = self._read()
            else:
                weights = _copied(network.state_dict())
                shared = {f"weights.{name}": value for name, value in weights.items()}
                shared |= {f"momentum.{name}": torch.zeros_like(value) for name, value in weights.items()}
                shared |= {f"averaged.{name}": value for name, value in _copied(averaged.state_dict()).items()}
                self._write(shared)
        self._take(shared, network, averaged)

    def meet(self, network: nn.Module, averaged: nn.Module, steps: int, audio_s: float) -> None:
        """Add what `network` moved in `steps` to the shared weights, and load their sum and average."""
        with self._lock:
            shared = self._read()
            for name, value in network.state_dict().items():
                self._add(shared, name, value.detach().cpu())
            decay = self.options.ema**steps
            for name in self._base:
                mean, now = shared[f"averaged.{name}"], shared[f"weights.{name}"]
                shared[f"averaged.{name}"] = now.clone() if not now.is_floating_point() else mean.lerp(now, 1 - decay)
            self.heard.steps += steps
            self.heard.audio_s += audio_s
            self.heard.meetings += 1
            self._write(shared)
        self._take(shared, network, averaged)

    def _add(self, shared: dict[str, Tensor], name: str, value: Tensor) -> None:
        weights, momentum = shared[f"weights.{name}"], shared[f"momentum.{name}"]
        if not value.is_floating_point():
            shared[f"weights.{name}"] = torch.maximum(weights, value)
            return
        moved = (value - self._base[name]) * self.options.share
        if "running_" not in name:  # statistics are averaged without momentum
            momentum.mul_(self.options.momentum).add_(moved)
            moved = momentum
        weights.add_(moved)

    def _take(self, shared: dict[str, Tensor], network: nn.Module, averaged: nn.Module) -> None:
        names = list(network.state_dict())
        self._base = {name: shared[f"weights.{name}"] for name in names}
        network.load_state_dict(self._base)
        averaged.load_state_dict({name: shared[f"averaged.{name}"] for name in names})

    def _read(self) -> dict[str, Tensor]:
        tensors, metadata = read_tensors(self.path)
        state = json.loads(metadata.get(STATE_KEY, "{}"))
        if metadata.get("config") != self._config_json:
            raise TrainingError(f"{self.path}: is shared by runs of another configuration; give another --out")
        self.heard = Heard(**state)
        return tensors

    def _write(self, shared: dict[str, Tensor]) -> None:
        metadata = {"config": self._config_json, STATE_KEY: json.dumps(asdict(self.heard))}
        write_tensors(self.path, shared, metadata)


def _copied(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.detach().cpu().clone() for name, value in state.items()}
