from pathlib import Path

import librosa
import numpy as np
import pytest
import torch

from acapellanet import load_estimator, model_hash
from acapellanet.acapellabot.network import REACH_AFTER_FRAMES, REACH_BEFORE_FRAMES, Acapellabot, save_acapellabot
from acapellanet.acapellabot.separation import predict, spectrum_of
from acapellanet.errors import ModelError, SignalError
from acapellanet.estimate.registry import model_label, model_names
from acapellanet.estimate.streaming import stream_estimate
from acapellanet.evaluation.evaluate import separate_stream

from ..conftest import wide_noise


@pytest.fixture
def network() -> Acapellabot:
    torch.manual_seed(0)
    network = Acapellabot().eval().requires_grad_(False)
    network.conv12.bias.fill_(0.3)
    return network


@pytest.fixture
def weights(network: Acapellabot, tmp_path: Path) -> str:
    save_acapellabot(tmp_path / "own.safetensors", network, "recipe-2017", {})
    return str(tmp_path / "own.safetensors")


def test_it_has_the_parameters_of_2017(network: Acapellabot) -> None:
    assert sum(parameter.numel() for parameter in network.parameters()) == 667_585


def test_the_reach_is_what_is_said(network: Acapellabot) -> None:
    for parameter in network.parameters():
        parameter.abs_()  # nothing cancels, no ReLU is shut
    reach = [0, 0]
    for frame in range(32, 36):
        heard = torch.rand(1, 1, 8, 68).requires_grad_()
        network(heard)[..., frame].sum().backward()
        assert heard.grad is not None
        seen = heard.grad.sum((0, 1, 2)).nonzero().flatten()
        reach = [max(reach[0], frame - int(seen[0])), max(reach[1], int(seen[-1]) - frame)]
    assert reach == [REACH_BEFORE_FRAMES, REACH_AFTER_FRAMES]


def test_the_transform_is_that_of_librosa() -> None:
    audio = wide_noise(0.5)[0]
    ours = spectrum_of(torch.from_numpy(audio)).numpy()
    theirs = librosa.stft(audio, n_fft=1536, hop_length=384, pad_mode="reflect")
    assert np.allclose(ours, theirs, atol=1e-4)


def test_blocks_equal_one_pass(network: Acapellabot) -> None:
    magnitudes = torch.rand(21, 530)
    padded = torch.nn.functional.pad(magnitudes, (0, 2, 0, 3))
    assert torch.allclose(predict(network, magnitudes), network(padded[None, None])[0, 0, :21, :530], atol=1e-5)


def test_chunks_equal_the_whole_pass(weights: str) -> None:
    estimator = load_estimator(weights)
    assert estimator.sample_rate == 22050
    assert estimator.alignment_samples == 1536
    assert estimator.context_samples % 1536 == 0
    audio = wide_noise(1.3)
    pieces = stream_estimate(
        estimator.estimate,
        [audio],
        chunk_samples=9000,
        context_samples=estimator.context_samples,
        alignment_samples=estimator.alignment_samples,
    )
    whole = estimator.estimate(torch.from_numpy(audio)).numpy()
    assert np.abs(whole).max() > 0.01
    assert np.abs(np.concatenate(list(pieces), axis=1) - whole).max() < 10 ** (-90 / 20)


@pytest.mark.parametrize("samples", [0, 1, 500, 2000])
@pytest.mark.parametrize("way", ["", "-griffinlim"])
def test_every_length_is_kept(weights: str, samples: int, way: str) -> None:
    vocals = load_estimator(weights + way).estimate(torch.randn(2, samples))
    assert vocals.shape == (2, samples)
    assert torch.isfinite(vocals).all()


def test_silence_stays_silent_and_other_shapes_are_refused(weights: str) -> None:
    estimator = load_estimator(weights)
    assert not estimator.estimate(torch.zeros(2, 3000)).any()
    with pytest.raises(SignalError, match=r"\[2, samples\]"):
        estimator.estimate(torch.zeros(1, 3000))


def test_griffin_lim_is_mono_the_same_each_time_and_hashed_apart(weights: str) -> None:
    audio = torch.from_numpy(wide_noise(0.1))
    first, second = (load_estimator(weights + "-griffinlim").estimate(audio) for _ in range(2))
    assert torch.equal(first, second)
    assert torch.equal(first[0], first[1])
    assert model_hash(weights) != model_hash(weights + "-griffinlim")


def test_tables_say_whose_weights(weights: str, network: Acapellabot, tmp_path: Path) -> None:
    assert model_label(weights) == "acapellabot-2017 (our weights, --recipe 2017)"
    save_acapellabot(tmp_path / "theirs.safetensors", network, "imported", {})
    label = model_label(f"{tmp_path / 'theirs.safetensors'}-griffinlim")
    assert label == "acapellabot-2017-griffinlim (its own weights)"
    assert model_label("center") == "center"


def test_evaluation_hears_it_at_its_own_rate(weights: str) -> None:
    mixture = wide_noise(0.3)
    assert separate_stream(load_estimator(weights), mixture).shape == mixture.shape


def test_the_name_without_weights_says_how_to_get_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAWBRIDGE_HOME", str(tmp_path))
    assert "acapellabot-2017" not in model_names()
    with pytest.raises(ModelError, match=r"weights import weights\.h5.*--recipe 2017"):
        load_estimator("acapellabot-2017")


def test_griffin_lim_is_for_the_ancestor_alone() -> None:
    with pytest.raises(ModelError, match="leave it out"):
        load_estimator("acapellanet-small-griffinlim")


def test_unknown_padding_is_refused() -> None:
    with pytest.raises(ModelError, match="theano, tensorflow"):
        Acapellabot("same")
