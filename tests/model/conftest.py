"""Small networks, short sounds, and a folder of training data that is made here."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
import torch

from acapellanet.evaluation import validation
from acapellanet.net.config import NetworkConfig
from acapellanet.net.network import AcapellaNet

Audio = npt.NDArray[np.float32]
RATE = 44100


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> Iterator[None]:
    """Small tensors: threads would only wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def tiny() -> NetworkConfig:
    return NetworkConfig("tiny", channels=(4, 6), dilations=(1,), fft_samples=512, hop_samples=128)


@pytest.fixture
def tiny_network(tiny: NetworkConfig) -> AcapellaNet:
    """Untrained, but with BatchNorm statistics and positions that are not neutral."""
    torch.manual_seed(0)
    network = AcapellaNet(tiny)
    network(torch.randn(2, 2, 2, 32, 256))
    torch.nn.init.normal_(network.position)
    return network.eval().requires_grad_(False)


@pytest.fixture
def brief_validation(monkeypatch: pytest.MonkeyPatch) -> None:
    """One second of song and three of mashups."""
    monkeypatch.setattr(validation, "SONG_STARTS_S", (0,))
    monkeypatch.setattr(validation, "SONG_LENGTH_S", 1)
    monkeypatch.setattr(validation, "MASHUPS", 3)
    monkeypatch.setattr(validation, "MASHUP_LENGTH_S", 1)


def tone(hz: float, seconds: float, level: float = 0.3) -> Audio:
    """Stereo sine in the middle, `[2, samples]`, in notes of a quarter of a second."""
    time = np.arange(int(seconds * RATE)) / RATE
    wave = level * np.sin(2 * np.pi * hz * time) * (0.6 + 0.4 * np.sign(np.sin(2 * np.pi * 2 * time)))
    return np.stack((wave, wave)).astype(np.float32)


def wide_noise(seconds: float, level: float = 0.1, seed: int = 0) -> Audio:
    """Uncorrelated noise left and right, `[2, samples]`."""
    random = np.random.default_rng(seed)
    return (level * random.standard_normal((2, int(seconds * RATE)))).astype(np.float32)


@pytest.fixture
def data_folder(tmp_path: Path) -> Path:
    """Two songs of stems, two banks of voices, twelve instrumentals, 2 s each."""
    root = tmp_path / "data"
    for song in ("caesium", "hydrogen"):
        _write(root / "stems" / song / "vocals.wav", tone(300, 2))
        _write(root / "stems" / song / "instrumental.wav", wide_noise(2))
    for number in range(11):
        _write(root / "vocals" / "songs" / "pjs" / f"{number:03}.wav", tone(200 + 20 * number, 2)[:1])
        _write(root / "instrumental" / "someone__game" / f"{number:03}.wav", wide_noise(2, seed=number))
    _write(root / "vocals" / "syllables" / "erithacus" / "000.wav", tone(150, 2)[:1])
    return root


def _write(path: Path, audio: Audio, rate: int = RATE) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, audio.T, rate, subtype="FLOAT")


@pytest.fixture
def write() -> Callable[..., None]:
    return _write
