"""examples/python_client.py, run as a user runs it."""

import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).parents[2] / "examples" / "python_client.py"


def client(*arguments):
    command = [sys.executable, PROGRAM, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def test_it_turns_a_knob_and_says_what_came_of_it(start_daemon):
    daemon = start_daemon()
    daemon.bounce()
    daemon.done()
    ran = client("mask/strength", 0.5, "--port", daemon.port)
    assert ran.returncode == 0
    assert "/dawbridge/mask/strength: 1.00 -> 0.50" in ran.stdout
    assert "song_acapella.wav" in ran.stdout
    assert "no answer" in client("mask/strenght", 0.5, "--port", daemon.port).stdout
