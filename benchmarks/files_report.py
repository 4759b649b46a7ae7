"""What a producer null-tests, and which writers are waited for, row by row, with the tests that prove it.

    make report-files

    python -m benchmarks.files_report [PYTEST ARGUMENTS]

A test says which row it proves by `@pytest.mark.row("...")`. Ends with 1 where a row has no test, or one that failed
or was skipped because a program is missing here. With `--list` it only says which tests there are.
"""

import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import pytest

COMPLAINTS = (
    "output forced to 44.1 kHz",
    "stems do not null",
    "levels rescaled",
    "bit depth lost",
    "a few samples short, offset",
    "truncated at 10 minutes",
    "clicks at chunk borders",
    "mono doubled to stereo",
    "tags and timeline lost",
    "the high end gone",
)
CHUNKS = (
    "bext",
    "iXML, cue with LIST/adtl, smpl, acid, inst, LIST/INFO, id3",
    "AIFF MARK INST COMT AUTH NAME ANNO basc ID3",
    "JUNK PAD FLLR PEAK LGWV minf elm1 regn umid",
    "FLAC, MP3 tags",
    "our mark",
)
WRITERS = (
    "libsndfile WAV",
    "libsndfile RF64",
    "libsndfile AIFF",
    "FLAC",
    "ffmpeg WAV",
    "ffmpeg WAV through a pipe",
    "sox WAV, AIFF",
    "a file copied half way",
    "a pre-allocating copier",
    "closes twice",
    "pauses between header and data",
    "rests with the file open",
    "deletes and recreates",
    "copies over a network",
)
TABLES = (("complaints elsewhere", COMPLAINTS), ("chunks and tags", CHUNKS), ("writers", WRITERS))
ROWS = COMPLAINTS + CHUNKS + WRITERS
FOLDERS = ("tests/audio", "tests/engine", "tests/model/estimate/test_streaming.py", "tests/watch",
           "tests/clients/test_bounces.py")  # fmt: skip
_WORSE = ("passed", "skipped", "FAILED")


class Report:
    """A pytest plugin that keeps what became of each marked test."""

    def __init__(self) -> None:
        self.tests: dict[str, dict[str, str]] = defaultdict(dict)
        """Row → test's name → the worst of its cases."""
        self._rows: dict[str, list[str]] = {}
        self.unknown: list[str] = []
        """Marks that name no row."""

    def pytest_collection_modifyitems(self, items: list[pytest.Item], config: pytest.Config) -> None:
        """Keep the marked tests, and know their rows."""
        kept = []
        for item in items:
            rows = [str(mark.args[0]) for mark in item.iter_markers("row")]
            self.unknown += [f"{item.nodeid}: {row!r}" for row in rows if row not in ROWS]
            if rows:
                kept.append(item)
                self._rows[item.nodeid] = rows
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = kept
        for nodeid in self._rows:
            self._note(nodeid, "")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the result."""
        if report.when == "call" or report.outcome != "passed":
            self._note(report.nodeid, "FAILED" if report.failed else report.outcome)

    def _note(self, nodeid: str, outcome: str) -> None:
        test = nodeid.split("[")[0].removeprefix("tests/")
        for row in self._rows.get(nodeid, []):
            before = self.tests[row].get(test, "")
            self.tests[row][test] = max(before, outcome, key=("", *_WORSE).index)

    def lines(self) -> list[str]:
        """The table, one line for each row and test."""
        lines = [f"{'row':58}  {'test':82}  result"]
        for title, rows in TABLES:
            lines.append(f"-- {title}")
            for row in rows:
                tests = self.tests.get(row) or {"none": "MISSING"}
                for place, (test, outcome) in enumerate(sorted(tests.items())):
                    lines.append(f"{row if not place else '':58}  {test:82}  {outcome}")
        return lines

    def complete(self) -> bool:
        """Whether every row has tests, and all of them passed."""
        proven = all(set(self.tests.get(row, {}).values()) == {"passed"} for row in ROWS)
        return proven and not self.unknown


def main(arguments: Sequence[str] = ()) -> int:
    """Run the marked tests and print the table."""
    report, only_list = Report(), "--list" in arguments
    more = [argument for argument in arguments if argument != "--list"]
    quiet = ["-q", "--no-header", "--disable-warnings", "--show-capture=no", *(["--collect-only"] if only_list else [])]
    root = Path(__file__).parent.parent
    pytest.main([*quiet, *(str(root / folder) for folder in FOLDERS), *more], plugins=[report])
    print("\n" + "\n".join(report.lines()))
    for unknown in report.unknown:
        print(f"no such row: {unknown}")
    return 0 if only_list or report.complete() else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
