import sqlite3
from contextlib import closing

import pytest

from dawbridge.errors import JobError
from dawbridge.events import JobState
from dawbridge.jobs.ledger import Ledger
from dawbridge.knobs.takes import Takes


@pytest.fixture
def ledger(tmp_path):
    ledger = Ledger(tmp_path / "state" / "ledger.sqlite")
    yield ledger
    ledger.close()


def test_jobs_outlive_the_process(ledger, tmp_path):
    job_id = ledger.add(tmp_path / "a.wav", JobState.QUEUED)
    ledger.update(job_id, settings={"mask_depth": 0.5}, state=JobState.DONE)
    again = Ledger(tmp_path / "state" / "ledger.sqlite")
    entry = again.get(job_id)
    assert (entry.path, entry.state, entry.settings) == (tmp_path / "a.wav", JobState.DONE, {"mask_depth": 0.5})
    again.close()


def test_ids_are_never_given_twice_whoever_shares_the_ledger(ledger, tmp_path):
    other = Ledger(tmp_path / "state" / "ledger.sqlite")
    ids = [each.new_id() for _ in range(5) for each in (ledger, other)]
    assert ids == list(range(1, 11))
    with ledger.together():
        assert [ledger.new_id(), ledger.new_id()] == [11, 12]
    other.close()
    assert ledger.add(tmp_path / "a.wav", JobState.QUEUED) == 13


def test_a_file_that_is_not_a_ledger_is_set_aside(tmp_path):
    file = tmp_path / "ledger.sqlite"
    for number in (1, 2):
        file.write_bytes(b"this is no database" * 100)
        ledger = Ledger(file)
        (problem,) = ledger.problems
        assert f"ledger.sqlite.damaged-{number}" in problem
        assert ledger.add(tmp_path / "a.wav", JobState.QUEUED) == 1
        ledger.close()
        assert b"no database" in (tmp_path / f"ledger.sqlite.damaged-{number}").read_bytes()


def test_a_ledger_with_a_torn_page_is_set_aside(tmp_path):
    file = tmp_path / "ledger.sqlite"
    ledger = Ledger(file)
    for number in range(200):
        ledger.add(tmp_path / f"{number}.wav", JobState.QUEUED)
    ledger.close()
    content = bytearray(file.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    file.write_bytes(content)
    again = Ledger(file)
    assert len(again.problems) == 1
    assert again.newest(10) == []
    again.close()


@pytest.mark.parametrize(
    "damage",
    [
        "DROP TABLE jobs", "ALTER TABLE jobs DROP COLUMN message", "ALTER TABLE jobs RENAME COLUMN path TO place",
        "ALTER TABLE baseline DROP COLUMN mtime_ns", "DROP TABLE jobs; CREATE TABLE jobs(x)",
        "CREATE TRIGGER t BEFORE INSERT ON jobs BEGIN SELECT RAISE(ABORT, 'no'); END",
    ],
)  # fmt: skip
def test_a_ledger_with_other_tables_is_set_aside(tmp_path, damage):
    file = tmp_path / "ledger.sqlite"
    ledger = Ledger(file)
    ledger.add(tmp_path / "a.wav", JobState.QUEUED)
    ledger.close()
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(damage)
    again = Ledger(file)
    (problem,) = again.problems
    assert "ledger.sqlite.damaged-1" in problem
    assert again.add(tmp_path / "a.wav", JobState.QUEUED) == 1
    again.close()


def test_a_ledger_of_a_later_version_is_used(tmp_path):
    Ledger(tmp_path / "ledger.sqlite").close()
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as connection:
        connection.executescript("ALTER TABLE jobs ADD COLUMN mood TEXT; PRAGMA user_version = 99")
    ledger = Ledger(tmp_path / "ledger.sqlite")
    assert not ledger.problems and ledger.add(tmp_path / "a.wav", JobState.QUEUED) == 1
    ledger.close()


@pytest.mark.parametrize("job_id", [2**63 - 1, 2**31, 0, -5])
def test_an_id_that_no_job_can_have_is_left_out(tmp_path, job_id):
    ledger = Ledger(tmp_path / "ledger.sqlite")
    assert ledger.add(tmp_path / "a.wav", JobState.DONE) == 1
    row = (job_id, str(tmp_path / "b.wav"), "done", 0.0)
    ledger.database.write(("INSERT INTO jobs(id, path, state, updated) VALUES (?, ?, ?, ?)", row))
    ledger.close()
    again = Ledger(tmp_path / "ledger.sqlite")
    assert [again.add(tmp_path / f"{number}.wav", JobState.QUEUED) for number in range(2)] == [2, 3]
    assert again.latest(tmp_path / "b.wav") is None
    assert "ids are 1..2147483647" in again.problems[0]
    again.close()


def test_a_folder_in_the_ledgers_place_is_named(tmp_path):
    (tmp_path / "ledger.sqlite").mkdir()
    with pytest.raises(JobError, match=r"ledger\.sqlite"):
        Ledger(tmp_path / "ledger.sqlite")


@pytest.mark.parametrize(
    ("column", "value"), [("state", "levitating"), ("updated", "yesterday"), ("size", "large"), ("inode", b"\xff")]
)
def test_a_row_that_makes_no_sense_is_left_out_and_said_once(ledger, tmp_path, column, value):
    for name in ("a.wav", "b.wav"):
        ledger.add(tmp_path / name, JobState.QUEUED)
    ledger.database.write((f"UPDATE jobs SET {column} = ? WHERE id = 1", (value,)))
    assert [entry.id for entry in ledger.unfinished()] in ([2], [2])
    assert [entry.id for entry in ledger.newest(10)] == [2]
    assert len(ledger.problems) == 1


@pytest.mark.parametrize(
    "settings", ["{", "[" * 100_000, "3", '{"mask_depth": "x", "no such knob": 1}', '{"mask_depth": NaN}']
)
def test_settings_that_are_no_knobs_are_left_out(ledger, tmp_path, settings):
    ledger.add(tmp_path / "a.wav", JobState.DONE)
    ledger.database.write(("UPDATE jobs SET settings = ? WHERE id = 1", (settings,)))
    ledger.database.write(("INSERT INTO automations VALUES (1, ?)", (settings,)))
    assert ledger.get(1).settings == {}
    assert isinstance(ledger.takes(1), Takes)


@pytest.mark.parametrize(("inode", "counts"), [(0, True), (7, False)])
def test_only_stems_of_version_0_1_are_known_by_the_time_they_were_written(ledger, tmp_path, inode, counts):
    """A stem of a later version whose seal was edited away must not pass for one that never had a seal."""
    bounce, stem = tmp_path / "a.wav", tmp_path / "separated" / "a_acapella.wav"
    job_id = ledger.add(bounce, JobState.RUNNING)
    ledger.update(job_id, state=JobState.DONE, acapella=str(stem), size=1, mtime_ns=1, inode=inode)
    assert [path for path, _ in ledger.written_at(bounce)] == ([stem] if counts else [])
