import numpy as np
import pytest
import torch

from acapellanet.acapellabot.network import Acapellabot, save_acapellabot
from dawbridge.engine.analyser import Variant
from dawbridge.engine.estimate import Engine, pick_device
from dawbridge.engine.mixture import ArrayMixture
from dawbridge.errors import ConfigError, ModelError


def estimate(mixture, model="center", variant=None, progress=lambda _: None):
    target = np.zeros((mixture.channels, mixture.frames), np.float32)
    ((_, analyser),) = Engine(model, "cpu").parts
    analyser.analyse(mixture, variant or Variant(False, 0.5), target, False, progress)
    return target


@pytest.mark.row("output forced to 44.1 kHz")
@pytest.mark.row("a few samples short, offset")
@pytest.mark.parametrize("rate", [22050, 44100, 48000])
def test_zero_latency_at_every_rate(rate):
    impulse = np.zeros((2, rate), np.float32)
    impulse[:, rate // 3] = 0.8
    assert estimate(ArrayMixture.of(impulse, rate)).argmax(axis=1).tolist() == [rate // 3] * 2


@pytest.mark.row("mono doubled to stereo")
def test_mono_stays_mono():
    assert estimate(ArrayMixture.of(np.ones(3000, np.float32), 44100)).shape == (1, 3000)


@pytest.mark.row("mono doubled to stereo")
def test_more_channels_go_in_pairs():
    stereo = (0.1 * np.random.default_rng(1).standard_normal((2, 9000))).astype(np.float32)
    six = np.concatenate([stereo, stereo[::-1], 0.5 * stereo])
    whole = estimate(ArrayMixture.of(six, 44100))
    np.testing.assert_allclose(whole[:2], estimate(ArrayMixture.of(stereo, 44100)), atol=1e-6)
    np.testing.assert_allclose(whole[2:4], whole[1::-1], atol=1e-6)


def test_progress_ends_with_one():
    heard = []
    estimate(ArrayMixture.of(np.zeros((2, 44100)), 44100), progress=heard.append)
    assert heard == sorted(heard)
    assert heard[-1] == 1.0


def test_unknown_models_and_devices_are_named():
    with pytest.raises(ModelError, match="acapellanet-smal"):
        Engine("acapellanet-smal").warm()
    with pytest.raises(ConfigError, match="auto, cuda, mps, cpu"):
        Engine("center", "tpu")
    with pytest.raises(ModelError, match="no such weights file"):
        _ = Engine("nowhere.safetensors").hash
    assert pick_device("auto") in ("cuda", "mps", "cpu")


def test_damaged_weights_are_an_error_not_silence(tmp_path):
    weights = tmp_path / "damaged.safetensors"
    weights.write_bytes(b"no weights at all")
    with pytest.raises(ModelError, match=r"damaged\.safetensors"):
        Engine(str(weights)).warm()


@pytest.mark.parametrize("rate", [22050, 44100, 48000])
@pytest.mark.parametrize("center", [False, True])
def test_a_model_is_heard_at_its_own_rate(tmp_path, rate, center):
    network = Acapellabot()
    torch.nn.init.zeros_(network.conv12.weight)
    torch.nn.init.constant_(network.conv12.bias, 20.0)  # a mask of 1 everywhere
    save_acapellabot(tmp_path / "all.safetensors", network, "recipe-2017", {})
    time = np.arange(rate) / rate
    mixture = np.tile(0.5 * np.sin(2 * np.pi * 1000 * time).astype(np.float32), (2, 1))
    vocals = estimate(ArrayMixture.of(mixture, rate), str(tmp_path / "all.safetensors"), Variant(center, 0.5))
    middle = slice(rate // 4, -rate // 4)
    np.testing.assert_allclose(vocals[:, middle], mixture[:, middle], atol=1e-3)
