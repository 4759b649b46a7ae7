"""What each of the 2017 author's open points is worth: short runs that differ in one thing.

All runs see the same data, for the same minutes; the base runs twice, with other seeds. What lies
within the base's spread is called no difference.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from acapellanet import variants
from acapellanet.config import NetworkConfig
from acapellanet.library import Library
from acapellanet.losses import separation_loss
from acapellanet.mashups import Mashups
from acapellanet.network import AcapellaNet
from acapellanet.splits import split
from acapellanet.train import Loss, Progress, Trainer, TrainingOptions
from acapellanet.validation import Validation

Report = Callable[[str, Progress], None]
BASE = NetworkConfig("acapellanet-ablation", channels=(16, 24, 32, 48))
MASHUPS = 24


@dataclass(frozen=True, slots=True)
class Ablation:
    """One run."""

    name: str
    question: str
    """The open point that it is about; empty for the base."""
    build: Callable[[NetworkConfig], AcapellaNet] = AcapellaNet
    config: NetworkConfig = BASE
    loss: Loss = separation_loss
    centered: float = 1 / 3
    """Share of the examples in which the network sees the isolated centre."""
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Result:
    """Mean uSDR of the vocals, dB, on the held-out song's excerpts and on held-out mashups."""

    name: str
    question: str
    steps: int
    parameters: int
    song_db: float
    mashup_db: float
    minutes: float


ABLATIONS = (
    Ablation("base", ""),
    Ablation("base, another seed", "", seed=2),
    Ablation("mono in", "stereo L R M S input", variants.MonoInput),
    Ablation("L R in", "stereo L R M S input", variants.LeftRightInput),
    Ablation("no dilated blocks", "larger context", config=replace(BASE, dilations=())),
    Ablation("no dense layers across frequency", "global frequency information", variants.LocalFrequencies),
    Ablation("MSE on log magnitude", "better loss", loss=variants.log_magnitude_mse),
    Ablation("linear axis", "warped or constant-Q axis", variants.LinearAxis),
    Ablation("logarithmic axis", "warped or constant-Q axis", variants.LogAxis),
    Ablation("never the isolated centre", "centre pre-isolation", centered=0.0),
    Ablation("always the isolated centre", "centre pre-isolation", centered=1.0),
    Ablation("real mask", "residual or complex mask", variants.RealMask),
    Ablation("complex mask", "residual or complex mask", variants.ComplexMask),
    Ablation("mask and residual", "residual or complex mask", variants.Residual),
)


def run_ablations(
    library: Library,
    out: Path,
    options: TrainingOptions,
    names: tuple[str, ...],
    report: Report,
) -> Iterator[Result]:
    """Train and judge one after the other; those whose result lies in `out` already are read from there."""
    validation = Validation(library, MASHUPS)
    for ablation in ABLATIONS:
        if names and ablation.name not in names:
            continue
        path = out / f"{ablation.name.replace(' ', '-').replace(',', '')}.json"
        done = _read(path, options.minutes)
        result = done or _run(ablation, library, validation, options, report)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(result), indent=1), encoding="utf-8")
        yield result


def _read(path: Path, minutes: float) -> Result | None:
    if not path.exists():
        return None
    result = Result(**json.loads(path.read_text(encoding="utf-8")))
    return result if result.minutes == minutes else None


def _run(
    ablation: Ablation,
    library: Library,
    validation: Validation,
    options: TrainingOptions,
    report: Report,
) -> Result:
    options = replace(options, seed=ablation.seed)
    samples = (options.frames - 1) * ablation.config.hop_samples
    mashups = Mashups(library, split(library.tracks, False), samples, ablation.seed, ablation.centered)
    trainer = Trainer(ablation.config, options, mashups, build=ablation.build, loss=ablation.loss)
    while not trainer.done:
        report(ablation.name, trainer.step())
    judged = validation.judge(trainer.averaged, centered=ablation.centered == 1.0)
    parameters = sum(value.numel() for value in trainer.network.parameters())
    return Result(
        ablation.name,
        ablation.question,
        trainer.step_number,
        parameters,
        judged.song_db,
        judged.mashup_db,
        options.minutes,
    )


def table(results: list[Result]) -> str:
    """Markdown: what is worse or better than the base by more than its two runs differ."""
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
