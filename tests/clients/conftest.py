"""Other people's programs, run by the tests."""

import os
import queue
import shutil
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from examples.listener import Listener, free_port
from tests.clients.jack import SERVER, TOOLS, jack_ports, need, wait_until

PATIENCE_S = 120


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

    def says(self, text, patience_s=PATIENCE_S):
        """The next line that has `text` in it; None where none came in time."""
        deadline = time.monotonic() + patience_s
        try:
            while text not in (line := self._lines.get(timeout=max(0.01, deadline - time.monotonic()))):
                pass
        except queue.Empty:
            return None
        return line

    def ended(self):
        """Waits for it; its exit status."""
        return self.process.wait(PATIENCE_S)

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


@pytest.fixture(scope="module")
def start():
    """A function that starts a program, which ends with the tests."""
    running = []

    def start(*command, **more):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **more)
        running.append(process)
        return process

    yield start
    for process in reversed(running):
        process.terminate()  # jackd then clears away what it keeps in shared memory
        process.wait(PATIENCE_S)


@pytest.fixture(scope="module")
def jack(start):
    """A JACK server of its own, the usual one for every program of these tests."""
    need(*TOOLS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JACK_DEFAULT_SERVER", SERVER)
        patch.setenv("JACK_NO_START_SERVER", "1")
        start("jackd", "-n", SERVER, "-r", "-d", "dummy", "-r", "48000", "-p", "256")
        wait_until(lambda: jack_ports() is not None)
        yield


@pytest.fixture
def daemon(start, jack, tmp_path):
    """A running `dawbridge watch`, what it says over OSC, and its folders."""
    if Path("/dev/snd/seq").exists():
        pytest.skip("the daemon takes ALSA where there is a sequencer")
    folder, home = tmp_path / "bounces", tmp_path / "home"
    folder.mkdir()
    environment = {**os.environ, "DAWBRIDGE_HOME": str(home)}
    with Listener() as heard:
        port = free_port()
        command = [sys.executable, "-m", "dawbridge", "watch", str(folder), "--model", "center"]
        command += ["--osc-port", str(port), "--osc-feedback", f"127.0.0.1:{heard.port}"]
        command += ["--http-port", str(http_port := free_port())]
        process = start(*command, env=environment)
        heard.wait_for("/dawbridge/startup", PATIENCE_S)
        send = partial(heard.send, port)
        yield SimpleNamespace(
            heard=heard, send=send, folder=folder, home=home, environment=environment, http_port=http_port
        )
        process.terminate()
        assert process.wait(PATIENCE_S) == 0
