import hashlib
import os
import shutil
import subprocess
import sys
import time
import zlib

import numpy as np
import pytest

from dawbridge.cli.cache import size_bytes
from dawbridge.cli.main import main
from dawbridge.engine import estimates as module
from dawbridge.engine.cache import AnalysisCache, keep_limit
from dawbridge.engine.estimates import DiskEstimates
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


def start(estimates, name="plain", shape=SHAPE):
    """Begin an estimate and stop in the middle, as a slow process does; returns what ends it."""
    context = estimates.create(name, shape)
    room = context.__enter__()
    room[:, :100] = 7.0
    return context, room


def test_two_that_make_the_same_estimate_share_no_file(tmp_path):
    first, second = DiskEstimates(tmp_path / "a"), DiskEstimates(tmp_path / "a")
    slow, room = start(first)
    fill(second)
    np.testing.assert_array_equal(second.find("plain", SHAPE)[:, :], SAMPLES)
    room[:, :] = SAMPLES
    slow.__exit__(None, None, None)
    module._SEALED.clear()
    np.testing.assert_array_equal(first.find("plain", SHAPE)[:, :], SAMPLES)
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["plain.npy"]


SLOW = """
import sys
from pathlib import Path
import numpy as np
from dawbridge.engine.estimates import DiskEstimates
with DiskEstimates(Path(sys.argv[1])).create("plain", (2, 5000)) as room:
    room[:, :] = 3.0
    print("begun", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def slow_process(tmp_path):
    """Another process that has begun an estimate in the folder `a` and waits for a line to end it."""
    command = [sys.executable, "-c", SLOW, str(tmp_path / "a")]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "begun\n"
    yield process
    process.kill()
    process.communicate()


@pytest.mark.parametrize("sweep", ["create", "trim", "clear"])
def test_what_a_living_process_writes_is_spared(tmp_path, slow_process, sweep):
    cache = AnalysisCache(tmp_path, limit_bytes=0)
    if sweep == "create":
        fill(DiskEstimates(tmp_path / "a"), "other")
    else:
        getattr(cache, sweep)()
    slow_process.communicate("go\n")
    assert slow_process.returncode == 0
    assert (DiskEstimates(tmp_path / "a").find("plain", SHAPE)[:, :] == 3.0).all()


@pytest.mark.parametrize("sweep", ["create", "trim", "clear"])
def test_what_a_killed_process_left_is_removed(tmp_path, slow_process, sweep):
    slow_process.kill()
    slow_process.wait()
    assert len(list((tmp_path / "a").iterdir())) == 1
    if sweep == "create":
        fill(DiskEstimates(tmp_path / "a"), "other")
        assert [path.name for path in (tmp_path / "a").iterdir()] == ["other.npy"]
    else:
        getattr(AnalysisCache(tmp_path, limit_bytes=10**9), sweep)()
        assert not any(path.is_file() for path in tmp_path.rglob("*"))


@pytest.mark.skipif(os.name == "nt", reason="an open file cannot be removed there")
def test_an_estimate_whose_folder_is_removed_meanwhile_is_still_used(tmp_path):
    estimates = DiskEstimates(tmp_path / "a")
    context, room = start(estimates)
    room[:, :] = SAMPLES
    shutil.rmtree(tmp_path / "a")
    context.__exit__(None, None, None)
    np.testing.assert_array_equal(estimates.find("plain", SHAPE)[:, :], SAMPLES)


def test_analyses_of_version_0_1_are_found(tmp_path):
    folder = tmp_path / hashlib.sha256(b"1 content model loop").hexdigest()[:32]
    folder.mkdir()
    np.save(folder / "plain.npy", SAMPLES)
    seal = b"dbcr" + zlib.crc32(SAMPLES.tobytes()).to_bytes(4, "little")
    with (folder / "plain.npy").open("ab") as file:
        file.write(seal)
    estimates = AnalysisCache(tmp_path).estimates("content", "model", loop=True)
    np.testing.assert_array_equal(estimates.find("plain", SHAPE)[:, :], SAMPLES)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_a_pipe_at_an_estimates_name_blocks_nothing(tmp_path):
    (tmp_path / "a").mkdir()
    os.mkfifo(tmp_path / "a" / "plain.npy")
    estimates = DiskEstimates(tmp_path / "a")
    assert estimates.find("plain", SHAPE) is None
    np.testing.assert_array_equal(fill(estimates).find("plain", SHAPE)[:, :], SAMPLES)
