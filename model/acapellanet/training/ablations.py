"""Measure what each of the 2017 author's open points is worth, by short runs that differ in one thing.

All runs learn side by side, step by step, from the very same examples; the base runs twice, from another start. A
difference within the base's spread is called none.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch

from acapellanet.data.library import Library
from acapellanet.data.mashups import CENTERED, Example, Mashups
from acapellanet.data.splits import split
from acapellanet.evaluation.validation import Validation
from acapellanet.net.config import NetworkConfig
from acapellanet.net.network import AcapellaNet, parameter_count
from acapellanet.training import variants
from acapellanet.training.batches import Batch, make_batch
from acapellanet.training.checkpoints import resume, save_checkpoint
from acapellanet.training.losses import separation_loss
from acapellanet.training.trainer import Loss, Trainer, TrainingOptions

Report = Callable[[int], None]
"""A function that is called with the number of steps that are done."""
BASE = NetworkConfig("acapellanet-ablation", channels=(16, 24, 32, 48))
SEED = 1
"""Seed of the examples."""
MASHUPS = 24
SAVE_EVERY_STEPS = 50


@dataclass(frozen=True, slots=True)
class Ablation:
    """One run of the comparison."""

    name: str
    question: str
    """The open point that the run is about; empty for the base."""
    build: Callable[[NetworkConfig], AcapellaNet] = AcapellaNet
    config: NetworkConfig = BASE
    loss: Loss = separation_loss
    centered: bool | None = None
    """Whether the network sees the isolated centre always or never; `None`: in some of the examples."""
    seed: int = 1
    """Seed of the weights that the run starts from."""


@dataclass(frozen=True, slots=True)
class Result:
    """Mean uSDR of the vocals in decibels, on the held-out song's excerpts and on held-out mashups."""

    name: str
    question: str
    steps: int
    parameters: int
    song_db: float
    mashup_db: float


ABLATIONS = (
    Ablation("base", ""),
    Ablation("base, another start", "", seed=2),
    Ablation("mono in", "stereo L R M S input", variants.MonoInput),
    Ablation("L R in", "stereo L R M S input", variants.LeftRightInput),
    Ablation("no dilated blocks", "larger context", config=replace(BASE, dilations=())),
    Ablation("no dense layers across frequency", "global frequency information", variants.LocalFrequencies),
    Ablation("MSE on log magnitude", "better loss", loss=variants.log_magnitude_mse),
    Ablation("linear axis", "warped or constant-Q axis", variants.LinearAxis),
    Ablation("logarithmic axis", "warped or constant-Q axis", variants.LogAxis),
    Ablation("never the isolated centre", "centre pre-isolation", centered=False),
    Ablation("always the isolated centre", "centre pre-isolation", centered=True),
    Ablation("real mask", "residual or complex mask", variants.RealMask),
    Ablation("complex mask", "residual or complex mask", variants.ComplexMask),
    Ablation("mask and residual", "residual or complex mask", variants.Residual),
)


def run_ablations(
    library: Library, out: Path, steps: int, options: TrainingOptions, names: tuple[str, ...], report: Report
) -> list[Result]:
    """Train those of `ABLATIONS` whose results are not in `out` yet for `steps` steps, all at once; then judge them.

    `names`: only these, or all if it is empty. Interrupted runs continue where they were; runs of another length have a
    folder of their own, since their learning rate falls differently.
    """
    out = out / f"{steps}-steps"
    chosen = [ablation for ablation in ABLATIONS if not names or ablation.name in names]
    missing = [ablation for ablation in chosen if _read(out, ablation) is None]
    trainers = _train_together(library, out, steps, options, missing, report)
    validation = Validation(library, MASHUPS) if missing else None
    for ablation, trainer in trainers.items():
        assert validation is not None
        judged = asdict(_judged(ablation, trainer, validation))
        _file(out, ablation, "json").write_text(json.dumps(judged, indent=1), encoding="utf-8")
    results = (_read(out, ablation) for ablation in chosen)
    return [result for result in results if result is not None]


def _train_together(
    library: Library, out: Path, steps: int, options: TrainingOptions, ablations: list[Ablation], report: Report
) -> dict[Ablation, Trainer]:
    out.mkdir(parents=True, exist_ok=True)
    samples = (options.frames - 1) * BASE.hop_samples
    mashups = Mashups(library, split(library.tracks, False), samples, SEED, CENTERED)
    trainers = {ablation: _started(ablation, out, options, mashups) for ablation in ablations}
    for step in range(min((t.step_number for t in trainers.values()), default=steps), steps):
        examples = [mashups.example(step * options.batch + number) for number in range(options.batch)]
        batches = {kind: _batch(examples, kind) for kind in (None, False, True)}
        for ablation, trainer in trainers.items():
            if trainer.step_number == step:
                trainer.learn(batches[ablation.centered], step / steps)
        if (step + 1) % SAVE_EVERY_STEPS == 0 or step + 1 == steps:
            for ablation, trainer in trainers.items():
                save_checkpoint(_file(out, ablation, "safetensors"), trainer)
        report(step + 1)
    return trainers


def _started(ablation: Ablation, out: Path, options: TrainingOptions, mashups: Mashups) -> Trainer:
    options = replace(options, seed=ablation.seed)
    trainer = Trainer(ablation.config, options, mashups, build=ablation.build, loss=ablation.loss)
    checkpoint = _file(out, ablation, "safetensors")
    if checkpoint.exists():
        resume(checkpoint, trainer)
    return trainer


def _batch(examples: list[Example], centered: bool | None) -> Batch:
    shown = examples if centered is None else [replace(example, centered=centered) for example in examples]
    return make_batch(shown, BASE, torch.device("cpu"))


def _judged(ablation: Ablation, trainer: Trainer, validation: Validation) -> Result:
    judged = validation.judge(trainer.averaged, centered=ablation.centered is True)
    return Result(
        ablation.name,
        ablation.question,
        trainer.step_number,
        parameter_count(trainer.network),
        judged.song_db,
        judged.mashup_db,
    )


def _file(out: Path, ablation: Ablation, suffix: str) -> Path:
    return out / f"{ablation.name.replace(' ', '-').replace(',', '')}.{suffix}"


def _read(out: Path, ablation: Ablation) -> Result | None:
    path = _file(out, ablation, "json")
    return Result(**json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None


def table(results: list[Result]) -> str:
    """Format Markdown that says what is worse or better than the base by more than its two runs differ."""
    base = [result for result in results if not result.question]
    lines = ["| open point | run | steps | parameters | song dB | mashups dB | against the base |", "|---" * 7 + "|"]
    for result in results:
        cells = (result.question, result.name, str(result.steps), f"{result.parameters:,}")
        values = (f"{result.song_db:+.2f}", f"{result.mashup_db:+.2f}", _verdict(result, base))
        lines.append("| " + " | ".join((*cells, *values)) + " |")
    return "\n".join(lines)


def _verdict(result: Result, base: list[Result]) -> str:
    if not result.question or len(base) < 2:
        return ""
    means = [(other.song_db + other.mashup_db) / 2 for other in base]
    gain, spread = (result.song_db + result.mashup_db) / 2 - sum(means) / len(means), max(means) - min(means)
    return "none" if abs(gain) <= spread else f"{gain:+.2f}"
