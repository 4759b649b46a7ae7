import math

import numpy as np
import pytest

from dawbridge.engine import mask
from dawbridge.engine.mask import band_gains
from dawbridge.engine.render import Grid, is_neutral, render
from dawbridge.knobs.parameters import complete

RATE = 44100


def noise(seed, samples=RATE, channels=2):
    return (0.1 * np.random.default_rng(seed).standard_normal((channels, samples))).astype(np.float32)


def reader(samples):
    return lambda start, stop: samples[:, start:stop]


def rendered(mixture, vocals, sample_rate=RATE, block=None, **values):
    frames = mixture.shape[1]
    block = block or frames
    pieces = [
        render(
            reader(mixture), reader(vocals), start, min(start + block, frames), frames, sample_rate, complete(values)
        )
        for start in range(0, frames, block)
    ]
    return np.concatenate(pieces, axis=1)


def masked(mixture, vocals, **values):
    """One channel and one frame of a few bins."""
    x, v = (np.asarray(bins, np.complex64)[None, None].copy() for bins in (mixture, vocals))
    mask.apply(x, v, complete(values), None)
    return v[0, 0]


def level_db(samples):
    return 20 * math.log10(np.sqrt(np.mean(np.square(samples))) + 1e-12)


def test_neutral_knobs_give_the_estimate_itself():
    mixture, vocals = noise(1), noise(2)
    assert is_neutral(complete({}))
    np.testing.assert_array_equal(rendered(mixture, vocals), vocals)


def test_strength_0_is_the_mixture_itself():
    mixture, vocals = noise(1), noise(2)
    np.testing.assert_array_equal(rendered(mixture, vocals, mask_strength=0.0), mixture)


def test_half_strength_halves_the_attenuation_in_db():
    mixture = noise(1)
    quiet = mixture * 0.1  # -20 dB everywhere
    assert level_db(rendered(mixture, quiet, mask_strength=0.5)) - level_db(mixture) == pytest.approx(-10, abs=0.01)


@pytest.mark.parametrize("angle", [0.0, 1e-4, 0.3, 0.5, 1.0, 1.5707, 1.571, 2.4, 3.14, -0.2, -1.0, -1.6, -3.0])
@pytest.mark.parametrize("strength", [0.01, 0.5, 0.99])
def test_part_of_the_strength_turns_the_phase_a_part_of_the_way(angle, strength):
    x = np.random.default_rng(1).standard_normal(32).view(np.complex128)
    expected = x * 0.3**strength * np.exp(1j * strength * angle)
    got = masked(x, 0.3 * x * np.exp(1j * angle), mask_strength=strength)
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-6 * np.abs(x).max())


def test_strength_just_below_1_is_all_but_the_estimate():
    mixture, vocals = noise(1), 0.5 * noise(1) + 0.2 * noise(2)
    error = rendered(mixture, vocals, mask_strength=0.9999) - vocals
    assert level_db(error) < level_db(vocals) - 50


@pytest.mark.parametrize("modulus", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("contrast", [0.0, 0.25, 0.75, 1.0])
def test_contrast_is_symmetric_for_both_stems(modulus, contrast):
    up, down = (masked([1], [part], mask_contrast=contrast)[0].real for part in (modulus, 1 - modulus))
    gamma = 4 ** (2 * contrast - 1)
    assert up + down == pytest.approx(1, abs=1e-5)
    assert up == pytest.approx(modulus**gamma / (modulus**gamma + (1 - modulus) ** gamma), abs=1e-5)


def test_floor_is_the_least_gain_of_a_bin():
    mixture = noise(1)
    silent = np.zeros_like(mixture)
    floored = rendered(mixture, silent, mask_floor=-20.0)
    assert level_db(floored) - level_db(mixture) == pytest.approx(-20, abs=0.01)
    untouched = rendered(mixture, mixture * 0.5, mask_floor=-20.0)
    np.testing.assert_allclose(untouched, mixture * 0.5, atol=1e-6)


@pytest.mark.parametrize("strength", [1.0, 0.5])
def test_floor_never_lifts_what_the_mixture_does_not_hold(strength):
    mixture, vocals = noise(1), 1e-4 * noise(2)
    mixture[:, 10000:30000] = 0  # silence in the mixture, a trace of voice in the estimate
    floored = rendered(mixture, vocals, mask_floor=-24.0, mask_strength=strength)
    assert np.abs(floored).max() <= np.abs(mixture).max()


@pytest.mark.parametrize("contrast", [0.0, 0.3, 0.9])
@pytest.mark.parametrize("floor", [-80.0, -24.0])
def test_contrast_never_lifts_what_the_mixture_does_not_hold(contrast, floor):
    """A trace of voice in the estimate came out 26,000 times as loud where the mixture is silent."""
    mixture, vocals = noise(1), 1e-4 * noise(2)
    mixture[:, 10000:30000] = 0
    shaped = rendered(mixture, vocals, mask_contrast=contrast, mask_floor=floor)
    assert np.abs(shaped).max() <= np.abs(mixture).max()
    assert np.abs(shaped[:, 15000:25000]).max() < 1e-4


def test_band_sends_what_lies_outside_to_the_instrumental():
    time_s = np.arange(RATE) / RATE
    low, mid, high = (np.sin(2 * np.pi * hz * time_s)[None].astype(np.float32) for hz in (60, 1000, 12000))
    kept = rendered(low + mid + high, low + mid + high, band_low=200.0, band_high=6000.0)
    assert level_db((kept - mid)[:, 8192:-8192]) < level_db(mid) - 60


def test_band_edges_are_half_gain_at_the_knob():
    gain = band_gains(44100, RATE, complete({"band_low": 100.0, "band_high": 5000.0}))[0]
    assert gain[100].item() == pytest.approx(0.5, abs=1e-5)
    assert gain[5000].item() == pytest.approx(0.5, abs=1e-5)
    assert gain[0].item() == 0
    assert gain[1000].item() == 1


def test_depth_leaves_voice_in_the_instrumental():
    mixture, vocals = noise(1), noise(2)
    np.testing.assert_allclose(rendered(mixture, vocals, mask_depth=0.5), 0.5 * vocals)


@pytest.mark.row("clicks at chunk borders")
@pytest.mark.parametrize("sample_rate", [44100, 48000, 96000])
def test_pieces_equal_one_whole_pass_bit_for_bit(sample_rate):
    mixture, vocals = noise(1, 70001), noise(2, 70001)
    knobs = {"mask_strength": 0.7, "mask_contrast": 0.6, "band_low": 80.0}
    whole = rendered(mixture, vocals, sample_rate, **knobs)
    pieces = rendered(mixture, vocals, sample_rate, block=Grid.of(sample_rate).hop * 8, **knobs)
    np.testing.assert_array_equal(pieces, whole)


@pytest.mark.slow
@pytest.mark.row("clicks at chunk borders")
@pytest.mark.parametrize("hops", [1, 7, 64])
@pytest.mark.parametrize(
    "knobs",
    [
        {"acapella_middle": 0.9},
        {"acapella_middle": 0.1, "mask_strength": 0.8},
        {"acapella_dry": 0.7},
        {"acapella_middle": 0.8, "acapella_dry": 1.0, "mask_contrast": 0.7, "band_low": 80.0},
    ],
)
def test_pieces_of_the_voices_knobs_equal_one_whole_pass_bit_for_bit(knobs, hops):
    mixture, vocals = noise(1, 90001), noise(2, 90001)
    block = Grid.of(RATE).hop * hops
    np.testing.assert_array_equal(rendered(mixture, vocals, block=block, **knobs), rendered(mixture, vocals, **knobs))


def test_neutral_knobs_of_the_voice_keep_every_bit():
    mixture, vocals = noise(1), noise(2)
    plain = rendered(mixture, vocals, mask_contrast=0.7)
    voiced = rendered(mixture, vocals, mask_contrast=0.7, acapella_middle=0.5, acapella_dry=0.0)
    np.testing.assert_array_equal(voiced, plain)


def test_a_mixture_taken_whole_is_not_asked_for_its_middle():
    mixture, vocals = noise(1), noise(2)
    np.testing.assert_array_equal(rendered(mixture, vocals, mask_strength=0.0, acapella_middle=1.0), mixture)


def test_the_middle_and_the_sides_of_vocals_are_told_apart():
    lead, left = noise(1, channels=1), noise(2, channels=1)
    middle, sides = np.concatenate((lead, lead)), np.concatenate((left, 0 * left))
    mixture, vocals = noise(3), middle + sides
    up, down = (rendered(mixture, vocals, acapella_middle=knob) for knob in (1.0, 0.0))
    assert level_db(up - middle) < level_db(middle) - 5
    assert level_db(down - sides) < level_db(sides) - 5


@pytest.mark.parametrize("samples", [1, 2, 1023, 4097])
def test_short_mixtures_keep_their_length(samples):
    assert rendered(noise(1, samples), noise(2, samples), mask_contrast=0.9).shape == (2, samples)


def test_silence_stays_finite_and_silent():
    silent = np.zeros((2, 9000), np.float32)
    voice = {"acapella_middle": 1.0, "acapella_dry": 1.0}
    for knobs in ({"mask_strength": 0.5}, {"mask_contrast": 1.0}, {"mask_floor": -6.0}, voice):
        assert not rendered(silent, silent, **knobs).any()


def test_grid_scales_with_the_rate():
    assert Grid.of(44100) == Grid(4096, 1024)
    assert Grid.of(88200) == Grid(8192, 2048)
    assert Grid.of(4000).window == 4 * Grid.of(4000).hop
