"""Train on from a pack for some minutes: `make gpu-train`, or `acapellanet train --packed PACK`.

Call after call goes on from the weights of the last one. All minutes count, those of reading the pack too, so that a
call ends within the time a machine is lent for.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Thread

import numpy as np
import torch

from acapellanet.data.pack import Pack, joined, parts_there, read_pack
from acapellanet.errors import AcapellanetError, DataError, TrainingError
from acapellanet.net.config import CONFIGS, NetworkConfig
from acapellanet.net.tensor_files import read_metadata
from acapellanet.net.weights import TRAINING_KEY, load_network, save_network
from acapellanet.training.batches import Batch
from acapellanet.training.distributed import World, open_world
from acapellanet.training.packed.mashups import DeviceMashups
from acapellanet.training.schedule import Schedule
from acapellanet.training.trainer import Trainer, TrainingOptions

GPU_BATCH, CPU_BATCH = 64, 4
LINE_EVERY_S, SAVE_EVERY_S, NEW_PARTS_S = 15.0, 120.0, 2.0
EMPTY = np.zeros(0, dtype=np.int16)
SPARE_S = 10.0
"""Time kept for the last save."""


@dataclass(frozen=True, slots=True)
class PackedRun:
    """What a run from a pack is asked to do."""

    pack: Path
    out: Path
    minutes: float
    config: NetworkConfig
    source: Path | None = None
    """Weights to begin from, if `out` holds none yet."""
    shares: tuple[tuple[str, float], ...] = ()
    rate: float = 6e-4
    batch: int | None = None
    frames: int = 160
    seed: int = 0
    device: str = "auto"
    compiled: bool = False
    cooling: bool = False
    """Whether the rate falls to nothing over these minutes."""
    also: tuple[tuple[NetworkConfig, Path | None], ...] = ()
    """Further networks, and the weights that each begins from, which learn from the same batches."""
    growing: bool = False
    """Whether parts of the pack that are not there yet are still being copied: they are heard once they are."""


class _Pupils:
    """One network, or several, that learn from the same batches."""

    def __init__(self, run: PackedRun, world: World, batch: int, heard_s: float) -> None:
        self._batch, self._frames = batch, run.frames
        self._step_s = batch * (run.frames - 1) * run.config.hop_samples / run.config.sample_rate
        self.heard_s = heard_s
        self.trainers: dict[Path, Trainer] = {}
        for config, source in ((run.config, run.source), *run.also):
            weights = run.out / f"{config.name}.safetensors"
            begin_from = weights if weights.exists() else source
            network = load_network(begin_from) if begin_from else None
            self.trainers[weights] = Trainer(config, _options(run, batch), Pack([], EMPTY, [], []), network, world)
        self.steps = 0

    def step(self, batches: Callable[[Sequence[int]], Batch], world: World, progress: float) -> str:
        """Let all learn from the next batch at `progress` 0..1, and say how it went."""
        began = time.monotonic()
        batch = batches(world.share(range(self.steps * self._batch, (self.steps + 1) * self._batch)))
        mixed_s = time.monotonic() - began
        learned = [trainer.learn(batch, progress) for trainer in self.trainers.values()]
        self.steps += 1
        self.heard_s += self._step_s
        bad = sum(trainer.bad_steps for trainer in self.trainers.values())
        return (
            f"step {self.steps} loss {' '.join(f'{loss:.3f}' for _, loss in learned)} rate {learned[0][0]:.1e} "
            f"mixing {mixed_s / (time.monotonic() - began):.0%} heard {self.heard_s / 3600:.2f} h, {bad} bad"
        )

    def save(self) -> None:
        """Write the averaged weights of all."""
        for weights, trainer in self.trainers.items():
            training: dict[str, object] = {"steps": self.steps, "hours_heard": round(self.heard_s / 3600, 5)}
            save_network(weights, trainer.averaged, training)


def train_packed(run: PackedRun, report: Callable[[str], None]) -> Path:
    """Train until the minutes are over and return the path of the averaged weights.

    Raises `DataError` for a pack that is missing or damaged, `TrainingError` for a device that cannot be used.
    """
    began = time.monotonic()
    world = open_world(run.device)
    if world.device.type == "cuda":
        torch.set_float32_matmul_precision("high")
        torch.backends.cudnn.benchmark = True  # all batches have the same shape
    weights = run.out / f"{run.config.name}.safetensors"
    begin_from = weights if weights.exists() else run.source
    heard_s = _heard_s(begin_from)
    report(f"from {begin_from or 'nothing'}, {heard_s / 3600:.1f} h heard, on {world.device}")
    music = _Music(run, world, run.seed + int(heard_s), began, report)  # every call draws other examples
    pupils = _fitting(run, music, world, heard_s, report)
    _train(pupils, music, world, began + run.minutes * 60 - SPARE_S, report)
    return weights


class _Music:
    """What batches are made of, which may grow while parts of the pack are still being copied."""

    def __init__(self, run: PackedRun, world: World, seed: int, began: float, report: Callable[[str], None]) -> None:
        self._run, self._device, self._seed, self._began, self._report = run, world.device, seed, began, report
        there = parts_there(run.pack) if run.growing else None
        self._pack = read_pack(run.pack, there)
        self.batches = self._batches()
        if there is not None:
            Thread(target=self._grow, args=(set(there),), daemon=True).start()

    def _batches(self) -> Callable[[Sequence[int]], Batch]:
        run, pack = self._run, self._pack
        after_s = time.monotonic() - self._began
        self._report(f"{len(pack.tracks)} tracks, {pack.values.nbytes / 1e9:.1f} GB decoded, after {after_s:.0f} s")
        samples = (run.frames - 1) * run.config.hop_samples
        return DeviceMashups(pack, run.config, samples, self._seed, self._device, dict(run.shares)).batch

    def _grow(self, known: set[int]) -> None:
        """Take in what arrives in the folder."""
        while True:
            try:
                new = [number for number in parts_there(self._run.pack) if number not in known]
                known |= set(new)
                if new:
                    self._pack = joined(self._pack, read_pack(self._run.pack, new))
                    self.batches = self._batches()
            except DataError as error:
                self._report(f"left out: {error}")
            time.sleep(NEW_PARTS_S)


def _fitting(run: PackedRun, music: _Music, world: World, heard_s: float, report: Callable[[str], None]) -> _Pupils:
    """Build pupils whose batch fits into the device's memory: it is halved until it does."""
    batch = run.batch or (CPU_BATCH if world.device.type == "cpu" else GPU_BATCH)
    while True:
        pupils = _Pupils(run, world, batch, heard_s)
        try:
            pupils.step(music.batches, world, 0.0)
        except torch.OutOfMemoryError:
            report(f"a batch of {batch} does not fit into memory")
        else:
            report(f"batches of {batch}")
            return pupils
        if batch == 1:
            raise TrainingError("not even one example fits into the device's memory; give --frames 64 or --device cpu")
        batch //= 2
        del pupils
        torch.cuda.empty_cache()


def _options(run: PackedRun, batch: int) -> TrainingOptions:
    return TrainingOptions(
        run.minutes,
        seed=run.seed,
        batch=batch,
        frames=run.frames,
        peak_rate=run.rate,
        schedule=Schedule.COOLING if run.cooling else Schedule.FLAT,
        compiled=run.compiled,
    )


def _train(pupils: _Pupils, music: _Music, world: World, until: float, report: Callable[[str], None]) -> None:
    began = said = saved = time.monotonic()
    while (now := time.monotonic()) < until:
        line = pupils.step(music.batches, world, (now - began) / (until - began))
        if now - said > LINE_EVERY_S:
            report(line)
            said = now
        if now - saved > SAVE_EVERY_S:
            pupils.save()
            saved = now
    pupils.save()
    report(f"{pupils.steps} steps, {pupils.heard_s / 3600:.2f} h heard in all: {', '.join(map(str, pupils.trainers))}")


def _heard_s(weights: Path | None) -> float:
    """Return the seconds of audio that weights have heard, as far as their file says."""
    training = json.loads(read_metadata(weights).get(TRAINING_KEY, "{}")) if weights else {}
    return float(training.get("hours_heard", 0.0)) * 3600


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line of a machine that has no more than torch, numpy, safetensors and soundfile."""
    parser = argparse.ArgumentParser(description="Train on from a pack, for some minutes.")
    add_options(parser)
    try:
        print(f"weights: {train_packed(run_of(parser.parse_args(arguments)), _say)}")
    except AcapellanetError as error:
        print(f"acapellanet: {error}", file=sys.stderr)
        return 1
    return 0


def add_options(parser: argparse.ArgumentParser) -> None:
    """Give a parser the options of a run from a pack."""
    parser.add_argument("pack", type=Path, metavar="PACK", help="folder that acapellanet pack wrote")
    parser.add_argument("--out", type=Path, required=True, help="folder for weights; a later call goes on from them")
    parser.add_argument("--minutes", type=float, default=9.0, help="time to spend, all counted (default: 9)")
    parser.add_argument("--config", choices=sorted(CONFIGS), default="full", help="size (default: full)")
    parser.add_argument("--from", dest="source", type=Path, metavar="FILE", help="weights of the first call")
    parser.add_argument(
        "--also",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="weights that learn from the same batches",
    )
    parser.add_argument("--rate", type=float, default=6e-4, help="learning rate (default: 0.0006)")
    parser.add_argument("--batch", type=int, help="examples per step (default: what fits)")
    parser.add_argument("--frames", type=int, default=160, help="length of an example in hops (default: 160)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="auto", help="cuda, mps or cpu (default: auto)")
    parser.add_argument("--compile", action="store_true", help="compile features and loss")
    parser.add_argument(
        "--growing", action="store_true", help="begin with the parts that are there; hear others once they are copied"
    )
    parser.add_argument("--cool", action="store_true", help="let the rate fall to nothing: the last call")


def run_of(options: argparse.Namespace) -> PackedRun:
    """What the parsed options ask for."""
    from acapellanet.data.shares import SHARES

    return PackedRun(
        options.pack,
        options.out,
        options.minutes,
        replace(CONFIGS[options.config], temper=1.0),
        options.source,
        tuple(SHARES.items()),
        options.rate,
        options.batch,
        options.frames,
        options.seed,
        options.device,
        options.compile,
        options.cool,
        tuple((replace(load_network(path).config, temper=1.0), path) for path in options.also),
        options.growing,
    )


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
