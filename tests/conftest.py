"""A real daemon, and other people's programs, for the tests that need them."""

import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import settings

from dawbridge.surfaces.osc.client import OscClient, free_port

settings.register_profile("any computer", deadline=None)
settings.load_profile("any computer")

PATIENCE_S = 120
PROGRAM_PATIENCE_S = 120
TRIES = 5
"""How often a program that crashes by itself is started."""


SLOW_FIXTURES = {"start_daemon", "start_program", "run_program", "lmms", "jack", "small_disk"}
"""What uses one of these starts a daemon or another program."""
SLOW_PLACES = (
    "clients", "model/acapellabot", "model/evaluation", "model/test_cli.py", "model/training", "model/voices",
    "cli/test_listen.py", "engine/test_loop.py", "engine/test_memory.py", "engine/test_seams.py",
    "estimators/test_waveform.py", "surfaces/web/test_page.py", "tools/test_demo.py",
)  # fmt: skip
"""What trains, or runs a whole network over a whole song."""
ALONE_FIXTURES = {"jack"}
"""What uses one of these plays music in real time, and needs the computer for itself."""
TESTS = Path(__file__).parent


def pytest_collection_modifyitems(items):
    """Mark as slow what `make quick` leaves out, and as alone what `make test` runs after all else."""
    for item in items:
        place = item.path.relative_to(TESTS)
        if SLOW_FIXTURES & set(item.fixturenames) or any(place.is_relative_to(slow) for slow in SLOW_PLACES):
            item.add_marker(pytest.mark.slow)
        if ALONE_FIXTURES & set(item.fixturenames):
            item.add_marker(pytest.mark.alone)


@dataclass
class RunningDaemon:
    """`dawbridge watch FOLDER --model center` as a program of its own, and what it says over OSC."""

    folder: Path
    home: Path
    heard: OscClient
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
        """One OSC message to it, from a program of its own: what a subscriber sets itself is not told to it."""
        with OscClient(self.port) as client:
            client.send(address, *values)

    def stop(self, number=signal.SIGINT):
        """Ends it with a signal; its exit status."""
        self.process.send_signal(number)
        return self.process.wait(30)


@pytest.fixture
def start_daemon(tmp_path):
    """A function that starts a daemon on one folder, again and again if wanted; all end with the test.

    `folder`: None for those of a `--config`. `through`: a program and its arguments that start it in its own process.
    `output`: where its lines go, as for `subprocess.Popen`.
    """
    folder, home = tmp_path / "bounces", tmp_path / "home"
    folder.mkdir(exist_ok=True)
    running = []

    def start(*arguments, folder=folder, through=(), output=None):
        port = free_port()
        heard = OscClient(port)
        command = [*through, sys.executable, "-m", "dawbridge", "watch", "--model", "center", "--no-midi"]
        command += [str(folder)] if folder else []
        command += ["--http-port", "0"]
        command += ["--osc-port", str(port), "--osc-feedback", f"127.0.0.1:{heard.port}", *arguments]
        environment = {**os.environ, "DAWBRIDGE_HOME": str(home)}
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
        running.append((process, heard))
        heard.wait_for("/dawbridge/startup", PATIENCE_S)
        return RunningDaemon(folder, home, heard, port, process)

    yield start
    for process, heard in running:
        process.kill()
        process.wait()
        heard.close()


class Program:
    """A running program whose printed lines can be waited for."""

    def __init__(self, command):
        environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
        self.process = subprocess.Popen(
            command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        self._lines = queue.Queue()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        for line in self.process.stdout:
            self._lines.put(line.rstrip("\n"))

    def says(self, text, patience_s=PROGRAM_PATIENCE_S):
        """The next line that has `text` in it; None where none came in time."""
        deadline = time.monotonic() + patience_s
        try:
            while text not in (line := self._lines.get(timeout=max(0.01, deadline - time.monotonic()))):
                pass
        except queue.Empty:
            return None
        return line

    def ended(self, patience_s=PROGRAM_PATIENCE_S):
        """Waits for it; its exit status. One that hangs is killed, as its user would: -SIGKILL."""
        try:
            return self.process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self.kill()
            return self.process.returncode

    def kill(self):
        """SIGKILL, as a crash is."""
        self.process.kill()
        self.process.wait()
        self._thread.join()
        self.process.stdout.close()


def found(name):
    """The program's path. Where it is not there the test is skipped, or fails with DAWBRIDGE_CLIENTS=required."""
    path = shutil.which(name)
    if path is None:
        missing = pytest.fail if os.environ.get("DAWBRIDGE_CLIENTS") == "required" else pytest.skip
        missing(f"{name} is not installed")
    return path


@pytest.fixture
def start_program():
    """A function that starts a program, `start_program(name, *arguments)`; it ends with the test at the latest."""
    running = []

    def start(name, *arguments):
        running.append(Program([found(name), *map(str, arguments)]))
        return running[-1]

    yield start
    for program in running:
        program.kill()


@pytest.fixture
def run_program(start_program):
    """A function that runs a program to its end, `run_program(name, *arguments)`, and asserts that all went well.

    One that dies by a signal or hangs is run again: nobody here sent it, so that it is the program's own fault (LMMS
    1.2.2 now and then ends a render with SIGSEGV, Ardour 7.3 an export; once that hung for good), which says nothing
    about dawbridge. `makes`, one of the arguments, is the file that it makes; returned is the one that it made, which
    lies beside that where it was run again, so that a daemon which watches there cannot take the crashed one for it.
    """

    def run(name, *arguments, makes=None, patience_s=PROGRAM_PATIENCE_S):
        for target in attempts(makes):
            status = start_program(name, *(target if a == makes else a for a in arguments)).ended(patience_s)
            if status >= 0:
                break
            if target:
                target.unlink(missing_ok=True)
        assert status == 0, f"{name} ended with {status}"
        return target

    return run


def attempts(path):
    """`path`, then others beside it, for a program that may have to be run again; or `None`, as often."""
    return [path.with_stem(f"{path.stem} {number}") if number and path else path for number in range(TRIES)]


@pytest.fixture
def lmms(start_program):
    """A function, `lmms(song, path, *options, meanwhile=None, kill_at_bytes=None)`: LMMS renders `song` into a file.

    Returns the file's path: one beside `path` where LMMS crashed by itself and was run again, as in `run_program`, so
    that a daemon which watches there cannot take the crashed one for the other. `meanwhile(path)` is called again and
    again while it renders. With `kill_at_bytes` it is killed as soon as the file is that long.
    """

    def render(song, path, *options, meanwhile=lambda _path: None, kill_at_bytes=None, patience_s=PROGRAM_PATIENCE_S):
        for target in attempts(path):
            program = start_program("lmms", "--allowroot", "render", song, "-f", "wav", *options, "-o", target)
            deadline = time.monotonic() + patience_s
            while program.process.poll() is None and time.monotonic() < deadline:
                meanwhile(target)
                if kill_at_bytes and target.exists() and target.stat().st_size >= kill_at_bytes:
                    program.kill()
                    return target
            if program.ended(0) >= 0:
                break
            target.unlink(missing_ok=True)
        assert program.ended() == 0, f"LMMS ended with {program.ended()}"
        assert not kill_at_bytes, "LMMS was done before it could be killed"
        return target

    return render
