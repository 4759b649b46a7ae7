import numpy as np
import pytest

from acapellanet.evaluation import audibility
from acapellanet.evaluation.audibility import (
    bleedless_and_fullness,
    leak_db,
    log_wmse,
    share_lost,
    tenth_percentile_sdr,
)

from ..conftest import RATE, Audio, tone, wide_noise

SECONDS = 4


@pytest.fixture
def voice() -> Audio:
    """Sounds in the second half alone."""
    audio = wide_noise(SECONDS, 0.1, seed=1)
    audio[:, : SECONDS * RATE // 2] = 0.0
    return audio


@pytest.fixture
def music() -> Audio:
    return wide_noise(SECONDS, 0.1, seed=2)


def test_the_truth_is_full_and_without_bleed(voice: Audio) -> None:
    assert bleedless_and_fullness(voice, voice, RATE) == (100.0, 100.0)


def test_bleed_costs_bleedless_and_holes_cost_fullness(voice: Audio, music: Audio) -> None:
    bleeding = bleedless_and_fullness(voice, voice + 0.3 * music, RATE)
    hollow = bleedless_and_fullness(voice, 0.5 * voice, RATE)
    assert bleeding[0] < 20 and bleeding[1] > 30
    assert hollow[0] > 95 and hollow[1] < 20


def test_six_decibels_too_soft_are_a_seventh() -> None:
    """100 / (1 + 6.02), of which the bins at the floor of 80 dB are the exception."""
    noise = wide_noise(SECONDS, 0.1)
    assert bleedless_and_fullness(noise, 0.5 * noise, RATE)[1] == pytest.approx(100 / 7.02, rel=0.02)


def test_a_leak_is_what_is_heard_in_pauses(voice: Audio, music: Audio) -> None:
    mixture = voice + music
    assert leak_db(voice, voice + 0.1 * music, mixture, RATE) == pytest.approx(-20, abs=0.1)
    assert leak_db(voice, voice, mixture, RATE) <= -80
    assert np.isnan(leak_db(music, music, mixture, RATE))


def test_a_leak_into_digital_silence_is_not_defined(voice: Audio) -> None:
    assert np.isnan(leak_db(voice, voice, voice, RATE))


def test_what_is_lost_is_a_share_of_the_voice_whatever_bleeds(voice: Audio, music: Audio) -> None:
    assert share_lost(voice, 0.75 * voice + 0.2 * music, RATE) == pytest.approx(0.25, abs=0.02)
    assert share_lost(voice, voice, RATE) == pytest.approx(0.0, abs=1e-9)
    assert share_lost(voice, np.zeros_like(voice), RATE) == 1.0
    assert np.isnan(share_lost(np.zeros_like(voice), voice, RATE))


def test_the_tenth_percentile_is_that_of_the_worst_second() -> None:
    truth = tone(300, 11)
    estimate = truth.copy()
    estimate[:, :RATE] *= 0.0
    estimate[:, RATE:] *= 0.9
    value = tenth_percentile_sdr(truth, estimate, RATE)
    assert value == pytest.approx(20.0, abs=0.1)  # the second worst of eleven
    estimate[:, RATE : 2 * RATE] = 0.0
    assert tenth_percentile_sdr(truth, estimate, RATE) == pytest.approx(0.0, abs=0.1)


def test_log_wmse_is_left_out_without_its_package(voice: Audio, music: Audio, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str, message: str) -> None:
        raise audibility.DataError(message)

    monkeypatch.setattr(audibility, "extra_module", missing)
    assert np.isnan(log_wmse(voice + music, voice, voice, RATE))


def test_log_wmse_prefers_the_better_estimate(voice: Audio, music: Audio) -> None:
    pytest.importorskip("log_wmse_audio_quality")
    mixture = voice + music
    near, far = (log_wmse(mixture, voice, voice + bleed * music, RATE) for bleed in (0.05, 0.5))
    assert near > far
