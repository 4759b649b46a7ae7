from dataclasses import replace
from pathlib import Path

import pytest
import torch

from acapellanet.data.library import open_library
from acapellanet.net.config import NetworkConfig
from acapellanet.training import ablations
from acapellanet.training.ablations import ABLATIONS, Ablation, Result, run_ablations, table
from acapellanet.training.trainer import TrainingOptions

SHORT = NetworkConfig("short", channels=(4, 6), dilations=(1,), fft_samples=512, hop_samples=128)


@pytest.mark.parametrize("ablation", ABLATIONS, ids=lambda ablation: ablation.name)
def test_every_variant_gives_vocals_in_the_mixtures_shape_and_learns(ablation: Ablation) -> None:
    torch.manual_seed(0)
    config = replace(SHORT, dilations=ablation.config.dilations[:1])
    network = ablation.build(config)
    mixture, vocals = torch.randn(2, 1, 2, 2, 16, 256).unbind(0)
    estimate = network(mixture)
    assert estimate.shape == mixture.shape
    ablation.loss(estimate, vocals, mixture, torch.ones(1)).backward()  # type: ignore[no-untyped-call]
    gradients = [parameter.grad for parameter in network.parameters()]
    assert all(gradient is not None and torch.isfinite(gradient).all() for gradient in gradients)


@pytest.mark.usefixtures("brief_validation")
def test_runs_are_judged_once_and_remembered(
    data_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ablations, "MASHUPS", 2)
    monkeypatch.setattr(ablations, "BASE", SHORT)
    chosen = tuple(replace(ablation, config=SHORT) for ablation in ABLATIONS[:3])
    monkeypatch.setattr(ablations, "ABLATIONS", chosen)
    library = open_library(data_folder, tmp_path / "cache")
    options = TrainingOptions(0.0, batch=1, frames=32, threads=1, bfloat16=False)
    said: list[int] = []
    results = run_ablations(library, tmp_path / "out", 3, options, (), said.append)
    assert [result.name for result in results] == [ablation.name for ablation in chosen]
    assert said == [1, 2, 3] and all(result.steps == 3 for result in results)
    assert run_ablations(library, tmp_path / "out", 3, options, (), said.append) == results
    assert said == [1, 2, 3]
    for steps in (2, 4):  # another length is another run, from its start
        said.clear()
        assert [
            result.steps for result in run_ablations(library, tmp_path / "out", steps, options, (), said.append)
        ] == ([steps] * len(chosen))
        assert said == list(range(1, steps + 1))


@pytest.mark.usefixtures("brief_validation")
def test_interrupted_runs_go_on_where_they_stood(
    data_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ablations, "MASHUPS", 2)
    monkeypatch.setattr(ablations, "BASE", SHORT)
    monkeypatch.setattr(ablations, "SAVE_EVERY_STEPS", 2)
    monkeypatch.setattr(ablations, "ABLATIONS", tuple(replace(a, config=SHORT) for a in ABLATIONS[:2]))
    library = open_library(data_folder, tmp_path / "cache")
    options = TrainingOptions(0.0, batch=1, frames=32, threads=1, bfloat16=False)
    whole = run_ablations(library, tmp_path / "whole", 5, options, (), lambda step: None)

    def kill(step: int) -> None:
        if step == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_ablations(library, tmp_path / "killed", 5, options, (), kill)
    said: list[int] = []
    assert run_ablations(library, tmp_path / "killed", 5, options, (), said.append) == whole
    assert said == [3, 4, 5]


def test_what_lies_within_the_bases_spread_is_no_difference() -> None:
    base = [Result("base", "", 1, 1, 1.0, 2.0), Result("base, another seed", "", 1, 1, 1.2, 2.2)]
    other = [Result("a", "q", 1, 1, 1.3, 2.2), Result("b", "q", 1, 1, 0.5, 1.2)]
    rows = table(base + other).splitlines()
    assert rows[-2].endswith("| none |")
    assert rows[-1].endswith("| -0.75 |")
