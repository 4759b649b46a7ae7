"""A small share of `make fuzz`: the same damages, through everything that reads files."""

from pathlib import Path

import pytest

from benchmarks.fuzz_files import corpus, run_batch


@pytest.mark.parametrize("seed", [1, 2])
def test_damaged_files_of_every_container_raise_nothing_but_our_errors(tmp_path: Path, seed: int, monkeypatch) -> None:
    monkeypatch.setenv("PATH", "")
    tally = run_batch(corpus(tmp_path), seed, 0, 250, tmp_path)
    assert tally.wrong == [] and tally.done == 250 and tally.readable > 20
