"""The shipped weights and their model card."""

import json

import pytest

from acapellanet.files import read_tensors
from acapellanet.network import AcapellaNet, parameter_count
from acapellanet.registry import WEIGHTS_FOLDER, model_hash, weights_path
from acapellanet.weights import TRAINING_KEY, load_network

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
