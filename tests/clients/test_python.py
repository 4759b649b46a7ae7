"""examples/python_client.py: python-osc at the other end."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def client(*arguments):
    command = [sys.executable, "-m", "examples.python_client", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)


def test_it_turns_a_knob_and_says_what_came_of_it(start_daemon):
    daemon = start_daemon()
    daemon.bounce()
    daemon.done()
    ran = client("mask/strength", 0.5, "--port", daemon.port)
    assert ran.returncode == 0
    assert "/dawbridge/mask/strength: 1.00 -> 0.50" in ran.stdout
    assert "song_acapella.wav" in ran.stdout
    assert "no answer" in client("mask/strenght", 0.5, "--port", daemon.port).stdout
