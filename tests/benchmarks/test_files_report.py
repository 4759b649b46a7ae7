"""Every promise about audio files has a test: `make report-files` prints them with their results."""

import re
from pathlib import Path

from benchmarks.files_report import FOLDERS, ROWS, Report

ROOT = Path(__file__).parents[2]


def test_every_row_has_a_test_and_every_mark_a_row():
    paths = [
        path
        for folder in FOLDERS
        for path in ((ROOT / folder).rglob("*.py") if (ROOT / folder).is_dir() else [ROOT / folder])
    ]
    marked = {row for path in paths for row in re.findall(r'mark\.row\("([^"]*)"\)', path.read_text(encoding="utf-8"))}
    assert marked == set(ROWS)


def test_a_row_without_a_test_or_with_a_failed_one_is_told():
    report = Report()
    assert not report.complete()
    assert sum("MISSING" in line for line in report.lines()) == len(ROWS)
    for row in ROWS:
        report.tests[row] = {"test": "passed"}
    assert report.complete()
    report.tests["bext"]["other"] = "skipped"
    assert not report.complete()


def test_every_test_that_the_list_of_faults_names_is_there():
    named = set(re.findall(r"`(test_\w+)`", (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")))
    there = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"def (test_\w+)", path.read_text(encoding="utf-8"))
    }
    assert len(named) > 30
    assert named <= there, named - there
