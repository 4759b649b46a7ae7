import numpy as np
import pytest

from dawbridge.engine.resample import exactly, resample


def pieces(samples, size):
    return (samples[:, start : start + size] for start in range(0, samples.shape[1], size))


@pytest.mark.parametrize("rate", [8000, 22050, 48000, 96000, 192000])
def test_there_and_back_keeps_time_and_length(rate):
    time_s = np.arange(rate) / rate
    tone = (0.5 * np.sin(2 * np.pi * 997 * time_s) * np.hanning(rate)).astype(np.float32)[None]
    there = resample(pieces(tone, 5000), 1, rate, 44100)
    back = np.concatenate(list(exactly(resample(there, 1, 44100, rate), 1, rate)), axis=1)
    assert back.shape == tone.shape
    np.testing.assert_allclose(back, tone, atol=2e-5)


def test_the_same_rate_passes_through_untouched():
    samples = np.random.default_rng(1).standard_normal((2, 1000)).astype(np.float32)
    np.testing.assert_array_equal(
        np.concatenate(list(resample(pieces(samples, 300), 2, 48000, 48000)), axis=1), samples
    )


@pytest.mark.parametrize(("given", "wanted"), [(10, 7), (10, 10), (10, 13), (0, 3)])
def test_exactly_cuts_or_fills(given, wanted):
    samples = np.arange(given, dtype=np.float32)[None]
    result = np.concatenate(list(exactly(pieces(samples, 4), 1, wanted)), axis=1)
    assert result.shape == (1, wanted)
    np.testing.assert_array_equal(result[0, :given], samples[0, :wanted])
