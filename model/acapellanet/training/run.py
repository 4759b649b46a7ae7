"""Run a training from the command line: folders, checkpoints, progress, and judgements from time to time."""

import shutil
import time
from dataclasses import dataclass, replace
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
from acapellanet.training.local_sgd import SHARED_FILE, MeetingOptions, MeetingPlace
from acapellanet.training.pictures import draw_spectrograms
from acapellanet.training.schedule import Schedule
from acapellanet.training.trainer import Progress, Trainer, TrainingOptions

LINE_EVERY_STEPS = 20


@dataclass(frozen=True, slots=True)
class RunOptions:
    """Where a run reads and writes, and how often it reports."""

    data: Path
    out: Path
    cache: Path
    resumed: bool = False
    exclude: tuple[str, ...] = ()
    source: str | None = None
    """Model, or path of weights, that training starts from."""
    matched: bool = False
    """Whether sung voices and music are brought into one key and tempo."""
    member: int | None = None
    """Number of this process among those that train apart and meet; `None` if it trains alone."""
    members: int = 1
    cooled: Path | None = None
    """Folder of a flat run that this one begins from, to be cooled."""
    other_data: bool = False
    """Whether to resume although the run had other data before."""
    checkpoint_every_s: float = 180.0
    judge_every_s: float = 540.0


def run_training(
    config: NetworkConfig, run: RunOptions, options: TrainingOptions, console: Console, world: World = ALONE
) -> Path:
    """Train until the minutes are spent and return the path of the averaged weights.

    Raises `DataError` if nothing can be trained on, `TrainingError` if a run exists already and `resumed` is not set.
    """
    checkpoint = run.out / checkpoint_name(run.member)
    begun = checkpoint.exists()
    if begun and not run.resumed:
        raise TrainingError(f"{checkpoint} exists already: give --resume, or another --out")
    if run.cooled is not None and not begun:
        _take_over(run.cooled, run.out, run.member)
    if run.member is not None:
        options = replace(options, seed=options.seed + run.member)
    with world.leader_first():
        library = open_library(run.data, run.cache, run.exclude)
    _report_library(library, console)
    tracks, samples = split(library.tracks, validation=False), _example_samples(config, options)
    matcher = _matcher(library, tracks, run, world, console) if run.matched else None
    mashups = Mashups(library, tracks, samples, options.seed, made=MADE_VOICES, chopped=CHOPPED, matcher=matcher)
    source = load_network(weights_path(run.source)) if run.source else None
    trainer = Trainer(config, options, mashups, source, world, meeting=_meeting(config, run, options))
    if checkpoint.exists():
        resume(checkpoint, trainer, run.other_data)
        if run.cooled is not None and not begun:
            trainer.budget.spent_s = 0.0
        console.print(
            f"resumed at step {trainer.step_number}, {trainer.budget.spent_s / 60:.1f} min spent, "
            f"{trainer.heard_s / 3600:.1f} h heard"
        )
    return _Run(trainer, Validation(library), run, console).until_done()


def checkpoint_name(member: int | None) -> str:
    """Return the name of the checkpoint of a process that trains alone, or of one of several."""
    return CHECKPOINT_FILE if member is None else f"member-{member}-{CHECKPOINT_FILE}"


def _take_over(flat: Path, out: Path, member: int | None) -> None:
    """Copy the state of a flat run. Raises `TrainingError` if there is no such run."""
    out.mkdir(parents=True, exist_ok=True)
    checkpoint = flat / checkpoint_name(member)
    if not checkpoint.exists():
        raise TrainingError(f"{checkpoint}: no such checkpoint; --cool takes the --out of a run with --schedule flat")
    if member in (None, 0) and (flat / SHARED_FILE).exists():
        shutil.copyfile(flat / SHARED_FILE, out / SHARED_FILE)
    shutil.copyfile(checkpoint, out / checkpoint.name)


def _meeting(config: NetworkConfig, run: RunOptions, options: TrainingOptions) -> MeetingPlace | None:
    if run.member is None:
        return None
    ema = MeetingOptions.ema_cooling if options.schedule is Schedule.COOLING else MeetingOptions.ema_flat
    return MeetingPlace(run.out, config.to_json(), MeetingOptions(share=1 / run.members, ema=ema))


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
    """What a run does around the trainer: it saves, judges and reports."""

    def __init__(self, trainer: Trainer, validation: Validation, run: RunOptions, console: Console) -> None:
        self.trainer = trainer
        self.validation = validation
        self.run = run
        self.console = console
        self.weights = run.out / f"{trainer.config.name}.safetensors"
        self._saved_s = self._judged_s = time.monotonic()

    @property
    def leads(self) -> bool:
        """Whether this process judges and writes weights."""
        return self.trainer.world.leads and self.run.member in (None, 0)

    def until_done(self) -> Path:
        if self.leads:
            self.console.print(f"mixture: {self.validation.judge_mixture()}")
            self.console.print(f"center: {self.validation.judge_center()}")
        with self._bar() as bar:
            task = bar.add_task("", total=self.trainer.budget.limit_s)
            while not self.trainer.done:
                progress = self.trainer.step()
                bar.update(task, completed=progress.spent_s, description=_line(progress))
                self._now_and_then(progress)
        self._save()
        if self.leads and self.validation.excerpts:
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
        if self.leads and now_s - self._judged_s > self.run.judge_every_s:
            self._judge()
            self._judged_s = time.monotonic()

    def _save(self) -> None:
        if self.trainer.world.leads:
            save_checkpoint(self.run.out / checkpoint_name(self.run.member), self.trainer)
        if self.leads:
            self._save_weights(self.trainer.averaged)

    def _save_weights(self, network: AcapellaNet) -> None:
        training = {
            "steps": self.trainer.step_number,
            "minutes": round(self.trainer.budget.spent_s / 60, 1),
            "hours_heard": round(self.trainer.heard_s / 3600, 2),
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
    spent, limit, heard_h = progress.spent_s / 60, progress.limit_s / 60, progress.heard_s / 3600
    return (
        f"step {progress.step} {spent:.1f}/{limit:.0f} min loss {progress.loss:.3f} rate {progress.rate:.1e} "
        f"mixing {progress.mixing:.0%} heard {heard_h:.1f} h{bad}"
    )
