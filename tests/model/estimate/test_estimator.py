from pathlib import Path

import numpy as np
import pytest
import torch

from acapellanet import isolate_center, load_estimator, model_hash
from acapellanet.errors import ModelError, SignalError
from acapellanet.estimate import registry
from acapellanet.estimate.inference import context_samples, prepare
from acapellanet.net.config import CONFIGS
from acapellanet.net.network import AcapellaNet
from acapellanet.net.separation import separate
from acapellanet.net.tensor_files import write_tensors
from acapellanet.net.weights import save_network

from ..conftest import wide_noise


@pytest.fixture
def weights(tiny_network: AcapellaNet, tmp_path: Path) -> Path:
    path = tmp_path / "own.safetensors"
    save_network(path, tiny_network, {"steps": 1})
    return path


def test_a_path_is_a_model(weights: Path, tiny_network: AcapellaNet) -> None:
    estimator = load_estimator(str(weights))
    assert estimator.sample_rate == 44100
    assert estimator.hash == model_hash(str(weights))
    assert estimator.alignment_samples == 256
    assert estimator.context_samples % 256 == 0
    mixture = torch.from_numpy(wide_noise(0.5))
    vocals = estimator.estimate(mixture)
    assert vocals.shape == mixture.shape
    assert torch.allclose(vocals, separate(tiny_network, mixture), atol=1e-5)


@pytest.mark.parametrize("samples", [0, 1, 100, 255, 256, 5000])
def test_every_length_is_kept(weights: Path, samples: int) -> None:
    vocals = load_estimator(str(weights)).estimate(torch.randn(2, samples))
    assert vocals.shape == (2, samples)
    assert torch.isfinite(vocals).all()


def test_folding_changes_nothing(tiny_network: AcapellaNet) -> None:
    folded = prepare(tiny_network, torch.device("cpu"))
    planes = torch.randn(1, 2, 2, 32, 256)
    assert torch.allclose(folded(planes), tiny_network(planes), atol=1e-5)
    assert sum(isinstance(m, torch.nn.BatchNorm2d) for m in folded.modules()) < sum(
        isinstance(m, torch.nn.BatchNorm2d) for m in tiny_network.modules()
    )


def test_context_of_the_shipped_sizes_is_at_most_four_seconds() -> None:
    for config in CONFIGS.values():
        assert context_samples(config) <= 4 * 44100


def test_center_needs_no_weights() -> None:
    mixture = torch.from_numpy(wide_noise(0.5))
    estimator = load_estimator("center", center_width=0.25)
    assert torch.equal(estimator.estimate(mixture), isolate_center(mixture, 44100, 0.25))
    assert estimator.hash == model_hash("center")


def test_silence_stays_silent(weights: Path) -> None:
    for model in (str(weights), "center"):
        assert not load_estimator(model).estimate(torch.zeros(2, 5000)).any()


@pytest.mark.parametrize("model", ["own", "center"])
def test_other_shapes_are_refused(weights: Path, model: str) -> None:
    estimator = load_estimator(str(weights) if model == "own" else model)
    for shape in ((1, 100), (2,), (1, 2, 100)):
        with pytest.raises(SignalError, match=r"\[2, samples\]"):
            estimator.estimate(torch.zeros(shape))


def test_damaged_files_are_refused(weights: Path) -> None:
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(ModelError, match="damaged"):
        load_estimator(str(weights))


def test_strangers_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "stranger.safetensors"
    write_tensors(path, {"weight": torch.zeros(3)}, {})
    with pytest.raises(ModelError, match="not of acapellanet"):
        load_estimator(str(path))


def test_tensors_that_do_not_fit_are_named(tmp_path: Path) -> None:
    path = tmp_path / "half.safetensors"
    write_tensors(path, {"weight": torch.zeros(3)}, {"config": CONFIGS["tiny"].to_json()})
    with pytest.raises(ModelError, match="do not fit"):
        load_estimator(str(path))


def test_unknown_names_and_devices(weights: Path) -> None:
    with pytest.raises(ModelError, match="did you mean 'center'"):
        load_estimator("centre")
    with pytest.raises(ModelError, match="device 'gpu9'"):
        load_estimator(str(weights), "gpu9")


@pytest.mark.skipif("acapellanet-small" not in registry.model_names(), reason="no weights here")
def test_the_shipped_weights_take_noise_out() -> None:
    noise = wide_noise(3)
    vocals = load_estimator().estimate(torch.from_numpy(noise)).numpy()
    assert np.square(vocals).mean() < 0.1 * np.square(noise).mean()


def test_an_unknown_precision_is_refused_by_name(weights: Path) -> None:
    with pytest.raises(ModelError, match="precision 'int8' is not known; allowed are float32, float16, bfloat16"):
        load_estimator(str(weights), precision="int8")
