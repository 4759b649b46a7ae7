import json

import numpy as np
import pytest

from dawbridge import VocalIsolator
from dawbridge.errors import AudioError, ConfigError, NotFiniteError, UnknownParameterError


def noise(samples=9000, channels=2, dtype=np.float32):
    return (0.1 * np.random.default_rng(5).standard_normal((channels, samples))).astype(dtype)


def isolator(**values):
    return VocalIsolator(model="center", device="cpu", **values)


@pytest.mark.parametrize("samples", [1, 2, 500, 44101])
@pytest.mark.parametrize("channels", [1, 2, 3])
@pytest.mark.parametrize("rate", [8000, 44100, 96000])
def test_any_length_channels_and_rate(samples, channels, rate):
    mix = noise(samples, channels)
    stems = isolator(mask_contrast=0.7).process(mix, rate)
    assert stems.acapella.shape == stems.instrumental.shape == mix.shape
    assert stems.sample_rate == rate
    assert np.isfinite(stems.acapella).all()


@pytest.mark.parametrize(
    "knobs", [{}, {"mask_strength": 0.3}, {"mask_depth": 0.5, "band_low": 90}, {"mask_strength": 0}]
)
def test_stems_sum_to_the_mixture_within_half_a_unit_in_the_last_place(knobs):
    mix = noise()
    stems = isolator(**knobs).process(mix, 44100)
    error = np.abs(stems.acapella.astype(np.float64) + stems.instrumental - mix)
    larger = np.maximum(np.abs(stems.acapella), np.abs(stems.instrumental))
    assert (error <= np.spacing(larger) / 2).all()


@pytest.mark.parametrize("dtype", [np.int16, np.int32, np.float32, np.float64])
def test_every_sample_type(dtype):
    scale = np.iinfo(dtype).max if np.dtype(dtype).kind == "i" else 1
    mix = (noise(dtype=np.float64) * scale).astype(dtype)
    stems = isolator().process(mix, 44100)
    np.testing.assert_allclose(stems.acapella + stems.instrumental, mix / scale, atol=1e-4)


def test_deterministic():
    first, second = (isolator(center_amount=0.5).process(noise(), 44100) for _ in range(2))
    np.testing.assert_array_equal(first.acapella, second.acapella)


def test_silence_gives_silence():
    stems = isolator().process(np.zeros((2, 5000)), 44100)
    assert not stems.acapella.any()
    assert not stems.instrumental.any()


def test_render_is_the_second_half_of_process():
    mix, tool = noise(), isolator()
    analysis = tool.analyse(mix, 44100)
    tool.mask_strength = 0.5
    again = tool.render(analysis)
    np.testing.assert_array_equal(again.acapella, tool.process(mix, 44100).acapella)


def test_gains_come_after_the_subtraction():
    plain = isolator().process(noise(), 44100)
    loud = isolator(acapella_gain=6, instrumental_gain=-20).process(noise(), 44100)
    np.testing.assert_allclose(loud.acapella, plain.acapella * 10 ** (6 / 20), rtol=1e-5)
    np.testing.assert_allclose(loud.instrumental, plain.instrumental * 0.1, rtol=1e-5)


def test_parameters_are_attributes_and_knobs():
    tool = isolator(mask_strength=0.9)
    assert tool.mask_strength == 0.9
    tool.parameters["mask_floor"].normalized = 0.5
    assert tool.mask_floor == -40
    tool.parameters["mask_floor"].value = -20
    assert tool.parameters["mask_floor"].normalized == 0.75
    assert "mask_floor" in dir(tool)
    assert "-20.0 dB" in repr(tool.parameters["mask_floor"])
    tool.mask_depth = 7
    assert tool.mask_depth == 1


def test_state_saves_and_restores():
    tool = isolator(mask_strength=0.25)
    again = VocalIsolator.from_state(json.loads(json.dumps(tool.state())))
    assert again.state() == tool.state()
    with pytest.raises(ConfigError, match="'model'"):
        VocalIsolator.from_state({"parameters": {}})


def test_mistakes_are_named():
    with pytest.raises(UnknownParameterError, match="did you mean 'mask_strength'"):
        isolator(mask_strenght=1)
    with pytest.raises(NotFiniteError, match=r"0\.\.1"):
        isolator().mask_strength = float("nan")
    with pytest.raises(UnknownParameterError):
        isolator().mask_strenght = 0.5
    with pytest.raises(AttributeError):
        _ = isolator().nothing
    with pytest.raises(AudioError, match="NaN"):
        isolator().process(np.array([[np.nan, 0.0]]), 44100)
