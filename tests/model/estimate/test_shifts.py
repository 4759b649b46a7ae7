import numpy as np
import pytest
import torch

from acapellanet.errors import SignalError
from acapellanet.estimate.center import HOP_SAMPLES
from acapellanet.estimate.estimator import load_estimator
from acapellanet.estimate.inference import context_samples
from acapellanet.estimate.shifts import offsets_samples, shifted
from acapellanet.estimate.streaming import stream_estimate
from acapellanet.evaluation.evaluate import separate_stream
from acapellanet.net.network import AcapellaNet
from acapellanet.net.separation import separate

from ..conftest import wide_noise

MINUS_90_DB = 10 ** (-90 / 20)


def held(audio: torch.Tensor) -> torch.Tensor:
    """Each sample becomes the first of its group of eight: another answer for every place on a grid of 8."""
    return audio[:, torch.arange(audio.shape[1]) // 8 * 8]


def test_offsets_share_the_grid_out() -> None:
    assert offsets_samples(1, 8192) == [0]
    assert offsets_samples(4, 8192) == [0, 2048, 4096, 6144]
    assert offsets_samples(3, 8) == [0, 2, 5]


def test_one_is_the_estimate_itself() -> None:
    assert shifted(held, 16, 8, 1) == (held, 16)


def test_the_mean_of_the_passes_each_shifted_back() -> None:
    audio = torch.arange(32.0).expand(2, 32)
    estimate, context = shifted(held, 16, 8, 2)
    later = torch.nn.functional.pad(audio, (4, 0))
    expected = (held(audio) + held(later)[:, 4:]) / 2
    assert context == 24
    assert torch.equal(estimate(audio), expected)
    assert not torch.equal(expected, held(audio))


def test_what_does_not_depend_on_the_grid_stays_as_it_is() -> None:
    audio = torch.randn(2, 100)
    estimate, _ = shifted(lambda mixture: 0.5 * mixture, 0, 8, 4)
    assert torch.allclose(estimate(audio), 0.5 * audio)


@pytest.mark.parametrize("shifts", [0, -1, 9])
def test_other_numbers_are_refused(shifts: int) -> None:
    with pytest.raises(SignalError, match=r"1 \(off\) to 8"):
        shifted(held, 16, 8, shifts)


@pytest.mark.parametrize("samples", [0, 1, 255, 5000])
def test_every_length_is_kept(samples: int) -> None:
    estimate, _ = shifted(load_estimator("center").estimate, 0, HOP_SAMPLES, 3)
    assert estimate(torch.randn(2, samples)).shape == (2, samples)


@pytest.mark.row("clicks at chunk borders")
@pytest.mark.parametrize("shifts", [2, 3])
def test_shifted_chunks_equal_the_whole_shifted_pass(tiny_network: AcapellaNet, shifts: int) -> None:
    config = tiny_network.config
    audio = wide_noise(2.3)
    estimate, context = shifted(
        lambda mixture: separate(tiny_network, mixture), context_samples(config), config.alignment_samples, shifts
    )
    streamed = stream_estimate(
        estimate,
        np.split(audio, range(10_007, audio.shape[1], 10_007), axis=1),
        chunk_samples=20_000,
        context_samples=context,
        alignment_samples=config.alignment_samples,
    )
    whole = estimate(torch.from_numpy(audio)).numpy()
    assert np.abs(np.concatenate(list(streamed), axis=1) - whole).max() < MINUS_90_DB
    assert np.abs(whole - separate(tiny_network, torch.from_numpy(audio)).numpy()).max() > 1e-5


def test_evaluation_streams_with_shifts() -> None:
    audio = wide_noise(0.5)
    estimator = load_estimator("center")
    estimate, _ = shifted(estimator.estimate, 0, HOP_SAMPLES, 2)
    whole = estimate(torch.from_numpy(audio)).numpy()
    assert np.allclose(separate_stream(estimator, audio, 2), whole, atol=1e-6)
