"""`make bench-peers` without the peers: what is measured of a child process, and the table."""

import sys
from pathlib import Path

import pytest

from benchmarks.peers.children import Ended, Separation, run
from benchmarks.peers.reporting import ENOUGH_S, RUNS, quickest
from benchmarks.peers.table import HEADER, table

ROOT = Path(__file__).parents[2]
WORKING = """
import sys, time
from pathlib import Path
from benchmarks.peers.children import Separation
from benchmarks.peers.reporting import quickest, write_report
kept = bytearray(b"x") * (300 << 20)
def work():
    until = time.process_time() + 0.05
    while time.process_time() < until:
        pass
write_report(Path(sys.argv[-1]), Separation(*quickest(work), threads=1, parameters=2, how="busily"))
"""


def child(code, tmp_path, limit_s=60.0, environment=None):
    return run([sys.executable, "-c", code], tmp_path, limit_s, {"PYTHONPATH": str(ROOT), **(environment or {})})


def test_a_childs_memory_and_time_are_measured(tmp_path):
    ended = child(WORKING, tmp_path)
    assert ended.separation is not None, ended.failure
    assert ended.peak_mib > 300
    assert 0.04 < ended.separation.cpu_s < 10
    assert ended.separation.wall_s > 0.04
    assert (ended.separation.threads, ended.separation.parameters, ended.separation.how) == (1, 2, "busily")


@pytest.mark.parametrize(
    ("code", "failure"),
    [
        ("raise ImportError('no such peer')", "ImportError: no such peer"),
        ("import sys; sys.exit(3)", "ended with 3"),
        ("", "ended with 0"),
        ("import os; print(os.environ['PEER'], flush=True); os.abort()", "heard"),
    ],
)
def test_a_child_that_fails_says_why(tmp_path, code, failure):
    ended = child(code, tmp_path, environment={"PEER": "heard"})
    assert (ended.separation, ended.failure) == (None, failure)


def test_a_child_that_takes_too_long_is_stopped(tmp_path):
    ended = child("import signal; signal.pause()", tmp_path, limit_s=0.5)
    assert (ended.separation, ended.failure) == (None, "stopped after 0.5 s")


def test_a_report_of_the_child_before_is_not_believed(tmp_path):
    assert child(WORKING, tmp_path).separation is not None
    assert child("", tmp_path).separation is None


class Clock:
    """A clock of the test's own, which each run moves on."""

    def __init__(self, *runs_s):
        self.now_s, self.runs_s = 0.0, list(runs_s)

    def work(self):
        self.now_s += self.runs_s.pop(0)


@pytest.mark.parametrize(
    ("runs_s", "wall_s", "left"),
    [((3.0, 1.0, 2.0, 0.5), 1.0, 1), ((ENOUGH_S, 1.0), ENOUGH_S, 1), ((ENOUGH_S - 1, 2.0, 1.0), 2.0, 1)],
)
def test_the_quickest_run_counts_and_long_ones_are_not_repeated(runs_s, wall_s, left):
    clock = Clock(*runs_s)
    assert quickest(clock.work, lambda: clock.now_s, lambda: 2 * clock.now_s) == (wall_s, 2 * wall_s)
    assert len(clock.runs_s) == left
    assert RUNS == 3


def words(line):
    return " ".join(line.split())


def test_the_table_has_ratios_to_its_first_row_and_names_what_is_left_out():
    ended = {
        "ours": Ended(512.4, Separation(2.0, 3.0, 2, 2_730_819, "as a user does")),
        "theirs": Ended(1024.0, Separation(9.0, 18.0, 2, 42_000_000, "by its defaults")),
        "missing": Ended(10.0, None, "ImportError: no such peer"),
    }
    header, ours, theirs, missing = table(ended, 30.0)
    assert header == HEADER
    assert words(ours) == "ours 2.00 3.00 1.00 1.00 0.067 512 2.7 M as a user does"
    assert words(theirs) == "theirs 9.00 18.00 4.50 6.00 0.300 1024 42.0 M by its defaults"
    assert words(missing) == "missing left out: ImportError: no such peer"
    assert theirs.index("4.50") + 4 == header.index("x wall") + len("x wall")


def test_without_the_first_row_there_are_no_ratios():
    ended = {"ours": Ended(1.0, None, "gone"), "theirs": Ended(1.0, Separation(9.0, 18.0, 2, 1_000_000, "alone"))}
    assert words(table(ended, 10.0)[2]) == "theirs 9.00 18.00 - - 0.900 1 1.0 M alone"
