import os
from pathlib import Path

import pytest

from dawbridge.config.paths import state_folder
from dawbridge.running import Running, announce, announced, withdraw

ROOTS = (Path("/music/Bounces"), Path(os.fsdecode(b"/music/caf\xe9")))


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("DAWBRIDGE_HOME", str(tmp_path))


def test_what_is_announced_is_found_until_it_is_withdrawn():
    assert announced() == []
    announce(("127.0.0.1", 9320), ROOTS)
    assert announced() == [Running("127.0.0.1", 9320, ROOTS)]
    withdraw(("127.0.0.1", 9320))
    assert announced() == []


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "3", '{"host": 1}', "[" * 100_000, '{"host":"x","port":1e999,"roots":[]}']
)
def test_a_damaged_announcement_is_passed_over(text):
    announce(("127.0.0.1", 9320), ROOTS)
    (state_folder() / "daemons" / "9000.json").write_text(text)
    assert [running.port for running in announced()] == [9320]


def test_an_announcement_that_is_no_file_blocks_nothing():
    announce(("127.0.0.1", 9320), ROOTS)
    os.mkfifo(state_folder() / "daemons" / "9000.json")
    (state_folder() / "daemons" / "9001.json").mkdir()
    assert [running.port for running in announced()] == [9320]


def test_a_state_folder_that_cannot_be_is_passed_over(tmp_path):
    (tmp_path / "state").write_text("a file")
    announce(("127.0.0.1", 9320), ROOTS)
    withdraw(("127.0.0.1", 9320))
    assert announced() == []
