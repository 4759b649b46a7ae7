import numpy as np
import pytest

from dawbridge.engine.mixture import ArrayMixture, blocks
from dawbridge.errors import AudioError


def test_integers_become_floats_that_hold_them_exactly():
    for dtype, wide in ((np.int8, np.float32), (np.int16, np.float32), (np.int32, np.float64)):
        lowest = np.array([[np.iinfo(dtype).min, 1]], dtype)
        mixture = ArrayMixture.of(lowest, 44100)
        assert mixture.samples.dtype == wide
        np.testing.assert_array_equal(mixture.samples[0] * 2.0 ** (8 * lowest.itemsize - 1), lowest[0])


def test_blocks_cover_the_mixture():
    mixture = ArrayMixture.of(np.arange(10.0), 8000)
    np.testing.assert_array_equal(np.concatenate(list(blocks(mixture, 4)), axis=1)[0], np.arange(10))


@pytest.mark.parametrize(
    ("audio", "rate", "words"),
    [
        (np.zeros((2, 0)), 44100, "no samples"),
        (np.zeros((65, 10)), 44100, "1..64 channels"),
        (np.zeros((1, 2, 3)), 44100, "shape"),
        (np.zeros((2, 10)), 100, "4000..768000"),
        (np.zeros((2, 10)), 44100.5, "whole numbers"),
        (np.zeros((2, 10), bool), 44100, "type bool"),
        (np.array([[0.0, np.nan, np.inf]]), 44100, "2 samples that are NaN or infinite, the first at 1"),
    ],
)
def test_bad_audio_is_named(audio, rate, words):
    with pytest.raises(AudioError, match=words):
        ArrayMixture.of(audio, rate)
