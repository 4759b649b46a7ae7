import sys

import pytest

from tools import generate


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="argparse sets help texts otherwise since 3.13")
def test_every_generated_file_is_fresh():
    assert [path.name for path in generate.stale()] == [], "run: make generate"


def test_what_is_stale_or_missing_is_written_and_named(tmp_path, monkeypatch, capsys):
    (tmp_path / "old.txt").write_text("old")
    (tmp_path / "same.txt").write_text("same")
    wanted = {tmp_path / "old.txt": "new", tmp_path / "same.txt": "same", tmp_path / "more" / "gone.bin": b"\0"}
    monkeypatch.setattr(generate, "GENERATORS", (lambda: wanted,))
    assert generate.main() == 0
    assert (tmp_path / "old.txt").read_text() == "new"
    assert (tmp_path / "more" / "gone.bin").read_bytes() == b"\0"
    assert "same.txt" not in capsys.readouterr().out
    assert generate.stale() == {}
