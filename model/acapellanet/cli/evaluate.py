"""`acapellanet evaluate`, `stress-tests` and `ablate`: commands that judge models."""

import argparse
import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from acapellanet.estimate.registry import model_names

if TYPE_CHECKING:
    from acapellanet.evaluation.scores import Score


def add_evaluate(command: argparse.ArgumentParser) -> None:
    """Give `evaluate` its options."""
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
    from acapellanet.evaluation.evaluate import REPET, evaluate
    from acapellanet.evaluation.scores import summaries

    models = options.model or [REPET, *model_names()]
    scores = list(evaluate(options.folder, models, options.device, options.shifts))
    if len({score.song for score in scores}) > 1:
        scores += summaries(scores)
    if options.json:
        print(json.dumps([_without_nan(score) for score in scores], indent=2))
    else:
        _print_table(scores)
    return 0


def _without_nan(score: "Score") -> dict[str, object]:
    values = asdict(score).items()
    return {key: None if isinstance(value, float) and math.isnan(value) else value for key, value in values}


COLUMNS = (
    ("museval_db", "museval", 7.2),
    ("usdr_db", "whole song", 10.2),
    ("si_sdr_db", "SI-SDR", 6.2),
    ("p10_db", "p10", 6.2),
    ("bleedless", "bleedless", 9.1),
    ("fullness", "fullness", 8.1),
    ("log_wmse", "logWMSE", 7.2),
    ("leak_db", "leak", 6.1),
    ("lost", "lost", 4.2),
)
"""Measure, heading, and format of each column."""


def _print_table(scores: Sequence["Score"]) -> None:
    song, model = (max(len(getattr(score, name)) for score in scores) for name in ("song", "model"))
    headings = "  ".join(f"{heading:>{int(width)}}" for _, heading, width in COLUMNS)
    print(f"{'song':{song}}  {'model':{model}}  {'stem':12}  {headings}")
    for score in scores:
        values = "  ".join(f"{getattr(score, measure):{width}f}" for measure, _, width in COLUMNS)
        print(f"{score.song:{song}}  {score.model:{model}}  {score.stem:12}  {values}")


def add_stress_tests(command: argparse.ArgumentParser) -> None:
    """Give `stress-tests` its options."""
    command.add_argument(
        "--model",
        action="append",
        metavar="NAME",
        help="name, or path of weights; may be repeated (default: all that there are)",
    )
    command.add_argument("--voice", type=Path, metavar="FILE", help="a recorded solo voice instead of the made one")
    command.add_argument("--device", default="cpu", help="as torch names it (default: cpu)")
    command.add_argument("--json", action="store_true", help="one JSON array instead of a table")
    command.set_defaults(run=_stress_tests)


def _stress_tests(options: argparse.Namespace) -> int:
    from acapellanet.evaluation.stress_tests import run_stress_tests, table

    found = list(run_stress_tests(options.model or model_names(), options.device, options.voice))
    print(json.dumps([asdict(reading) for reading in found], indent=2) if options.json else table(found))
    return 0


def add_ablate(command: argparse.ArgumentParser) -> None:
    """Give `ablate` its options."""
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

    from acapellanet.data.library import open_library
    from acapellanet.training.ablations import run_ablations, table
    from acapellanet.training.trainer import TrainingOptions

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
