import os
import shutil
import time

import numpy as np
import pytest

from dawbridge.cli.cache import size_bytes
from dawbridge.cli.main import main
from dawbridge.engine import cache as module
from dawbridge.engine.cache import AnalysisCache, DiskEstimates, keep_limit
from dawbridge.errors import ConfigError, DiskError

SHAPE = (2, 5000)
SAMPLES = np.random.default_rng(1).standard_normal(SHAPE).astype(np.float32)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("DAWBRIDGE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(module, "_SEALED", {})
    monkeypatch.setattr(module, "_NEWEST_NS", {})


def fill(estimates, name="plain"):
    with estimates.create(name, SHAPE) as room:
        room[:, :] = SAMPLES
    return estimates


def test_what_was_kept_is_found(tmp_path):
    found = fill(DiskEstimates(tmp_path / "a")).find("plain", SHAPE)
    np.testing.assert_array_equal(found[:, :], SAMPLES)


@pytest.mark.parametrize("place", [200, -9, -1, 30])
def test_one_wrong_byte_anywhere_is_noticed(tmp_path, place):
    estimates = fill(DiskEstimates(tmp_path / "a"))
    path = tmp_path / "a" / "plain.npy"
    data = bytearray(path.read_bytes())
    data[place] ^= 4
    path.write_bytes(data)
    assert estimates.find("plain", SHAPE) is None
    assert not path.exists()


@pytest.mark.parametrize("keep", [0, 7, 100, 20000])
def test_a_file_that_is_cut_off_is_noticed(tmp_path, keep):
    estimates = fill(DiskEstimates(tmp_path / "a"))
    os.truncate(tmp_path / "a" / "plain.npy", keep)
    assert estimates.find("plain", SHAPE) is None


def test_a_full_disk_is_made_up_for_by_memory(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=0))
    estimates = fill(DiskEstimates(tmp_path / "a"))
    np.testing.assert_array_equal(estimates.find("plain", SHAPE)[:, :], SAMPLES)
    assert list((tmp_path / "a").iterdir()) == []
    monkeypatch.setattr(module, "MEMORY_BYTES", 100)
    with pytest.raises(DiskError, match="are not free"):
        fill(estimates, "other")


def test_use_counts_whatever_the_clock_says(tmp_path, monkeypatch):
    cache = AnalysisCache(tmp_path, limit_bytes=0)
    first, second = (fill(cache.estimates(name, "model")) for name in "ab")
    monkeypatch.setattr(time, "time_ns", lambda: 1)
    first.find("plain", SHAPE)
    assert [entry.folder for entry in cache.entries()] == [second.folder, first.folder]


def test_the_command_shows_limits_and_clears(tmp_path, capsys):
    cache = AnalysisCache(tmp_path / "home" / "cache" / "analyses")
    for name in "abc":
        fill(cache.estimates(name, "model"))
    assert main(["cache"]) == 0
    assert "3 analyses" in capsys.readouterr().out
    assert main(["cache", "limit", "90kB"]) == 0
    assert cache.limit_bytes == 90_000
    assert "2 analyses" in capsys.readouterr().out
    assert main(["cache", "clear"]) == 0
    assert cache.entries() == []


def test_ten_thousand_analyses_are_not_looked_at_for_every_bounce(tmp_path, monkeypatch):
    looks, entries = [], AnalysisCache.entries
    monkeypatch.setattr(AnalysisCache, "entries", lambda cache: looks.append(1) or entries(cache))
    cache = AnalysisCache(tmp_path / "analyses")
    keep_limit(400_000)
    for number in range(9):
        cache.trim(fill(cache.estimates(f"{number}", "model")).folder)
    assert len(looks) == 1
    for number in range(9, 30):
        cache.trim(fill(cache.estimates(f"{number}", "model")).folder)
        assert sum(entry.size_bytes for entry in entries(cache)) <= 400_000
    keep_limit(100_000)
    cache.trim(fill(cache.estimates("last", "model")).folder)
    assert sum(entry.size_bytes for entry in entries(cache)) <= 100_000
    shutil.rmtree(tmp_path / "analyses")
    cache.trim(tmp_path / "analyses" / "gone")


def test_sizes():
    assert [size_bytes(text) for text in ("0", "5GB", "1.5 mb", "20k")] == [0, 5 * 10**9, 1_500_000, 20_000]
    for text in ("", "five", "-1", "5 GiB"):
        with pytest.raises(ConfigError, match="500MB"):
            size_bytes(text)


def test_a_damaged_limit_is_the_usual_one(tmp_path):
    keep_limit(7)
    assert AnalysisCache(tmp_path).limit_bytes == 7
    (tmp_path / "home" / "state" / "cache-limit").write_text("much")
    assert AnalysisCache(tmp_path).limit_bytes == 5_000_000_000
