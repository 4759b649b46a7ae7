"""The elementary functions of the kernels, against numpy's in double precision."""

import subprocess
import sys

import numpy as np
import pytest

from dawbridge.engine.kernels import elementary, kernel

log2, exp2, angle, sine = elementary.log2, elementary.exp2, elementary.angle, elementary.sine


@kernel
def each_log2(x, out):
    for i in range(x.size):
        out[i] = log2(x[i])


@kernel
def each_exp2(x, out):
    for i in range(x.size):
        out[i] = exp2(x[i])


@kernel
def each_sine(x, out):
    for i in range(x.size):
        out[i] = sine(x[i])


@kernel
def each_angle(along, across, out):
    for i in range(along.size):
        out[i] = angle(along[i], across[i])


def applied(function, *arguments):
    given = [np.asarray(argument, np.float32) for argument in arguments]
    out = np.empty_like(given[0])
    function(*given, out)
    return out


def test_logarithm():
    x = np.geomspace(1e-37, 1e37, 100_001).astype(np.float32)
    np.testing.assert_allclose(applied(each_log2, x), np.log2(x.astype(np.float64)), rtol=3e-7, atol=3e-7)


def test_power_of_2_within_its_bounds():
    x = np.linspace(-126, 126, 100_001).astype(np.float32)
    np.testing.assert_allclose(applied(each_exp2, x), np.exp2(x.astype(np.float64)), rtol=3e-7)
    assert applied(each_exp2, [-1000.0, 1000.0]).tolist() == [2.0**-126, 2.0**126]


def test_sine():
    x = np.linspace(-np.pi / 2, np.pi / 2, 100_001).astype(np.float32)
    np.testing.assert_allclose(applied(each_sine, x), np.sin(x.astype(np.float64)), atol=2e-7)


@pytest.mark.parametrize("modulus", [1e-18, 1e-6, 1.0, 1e18])
def test_angle(modulus):
    turns = np.linspace(-np.pi, np.pi, 100_001)
    along, across = (modulus * part(turns).astype(np.float64) for part in (np.cos, np.sin))
    along, across = along.astype(np.float32), across.astype(np.float32)
    expected = np.arctan2(across.astype(np.float64), along.astype(np.float64))
    np.testing.assert_allclose(applied(each_angle, along, across), expected, atol=4e-7)


def test_angle_of_nothing_and_of_the_axes():
    along, across = [0.0, 1.0, -1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0, -1.0]
    np.testing.assert_allclose(applied(each_angle, along, across), [0, 0, np.pi, np.pi / 2, -np.pi / 2], atol=3e-7)


@pytest.mark.slow
def test_knobs_turn_where_nothing_can_be_kept_on_disk(tmp_path):
    """A package in a read-only folder and a user without a home: numba raises, unless told not to keep anything."""
    code = (
        "from numba.core import caching\n"
        "caching.CacheImpl._locator_classes = []\n"
        "from dawbridge.engine.render import prepare\n"
        "prepare()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
