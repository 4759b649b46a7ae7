"""Permission that is lost while the daemon runs, and given back.

Root is asked for no permission. Where the tests run as root, the daemon is therefore started through `setpriv` without
the two capabilities that make it so: the modes of files then count, as they do for everybody.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

PATIENCE_S = 120
WITHOUT = "--bounding-set=-dac_override,-dac_read_search"


@pytest.fixture
def as_a_user(tmp_path):
    """The words that start a program for which modes count."""
    if os.name == "nt":
        pytest.skip("modes are no permissions on Windows")
    if os.geteuid() != 0:
        return ()
    secret = tmp_path / "secret"
    secret.touch(mode=0)
    if shutil.which("setpriv") is None:
        pytest.skip("needs setpriv, or to run as a user")
    if subprocess.run(["setpriv", WITHOUT, "cat", secret], capture_output=True).returncode == 0:
        pytest.skip("setpriv does not take root's rights away here")
    return ("setpriv", WITHOUT)


@pytest.fixture
def daemon(start_daemon, as_a_user, tmp_path):
    """A daemon for which modes count, and that looks at everything often."""
    config = tmp_path / "dawbridge.toml"
    times = "{ closed_s = 0.1, unclosed_s = 0.2, stalled_s = 0.5, rescan_s = 0.2 }"
    config.write_text(f"[[folder]]\npath = '{tmp_path / 'bounces'}'\ntimes = {times}\n")
    return start_daemon("--config", str(config), through=as_a_user)


@pytest.fixture
def closed():
    """A function that takes a mode from a path; all have theirs again at the end."""
    taken = []

    def close(path, mode=0):
        taken.append((path, path.stat().st_mode))
        path.chmod(mode)

    yield close
    for path, mode in reversed(taken):
        path.chmod(mode)


def bounce(path, seed=1):
    path.parent.mkdir(exist_ok=True)
    soundfile.write(path, 0.1 * np.random.default_rng(seed).standard_normal((4000, 2)), 44100, "PCM_24")
    return path


def state(daemon, wanted, name):
    """Waits until the bounce is in that state; its id."""
    while True:
        job_id, state, path = daemon.heard.wait_for("/dawbridge/job/state", PATIENCE_S)
        if (state, Path(path).name) == (wanted, name):
            return job_id


def test_a_bounce_that_may_not_be_read_is_stalled_and_taken_as_soon_as_it_may(daemon, tmp_path):
    path = bounce(tmp_path / "song.wav")
    path.chmod(0)
    path = path.rename(daemon.folder / "song.wav")
    state(daemon, "stalled", "song.wav")
    bounce(daemon.folder / "next.wav", 2)
    assert daemon.done()[1].name == "next_acapella.wav"
    path.chmod(0o644)
    assert daemon.done()[1].name == "song_acapella.wav"


@pytest.mark.parametrize("folder", ["day", "."])
def test_a_folder_that_may_not_be_looked_into_forgets_nothing_and_repeats_nothing(daemon, closed, folder):
    path = bounce(daemon.folder / folder / "song.wav")
    _, *stems = daemon.done()
    before = [stem.stat().st_mtime_ns for stem in stems]
    closed(path.parent)
    bounce(path.parent / "meanwhile.wav", 2)
    if folder != ".":
        bounce(daemon.folder / "other.wav", 3)
        assert daemon.done()[1].name == "other_acapella.wav"
    path.parent.chmod(0o755)
    assert daemon.done()[1].name == "meanwhile_acapella.wav"
    bounce(path.parent / "after.wav", 4)
    assert daemon.done()[1].name == "after_acapella.wav"
    assert [stem.stat().st_mtime_ns for stem in stems] == before


def test_a_stems_folder_that_may_not_be_written_fails_the_bounce_and_is_tried_again(
    daemon, closed, start_daemon, as_a_user
):
    bounce(daemon.folder / "song.wav")
    _, *stems = daemon.done()
    before = [stem.stat().st_mtime_ns for stem in stems]
    closed(daemon.folder / "separated", 0o555)
    bounce(daemon.folder / "next.wav", 2)
    _, code, message = daemon.heard.wait_for("/dawbridge/job/failed", PATIENCE_S)
    assert (code, "separated" in message, "give this user the right to write" in message) == ("disk", True, True)
    (daemon.folder / "separated").chmod(0)
    daemon.process.kill()
    daemon.process.wait()
    again = start_daemon(through=as_a_user)
    again.heard.wait_for("/dawbridge/job/failed", PATIENCE_S)
    (daemon.folder / "separated").chmod(0o755)
    again.send("/dawbridge/job/retry", 2)
    assert again.done()[1].name == "next_acapella.wav"
    assert [stem.stat().st_mtime_ns for stem in stems] == before
    assert len(list((daemon.folder / "separated").iterdir())) == 4


@pytest.mark.parametrize("closed_path", ["state/ledger.sqlite", "state"])
def test_a_ledger_that_may_not_be_used_is_one_line(as_a_user, closed, tmp_path, closed_path):
    home, folder = tmp_path / "home", tmp_path / "bounces"
    folder.mkdir()
    (home / "state").mkdir(parents=True)
    (home / "state" / "ledger.sqlite").touch()
    closed(home / closed_path)
    command = [*as_a_user, sys.executable, "-m", "dawbridge", "watch", str(folder), "--no-midi", "--osc-port", "0"]
    done = subprocess.run(command, env={**os.environ, "DAWBRIDGE_HOME": str(home)}, capture_output=True, text=True)
    assert done.returncode == 1
    assert str(home / "state") in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr


def test_a_folder_that_may_not_be_written_is_named_at_the_start(as_a_user, closed, tmp_path):
    folder = tmp_path / "outer" / "bounces"
    folder.mkdir(parents=True)
    command = [*as_a_user, sys.executable, "-m", "dawbridge", "watch", str(folder), "--no-midi", "--osc-port", "0"]
    environment = {**os.environ, "DAWBRIDGE_HOME": str(tmp_path / "home")}
    for path, mode, words in ((folder, 0o555, "is not writable"), (folder.parent, 0, "cannot be looked at")):
        closed(path, mode)
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert done.returncode == 1
        assert words in done.stderr
        assert done.stderr.count("\n") == 1, done.stderr
