"""`acapellanet train`: its options, and what they start."""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from acapellanet.data.licences import FOLDERS_BY_LICENCE, excluded_folders
from acapellanet.errors import DataError
from acapellanet.estimate.registry import DEFAULT_MODEL
from acapellanet.net.config import CONFIGS, NetworkConfig

if TYPE_CHECKING:
    from acapellanet.training.run import RunOptions
    from acapellanet.training.trainer import TrainingOptions


def add_train(train: argparse.ArgumentParser) -> None:
    """Give `train` its options."""
    train.add_argument(
        "data", type=Path, nargs="?", metavar="DATA", help="folder of songs and voices; docs/training.md"
    )
    train.add_argument(
        "--packed",
        type=Path,
        metavar="PACK",
        help="train from what acapellanet pack wrote, with all audio and mixing on the device; takes --out, --minutes, "
        "--config, --from, --rate, --frames, --seed, --device, --compile",
    )
    train.add_argument("--out", type=Path, required=True, help="folder for checkpoint, weights, pictures")
    train.add_argument("--cache", type=Path, help="folder for decoded audio (default: OUT/cache)")
    train.add_argument("--minutes", type=float, required=True, help="training time to spend")
    train.add_argument(
        "--recipe",
        choices=("acapellanet", "2017"),
        default="acapellanet",
        help="2017: the ancestor's network and training, the baseline; takes --cache, --minutes, --seed, --resume, "
        "--threads and what leaves data out, and writes OUT/acapellabot-2017.safetensors (default: acapellanet)",
    )
    train.add_argument("--config", choices=sorted(CONFIGS), help="size (default: that of --from, else small)")
    train.add_argument(
        "--from",
        dest="source",
        metavar="NAME",
        help=f"fine-tune a model ({DEFAULT_MODEL}), or weights by their path; of this --config, or narrower ones grown",
    )
    train.add_argument("--rate", type=float, default=1.5e-3, help="highest learning rate (default: 0.0015)")
    train.add_argument("--seed", type=int, default=0)
    train.add_argument("--resume", action="store_true", help="go on where OUT's checkpoint stands")
    train.add_argument(
        "--schedule",
        choices=("cosine", "flat"),
        default="cosine",
        help="flat: the rate does not fall, for runs that go on for days; --cool ends them (default: cosine)",
    )
    train.add_argument(
        "--cool", type=Path, metavar="RUN", help="end a flat run: from its state on, the rate falls to nothing"
    )
    _add_means(train)
    _add_selection(train)
    train.set_defaults(run=_train)


def _add_means(train: argparse.ArgumentParser) -> None:
    """How it is computed."""
    train.add_argument(
        "--processes", type=int, default=1, metavar="N", help="train in N processes of one thread each, which meet"
    )
    train.add_argument("--member", type=int, help=argparse.SUPPRESS)  # the number of one of --processes
    train.add_argument("--other-data", action="store_true", help="resume although the data is not what it was")
    train.add_argument(
        "--judge-every", type=float, default=9.0, metavar="MIN", help="minutes between judgements (default: 9)"
    )
    train.add_argument("--batch", type=int, default=5, help="examples per step (default: 5)")
    train.add_argument("--frames", type=int, default=192, help="length of an example in hops (default: 192)")
    train.add_argument("--threads", type=int, default=2, help="CPU threads (default: 2)")
    train.add_argument("--device", default="auto", help="cuda, mps or cpu (default: auto); torchrun uses several")
    train.add_argument("--compile", action="store_true", help="compile features and loss; needs a C++ compiler")
    train.add_argument(
        "--bfloat16",
        action=argparse.BooleanOptionalAction,
        help="autocast (default: where the processor has it in hardware)",
    )


def _add_selection(train: argparse.ArgumentParser) -> None:
    """What it learns from."""
    train.add_argument("--matched", action="store_true", help="mix sung voices and music in one key and tempo")
    train.add_argument(
        "--exclude", action="append", default=[], metavar="PATTERN", help="leave out files whose path matches"
    )
    train.add_argument(
        "--exclude-from", type=Path, metavar="FILE", help="leave out the files listed in FILE (acapellanet vocal-leaks)"
    )
    train.add_argument(
        "--licence-free-of",
        action="append",
        default=[],
        choices=sorted(FOLDERS_BY_LICENCE),
        help="leave out data under share-alike (sa) or GPL (gpl) terms; may be repeated",
    )


def _train(options: argparse.Namespace) -> int:
    if options.packed:
        return _train_packed(options)
    if options.data is None:
        raise DataError("train takes DATA, a folder of songs and voices, or --packed PACK")
    import torch
    from rich.console import Console

    from acapellanet.training.distributed import close_world, open_world
    from acapellanet.training.members import run_members
    from acapellanet.training.run import run_training

    if options.processes > 1 and options.member is None:
        run_members(options.processes, options.given)
        return 0
    torch.set_num_threads(options.threads if options.member is None else 1)
    cache = options.cache or options.out / "cache"
    listed = _lines_of(options.exclude_from) if options.exclude_from else ()
    exclude = (*options.exclude, *listed, *excluded_folders(options.licence_free_of))
    if options.recipe == "2017":
        from acapellanet.training.acapellabot_recipe import Recipe2017, run_recipe

        recipe = Recipe2017(
            options.data, options.out, cache, options.minutes, options.seed, options.resume, exclude=exclude
        )
        print(f"weights: {run_recipe(recipe, Console())}")
        return 0
    config = _config(options.config, options.source)
    world = open_world(options.device)
    try:
        run = _run_options(options, cache, exclude)
        weights = run_training(config, run, _training_options(options), Console(quiet=not world.leads), world)
    finally:
        close_world()
    if world.leads:
        print(f"weights: {weights}")
    return 0


def _run_options(options: argparse.Namespace, cache: Path, exclude: tuple[str, ...]) -> "RunOptions":
    from acapellanet.training.run import RunOptions

    return RunOptions(
        options.data,
        options.out,
        cache,
        options.resume,
        exclude,
        options.source,
        options.matched,
        member=options.member,
        members=options.processes,
        cooled=options.cool,
        other_data=options.other_data,
        judge_every_s=options.judge_every * 60,
    )


def _training_options(options: argparse.Namespace) -> "TrainingOptions":
    from acapellanet.training.schedule import Schedule
    from acapellanet.training.trainer import TrainingOptions

    return TrainingOptions(
        minutes=options.minutes,
        seed=options.seed,
        batch=options.batch,
        frames=options.frames,
        peak_rate=options.rate,
        schedule=Schedule.COOLING if options.cool else Schedule(options.schedule),
        bfloat16=options.bfloat16,
        compiled=options.compile,
        threads=options.threads if options.member is None else 1,
    )


def _train_packed(options: argparse.Namespace) -> int:
    from acapellanet.data.shares import SHARES
    from acapellanet.estimate.registry import weights_path
    from acapellanet.training.packed.run import PackedRun, train_packed

    run = PackedRun(
        options.packed,
        options.out,
        options.minutes,
        _config(options.config, options.source),
        weights_path(options.source) if options.source else None,
        tuple(SHARES.items()),
        options.rate,
        frames=options.frames,
        seed=options.seed,
        device=options.device,
        compiled=options.compile,
    )
    print(f"weights: {train_packed(run, lambda text: print(text, flush=True))}")
    return 0


def _config(name: str | None, source: str | None) -> NetworkConfig:
    """The size that is asked for, else the one that training starts from."""
    from acapellanet.estimate.registry import weights_path
    from acapellanet.net.weights import load_network

    if name is None and source is not None:
        return replace(load_network(weights_path(source)).config, temper=1.0)  # chosen anew at the end
    return CONFIGS[name or "small"]


def _lines_of(path: Path) -> tuple[str, ...]:
    try:
        return tuple(filter(None, path.read_text(encoding="utf-8").splitlines()))
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"--exclude-from {path}: cannot be read ({error})") from error


def add_learn(command: argparse.ArgumentParser) -> None:
    """Give `learn` its options."""
    command.description = (
        "Train a model on with a few songs of your own, and keep the result only if it does better on the part of them "
        "that was held back."
    )
    command.add_argument(
        "folder", type=Path, metavar="FOLDER", help="songs, each a folder with vocals.* and instrumental.*"
    )
    command.add_argument("--out", type=Path, required=True, help="weights file to write (.safetensors)")
    command.add_argument("--minutes", type=float, default=10.0, help="training time to spend (default: 10)")
    command.add_argument("--model", default=DEFAULT_MODEL, metavar="NAME", help=f"default: {DEFAULT_MODEL}")
    command.set_defaults(run=_learn)


def _learn(options: argparse.Namespace) -> int:
    from rich.progress import Progress

    from acapellanet.training.learn import learn

    with Progress(transient=True) as bars:
        task = bars.add_task("learning", total=1.0)
        learned = learn(
            options.folder,
            options.out,
            options.minutes,
            options.model,
            lambda share: bars.update(task, completed=share),
        )
    print(f"vocals on what was held back: {learned.before_db:.2f} dB before, {learned.after_db:.2f} dB after")
    print(
        f"weights: {learned.weights}" if learned.weights else f"not better: {options.model} stays, nothing was written"
    )
    return 0


def add_average(command: argparse.ArgumentParser) -> None:
    """Give `average` its options."""
    command.description = (
        "What a run unlearned of the weights that it started from, their mean keeps in part. Judge it by 'evaluate' "
        "beside both before you use it."
    )
    command.add_argument("models", nargs="+", metavar="MODEL", help="names, or paths of weights, the newest last")
    command.add_argument("--out", type=Path, required=True, help="weights file to write (.safetensors)")
    command.set_defaults(run=_average)


def add_ship(command: argparse.ArgumentParser) -> None:
    """Give `ship` its options."""
    command.description = "Write weights as they are shipped: in half precision, half the size, as exact when heard."
    command.add_argument("model", metavar="MODEL", help="a name, or the path of weights")
    command.add_argument("--out", type=Path, required=True, help="weights file to write (.safetensors)")
    command.add_argument("--temper", type=float, help="how much of small mask logits to keep, 0..1 (default: as it is)")
    command.set_defaults(run=_ship)


def _ship(options: argparse.Namespace) -> int:
    import json

    from acapellanet.errors import ModelError
    from acapellanet.estimate.registry import SUFFIX, weights_path
    from acapellanet.evaluation.calibration import at_temper
    from acapellanet.net.tensor_files import read_metadata
    from acapellanet.net.weights import TRAINING_KEY, load_network, save_network

    path = weights_path(options.model)
    network = load_network(path)
    temper = network.config.temper if options.temper is None else options.temper
    if options.out.suffix != SUFFIX or not 0 <= temper <= 1:
        raise ModelError(f"--out ends in {SUFFIX}, --temper is 0 to 1; got {options.out} and {temper:g}")
    training = json.loads(read_metadata(path).get(TRAINING_KEY, "{}"))
    save_network(options.out, at_temper(network, temper), training, half=True)
    print(f"weights: {options.out}, {options.out.stat().st_size / 1e6:.1f} MB")
    return 0


def _average(options: argparse.Namespace) -> int:
    from acapellanet.training.averaging import save_mean

    save_mean(options.out, options.models)
    print(f"weights: {options.out}")
    return 0
