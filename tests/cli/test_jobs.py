"""`dawbridge jobs` beside a running daemon and without one; `dawbridge trace`."""

import os
import subprocess
import sys
import threading

import soundfile

from dawbridge.events import JobState
from dawbridge.files.stamp import stamp_of
from dawbridge.jobs.ledger import Ledger
from dawbridge.jobs.record import untouched

PATIENCE_S = 240


def run(home, *words):
    environment = {**os.environ, "DAWBRIDGE_HOME": str(home)}
    return subprocess.run(
        [sys.executable, "-m", "dawbridge", *map(str, words)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )


def test_beside_a_daemon_it_is_told_and_without_one_the_ledger_is_written(start_daemon, tmp_path):
    daemon = start_daemon()
    broken = daemon.folder / "broken.wav"
    path, _ = daemon.bounce()
    job_id, acapella, _ = daemon.done()
    told = run(daemon.home, "jobs", "retry", job_id)
    assert "told the running daemon" in told.stdout, told.stderr
    assert daemon.done()[0] == job_id
    broken.write_bytes(path.read_bytes()[:5000])
    accepted = run(daemon.home, "jobs", "accept", broken)
    assert "told the running daemon" in accepted.stdout, accepted.stderr
    assert daemon.done()[1].name == "broken_acapella.wav"
    refused = run(daemon.home, "jobs", "cancel", 99)
    assert refused.returncode == 1
    assert "no job '99'" in refused.stderr
    assert "done" in run(daemon.home, "jobs").stdout
    shown = run(daemon.home, "jobs", "show", job_id).stdout
    assert str(acapella) in shown
    assert "queued" in shown
    assert "told the running daemon" in run(daemon.home, "jobs", "rerender", job_id).stdout
    assert daemon.done()[0] == job_id
    daemon.process.kill()
    daemon.process.wait()
    assert "focus needs a running daemon" in run(daemon.home, "jobs", "focus", job_id).stderr
    written = run(daemon.home, "jobs", "forget", job_id)
    assert "written into the ledger" in written.stdout, written.stderr
    again = start_daemon()
    assert again.done()[1].name == "song_acapella.wav"


def test_offline_accept_cancel_and_retry(tmp_path):
    home, folder = tmp_path / "home", tmp_path / "bounces"
    folder.mkdir()
    ledger = Ledger(home / "state" / "ledger.sqlite")
    path = folder / "a.wav"
    path.touch()
    job_id = ledger.add(path, JobState.STALLED)
    assert run(home, "jobs", "cancel", job_id).returncode == 0
    assert untouched(ledger.latest(path).stamp, stamp_of(path))
    assert ledger.get(job_id).state is JobState.CANCELLED
    assert run(home, "jobs", "retry", job_id).returncode == 0
    assert ledger.get(job_id).state is JobState.QUEUED
    assert "only a failed" in run(home, "jobs", "retry", job_id).stderr
    assert run(home, "jobs", "accept", path).returncode == 0
    assert ledger.take_accepted(folder) == [path]
    assert "is not a file" in run(home, "jobs", "accept", folder / "none.wav").stderr
    ledger.close()


def test_trace_says_what_happens_and_why(tmp_path):
    folder = tmp_path / "bounces"
    folder.mkdir()
    soundfile.write(folder / "old.wav", [[0.1, 0.1]] * 500, 44100)
    command = [sys.executable, "-u", "-m", "dawbridge", "trace", str(folder)]
    environment = {**os.environ, "DAWBRIDGE_HOME": str(tmp_path / "home")}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        too_late = threading.Timer(PATIENCE_S, process.kill)
        too_late.start()
        lines = []
        for line in process.stdout:
            lines.append(line)
            if "old.wav: was there" in line:
                soundfile.write(folder / "new.wav", [[0.1, 0.1]] * 500, 44100)
            if "new.wav: settled" in line:
                process.terminate()
        assert process.wait(PATIENCE_S) == 0
        too_late.cancel()
    text = "".join(lines)
    for words in ("event     new.wav: closed", "verdict   new.wav: complete", "whole", "settled: would be queued"):
        assert words in text
    assert not (folder / "separated").exists()
