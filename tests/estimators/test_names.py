"""`dawbridge models`: what it lists, whatever is in the folder, and which names it takes."""

import pytest
import torch
from safetensors.torch import save_file

from acapellanet.estimate.registry import ANCESTOR
from dawbridge.cli.main import main
from dawbridge.cli.models import free_place
from dawbridge.errors import ConfigError, ModelError
from dawbridge.estimators import find_model, model_names
from dawbridge.estimators.mdxnet.description import GRAPH, KEY, Description


@pytest.fixture
def weights(home):
    folder = home / "data" / "weights"
    folder.mkdir(parents=True)
    return folder


def put(path, licence="MIT"):
    described = Description(1024, 256, 32, "vocals", 256).to_json()
    save_file({GRAPH: torch.zeros(64, dtype=torch.uint8)}, path, {KEY: described, "licence": licence})


def test_a_damaged_model_is_named_and_the_others_are_listed(weights, capsys):
    put(weights / "good.safetensors")
    put(weights / "cut.safetensors")
    (weights / "cut.safetensors").write_bytes((weights / "cut.safetensors").read_bytes()[:-9])
    (weights / "noise.safetensors").write_bytes(b"\xff" * 100)
    (weights / "folder.safetensors").mkdir()
    save_file({"a": torch.zeros(1)}, weights / "odd.safetensors")
    save_file({"a": torch.zeros(1)}, weights / "wrong.safetensors", {KEY: "[" * 5000})
    assert main(["models"]) == 0
    lines = capsys.readouterr().out.splitlines()
    for start, said in (
        ("good: ", "licence: MIT"),
        ("center: ", "licence"),
        ("cut: ", "its header speaks of"),
        ("noise: ", "damaged"),
        ("folder: ", "not a regular file"),
        ("odd: ", "not weights that dawbridge knows"),
        ("wrong: ", "not the description"),
    ):
        (line,) = [line for line in lines if line.startswith(start)]
        assert said in line
    assert main(["models", "remove", "cut"]) == 0
    assert not (weights / "cut.safetensors").exists()


def test_a_licence_that_a_terminal_would_obey_is_shown_escaped(weights, capsys):
    put(weights / "mine.safetensors", "MIT\x1b[2J\nacapellanet-full: licence: none")
    for command in (["models"], ["models", "licence", "mine"]):
        assert main(command) == 0
        told = capsys.readouterr().out
        assert "\x1b" not in told and r"\x1b[2J\nacapellanet" in told


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Center", "a model is called center already"),
        ("MINE", "a model is called mine already"),
        ("x.safetensors", "cannot be a model's name"),
        ("x.SafeTensors", "cannot be a model's name"),
        ("x-griffinlim", "cannot be a model's name"),
        ("x.", "cannot be a model's name"),
        ("0.6*x", "cannot be a model's name"),
        ("a+b", "cannot be a model's name"),
        ("../x", "cannot be a model's name"),
        ("", "cannot be a model's name"),
        ("Nul", "is kept for something else"),
        ("com1.old", "is kept for something else"),
        (ANCESTOR, "is kept for something else"),
    ],
)
def test_names_that_would_be_another_model_or_none(weights, name, said):
    put(weights / "mine.safetensors")
    with pytest.raises(ConfigError) as caught:
        free_place(name)
    assert said in str(caught.value)


FAILING = """
    class Failing:
        def names(self):
            raise RuntimeError("no disk")

        def find(self, name):
            raise RuntimeError("no disk")

    FAILING = Failing()
"""


def test_a_provider_of_another_package_that_fails_takes_nothing_with_it(install):
    install("failing", FAILING, failing="failing:FAILING")
    assert "center" in model_names() and find_model("center").viable
    with pytest.raises(ModelError, match=r"no model is called 'other'.*Failing fails: RuntimeError: no disk"):
        find_model("other")


def test_a_package_that_ends_the_program_when_it_is_imported_does_not(install):
    install("leaving", "raise SystemExit(3)", leaving="leaving:MODEL")
    assert "center" in model_names()
