"""Overlap-add on an absolute grid, against the same written out for a whole file."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dawbridge.estimators.overlap_add import SegmentGrid


def noise(samples, seed=1):
    return np.random.default_rng(seed).standard_normal((2, samples)).astype(np.float32)


def sees_all(mixture):
    """Like attention: every sample of a segment depends on all of it."""
    return mixture * mixture.abs().mean() + mixture.flip(-1) * 0.25


def whole(estimate, mixture, length, hop):
    """One pass, written out: all segments, in order, onto one sheet."""
    samples = mixture.shape[1]
    ramp = np.minimum(np.arange(1, length + 1), np.arange(length, 0, -1)) / ((length + 1) // 2)
    sums, weights = np.zeros((2, samples + length)), np.zeros(samples + length)
    padded = np.pad(mixture, ((0, 0), (0, length)))
    for start in range(0, samples, hop):
        sums[:, start : start + length] += estimate(torch.from_numpy(padded[:, start : start + length])).numpy() * ramp
        weights[start : start + length] += ramp
    return (sums / np.maximum(weights, 1e-9))[:, :samples]


def streamed(grid, estimate, mixture, block, shifts=1):
    blocks = (mixture[:, start : start + block] for start in range(0, mixture.shape[1], block))
    return np.concatenate([*grid.stream(estimate, blocks, 1, shifts), np.zeros((2, 0), np.float32)], axis=1)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 700), st.integers(1, 90), st.integers(1, 90), st.integers(1, 200))
def test_a_stream_equals_one_pass(samples, length, hop, block):
    mixture, grid = noise(samples), SegmentGrid(length, min(hop, length))
    result = streamed(grid, sees_all, mixture, block)
    assert result.shape == mixture.shape
    np.testing.assert_allclose(result, whole(sees_all, mixture, length, min(hop, length)), atol=1e-5)


@pytest.mark.parametrize("block", [1, 7, 100, 1000])
def test_how_it_comes_in_is_not_heard(block):
    mixture, grid = noise(1000), SegmentGrid(64, 32)
    np.testing.assert_array_equal(streamed(grid, sees_all, mixture, block), streamed(grid, sees_all, mixture, 333))


def test_what_leaves_samples_alone_gives_them_back():
    mixture = noise(1234)
    np.testing.assert_allclose(streamed(SegmentGrid(100, 50), lambda x: x, mixture, 77), mixture, atol=1e-6)


def test_shifts_are_more_segments():
    mixture = noise(500)
    mean = streamed(SegmentGrid(60, 40), sees_all, mixture, 90, shifts=4)
    np.testing.assert_allclose(mean, whole(sees_all, mixture, 60, 10), atol=1e-5)


def test_an_estimate_of_another_length_is_refused():
    with pytest.raises(ValueError, match="gave"):
        streamed(SegmentGrid(60, 40), lambda x: x[:, 1:], noise(100), 50)


def test_nothing_in_nothing_out():
    assert streamed(SegmentGrid(60, 40), sees_all, noise(0), 50).shape == (2, 0)
