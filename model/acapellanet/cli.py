"""The command line: `acapellanet train`, `acapellanet evaluate`, `acapellanet probes`, `acapellanet mashups`."""

import argparse
import json
import math
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from acapellanet.config import CONFIGS, NetworkConfig
from acapellanet.errors import AcapellanetError, DataError
from acapellanet.licences import FOLDERS_BY_LICENCE, excluded_folders
from acapellanet.registry import CENTER_MODEL, DEFAULT_MODEL, model_names

if TYPE_CHECKING:
    from acapellanet.evaluate import Score


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status: 0 done, 1 an error that was named, 130 interrupted."""
    options = parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except AcapellanetError as error:
        print(f"acapellanet: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def parser() -> argparse.ArgumentParser:
    """The command line, without importing torch."""
    whole = argparse.ArgumentParser(prog="acapellanet", description="Train and judge the acapella ConvNet.")
    commands = whole.add_subparsers(required=True, metavar="COMMAND")
    _add_train(commands.add_parser("train", help="train on mashups of a folder of songs and voices"))
    _add_evaluate(commands.add_parser("evaluate", help="SDR of models on songs whose vocals are known"))
    _add_ablate(commands.add_parser("ablate", help="short runs that differ in one thing, as a table"))
    _add_strays(commands.add_parser("strays", help="which music without voice seems to have one after all"))
    _add_probes(commands.add_parser("probes", help="known faults, measured on songs made for each"))
    _add_mashups(commands.add_parser("mashups", help="write mashups of held-out voices, to evaluate on"))
    return whole


def _add_train(train: argparse.ArgumentParser) -> None:
    train.add_argument("data", type=Path, metavar="DATA", help="folder with stems/, vocals/, instrumental/")
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
    train.add_argument("--matched", action="store_true", help="mix sung voices and music in one key and tempo")
    train.add_argument(
        "--exclude", action="append", default=[], metavar="PATTERN", help="leave out files whose path matches"
    )
    train.add_argument(
        "--exclude-from", type=Path, metavar="FILE", help="leave out the files listed in FILE (acapellanet strays)"
    )
    train.add_argument(
        "--licence-free-of",
        action="append",
        default=[],
        choices=sorted(FOLDERS_BY_LICENCE),
        help="leave out data under share-alike (sa) or GPL (gpl) terms; may be repeated",
    )
    train.set_defaults(run=_train)


def _train(options: argparse.Namespace) -> int:
    import torch
    from rich.console import Console

    from acapellanet.distributed import close_world, open_world
    from acapellanet.train import TrainingOptions
    from acapellanet.training_run import RunOptions, run_training

    torch.set_num_threads(options.threads)
    cache = options.cache or options.out / "cache"
    listed = _lines_of(options.exclude_from) if options.exclude_from else ()
    exclude = (*options.exclude, *listed, *excluded_folders(options.licence_free_of))
    if options.recipe == "2017":
        from acapellanet.recipe2017 import Recipe2017, run_recipe

        recipe = Recipe2017(
            options.data, options.out, cache, options.minutes, options.seed, options.resume, exclude=exclude
        )
        print(f"weights: {run_recipe(recipe, Console())}")
        return 0
    run = RunOptions(options.data, options.out, cache, options.resume, exclude, options.source, options.matched)
    training = TrainingOptions(
        minutes=options.minutes,
        seed=options.seed,
        batch=options.batch,
        frames=options.frames,
        peak_rate=options.rate,
        bfloat16=options.bfloat16,
        compiled=options.compile,
        threads=options.threads,
    )
    config = _config(options.config, options.source)
    world = open_world(options.device)
    try:
        weights = run_training(config, run, training, Console(quiet=not world.leads), world)
    finally:
        close_world()
    if world.leads:
        print(f"weights: {weights}")
    return 0


def _config(name: str | None, source: str | None) -> NetworkConfig:
    """The size that is asked for, else the one that training starts from."""
    from acapellanet.registry import weights_path
    from acapellanet.weights import load_network

    if name is None and source is not None:
        return load_network(weights_path(source)).config
    return CONFIGS[name or "small"]


def _lines_of(path: Path) -> tuple[str, ...]:
    try:
        return tuple(filter(None, path.read_text(encoding="utf-8").splitlines()))
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"--exclude-from {path}: cannot be read ({error})") from error


def _add_evaluate(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "folder", type=Path, metavar="FOLDER", help="songs, each a folder with vocals.* and instrumental.*"
    )
    command.add_argument(
        "--model",
        action="append",
        metavar="NAME",
        help="name, repet, or path of weights; may be repeated (default: all that there are)",
    )
    command.add_argument("--device", default="cpu", help="as torch names it (default: cpu)")
    command.add_argument("--shifts", type=int, default=1, metavar="N", help="mean over N passes, 1..8 (default: 1)")
    command.add_argument("--json", action="store_true", help="one JSON array instead of a table")
    command.set_defaults(run=_evaluate)


def _evaluate(options: argparse.Namespace) -> int:
    from acapellanet.evaluate import REPET, evaluate, means

    models = options.model or [CENTER_MODEL, REPET, *(name for name in model_names() if name != CENTER_MODEL)]
    scores = list(evaluate(options.folder, models, options.device, options.shifts))
    if len({score.song for score in scores}) > 1:
        scores += means(scores)
    if options.json:
        print(json.dumps([_without_nan(score) for score in scores], indent=2))
    else:
        _print_table(scores)
    return 0


def _without_nan(score: "Score") -> dict[str, object]:
    values = asdict(score).items()
    return {key: None if isinstance(value, float) and math.isnan(value) else value for key, value in values}


def _print_table(scores: Sequence["Score"]) -> None:
    song, model = (max(len(getattr(score, name)) for score in scores) for name in ("song", "model"))
    print(f"{'song':{song}}  {'model':{model}}  {'stem':12}  median of 1 s  whole song  SI-SDR  (SDR, dB)")
    for score in scores:
        values = f"{score.median_sdr_db:13.2f}  {score.usdr_db:10.2f}  {score.si_sdr_db:6.2f}"
        print(f"{score.song:{song}}  {score.model:{model}}  {score.stem:12}  {values}")


def _add_ablate(command: argparse.ArgumentParser) -> None:
    command.add_argument("data", type=Path, metavar="DATA", help="folder as for train")
    command.add_argument("--out", type=Path, required=True, help="folder for results; runs that lie there are done")
    command.add_argument("--cache", type=Path, help="folder for decoded audio (default: OUT/cache)")
    command.add_argument("--minutes", type=float, default=12.0, help="training time of each run (default: 12)")
    command.add_argument("--only", action="append", default=[], metavar="RUN", help="this run alone; may be repeated")
    command.add_argument("--threads", type=int, default=2, help="CPU threads (default: 2)")
    command.set_defaults(run=_ablate)


def _ablate(options: argparse.Namespace) -> int:
    import torch
    from rich.progress import Progress

    from acapellanet.ablations import run_ablations, table
    from acapellanet.library import open_library
    from acapellanet.train import TrainingOptions

    torch.set_num_threads(options.threads)
    library = open_library(options.data, options.cache or options.out / "cache")
    training = TrainingOptions(options.minutes, batch=4, frames=128, threads=options.threads)
    with Progress(transient=True) as bars:
        task = bars.add_task("", total=options.minutes * 60)
        results = list(
            run_ablations(
                library,
                options.out,
                training,
                tuple(options.only),
                lambda name, step: bars.update(task, description=name, completed=step.spent_s),
            )
        )
    print(table(results))
    return 0


def _add_strays(command: argparse.ArgumentParser) -> None:
    command.add_argument("data", type=Path, metavar="DATA", help="folder as for train")
    command.add_argument("--out", type=Path, required=True, help="list to write, for train --exclude-from")
    command.add_argument("--cache", type=Path, required=True, help="folder for decoded audio, as for train")
    command.add_argument("--model", default=DEFAULT_MODEL, metavar="NAME", help=f"default: {DEFAULT_MODEL}")
    command.add_argument(
        "--limit-db",
        type=float,
        default=-9.0,
        help="list what has louder vocals, in dB to the whole (default: -9)",
    )
    command.set_defaults(run=_strays)


def _strays(options: argparse.Namespace) -> int:
    from rich.progress import track

    from acapellanet.estimator import load_estimator
    from acapellanet.library import open_library
    from acapellanet.strays import stray_level_db

    library, estimator = open_library(options.data, options.cache), load_estimator(options.model)
    music = [entry for entry in library.tracks if entry.role == "instrumental" and not entry.paired]
    levels = {entry.name: stray_level_db(library, entry, estimator) for entry in track(music, "listening")}
    loud = sorted((name for name in levels if levels[name] > options.limit_db), key=lambda name: -levels[name])
    options.out.write_text("".join(f"{name}\n" for name in loud), encoding="utf-8")
    for name in loud:
        print(f"{levels[name]:6.1f} dB  {name}")
    print(f"{len(loud)} of {len(music)} with vocals above {options.limit_db:g} dB: {options.out}")
    return 0


def _add_probes(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--model",
        action="append",
        metavar="NAME",
        help=f"name, or path of weights; may be repeated (default: {CENTER_MODEL} and {DEFAULT_MODEL})",
    )
    command.add_argument("--voice", type=Path, metavar="FILE", help="a recorded solo voice instead of the made one")
    command.add_argument("--device", default="cpu", help="as torch names it (default: cpu)")
    command.add_argument("--json", action="store_true", help="one JSON array instead of a table")
    command.set_defaults(run=_probes)


def _probes(options: argparse.Namespace) -> int:
    from acapellanet.probes import run_probes, table

    found = list(run_probes(options.model or [CENTER_MODEL, DEFAULT_MODEL], options.device, options.voice))
    print(json.dumps([asdict(reading) for reading in found], indent=2) if options.json else table(found))
    return 0


def _add_mashups(command: argparse.ArgumentParser) -> None:
    command.add_argument("data", type=Path, metavar="DATA", help="folder as for train")
    command.add_argument("--out", type=Path, required=True, help="folder to write songs into")
    command.add_argument("--cache", type=Path, help="folder for decoded audio (default: OUT/cache)")
    command.add_argument("--count", type=int, default=20, help="how many (default: 20)")
    command.add_argument("--seconds", type=float, default=15.0, help="length of each (default: 15)")
    command.add_argument("--seed", type=int, default=1)
    command.set_defaults(run=_mashups)


def _mashups(options: argparse.Namespace) -> int:
    from acapellanet.export import export_mashups
    from acapellanet.library import open_library

    library = open_library(options.data, options.cache or options.out / "cache")
    songs = export_mashups(library, options.out, options.count, options.seconds, options.seed)
    print(f"{len(songs)} songs in {options.out}")
    return 0
