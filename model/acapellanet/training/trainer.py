"""Train a network on mashups within a budget of minutes, resumable after a kill."""

import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn

from acapellanet.errors import TrainingError
from acapellanet.net.config import NetworkConfig
from acapellanet.net.network import AcapellaNet
from acapellanet.net.precision import has_bfloat16
from acapellanet.training.batches import Batch, Examples, make_batch
from acapellanet.training.distributed import ALONE, World, join_norms
from acapellanet.training.losses import separation_loss
from acapellanet.training.schedule import Budget, Schedule, ema_decay, learning_rate
from acapellanet.training.widen import start_from

if TYPE_CHECKING:
    from acapellanet.data.mashups import Mashups
    from acapellanet.training.local_sgd import MeetingPlace

Loss = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]
"""A function of estimate, vocals, mixture and level, such as `separation_loss`."""


@dataclass(frozen=True, slots=True)
class TrainingOptions:
    """Options of a training run."""

    minutes: float
    seed: int = 0
    batch: int = 5
    """Number of examples in each step, of all processes of one batch together."""
    frames: int = 192
    """Length of an example, in STFT frames."""
    peak_rate: float = 1.5e-3
    schedule: Schedule = Schedule.COSINE
    weight_decay: float = 1e-2
    ema: float = 0.999
    clip: float = 1.0
    settle: float = 0.75
    """Share of the time after which BatchNorm's statistics stay as they are, as in inference; never if it is flat."""
    max_bad_steps: int = 50
    """Number of steps with a loss that is not finite after which training stops."""
    bfloat16: bool | None = None
    """Whether to use autocast; `None`: if the processor multiplies bfloat16 in hardware (elsewhere it is slower)."""
    compiled: bool = False
    """Whether to compile features and loss by `torch.compile`: a quarter faster on a CPU, needs a C++ compiler."""
    threads: int = 2
    """Number of threads that mix examples."""


@dataclass(frozen=True, slots=True)
class Progress:
    """The state of a run after a step."""

    step: int
    loss: float
    rate: float
    spent_s: float
    limit_s: float
    bad_steps: int
    mixing: float
    """Share of the step's time in which examples were made, 0..1."""
    heard_s: float
    """Duration of all examples so far, of all processes, in seconds."""


class Trainer:
    """Network, averaged network, optimizer and clock; call `step` until `done`."""

    def __init__(
        self,
        config: NetworkConfig,
        options: TrainingOptions,
        mashups: Examples,
        source: AcapellaNet | None = None,
        world: World = ALONE,
        build: Callable[[NetworkConfig], AcapellaNet] = AcapellaNet,
        loss: Loss = separation_loss,
        meeting: "MeetingPlace | None" = None,
    ) -> None:
        """Begin with new weights, or with what `source` knows.

        `meeting`: where processes that train apart exchange weights. `step` draws examples from `mashups`; whoever
        has batches of its own calls `learn`.
        """
        torch.manual_seed(options.seed)
        self.config = config
        self.options = options
        self.mashups = mashups
        self.world = world
        self.network = build(config)
        if source is not None:
            start_from(self.network, source, options.seed)
        self.network.to(world.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.averaged = build(config).to(world.device).eval()
        self.averaged.load_state_dict(self.network.state_dict())
        if world.size > 1:
            join_norms(self.network)
        self._masks = world.together(_Masks(self.network))
        self.optimizer = _optimizer(self.network, options)
        self.budget = Budget(options.minutes * 60)
        self.step_number = 0
        self.bad_steps = 0
        self.heard_s = 0.0
        self.meeting = meeting
        self.rejoin()
        features, objective = self.network.features, partial(_masked_loss, self.network.applied, loss)
        self._features = torch.compile(features) if options.compiled else features
        self._loss = torch.compile(objective) if options.compiled else objective
        self._bfloat16 = has_bfloat16(world.device) if options.bfloat16 is None else options.bfloat16
        self._mixers = ThreadPoolExecutor(options.threads, initializer=lambda: torch.set_num_threads(1))

    @property
    def done(self) -> bool:
        """Whether the time is spent."""
        return self.budget.progress >= 1.0

    def step(self) -> Progress:
        """Learn from one batch. Raises `TrainingError` if too many losses were not finite."""
        began = time.monotonic()
        batch = self._next_batch()
        mixing_s = time.monotonic() - began
        rate, loss = self.learn(batch, self.budget.progress)
        step_s = time.monotonic() - began
        self.budget.add(self.world.agreed(step_s))
        self._count_heard()
        spent_s, limit_s = self.budget.spent_s, self.budget.limit_s
        return Progress(self.step_number, loss, rate, spent_s, limit_s, self.bad_steps, mixing_s / step_s, self.heard_s)

    def _count_heard(self) -> None:
        """Count the audio of the last step; from time to time meet the others, whose audio counts too."""
        step_s = self.options.batch * (self.options.frames - 1) * self.config.hop_samples / self.config.sample_rate
        if self.meeting is None:
            self.heard_s += step_s
        elif self.step_number % self.meeting.options.every_steps == 0 or self.done:
            self.meet(step_s)

    def rejoin(self) -> None:
        """Load the weights that the processes share, if there are several."""
        self._met_at = self.step_number
        if self.meeting is not None:
            self.meeting.join(self.network, self.averaged)
            self.heard_s = self.meeting.heard.audio_s

    def meet(self, step_s: float) -> None:
        """Share what was learned since the last meeting with the other processes; a step is `step_s` of audio."""
        assert self.meeting is not None
        steps = self.step_number - self._met_at
        if steps:
            self.meeting.meet(self.network, self.averaged, steps, steps * step_s)
        self._met_at = self.step_number
        self.heard_s = self.meeting.heard.audio_s

    def learn(self, batch: Batch, progress: float) -> tuple[float, float]:
        """Learn from `batch` at `progress` 0..1 of the schedule; return the learning rate and the loss."""
        schedule = self.options.schedule
        rate = learning_rate(self.options.peak_rate, progress, self.step_number, schedule)
        self.network.train(schedule is Schedule.FLAT or progress < self.options.settle)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        loss = self._descend(batch)
        self.step_number += 1
        return rate, loss

    def _next_batch(self) -> Batch:
        first = self.step_number * self.options.batch
        numbers = self.world.share(range(first, first + self.options.batch))
        example = cast("Mashups", self.mashups).example
        return make_batch(list(self._mixers.map(example, numbers)), self.config, self.world.device)

    def _descend(self, batch: Batch) -> float:
        self.optimizer.zero_grad(set_to_none=True)
        statistics = [buffer.clone() for buffer in self.network.buffers()]
        with _precision(self.world.device, self._bfloat16):
            masks = self._masks(self._features(batch.mixture))
        loss = self._loss(masks, batch.vocals, batch.mixture, batch.level)
        loss.backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.options.clip)
        mean = self.world.mean(loss)
        if not (math.isfinite(mean) and math.isfinite(norm.item())):
            for buffer, before in zip(self.network.buffers(), statistics, strict=True):
                buffer.copy_(before)  # BatchNorm has met the bad batch already
            self._count_bad()
            return float("nan")
        self.optimizer.step()
        self._average()
        return mean

    def _count_bad(self) -> None:
        self.bad_steps += 1
        if self.bad_steps > self.options.max_bad_steps:
            raise TrainingError(
                f"{self.bad_steps} steps had a loss that is not finite; lower the learning rate, check the data"
            )

    def _average(self) -> None:
        if self.meeting is not None:  # it averages for all processes
            return
        decay = ema_decay(self.options.ema, self.step_number)
        ours, theirs = self.averaged.state_dict(), self.network.state_dict()
        floating = [name for name, value in theirs.items() if value.is_floating_point()]
        with torch.no_grad():
            torch._foreach_lerp_([ours[name] for name in floating], [theirs[name] for name in floating], 1 - decay)
            for name in theirs.keys() - set(floating):
                ours[name].copy_(theirs[name])


def _masked_loss(
    applied: Callable[[Tensor, Tensor], Tensor],
    loss: Loss,
    masks: Tensor,
    vocals: Tensor,
    mixture: Tensor,
    level: Tensor,
) -> Tensor:
    return loss(applied(masks, mixture), vocals, mixture, level)


class _Masks(nn.Module):
    """A network's masks as a module, which is what can run on several devices."""

    def __init__(self, network: AcapellaNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, features: Tensor) -> Tensor:
        """`[batch, 4, frames, folded]` → `[batch, 3, frames, folded]`."""
        return self.network.masks(features)


def _precision(device: torch.device, bfloat16: bool) -> AbstractContextManager[object]:
    return torch.autocast(device.type, torch.bfloat16) if bfloat16 else nullcontext()


def _optimizer(network: AcapellaNet, options: TrainingOptions) -> torch.optim.AdamW:
    """Build AdamW, in which biases, norms and positions do not decay."""
    decaying = [p for name, p in network.named_parameters() if p.dim() > 1 and name != "position"]
    rest = [p for name, p in network.named_parameters() if p.dim() <= 1 or name == "position"]
    groups = [{"params": decaying, "weight_decay": options.weight_decay}, {"params": rest, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=options.peak_rate)
