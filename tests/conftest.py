"""A real daemon for the tests that need one."""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile

from examples.listener import Listener, free_port

PATIENCE_S = 40


@dataclass
class RunningDaemon:
    """`dawbridge watch FOLDER --model center` as a program of its own, and what it says over OSC."""

    folder: Path
    home: Path
    heard: Listener
    port: int
    process: subprocess.Popen

    def bounce(self, name="song.wav", seconds=1.0, subtype="PCM_16", rate=44100, seed=1):
        """A bounce as a DAW makes it; returns its path and its samples `[frames, channels]`."""
        samples = 0.1 * np.random.default_rng(seed).standard_normal((round(seconds * rate), 2))
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        soundfile.write(path, samples, rate, subtype=subtype)
        return path, soundfile.read(path, dtype="float64")[0]

    def done(self):
        """Waits for the next bounce; id and the paths of its stems."""
        job_id, acapella, instrumental, _seconds = self.heard.wait_for("/dawbridge/job/done", PATIENCE_S)
        return job_id, Path(acapella), Path(instrumental)

    def send(self, address, *values):
        """One OSC message to it."""
        self.heard.send(self.port, address, *values)

    def stop(self, number=signal.SIGINT):
        """Ends it with a signal; its exit status."""
        self.process.send_signal(number)
        return self.process.wait(30)


@pytest.fixture
def start_daemon(tmp_path):
    """A function that starts a daemon on one folder, again and again if wanted; all end with the test."""
    folder, home = tmp_path / "bounces", tmp_path / "home"
    folder.mkdir()
    running = []

    def start(*arguments, folder=folder):
        heard = Listener()
        heard.__enter__()
        port = free_port()
        command = [sys.executable, "-m", "dawbridge", "watch", str(folder), "--model", "center", "--no-midi"]
        command += ["--http-port", "0"]
        command += ["--osc-port", str(port), "--osc-feedback", f"127.0.0.1:{heard.port}", *arguments]
        process = subprocess.Popen(command, env={**os.environ, "DAWBRIDGE_HOME": str(home)})
        running.append((process, heard))
        heard.wait_for("/dawbridge/startup", PATIENCE_S)
        return RunningDaemon(folder, home, heard, port, process)

    yield start
    for process, heard in running:
        process.kill()
        process.wait()
        heard.__exit__(None, None, None)
