"""The command line: `acapellanet train`, `acapellanet evaluate`, `acapellanet probes`, `acapellanet mashups`."""

import argparse
import json
import math
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from acapellanet.cli_train import add_train
from acapellanet.errors import AcapellanetError
from acapellanet.registry import DEFAULT_MODEL, model_names

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
    add_train(commands.add_parser("train", help="train on mashups of a folder of songs and voices"))
    _add_evaluate(commands.add_parser("evaluate", help="SDR of models on songs whose vocals are known"))
    _add_ablate(commands.add_parser("ablate", help="short runs that differ in one thing, as a table"))
    _add_strays(commands.add_parser("strays", help="which music without voice seems to have one after all"))
    _add_probes(commands.add_parser("probes", help="known faults, measured on songs made for each"))
    _add_mashups(commands.add_parser("mashups", help="write mashups of held-out voices, to evaluate on"))
    _add_average(commands.add_parser("average", help="the mean of weights that were trained on from one another"))
    _add_sing(commands.add_parser("sing", help="turn speech into song, as more voices to train on"))
    return whole


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

    models = options.model or [REPET, *model_names()]
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
    print(f"{'song':{song}}  {'model':{model}}  {'stem':12}  museval  whole song  SI-SDR  (SDR, dB)")
    for score in scores:
        values = f"{score.museval_db:7.2f}  {score.usdr_db:10.2f}  {score.si_sdr_db:6.2f}"
        print(f"{score.song:{song}}  {score.model:{model}}  {score.stem:12}  {values}")


def _add_ablate(command: argparse.ArgumentParser) -> None:
    command.add_argument("data", type=Path, metavar="DATA", help="folder as for train")
    command.add_argument("--out", type=Path, required=True, help="folder for results; runs that lie there are done")
    command.add_argument("--cache", type=Path, help="folder for decoded audio (default: OUT/cache)")
    command.add_argument("--steps", type=int, default=800, help="training steps of each run (default: 800)")
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
    training = TrainingOptions(0.0, batch=4, frames=128, threads=options.threads)
    with Progress(transient=True) as bars:
        task = bars.add_task("steps", total=options.steps)
        results = run_ablations(
            library,
            options.out,
            options.steps,
            training,
            tuple(options.only),
            lambda step: bars.update(task, completed=step),
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
        help="name, or path of weights; may be repeated (default: all that there are)",
    )
    command.add_argument("--voice", type=Path, metavar="FILE", help="a recorded solo voice instead of the made one")
    command.add_argument("--device", default="cpu", help="as torch names it (default: cpu)")
    command.add_argument("--json", action="store_true", help="one JSON array instead of a table")
    command.set_defaults(run=_probes)


def _probes(options: argparse.Namespace) -> int:
    from acapellanet.probes import run_probes, table

    found = list(run_probes(options.model or model_names(), options.device, options.voice))
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


def _add_average(command: argparse.ArgumentParser) -> None:
    command.description = (
        "What a run unlearned of the weights that it started from, their mean keeps in part. Judge it by 'evaluate' "
        "beside both before you use it."
    )
    command.add_argument("models", nargs="+", metavar="MODEL", help="names, or paths of weights, the newest last")
    command.add_argument("--out", type=Path, required=True, help="weights file to write (.safetensors)")
    command.set_defaults(run=_average)


def _average(options: argparse.Namespace) -> int:
    from acapellanet.weights import save_mean

    save_mean(options.out, options.models)
    print(f"weights: {options.out}")
    return 0


def _add_sing(command: argparse.ArgumentParser) -> None:
    command.description = (
        "Speech into song: pitch and pace of every speaker that flite and festival have here, or of recordings, are "
        "put to melodies with the WORLD vocoder (extra: voices); the singing synthesizer Sinsy, where it is installed "
        "(extra: sinsy), sings too. With --out DATA/vocals/songs, train hears them."
    )
    command.add_argument("speech", type=Path, nargs="?", metavar="SPEECH", help="folder of recorded speech instead")
    command.add_argument("--out", type=Path, required=True, help="folder to write one bank for each speaker into")
    command.add_argument("--minutes", type=float, default=60.0, help="of song from the synthesizers (default: 60)")
    command.add_argument("--seed", type=int, default=0)
    command.set_defaults(run=_sing)


def _sing(options: argparse.Namespace) -> int:
    from rich.progress import Progress

    from acapellanet.songbook import sing_recordings, sing_verses

    with Progress(transient=True) as bars:
        task = bars.add_task("singing", total=None if options.speech else options.minutes * 60)
        if options.speech:
            book = sing_recordings(options.speech, options.out, options.seed, lambda s: bars.advance(task, s))
        else:
            book = sing_verses(options.out, options.minutes, options.seed, lambda s: bars.advance(task, s))
    for problem in book.problems:
        print(f"skipped {problem}", file=sys.stderr)
    for bank, seconds in sorted(book.seconds.items()):
        print(f"{seconds / 60:6.1f} min  {bank}")
    print(f"{sum(book.seconds.values()) / 60:.0f} minutes in {options.out}")
    return 0
