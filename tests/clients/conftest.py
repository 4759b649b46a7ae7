"""Other people's programs, run by the tests."""

import os
import queue
import shutil
import subprocess
import threading
import time

import pytest

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
