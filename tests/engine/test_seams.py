"""No chunk's border can be heard, with the network that is shipped."""

import numpy as np
import pytest
import torch

from acapellanet import DEFAULT_MODEL, load_estimator
from acapellanet.estimate.registry import model_names
from benchmarks.center import mashup
from benchmarks.seams import LIMIT_DBFS, worst


@pytest.fixture(scope="module")
def mixture():
    return np.add(*mashup(7.0, 0))


@pytest.mark.row("clicks at chunk borders")
@pytest.mark.parametrize("model", [DEFAULT_MODEL, "center"])
def test_chunks_equal_one_whole_pass(model, mixture):
    if model not in model_names():
        pytest.skip(f"the weights of {model} are not here")
    estimator = load_estimator(model)
    seam = worst(estimator, mixture, 2.0)
    assert seam.chunks >= 3
    assert seam.error_dbfs <= LIMIT_DBFS, seam
    assert worst(estimator, mixture, 2.0, context_samples=0).error_dbfs > LIMIT_DBFS, "the measure measures nothing"


@pytest.mark.row("clicks at chunk borders")
def test_tiles_equal_one_whole_pass(mixture):
    if DEFAULT_MODEL not in model_names():
        pytest.skip(f"the weights of {DEFAULT_MODEL} are not here")
    estimator = load_estimator(DEFAULT_MODEL, precision="float32")
    whole = estimator.estimate(torch.from_numpy(mixture)).numpy()
    assert difference_dbfs(tiled(estimator, mixture, 64), whole) <= LIMIT_DBFS


@pytest.mark.row("clicks at chunk borders")
def test_tiles_in_bfloat16_are_the_same_however_long_they_are(mixture):
    if DEFAULT_MODEL not in model_names():
        pytest.skip(f"the weights of {DEFAULT_MODEL} are not here")
    estimator = load_estimator(DEFAULT_MODEL, precision="bfloat16")
    assert difference_dbfs(tiled(estimator, mixture, 64), tiled(estimator, mixture, 48)) <= LIMIT_DBFS


def tiled(estimator, mixture, frames):
    blocks = (mixture[:, start : start + 50_000] for start in range(0, mixture.shape[1], 50_000))
    return np.concatenate(list(estimator.stream(blocks, frames)), axis=1)


def difference_dbfs(one, other):
    return 20 * np.log10(np.abs(one - other).max() + 1e-12)
