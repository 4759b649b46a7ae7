"""A JACK server and a daemon that plays with it."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from dawbridge.surfaces.osc.client import OscClient, free_port
from tests.clients.jack import PATIENCE_S, SERVER, TOOLS, jack_ports, need, wait_until


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
    port = free_port()
    with OscClient(port) as heard:
        command = [sys.executable, "-m", "dawbridge", "watch", str(folder), "--model", "center"]
        command += ["--osc-port", str(port), "--osc-feedback", f"127.0.0.1:{heard.port}"]
        command += ["--http-port", str(http_port := free_port())]
        process = start(*command, env=environment)
        heard.wait_for("/dawbridge/startup", PATIENCE_S)

        def send(address, *values):
            with OscClient(port) as client:
                client.send(address, *values)

        yield SimpleNamespace(
            heard=heard, send=send, folder=folder, home=home, environment=environment, http_port=http_port
        )
        process.terminate()
        assert process.wait(PATIENCE_S) == 0
