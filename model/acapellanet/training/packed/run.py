"""Train on from a pack for some minutes: `make gpu-train`, or `acapellanet train --packed PACK`.

Call after call goes on from the weights of the last one. All minutes count, those of reading the pack too, so that a
call ends within the time a machine is lent for.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from acapellanet.data.pack import read_pack
from acapellanet.errors import AcapellanetError, TrainingError
from acapellanet.net.config import CONFIGS, NetworkConfig
from acapellanet.net.network import AcapellaNet
from acapellanet.net.tensor_files import read_metadata
from acapellanet.net.weights import TRAINING_KEY, load_network, save_network
from acapellanet.training.distributed import World, open_world
from acapellanet.training.packed.mashups import DeviceMashups
from acapellanet.training.schedule import Schedule
from acapellanet.training.trainer import Trainer, TrainingOptions

GPU_BATCH, CPU_BATCH = 192, 4
LINE_EVERY_S, SAVE_EVERY_S = 15.0, 120.0
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
    source = load_network(begin_from) if begin_from else None
    report(f"from {begin_from or 'nothing'}, {heard_s / 3600:.1f} h heard, on {world.device}")
    pack = read_pack(run.pack)
    report(
        f"{len(pack.tracks)} tracks, {pack.values.nbytes / 1e9:.1f} GB decoded, after {time.monotonic() - began:.0f} s"
    )
    samples = (run.frames - 1) * run.config.hop_samples
    # every call draws other examples: what was heard so far counts into the seed
    seed = run.seed + int(heard_s)
    mashups = DeviceMashups(pack, run.config, samples, seed, world.device, dict(run.shares))
    trainer = _fitting_trainer(run, source, mashups, world, began, report)
    trainer.heard_s += heard_s
    _train(trainer, weights, began + run.minutes * 60 - SPARE_S, report)
    return weights


def _fitting_trainer(
    run: PackedRun,
    source: AcapellaNet | None,
    mashups: DeviceMashups,
    world: World,
    began: float,
    report: Callable[[str], None],
) -> Trainer:
    """Build a trainer whose batch fits into the device's memory: it is halved until it does."""
    batch = run.batch or (CPU_BATCH if world.device.type == "cpu" else GPU_BATCH)
    while True:
        left_s = max(1.0, run.minutes * 60 - SPARE_S - (time.monotonic() - began))
        trainer = Trainer(run.config, _options(run, batch, left_s), mashups, source, world, batches=mashups.batch)
        if _fits(trainer):
            report(f"batches of {batch}")
            return trainer
        report(f"a batch of {batch} does not fit into memory")
        if batch == 1:
            raise TrainingError("not even one example fits into the device's memory; give --frames 64 or --device cpu")
        batch //= 2
        del trainer
        torch.cuda.empty_cache()


def _options(run: PackedRun, batch: int, left_s: float) -> TrainingOptions:
    return TrainingOptions(
        left_s / 60,
        seed=run.seed,
        batch=batch,
        frames=run.frames,
        peak_rate=run.rate,
        schedule=Schedule.COOLING if run.cooling else Schedule.FLAT,
        compiled=run.compiled,
    )


def _fits(trainer: Trainer) -> bool:
    """Take a step and tell whether memory was sufficient."""
    try:
        trainer.step()
    except torch.OutOfMemoryError:
        return False
    return True


def _train(trainer: Trainer, weights: Path, until: float, report: Callable[[str], None]) -> None:
    said = saved = time.monotonic()
    while (now := time.monotonic()) < until:
        progress = trainer.step()
        if now - said > LINE_EVERY_S:
            report(
                f"step {progress.step} loss {progress.loss:.3f} rate {progress.rate:.1e} mixing {progress.mixing:.0%} "
                f"heard {progress.heard_s / 3600:.2f} h, {progress.bad_steps} bad"
            )
            said = now
        if now - saved > SAVE_EVERY_S:
            _save(trainer, weights)
            saved = now
    _save(trainer, weights)
    report(f"{trainer.step_number} steps, {trainer.heard_s / 3600:.2f} h heard in all: {weights}")


def _save(trainer: Trainer, weights: Path) -> None:
    training: dict[str, object] = {"steps": trainer.step_number, "hours_heard": round(trainer.heard_s / 3600, 5)}
    save_network(weights, trainer.averaged, training)


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
    parser.add_argument("--rate", type=float, default=6e-4, help="learning rate (default: 0.0006)")
    parser.add_argument("--batch", type=int, help="examples per step (default: what fits)")
    parser.add_argument("--frames", type=int, default=160, help="length of an example in hops (default: 160)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="auto", help="cuda, mps or cpu (default: auto)")
    parser.add_argument("--compile", action="store_true", help="compile features and loss")
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
    )


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
