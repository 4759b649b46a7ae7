"""The shipped weights and their model card."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from acapellanet.cli import main
from acapellanet.estimate.registry import WEIGHTS_FOLDER, model_hash, weights_path
from acapellanet.evaluation.calibration import at_temper
from acapellanet.net.config import CONFIGS, NetworkConfig
from acapellanet.net.network import AcapellaNet, parameter_count
from acapellanet.net.tensor_files import read_tensors
from acapellanet.net.weights import TRAINING_KEY, load_network, save_network

SHIPPED = sorted(path.stem for path in WEIGHTS_FOLDER.glob("*.safetensors"))
CARD = WEIGHTS_FOLDER / "README.md"


@pytest.mark.parametrize("name", SHIPPED)
def test_the_card_names_each_file_and_its_hash(name: str) -> None:
    card = CARD.read_text(encoding="utf-8")
    assert f"`{name}.safetensors`" in card
    assert model_hash(name) in card


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_weights_load_and_are_small(name: str) -> None:
    path = weights_path(name)
    assert path.stat().st_size < 12e6
    network = load_network(path)
    assert network.config.name == name
    assert f"{parameter_count(network):,}" in CARD.read_text(encoding="utf-8")
    assert isinstance(network, AcapellaNet)


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_weights_say_how_they_came_about(name: str) -> None:
    training = json.loads(read_tensors(weights_path(name))[1][TRAINING_KEY])
    assert training["steps"] > 0
    assert training["minutes"] > 0
    assert training["hours_heard"] > 0


def written(path: Path, value: float, config: NetworkConfig, temper: float = 1.0) -> str:
    network = AcapellaNet(replace(config, temper=temper))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.fill_(value)
    save_network(path, network, {"steps": int(value), "minutes": 1})
    return str(path)


def test_the_mean_of_weights(tmp_path: Path) -> None:
    models = [written(tmp_path / f"{v}.safetensors", v, CONFIGS["tiny"], temper) for v, temper in ((1, 1.0), (3, 0.4))]
    out = tmp_path / "mean.safetensors"
    assert main(["average", *models, "--out", str(out)]) == 0
    network = load_network(out)
    assert network.config.temper == 0.4
    assert all(bool((parameter == 2.0).all()) for parameter in network.parameters())
    training = json.loads(read_tensors(out)[1][TRAINING_KEY])
    assert training["steps"] == 3 and training["mean_of"] == [model_hash(model) for model in models]


def test_no_mean_of_one_or_of_different_networks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tiny = written(tmp_path / "tiny.safetensors", 1, CONFIGS["tiny"])
    out = tmp_path / "mean.safetensors"
    assert main(["average", tiny, "--out", str(out)]) == 1
    assert "two models or more" in capsys.readouterr().err
    assert main(["average", tiny, "acapellanet-small", "--out", str(out)]) == 1
    assert "not of the same network" in capsys.readouterr().err
    assert main(["average", tiny, tiny, "--out", str(tmp_path / "mean.h5")]) == 1
    assert "ends in .safetensors" in capsys.readouterr().err
    assert not out.exists() and not (tmp_path / "mean.h5").exists()


def test_weights_are_shipped_at_half_the_size_and_sound_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "half.safetensors"
    assert main(["ship", SHIPPED[0], "--out", str(out), "--temper", "0.7"]) == 0
    whole, half = load_network(weights_path(SHIPPED[0])), load_network(out)
    assert half.config == replace(whole.config, temper=0.7) and half.head.weight.dtype == torch.float32
    assert out.stat().st_size < 0.52 * 4 * parameter_count(whole)
    planes = torch.randn(1, 2, 2, 16, 2048, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        masks = [network.masks(network.features(planes)) for network in (at_temper(whole, 0.7), half)]
    assert (masks[0] - masks[1]).abs().max() < 0.01
    assert main(["ship", SHIPPED[0], "--out", str(out), "--temper", "2"]) == 1
    assert "--temper is 0 to 1" in capsys.readouterr().err
