"""Tiles through the network give what one whole pass gives."""

import threading

import numpy as np
import pytest
import torch

from acapellanet.errors import SignalError
from acapellanet.estimate.estimator import load_estimator
from acapellanet.estimate.inference import in_bfloat16, prepare
from acapellanet.estimate.tiles import stream_tiles
from acapellanet.net.config import CONFIGS, NetworkConfig
from acapellanet.net.network import AcapellaNet
from acapellanet.net.separation import separate
from tools.song import make_song

CLOSE = 10 ** (-140 / 20)
"""The last bit of a sample may be rounded in another way at the end of a tile."""
SMALL = NetworkConfig("test", channels=(4, 6, 8), dilations=(1, 3), blocks=2)


@pytest.fixture(scope="module", params=[CONFIGS["tiny"], SMALL], ids=["tiny", "two blocks a level"])
def network(request) -> AcapellaNet:
    torch.manual_seed(3)
    network = AcapellaNet(request.param).eval()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):  # statistics as after training
            module.running_mean.uniform_(-0.1, 0.1)
            module.running_var.uniform_(0.5, 1.5)
    return prepare(network, torch.device("cpu"))


def noise(samples: int) -> np.ndarray:
    return (0.2 * np.random.default_rng(samples).standard_normal((2, samples))).astype(np.float32)


def streamed(network: AcapellaNet, mixture: np.ndarray, block: int, tile: int) -> np.ndarray:
    blocks = (mixture[:, start : start + block] for start in range(0, mixture.shape[1], block))
    return np.concatenate([*stream_tiles(network, blocks, tile), np.zeros((2, 0), np.float32)], axis=1)


@pytest.mark.parametrize("samples", [1, 100, 1023, 1024, 4096, 44100, 200_001])
def test_tiles_equal_one_pass_at_every_length(network, samples):
    mixture = noise(samples)
    whole = separate(network, torch.from_numpy(mixture)).numpy()
    tiles = streamed(network, mixture, 1 << 16, 32)
    assert tiles.shape == mixture.shape
    np.testing.assert_allclose(tiles, whole, rtol=0, atol=CLOSE)


@pytest.mark.parametrize(("block", "tile"), [(777, 8), (50_000, 1), (1 << 20, 24), (30_000, 4096)])
def test_neither_blocks_nor_tiles_are_heard(network, block, tile):
    mixture = noise(300_000)
    whole = separate(network, torch.from_numpy(mixture)).numpy()
    np.testing.assert_allclose(streamed(network, mixture, block, tile), whole, rtol=0, atol=CLOSE)


def test_silence_and_nothing(network):
    assert not streamed(network, np.zeros((2, 70_000), np.float32), 5000, 16).any()
    assert streamed(network, noise(0), 5000, 16).shape == (2, 0)


def test_it_stops_when_told_and_leaves_no_thread(network):
    calls = []

    def stop() -> None:
        calls.append(1)
        if len(calls) == 5:
            raise InterruptedError

    before, threads = threading.active_count(), torch.get_num_threads()
    with pytest.raises(InterruptedError):
        list(stream_tiles(network, (noise(50_000) for _ in range(100)), 8, stop))
    assert threading.active_count() == before
    assert torch.get_num_threads() == threads


def test_what_goes_wrong_ahead_is_raised_to_the_reader(network):
    with pytest.raises(SignalError, match=r"\[3, 5\]"):
        list(stream_tiles(network, [np.zeros((3, 5), np.float32)]))

    def blocks():
        yield noise(5000)
        raise OSError("the disk is gone")

    before = threading.active_count()
    with pytest.raises(OSError, match="the disk is gone"):
        list(stream_tiles(network, blocks()))
    assert threading.active_count() == before


def test_a_reader_that_has_enough_ends_the_thread(network):
    before = threading.active_count()
    pieces = stream_tiles(network, (noise(50_000) for _ in range(1000)), 8)
    next(pieces)
    pieces.close()
    assert threading.active_count() == before


@pytest.mark.parametrize(("block", "tile"), [(777, 8), (30_000, 4096)])
def test_in_bfloat16_neither_blocks_nor_tiles_are_heard(network, block, tile):
    low, mixture = in_bfloat16(network), noise(100_000)
    np.testing.assert_allclose(
        streamed(low, mixture, block, tile), streamed(low, mixture, 1 << 16, 32), rtol=0, atol=CLOSE
    )


def test_the_rounding_of_bfloat16_is_far_below_the_voice():
    vocals, music = make_song(3.0)
    mixture = (vocals + music).astype(np.float32)
    exact, low = (
        np.concatenate(list(load_estimator("acapellanet-small", precision=precision).stream([mixture])), 1)
        for precision in ("float32", "bfloat16")
    )
    error_db = 10 * np.log10(np.square(low - exact).sum() / np.square(exact).sum())
    assert -80 < error_db < -35
