"""What is passed around as weights: taken where it is what it says, refused by name where it is not."""

import json
import os
import pickle
import zipfile
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from dawbridge.cli.main import main
from dawbridge.errors import ModelError
from dawbridge.estimators import find_model
from dawbridge.estimators.model import LoadRequest
from dawbridge.estimators.waveform import importing
from dawbridge.estimators.waveform.description import KEY, from_json
from dawbridge.estimators.waveform.importing import import_separator
from tests.estimators.separators import CONFIGURATIONS, random_network

yaml = pytest.importorskip("yaml")
pytest.importorskip("pymss_core")
SCNET = CONFIGURATIONS["scnet"]
pytestmark = pytest.mark.filterwarnings("ignore:A window was not provided")


@pytest.fixture
def state():
    return random_network("scnet")[1].state_dict()


def taken(tmp_path, content, config=SCNET, suffix=".ckpt"):
    source = tmp_path / f"given{suffix}"
    torch.save(content, source)
    return import_separator(source, tmp_path / "out" / "mine.safetensors", config, "MIT")


@pytest.mark.parametrize("wrap", [lambda s: s, lambda s: {"state": s, "epoch": 3}, lambda s: {"state_dict": s},
                                  lambda s: {f"module.{name}": value for name, value in s.items()}])  # fmt: skip
def test_the_usual_wrappings(tmp_path, state, wrap):
    description = taken(tmp_path, wrap(state))
    assert description.stems[description.stem] == "vocals"
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine.safetensors"]


def test_safetensors_are_taken(tmp_path, state):
    save_file(state, tmp_path / "given.safetensors")
    assert import_separator(tmp_path / "given.safetensors", tmp_path / "x.safetensors", SCNET, "MIT").stem == 3


def test_a_checkpoint_of_demucs_brings_its_own_configuration(tmp_path):
    description, network = random_network("htdemucs")
    kwargs = {**description.model, "segment": Fraction(1, 2), "samplerate": np.int64(44100)}

    class Demucs:
        __module__, __qualname__ = "demucs.htdemucs", "HTDemucs"

    import sys
    from types import ModuleType

    package, module = ModuleType("demucs"), ModuleType("demucs.htdemucs")
    module.HTDemucs = Demucs
    sys.modules |= {"demucs": package, "demucs.htdemucs": module}
    try:
        torch.save({"klass": Demucs, "args": (), "kwargs": kwargs, "state": network.state_dict()}, tmp_path / "a.th")
    finally:
        del sys.modules["demucs"], sys.modules["demucs.htdemucs"]
    result = import_separator(tmp_path / "a.th", tmp_path / "x.safetensors", None, "research only")
    assert (result.segment_samples, result.hop_samples) == (22050, 16537)


def twice(value, times):
    """A tuple that holds itself, as it were: a few bytes in a pickle, and endless to whoever goes through it."""
    for _ in range(times):
        value = (value, value)
    return value


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda name: {name: torch.zeros(1).expand(10**5, 10**5)}, "is larger than what the file holds of it"),
        (lambda name: dict.fromkeys(map(str, range(99)), torch.zeros(10**5)), "more than the file has room for"),
        (lambda name: {name: torch.eye(3).to_sparse()}, "does not hold plain numbers"),
        (lambda name: {name: torch.empty(3, device="meta")}, "does not hold plain numbers"),
        (lambda name: {name: torch.zeros(3, dtype=torch.complex64)}, "does not hold plain numbers"),
        (lambda name: {name: torch.full((64,), float("nan"))}, "holds values that are no numbers"),
        (lambda name: {name: torch.zeros(64, dtype=torch.int32)}, "wrong kind, int32"),
        (lambda name: {"a\x1b[2J\nb": torch.zeros(3)}, r"a\\x1b\[2J\\nb has no place"),
        (lambda name: {twice("a", 18): 1}, "'a tuple' is not a tensor"),
    ],
)
def test_tensors_that_are_not_what_they_seem_are_refused(tmp_path, state, change, said):
    name = next(name for name in state if state[name].shape == (64,))
    with pytest.raises(ModelError, match=said) as caught:
        taken(tmp_path, {**state, **change(name)})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "arguments",
    [
        lambda: {"sources": ["vocals"], "segment": "1e999999999"},
        lambda: {"sources": [twice("vocals", 40)]},
        lambda: {"sources": ["vocals"], "segment": float("inf")},
        lambda: {"sources": ["vocals"], "dims": twice(1, 40)},
        lambda: {"sources": ["vocals"], "dims": [[[1] * 500] * 500] * 500},
        lambda: {"sources": ["vocals"], "dims": torch.zeros(3)},
        lambda: {"sources": ["vocals"], 5: 1},
        lambda: {"sources": 5},
    ],
)
def test_hostile_arguments_of_demucs_are_refused_at_once(tmp_path, state, arguments):
    with pytest.raises(ModelError):
        taken(tmp_path, {"state": state, "kwargs": arguments()}, None)


def test_a_fraction_that_is_a_bomb_is_refused(tmp_path, state):
    class Endless:
        def __reduce__(self):
            return (Fraction, ("1e999999999",))

    with pytest.raises(ModelError, match="damaged"):
        taken(tmp_path, {"state": state, "kwargs": {"segment": Endless()}}, None)


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path, state, monkeypatch):
    made = importing.built

    def built(*given):
        (tmp_path / "given.ckpt").write_bytes(b"another")
        return made(*given)

    monkeypatch.setattr(importing, "built", built)
    with pytest.raises(ModelError, match="was changed while it was read"):
        taken(tmp_path, state)
    assert not (tmp_path / "out").exists()


def test_a_file_that_is_mostly_holes_is_not_read_through(tmp_path):
    with (tmp_path / "holes.ckpt").open("wb") as file:
        file.truncate((16 << 30) + 1)
    with pytest.raises(ModelError, match="larger than 16 GiB"):
        import_separator(tmp_path / "holes.ckpt", tmp_path / "x.safetensors", SCNET, "")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes")
def test_what_is_no_file_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe.ckpt")
    for path, said in ((tmp_path / "pipe.ckpt", "a pipe"), (tmp_path, "directory"), (Path("/dev/zero"), "a device")):
        with pytest.raises(ModelError, match=said):
            import_separator(path, tmp_path / "x.safetensors", SCNET, "")


class Bomb:
    def __reduce__(self):
        return (Path.touch, (Path("/tmp/dawbridge-test-ran"),))


def test_a_pickle_that_would_run_something_is_refused_and_not_run(tmp_path, state):
    trap = Path("/tmp/dawbridge-test-ran")
    trap.unlink(missing_ok=True)
    for content in ({"state_dict": state, "more": Bomb()}, Bomb()):
        with pytest.raises(ModelError, match="refused, it holds more than tensors") as caught:
            taken(tmp_path, content)
        assert "weights_only" not in str(caught.value)  # what torch says next: how to load it all the same
    (tmp_path / "raw.ckpt").write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(ModelError):
        import_separator(tmp_path / "raw.ckpt", tmp_path / "x.safetensors", SCNET, "")
    assert not trap.exists()


def test_a_compressed_archive_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "bomb.ckpt", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", b"\0" * 10_000_000)
    with pytest.raises(ModelError, match="compressed archive"):
        import_separator(tmp_path / "bomb.ckpt", tmp_path / "x.safetensors", SCNET, "")


def test_cut_off_files_are_damaged(tmp_path, state):
    torch.save(state, tmp_path / "whole.ckpt")
    whole = (tmp_path / "whole.ckpt").read_bytes()
    for keep in (0, 10, 1000, len(whole) // 2, len(whole) - 30):
        (tmp_path / "cut.ckpt").write_bytes(whole[:keep])
        with pytest.raises(ModelError) as caught:
            import_separator(tmp_path / "cut.ckpt", tmp_path / "x.safetensors", SCNET, "")
        assert "\n" not in str(caught.value)
    assert not (tmp_path / "x.safetensors").exists()


def test_the_first_tensor_that_does_not_fit_is_named(tmp_path, state):
    name = sorted(state)[0]
    missing = {key: value for key, value in state.items() if key != name}
    for content, words in (
        (missing, f"it has no tensor {name}"),
        ({**state, "aaa": torch.zeros(1)}, "the tensor aaa has no place in it"),
        ({**state, name: torch.zeros(3, 5)}, rf"{name} is \[3, 5\] where \["),
        ({}, "holds no weights"),
        ({"state_dict": {"a": 5}}, "'a' is not a tensor"),
    ):
        with pytest.raises(ModelError, match=words):
            taken(tmp_path, content)


def test_a_configuration_that_asks_for_more_than_the_file_holds_is_refused(tmp_path, state):
    larger = {**SCNET, "model": {**SCNET["model"], "dims": [4, 512, 1024, 1024]}}
    with pytest.raises(ModelError, match="asks for a larger network"):
        taken(tmp_path, state, larger)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", "[" * 5000, json.dumps({"architecture": "scnet"}), '{"architecture": 5, "model": {}}', "null"],
)
def test_hostile_descriptions_in_metadata_are_refused(text, tmp_path, home):
    with pytest.raises(ModelError):
        from_json(text)
    save_file({"a": torch.zeros(2)}, tmp_path / "odd.safetensors", {KEY: text})
    with pytest.raises(ModelError) as caught:
        find_model(str(tmp_path / "odd.safetensors"))
    assert "\n" not in str(caught.value)


def test_weights_that_were_damaged_since_are_an_error(tmp_path, state):
    taken(tmp_path, state)
    path = tmp_path / "out" / "mine.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ModelError, match="damaged"):
        find_model(str(path)).load(LoadRequest())


def test_the_command_imports_and_removes(tmp_path, state, capsys, home):
    torch.save(state, tmp_path / "my model (v2).ckpt")
    (tmp_path / "c.yaml").write_text(yaml.safe_dump(json.loads(json.dumps(SCNET))))
    command = ["models", "import", str(tmp_path / "my model (v2).ckpt"), "--config", str(tmp_path / "c.yaml")]
    assert main([*command, "--licence", "CC0"]) == 0
    assert "--model my-model-v2-" in capsys.readouterr().out
    assert main(["models", "licence", "my-model-v2-"]) == 0
    assert capsys.readouterr().out == "CC0\n"
    for arguments, words in (
        (command, "already"),
        ([*command, "--name", "acapellanet-full"], "already"),
        ([*command, "--name", "a+b"], "cannot be a model's name"),
        (["models", "import", str(tmp_path / "my model (v2).ckpt"), "--name", "x"], "--config FILE"),
        (["models", "import", str(tmp_path / "nowhere.ckpt")], "No such file"),
        (["models", "remove", "acapellanet-full"], "was not imported"),
        (["models", "remove", "nobody"], "no model is called"),
        (["models", "remove", "../x"], "no model is called"),
        (["models", "licence"], "which model"),
    ):
        assert main(arguments) in (1, 2)
        error = capsys.readouterr().err
        assert words in error and error.count("\n") == 1, arguments
    assert main(["models", "remove", "my-model-v2-"]) == 0
    assert not list((home / "data" / "weights").iterdir())
