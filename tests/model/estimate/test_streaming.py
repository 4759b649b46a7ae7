import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from acapellanet.errors import SignalError
from acapellanet.estimate.inference import context_samples
from acapellanet.estimate.streaming import stream_estimate
from acapellanet.net.network import AcapellaNet
from acapellanet.net.separation import separate

from ..conftest import Audio, wide_noise

MINUS_90_DB = 10 ** (-90 / 20)


def moving_mean(audio: torch.Tensor) -> torch.Tensor:
    """An estimator with a reach of 3 samples to either side."""
    return torch.nn.functional.avg_pool1d(audio, 7, stride=1, padding=3)


def pieces_of(audio: Audio, cuts: list[int]) -> list[Audio]:
    return np.split(audio, sorted(min(cut, audio.shape[1]) for cut in cuts), axis=1)


@pytest.mark.row("clicks at chunk borders")
@given(
    samples=st.integers(1, 300),
    cuts=st.lists(st.integers(0, 300), max_size=8),
    chunk=st.integers(1, 80),
    context=st.integers(3, 20),
    alignment=st.integers(1, 16),
)
@settings(deadline=None, max_examples=60)
def test_any_cutting_equals_the_whole_pass(
    samples: int, cuts: list[int], chunk: int, context: int, alignment: int
) -> None:
    audio = np.random.default_rng(samples).standard_normal((2, samples)).astype(np.float32)
    streamed = stream_estimate(
        moving_mean,
        pieces_of(audio, cuts),
        chunk_samples=chunk,
        context_samples=context,
        alignment_samples=alignment,
    )
    whole = moving_mean(torch.from_numpy(audio)).numpy()
    assert np.allclose(np.concatenate(list(streamed), axis=1), whole, atol=1e-6)


@pytest.mark.row("clicks at chunk borders")
@pytest.mark.parametrize("seconds", [0.01, 1.0, 3.3])
def test_network_in_chunks_equals_the_whole_pass(tiny_network: AcapellaNet, seconds: float) -> None:
    config = tiny_network.config
    audio = wide_noise(seconds)
    streamed = stream_estimate(
        lambda mixture: separate(tiny_network, mixture),
        pieces_of(audio, list(range(0, audio.shape[1], 10_007))),
        chunk_samples=30_000,
        context_samples=context_samples(config),
        alignment_samples=config.alignment_samples,
    )
    whole = separate(tiny_network, torch.from_numpy(audio)).numpy()
    difference = np.concatenate(list(streamed), axis=1) - whole
    assert np.abs(difference).max() < MINUS_90_DB


def test_windows_start_on_the_grid_and_stay_small() -> None:
    sizes = []

    def estimate(audio: torch.Tensor) -> torch.Tensor:
        sizes.append(audio.shape[1])
        assert audio.shape[1] == 0 or int(audio[0, 0]) % 8 == 0
        return audio

    ramp = np.tile(np.arange(1000, dtype=np.float32), (2, 1))
    blocks = pieces_of(ramp, list(range(0, 1000, 7)))
    out = list(stream_estimate(estimate, blocks, chunk_samples=30, context_samples=10, alignment_samples=8))
    assert np.array_equal(np.concatenate(out, axis=1), ramp)
    assert max(sizes) <= 32 + 2 * 16


def test_no_blocks_no_pieces() -> None:
    assert not list(stream_estimate(moving_mean, [], chunk_samples=8, context_samples=0, alignment_samples=1))


def test_a_single_sample() -> None:
    blocks = [np.ones((2, 1), dtype=np.float32)]
    out = list(stream_estimate(torch.clone, blocks, chunk_samples=8, context_samples=8, alignment_samples=4))
    assert [piece.shape for piece in out] == [(2, 1)]


def test_mono_blocks_are_refused() -> None:
    blocks = [np.ones((1, 5), dtype=np.float32)]
    with pytest.raises(SignalError, match=r"\[2, n\]"):
        list(stream_estimate(torch.clone, blocks, chunk_samples=8, context_samples=8, alignment_samples=4))


def test_an_estimator_that_changes_the_length_is_refused() -> None:
    blocks = [np.ones((2, 5), dtype=np.float32)]
    with pytest.raises(SignalError, match="gave"):
        list(stream_estimate(lambda x: x[:, 1:], blocks, chunk_samples=8, context_samples=8, alignment_samples=4))


def test_a_chunk_of_nothing_is_refused() -> None:
    with pytest.raises(SignalError, match="1 sample or more"):
        stream_estimate(torch.clone, [], chunk_samples=0, context_samples=8, alignment_samples=4)
