from collections.abc import Callable

import numpy as np
import pytest

from acapellanet.audio import Samples
from acapellanet.data import bus

from ..conftest import RATE, tone, wide_noise

SECONDS = 2
LINEAR = (bus.share_room, bus.compress_bus, bus.saturate_bus, bus.master, bus.encode)
"""Effects that are computed from the sum alone."""


@pytest.fixture
def vocals() -> Samples:
    voice = tone(330, SECONDS)
    voice[:, :RATE] = 0.0
    return voice


@pytest.fixture
def music() -> Samples:
    return wide_noise(SECONDS)


@pytest.mark.parametrize("effect", [effect for _, effect in bus.EFFECTS])
def test_every_effect_keeps_length_and_type(effect: Callable[..., bus.Stems], vocals: Samples, music: Samples) -> None:
    for stem in effect(np.random.default_rng(1), vocals, music):
        assert stem.shape == vocals.shape and stem.dtype == np.float32
        assert np.isfinite(stem).all() and stem.any()


@pytest.mark.parametrize("effect", LINEAR)
def test_what_is_done_to_the_sum_is_done_to_both_alike(
    effect: Callable[..., bus.Stems], vocals: Samples, music: Samples
) -> None:
    """Cut in another way, the same sum gives the same mixture."""
    one = effect(np.random.default_rng(2), vocals, music)
    other = effect(np.random.default_rng(2), 0.25 * vocals, music + 0.75 * vocals)
    assert one[0] + one[1] == pytest.approx(other[0] + other[1], abs=2e-3)
    assert 0.25 * one[0] == pytest.approx(other[0], abs=2e-3)


def test_ducking_leaves_pauses_alone_and_lowers_music_under_the_voice(vocals: Samples, music: Samples) -> None:
    same, lower = bus.duck(np.random.default_rng(0), vocals, music)
    assert same is vocals
    half = RATE // 2
    assert lower[:, :half] == pytest.approx(music[:, :half], abs=1e-6)
    assert np.square(lower[:, -half:]).mean() < 0.9 * np.square(music[:, -half:]).mean()


def test_pumping_swells_between_beats(vocals: Samples, music: Samples) -> None:
    _, pumped = bus.pump(np.random.default_rng(0), vocals, np.ones_like(music))
    beats = np.flatnonzero(np.diff(pumped[0]) < -0.1)
    assert 60 / 150 <= np.diff(beats).min() / RATE <= np.diff(beats).max() / RATE <= 60 / 100
    assert pumped.max() == pytest.approx(1.0) and pumped.min() < 0.75


def test_a_master_is_loud_and_never_over_full_scale(vocals: Samples, music: Samples) -> None:
    for seed in range(6):
        mixture = sum(bus.master(np.random.default_rng(seed), vocals, 0.05 * music))
        assert np.abs(mixture).max() <= 1.0
        assert 20 * np.log10(bus.rms(np.asarray(mixture))) > -17.5


def test_a_saturated_sum_is_bent_where_it_is_loud(vocals: Samples) -> None:
    bent, nothing = bus.saturate_bus(np.random.default_rng(3), vocals, np.zeros_like(vocals))
    assert not nothing.any()
    assert np.abs(bent).max() < np.abs(vocals).max()


def test_an_encoder_cuts_the_highs_of_both(vocals: Samples, music: Samples) -> None:
    coded = bus.encode(np.random.default_rng(0), vocals, music)[1]
    assert np.abs(np.fft.rfft(coded[0]))[-RATE // 25 :].max() < 0.05 * np.abs(np.fft.rfft(music[0])).max()
