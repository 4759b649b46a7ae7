from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from acapellanet.cli import main
from acapellanet.errors import DataError
from acapellanet.net.network import AcapellaNet
from acapellanet.net.weights import load_network, save_network
from acapellanet.training.learn import learn
from acapellanet.training.trainer import Trainer, TrainingOptions

from ..conftest import tone, wide_noise

OPTIONS = TrainingOptions(1000.0, batch=2, frames=32, peak_rate=1e-2, threads=1, bfloat16=False)
STEPS = 150


@pytest.fixture
def model(tiny_network: AcapellaNet, tmp_path: Path) -> str:
    """A network that takes everything for voice."""
    assert tiny_network.head.bias is not None
    tiny_network.head.bias[:2] = 8.0
    path = tmp_path / "tiny.safetensors"
    save_network(path, tiny_network, {})
    return str(path)


@pytest.fixture
def songs(tmp_path: Path, write: Callable[..., None]) -> Path:
    for number in range(2):
        write(tmp_path / "mine" / f"{number}" / "vocals.wav", tone(300 + 50 * number, 12))
        write(tmp_path / "mine" / f"{number}" / "instrumental.wav", wide_noise(12, 0.2, seed=number))
    return tmp_path / "mine"


@pytest.mark.slow
def test_a_model_that_does_better_is_written_with_what_it_brings(
    songs: Path, tmp_path: Path, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Trainer, "done", property(lambda trainer: trainer.step_number >= STEPS))  # not by the clock
    monkeypatch.setattr("acapellanet.training.schedule.WARM_UP_STEPS", 10)
    shares: list[float] = []
    learned = learn(songs, tmp_path / "own.safetensors", 1000.0, model, shares.append, OPTIONS)
    assert learned.weights == tmp_path / "own.safetensors"
    assert learned.after_db > learned.before_db + 0.1
    assert shares == sorted(shares) and shares
    assert load_network(learned.weights).config.name == "own"


def test_one_that_does_not_is_not_written(songs: Path, tmp_path: Path, model: str) -> None:
    at_rest = TrainingOptions(0.001, batch=1, frames=32, peak_rate=0.0, threads=1, bfloat16=False)
    learned = learn(songs, tmp_path / "own.safetensors", 0.001, model, options=at_rest)
    assert learned.weights is None and not (tmp_path / "own.safetensors").exists()


def test_nothing_of_what_is_judged_by_is_trained_on(
    songs: Path, tmp_path: Path, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from acapellanet.data.library import Library, Track

    spans: list[tuple[int, int]] = []
    original = Library.read

    def noted(library: Library, track: Track, start: int = 0, frames: int | None = None) -> np.ndarray:
        audio = original(library, track, start, frames)
        spans.append((start, start + audio.shape[1]))
        return audio

    monkeypatch.setattr(Library, "read", noted)
    learn(
        songs, tmp_path / "own.safetensors", 0.001, model, options=TrainingOptions(0.01, batch=1, frames=32, threads=1)
    )
    border = int(12 * 44100 * 0.8)
    assert any(end <= border for _, end in spans) and any(start >= border for start, _ in spans)
    assert not any(start < border < end for start, end in spans)


def test_songs_that_are_too_short_are_an_error(tmp_path: Path, write: Callable[..., None], model: str) -> None:
    for half in ("vocals", "instrumental"):
        write(tmp_path / "mine" / "brief" / f"{half}.wav", tone(300, 3))
    write(tmp_path / "mine" / "lonely" / "vocals.wav", tone(300, 12))
    said: list[str] = []
    with pytest.raises(DataError, match="songs of 10 s or more"):
        learn(tmp_path / "mine", tmp_path / "own.safetensors", 0.01, model, say=said.append)
    assert said == [
        "left out: lonely/vocals.wav: no usable instrumental beside it",
        "left out: brief: 3.0 s, shorter than 10 s",
    ]


@pytest.mark.slow
def test_the_command(songs: Path, tmp_path: Path, model: str, capsys: pytest.CaptureFixture[str]) -> None:
    torch.manual_seed(0)
    arguments = ["learn", str(songs), "--out", str(tmp_path / "own.safetensors"), "--minutes", "0.01", "--model", model]
    assert main(arguments) == 0
    assert "dB before" in capsys.readouterr().out
