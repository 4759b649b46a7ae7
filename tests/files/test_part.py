import os
import signal
import subprocess
import sys
import time

import pytest

from dawbridge.files import part
from dawbridge.files.part import FOREIGN_AGE_S, Part, is_part, remove_leftovers, sweep

HOLDS = """
import sys
from pathlib import Path
from dawbridge.files.part import Part
held = Part.create(Path(sys.argv[1]))
print(held.path.name, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def writer(tmp_path):
    """Another process that holds a temporary in `tmp_path`, and that temporary."""
    process = subprocess.Popen([sys.executable, "-c", HOLDS, tmp_path], stdin=-1, stdout=-1, text=True)
    yield process, tmp_path / process.stdout.readline().strip()
    process.kill()
    process.communicate()


def age(path, seconds):
    then = time.time() - seconds
    os.utime(path, (then, then))


def test_a_sweep_spares_what_a_living_process_writes_however_old_it_is(tmp_path, writer):
    _, temporary = writer
    mine = Part.create(tmp_path)
    for path in (temporary, mine.path):
        age(path, 10 * FOREIGN_AGE_S)
    assert sweep(tmp_path) == 0 and temporary.exists() and mine.path.exists()
    mine.discard()
    assert not mine.path.exists()


def test_a_stopped_writer_is_alive_and_a_killed_one_is_not(tmp_path, writer):
    process, temporary = writer
    process.send_signal(signal.SIGSTOP)
    assert remove_leftovers(tmp_path) == 0 and temporary.exists()
    process.kill()
    process.wait()
    (tmp_path / "song_acapella.wav").touch()
    assert remove_leftovers(tmp_path) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["song_acapella.wav"]


def test_a_temporary_of_another_machine_is_left_for_a_day(tmp_path, monkeypatch):
    made = Part.create(tmp_path)
    made.close()
    monkeypatch.setattr(part, "_machine", lambda: "ffffffff")
    assert remove_leftovers(tmp_path) == 0
    age(made.path, FOREIGN_AGE_S + 60)
    assert remove_leftovers(tmp_path) == 1


def test_where_locks_are_refused_only_age_decides(tmp_path, monkeypatch):
    made = Part.create(tmp_path)
    made.close()
    monkeypatch.setattr(part, "lock", lambda *_, **__: None)
    assert remove_leftovers(tmp_path) == 0
    age(made.path, FOREIGN_AGE_S + 60)
    assert remove_leftovers(tmp_path) == 1


def test_a_temporary_of_version_0_1_goes_after_a_day(tmp_path):
    old = tmp_path / ".dawbridge-0123456789abcdef.part"
    old.touch()
    assert is_part(old.name) and remove_leftovers(tmp_path) == 0
    age(old, FOREIGN_AGE_S + 60)
    assert remove_leftovers(tmp_path) == 1


def test_what_only_looks_like_one_is_left_alone(tmp_path):
    for name in (".dawbridge-mine.part", "song.part", ".dawbridge-0123456789abcdef.part.wav"):
        (tmp_path / name).touch()
        age(tmp_path / name, 10 * FOREIGN_AGE_S)
    made = Part.create(tmp_path)
    pipe = made.path
    made.discard()
    os.mkfifo(pipe)
    assert remove_leftovers(tmp_path) == 0 and len(list(tmp_path.iterdir())) == 4


def test_a_sweep_between_creation_and_lock_is_noticed(tmp_path, monkeypatch):
    real, swept = part.lock, []

    def lock(descriptor, *, wait=False):
        if not swept:
            swept.append(True)
            for path in tmp_path.iterdir():
                path.unlink()
        return real(descriptor, wait=wait)

    monkeypatch.setattr(part, "lock", lock)
    made = Part.create(tmp_path)
    assert made.path.exists()
    made.discard()


def test_a_folder_that_is_not_there_has_no_leftovers(tmp_path):
    assert remove_leftovers(tmp_path / "none") == 0 and sweep(tmp_path / "none") == 0
