"""A training run from the command line: folders, checkpoints, progress, now and then a judgement."""

import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as Bar

from acapellanet.audio import SAMPLE_RATE
from acapellanet.data.library import Library, open_library
from acapellanet.data.mashups import CHOPPED, MADE_VOICES, Mashups
from acapellanet.data.matching import Matcher
from acapellanet.data.splits import Split, split
from acapellanet.errors import TrainingError
from acapellanet.estimate.registry import weights_path
from acapellanet.evaluation.calibration import best_calibrated
from acapellanet.evaluation.validation import Validation
from acapellanet.net.config import NetworkConfig
from acapellanet.net.network import AcapellaNet
from acapellanet.net.weights import load_network, save_network
from acapellanet.training.checkpoints import CHECKPOINT_FILE, resume, save_checkpoint
from acapellanet.training.distributed import ALONE, World
from acapellanet.training.pictures import draw_spectrograms
from acapellanet.training.trainer import Progress, Trainer, TrainingOptions

LINE_EVERY_STEPS = 20


@dataclass(frozen=True, slots=True)
class RunOptions:
    """Where a run reads and writes, and how often it says something."""

    data: Path
    out: Path
    cache: Path
    resumed: bool = False
    exclude: tuple[str, ...] = ()
    source: str | None = None
    """Model, or path of weights, that training starts from."""
    matched: bool = False
    """Whether sung voices and music are brought into one key and tempo."""
    checkpoint_every_s: float = 180.0
    judge_every_s: float = 540.0


def run_training(
    config: NetworkConfig, run: RunOptions, options: TrainingOptions, console: Console, world: World = ALONE
) -> Path:
    """Train until the minutes are spent; the path of the averaged weights.

    Raises `DataError` when nothing can be trained on, `TrainingError` when a run is there already and
    `resumed` is not set.
    """
    checkpoint = run.out / CHECKPOINT_FILE
    if checkpoint.exists() and not run.resumed:
        raise TrainingError(f"{checkpoint} is there already: give --resume, or another --out")
    with world.leader_first():
        library = open_library(run.data, run.cache, run.exclude)
    _report_library(library, console)
    tracks, samples = split(library.tracks, validation=False), _example_samples(config, options)
    matcher = _matcher(library, tracks, run, world, console) if run.matched else None
    mashups = Mashups(library, tracks, samples, options.seed, made=MADE_VOICES, chopped=CHOPPED, matcher=matcher)
    source = load_network(weights_path(run.source)) if run.source else None
    trainer = Trainer(config, options, mashups, source, world)
    if checkpoint.exists():
        resume(checkpoint, trainer)
        console.print(f"resumed at step {trainer.step_number}, {trainer.budget.spent_s / 60:.1f} min spent")
    return _Run(trainer, Validation(library), run, console).until_done()


def _matcher(library: Library, tracks: Split, run: RunOptions, world: World, console: Console) -> Matcher:
    heard = [*tracks.instrumentals, *(track for voices in tracks.voices.values() for track in voices)]
    bar = Bar(TextColumn("keys and tempi"), BarColumn(), console=console, disable=not console.is_terminal)
    with world.leader_first(), bar:
        task = bar.add_task("", total=2 * len(heard))
        return Matcher(library, heard, run.cache, lambda count: bar.update(task, completed=count))


def _example_samples(config: NetworkConfig, options: TrainingOptions) -> int:
    return (options.frames - 1) * config.hop_samples


def _report_library(library: Library, console: Console) -> None:
    minutes = sum(track.frames for track in library.tracks) / SAMPLE_RATE / 60
    console.print(f"{len(library.tracks)} files, {minutes:.0f} minutes; {len(library.problems)} skipped")
    for problem in library.problems:
        console.print(f"  skipped {problem}", highlight=False)


class _Run:
    """One run's comings and goings around the trainer."""

    def __init__(self, trainer: Trainer, validation: Validation, run: RunOptions, console: Console) -> None:
        self.trainer = trainer
        self.validation = validation
        self.run = run
        self.console = console
        self.weights = run.out / f"{trainer.config.name}.safetensors"
        self._saved_s = self._judged_s = time.monotonic()

    def until_done(self) -> Path:
        if self.trainer.world.leads:
            self.console.print(f"mixture: {self.validation.judge_mixture()}")
            self.console.print(f"center: {self.validation.judge_center()}")
        with self._bar() as bar:
            task = bar.add_task("", total=self.trainer.budget.limit_s)
            while not self.trainer.done:
                progress = self.trainer.step()
                bar.update(task, completed=progress.spent_s, description=_line(progress))
                self._now_and_then(progress)
        if self.trainer.world.leads:
            self._save()
            if self.validation.excerpts:
                self._temper()
                self._draw()
        return self.weights

    def _bar(self) -> Bar:
        columns = (TextColumn("{task.description}"), BarColumn())
        return Bar(*columns, console=self.console, disable=not self.console.is_terminal)

    def _now_and_then(self, progress: Progress) -> None:
        if not self.trainer.world.leads:
            return
        if not self.console.is_terminal and progress.step % LINE_EVERY_STEPS == 0:
            self.console.print(_line(progress), highlight=False)
        now_s = time.monotonic()
        if now_s - self._saved_s > self.run.checkpoint_every_s:
            self._save()
            self._saved_s = time.monotonic()
        if now_s - self._judged_s > self.run.judge_every_s:
            self._judge()
            self._judged_s = time.monotonic()

    def _save(self) -> None:
        save_checkpoint(self.run.out / CHECKPOINT_FILE, self.trainer)
        self._save_weights(self.trainer.averaged)

    def _save_weights(self, network: AcapellaNet) -> None:
        training = {
            "steps": self.trainer.step_number,
            "minutes": round(self.trainer.budget.spent_s / 60, 1),
            "seed": self.trainer.options.seed,
            "excluded": list(self.run.exclude),
            "started_from": self.run.source,
        }
        save_network(self.weights, network, training)

    def _temper(self) -> None:
        network = best_calibrated(
            self.trainer.averaged,
            self.validation,
            lambda temper, judgement: self.console.print(f"at temper {temper:g}: {judgement}"),
        )
        self.console.print(f"tempered by {network.config.temper:g}")
        self._save_weights(network)

    def _judge(self) -> None:
        judgement = self.validation.judge(self.trainer.averaged)
        minutes = self.trainer.budget.spent_s / 60
        self.console.print(f"after {minutes:.1f} min, step {self.trainer.step_number}: {judgement}")
        if self.validation.excerpts:
            self._draw()

    def _draw(self) -> None:
        first = self.validation.excerpts[0]
        estimate = self.validation.estimate(self.trainer.averaged, 0)
        panels = {"mixture": first.vocals + first.instrumental, "estimate": estimate, "vocals": first.vocals}
        draw_spectrograms(self.run.out / f"step-{self.trainer.step_number:06d}.png", panels, SAMPLE_RATE)


def _line(progress: Progress) -> str:
    bad = f", {progress.bad_steps} bad" if progress.bad_steps else ""
    spent, limit = progress.spent_s / 60, progress.limit_s / 60
    return f"step {progress.step} {spent:.1f}/{limit:.0f} min loss {progress.loss:.3f} rate {progress.rate:.1e}{bad}"
