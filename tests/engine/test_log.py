"""Unexpected errors keep their tracebacks; the log is bounded, and never in the way."""

import os
import sys

import pytest
import soundfile

from dawbridge.cli.main import main
from dawbridge.config.paths import engine_log_path
from dawbridge.engine import log
from dawbridge.engine.log import log_failure


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("DAWBRIDGE_HOME", str(tmp_path / "home"))


def failure(text="boom"):
    try:
        raise ValueError(text)
    except ValueError as error:
        return log_failure("while testing", error)


def test_the_traceback_is_kept_and_the_line_names_its_place():
    line = failure("two\nlines")
    assert line.startswith("ValueError: two lines (") and str(engine_log_path()) in line and "\n" not in line
    text = engine_log_path().read_text()
    assert "while testing" in text and "Traceback (most recent call last)" in text and "in failure" in text


def test_the_log_is_bounded(monkeypatch):
    monkeypatch.setattr(log, "LIMIT_BYTES", 4000)
    for number in range(100):
        failure(f"number {number}" + "x" * 100)
    logs = sorted(engine_log_path().parent.iterdir())
    assert [path.name for path in logs] == ["engine.log", "engine.log.1", "engine.log.2"]
    assert sum(path.stat().st_size for path in logs) < 20_000
    assert "number 99" in logs[0].read_text()


@pytest.mark.parametrize("obstacle", ["folder", "pipe", "file"])
def test_a_log_that_cannot_be_written_hides_nothing(obstacle):
    path = engine_log_path()
    if obstacle == "file":
        path.parent.parent.mkdir(parents=True)
        path.parent.write_text("not a folder")
    else:
        path.parent.mkdir(parents=True)
        path.mkdir() if obstacle == "folder" or sys.platform == "win32" else os.mkfifo(path)
    assert "ValueError: boom" in failure() and "cannot be written" in failure()


def test_separate_shows_one_line(tmp_path, monkeypatch, capsys):
    soundfile.write(tmp_path / "song.wav", [[0.1, 0.2]] * 100, 44100)
    monkeypatch.setattr("dawbridge.engine.separate.separate", lambda *_: 1 / 0)
    assert main(["separate", str(tmp_path / "song.wav"), "--model", "center"]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "ZeroDivisionError" in error and str(engine_log_path()) in error
    assert "1 / 0" in engine_log_path().read_text()
