"""What libraries write never reaches the terminal."""

import subprocess
import sys

import pytest

SCRIPT = """
import logging, os, subprocess, sys
from pathlib import Path
from dawbridge.surfaces.chatter import diverted
with diverted(Path(sys.argv[1])):
    os.write(2, b"ALSA lib confmisc.c: cannot find card\\n")
    subprocess.run([sys.executable, "-c", "import os; os.write(2, b'child\\\\n')"])
    try:
        raise ValueError("deep inside")
    except ValueError:
        logging.getLogger("dawbridge").exception("OSC")
    print("our own words \\udce9", file=sys.stderr)
os.write(2, b"as before\\n")
"""


def run(log):
    return subprocess.run([sys.executable, "-c", SCRIPT, str(log)], capture_output=True, text=True, check=True)


def test_chatter_and_tracebacks_go_to_the_log_and_our_words_to_the_terminal(tmp_path):
    log = tmp_path / "state" / "daemon.log"
    assert run(log).stderr == "our own words \\udce9\nas before\n"
    assert run(log).stderr == "our own words \\udce9\nas before\n"
    text = log.read_text()
    for words in ("ALSA lib", "child", "ValueError: deep inside"):
        assert text.count(words) == 2


def test_a_long_log_makes_way(tmp_path):
    log = tmp_path / "daemon.log"
    log.write_text("x" * 1_000_001)
    run(log)
    assert len(log.read_text()) < 5000
    assert (tmp_path / "daemon.log.1").stat().st_size == 1_000_001


@pytest.mark.parametrize("kind", ["folder", "closed"])
def test_where_no_log_can_be_written_the_chatter_goes_nowhere(tmp_path, kind):
    log = tmp_path / "log"
    log.mkdir() if kind == "folder" else log.write_text("")
    assert run(log if kind == "folder" else log / "below" / "daemon.log").stderr == "our own words \\udce9\nas before\n"
