"""Faults that need a real daemon or disk; tests/jobs/test_faults.py has the rest, docs/reliability.md the list."""

import os
import subprocess
import sys

import numpy as np
import pytest
import soundfile

from benchmarks.soak import soak
from dawbridge.files.sightings import Settled
from dawbridge.watch.folder import FolderWatch

PATIENCE_S = 240


@pytest.fixture
def small_disk(tmp_path):
    """A disk of one megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", folder], capture_output=True).returncode:
        pytest.skip("mounting a small disk is not permitted here")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_a_full_disk_fails_the_bounce_leaves_nothing_and_the_daemon_goes_on(start_daemon, small_disk):
    daemon = start_daemon(folder=small_disk)
    samples = 0.1 * np.random.default_rng(1).standard_normal((60_000, 2))
    soundfile.write(small_disk / "large.wav", samples, 44100, subtype="PCM_24")
    _, code, message = daemon.heard.wait_for("/dawbridge/job/failed", PATIENCE_S)
    assert (code, "room" in message or "full" in message) == ("disk", True)
    soundfile.write(small_disk / "small.wav", samples[:2000], 44100, subtype="PCM_16")
    assert daemon.done()[1].name == "small_acapella.wav"
    assert sorted(path.name for path in (small_disk / "separated").iterdir()) == [
        "small_acapella.wav", "small_instrumental.wav",
    ]  # fmt: skip


@pytest.mark.slow
def test_a_file_size_limit_is_a_full_disk(tmp_path):
    """`ulimit -f`: the stems, the analysis and the ledger meet it at any write."""
    samples = 0.1 * np.random.default_rng(1).standard_normal((100_000, 2))
    soundfile.write(tmp_path / "song.wav", samples, 44100, subtype="PCM_16")
    line = f"ulimit -f 250; {sys.executable} -m dawbridge separate {tmp_path}/song.wav --model center"
    environment = {**os.environ, "DAWBRIDGE_HOME": str(tmp_path / "home")}
    done = subprocess.run(["bash", "-c", line], env=environment, capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.returncode == 1
    assert "stems cannot be written" in done.stderr
    assert list((tmp_path / "separated").iterdir()) == []


def test_a_disk_that_is_mounted_after_the_start_is_not_done_all_over_again(tmp_path):
    root, disk = tmp_path / "mount", tmp_path / "disk"
    for folder in (root, disk):
        folder.mkdir()
    for name in ("done.wav", "new.wav"):
        soundfile.write(disk / name, np.full((500, 2), 0.1), 44100)
    watch = FolderWatch(root, poll=True, known=lambda path: path.name == "done.wav")
    assert watch.step(0.0) == []
    root.rmdir()
    watch.step(1.0)
    disk.rename(root)
    events = [event for second in range(2, 12) for event in watch.step(float(second))]
    assert [event.path.name for event in events if isinstance(event, Settled)] == ["new.wav"]


def test_a_thousand_folders(tmp_path):
    watch = FolderWatch(tmp_path, poll=True)
    assert watch.step(0.0) == []
    soundfile.write(tmp_path / "song.wav", np.full((500, 2), 0.1), 44100)
    for number in range(1000):
        (tmp_path / f"{number % 10}" / f"{number}").mkdir(parents=True)
        os.link(tmp_path / "song.wav", tmp_path / f"{number % 10}" / f"{number}" / "song.wav")
    events = [event for second in range(1, 6) for event in watch.step(float(second))]
    assert sum(isinstance(event, Settled) for event in events) == 1001


@pytest.mark.slow
def test_a_short_soak_loses_doubles_and_leaves_nothing(tmp_path):
    tally = soak(tmp_path, seconds=12, seed=3, say=lambda _: None, rate_s=0.5)
    assert tally.clean, str(tally)
    assert tally.bounces > 5
    assert tally.kills > 1
