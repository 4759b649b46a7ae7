from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from acapellanet import load_estimator
from acapellanet.cli import main
from acapellanet.data.camelot import KEYS_FILE, Key, key_in_name, key_of_chroma, key_of_tonic, keys_of
from acapellanet.data.library import Library, open_library
from acapellanet.errors import DataError, TrainingError
from acapellanet.estimate.registry import model_label
from acapellanet.training.acapellabot_recipe import Recipe2017, Trainer2017
from acapellanet.training.acapellabot_tiles import Tiles, pairs_of

from ..conftest import tone, wide_noise


@pytest.fixture
def named(tmp_path: Path, write: Callable[..., None]) -> Library:
    data = tmp_path / "named"
    write(data / "vocals" / "bank" / "8A - one acapella.wav", tone(440, 3))
    write(data / "instrumental" / "owner" / "9A - two.wav", wide_noise(3))
    write(data / "instrumental" / "owner" / "3B - three.wav", wide_noise(3, seed=1))
    return open_library(data, tmp_path / "named-cache")


@pytest.fixture
def tiles(named: Library, tmp_path: Path) -> Tiles:
    return Tiles(named, pairs_of(named.tracks, keys_of(named, named.tracks, tmp_path)), 1)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("a/8A - title acapella.wav", Key(8, "A")),
        ("12b_title.wav", Key(12, "B")),
        ("08A title.wav", Key(8, "A")),
        ("8 title.wav", Key(8, "")),
        ("13A - title.wav", None),
        ("0 title.wav", None),
        ("003.wav", None),
        ("01 title.wav", None),
        ("8Ah.wav", None),
    ],
)
def test_the_key_stands_first(name: str, key: Key | None) -> None:
    assert key_in_name(name) == key


def test_the_wheel() -> None:
    assert str(key_of_tonic(0, False)) == "8B"
    assert str(key_of_tonic(9, True)) == "8A"
    assert str(key_of_tonic(11, False)) == "1B"
    eight = Key(8, "A")
    wheel = [Key(number, letter) for number in range(1, 13) for letter in "AB"]
    assert [str(key) for key in wheel if eight.goes_with(key)] == ["7A", "8A", "8B", "9A"]
    assert Key(12, "B").goes_with(Key(1, ""))


def test_a_scale_is_recognized() -> None:
    g_major = np.zeros(12, dtype=np.float32)
    g_major[[7, 9, 11, 0, 2, 4, 6]] = 1
    g_major[[7, 2, 11]] = 2
    assert str(key_of_chroma(g_major)) == "9B"


def test_estimates_are_kept(data_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = open_library(data_folder, tmp_path / "cache")
    first = keys_of(library, library.tracks[:2], tmp_path)
    monkeypatch.setattr("acapellanet.data.camelot.estimated_key", None)
    assert keys_of(library, library.tracks[:2], tmp_path) == first
    (tmp_path / KEYS_FILE).write_text("[]")
    with pytest.raises(TypeError):
        keys_of(library, library.tracks[:2], tmp_path)


def test_only_keys_that_go_together_are_mashed(named: Library, tmp_path: Path) -> None:
    keys = keys_of(named, named.tracks, tmp_path)
    (pair,) = pairs_of(named.tracks, keys)
    assert [track.name for track in pair.music] == ["instrumental/owner/9A - two.wav"]
    with pytest.raises(DataError, match="go together"):
        pairs_of([t for t in named.tracks if "two" not in t.name], keys)
    with pytest.raises(DataError, match="found 0 and 2"):
        pairs_of([t for t in named.tracks if t.role == "instrumental"], keys)


def test_the_mixture_is_the_greater_of_both(tiles: Tiles) -> None:
    mixture, voice = tiles.batch(0, 4)
    assert mixture.shape == voice.shape == (4, 1, 128, 128)
    assert (mixture >= voice).all()
    assert torch.equal(tiles.batch(1, 1)[0][0], mixture[1])


def test_resumed_goes_on_as_if_never_stopped(tiles: Tiles, tmp_path: Path) -> None:
    recipe = Recipe2017(tmp_path, tmp_path, tmp_path, 1.0, batch=1)
    whole = Trainer2017(tiles, recipe)
    whole.step()
    whole.save(tmp_path / "checkpoint.safetensors")
    resumed = Trainer2017(tiles, recipe)
    resumed.resume(tmp_path / "checkpoint.safetensors")
    assert resumed.step_number == 1
    assert resumed.step() == pytest.approx(whole.step(), rel=1e-5)
    other = Trainer2017(tiles, Recipe2017(tmp_path, tmp_path, tmp_path, 1.0, seed=5))
    with pytest.raises(TrainingError, match="--seed 0"):
        other.resume(tmp_path / "checkpoint.safetensors")


def test_other_data_is_refused_unless_it_is_wanted(tiles: Tiles, tmp_path: Path) -> None:
    recipe = Recipe2017(tmp_path, tmp_path, tmp_path, minutes=1.0)
    Trainer2017(tiles, recipe).save(tmp_path / "checkpoint.safetensors")
    tiles.fingerprint += 1
    with pytest.raises(TrainingError, match="other data"):
        Trainer2017(tiles, recipe).resume(tmp_path / "checkpoint.safetensors")
    Trainer2017(tiles, replace(recipe, other_data=True)).resume(tmp_path / "checkpoint.safetensors")


def test_train_from_the_command_line(
    data_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Recipe2017, "__init__", _small(Recipe2017.__init__))
    out = tmp_path / "out"
    words = ["train", str(data_folder), "--recipe", "2017", "--out", str(out), "--minutes", "0.0001", "--threads", "1"]
    assert main(words) == 0
    weights = str(out / "acapellabot-2017.safetensors")
    assert load_estimator(weights).sample_rate == 22050
    assert model_label(weights) == "acapellabot-2017 (our weights, --recipe 2017)"
    assert main(words) == 1
    assert "--resume" in capsys.readouterr().err
    assert main([*words, "--resume"]) == 0


def _small(init: Callable[..., None]) -> Callable[..., None]:
    return lambda self, *given, **named: init(self, *given, **{**named, "batch": 1})


def test_a_network_whose_output_has_died_is_given_up(
    tiles: Tiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("acapellanet.training.acapellabot_recipe.DEAD_AFTER_STEPS", 2)
    trainer = Trainer2017(tiles, Recipe2017(tmp_path, tmp_path, tmp_path, 1.0, batch=1))
    torch.nn.init.constant_(trainer.network.conv12.weight, -1.0)
    trainer.step()
    with pytest.raises(TrainingError, match="another --seed"):
        trainer.step()
