import numpy as np
import pytest

from acapellanet.evaluation.metrics import museval_sdr, si_sdr, usdr

RATE = 1000


def noise(seed: int, seconds: int = 5) -> np.typing.NDArray[np.float32]:
    return np.random.default_rng(seed).standard_normal((2, seconds * RATE)).astype(np.float32)


def test_error_of_a_tenth_is_twenty_decibels() -> None:
    truth = noise(0)
    assert usdr(truth, 0.9 * truth) == pytest.approx(20, abs=0.01)
    assert museval_sdr([truth], [0.9 * truth], RATE)[0] == pytest.approx(20, abs=0.01)


def test_silence_as_estimate_is_zero_decibels() -> None:
    assert usdr(noise(0), np.zeros_like(noise(0))) == pytest.approx(0, abs=0.01)


def test_scale_makes_no_difference_to_si_sdr() -> None:
    truth, estimate = noise(0), noise(0) + 0.1 * noise(1)
    assert si_sdr(truth, estimate) == pytest.approx(20, abs=0.3)
    assert si_sdr(truth, 7 * estimate) == pytest.approx(si_sdr(truth, estimate), abs=0.01)
    assert usdr(truth, 7 * estimate) < -10


def test_si_sdr_of_next_to_nothing_is_unknown() -> None:
    assert np.isnan(si_sdr(noise(0), np.zeros_like(noise(0))))
    assert np.isnan(si_sdr(noise(0), 1e-6 * noise(1)))
    assert si_sdr(noise(0), noise(1)) < -10


def test_median_of_frames_forgives_one_bad_second() -> None:
    truth = noise(0)
    estimate = 0.9 * truth
    estimate[:, :RATE] = 0
    assert museval_sdr([truth], [estimate], RATE)[0] == pytest.approx(20, abs=0.01)
    assert usdr(truth, estimate) < 8


def test_silent_truth_has_no_ratio() -> None:
    silence = np.zeros((2, 2 * RATE), dtype=np.float32)
    assert np.isnan(usdr(silence, silence))
    assert np.isnan(si_sdr(silence, noise(0, 2)))
    assert np.isnan(museval_sdr([silence], [silence], RATE)[0])


def test_silent_seconds_do_not_count() -> None:
    truth = noise(0)
    truth[:, 2 * RATE :] = 0
    assert museval_sdr([truth], [0.9 * truth], RATE)[0] == pytest.approx(20, abs=0.01)


def test_perfect_is_finite() -> None:
    assert 80 < usdr(noise(0), noise(0)) < 200


def test_shorter_than_a_frame() -> None:
    truth = noise(0)[:, :300]
    assert museval_sdr([truth], [0.9 * truth], RATE)[0] == pytest.approx(20, abs=0.01)


def test_the_median_of_frames_is_that_of_museval() -> None:
    random, samples = np.random.default_rng(7), 8000 * 4 + 1234
    truths = random.standard_normal((2, 2, samples))
    truths[0, :, 8000:16000] = 0
    truths *= 0.2 + np.abs(np.sin(np.arange(samples) / 9000))
    estimates = truths + 0.3 * random.standard_normal((2, 2, samples)) * np.linspace(0.1, 2, samples)
    # museval 0.4.1, metrics.bss_eval(window=8000, hop=8000, compute_permutation=False, filters_len=512), nanmedian
    assert museval_sdr(list(truths), list(estimates), 8000) == pytest.approx([8.34485921, 8.3902116], abs=1e-6)
