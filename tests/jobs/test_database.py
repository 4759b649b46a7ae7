import sqlite3

import pytest

from dawbridge.errors import JobError
from dawbridge.events import JobState
from dawbridge.jobs.database import AGAIN_S, Database
from dawbridge.jobs.ledger import Ledger

SCHEMA = "CREATE TABLE IF NOT EXISTS t(n INTEGER PRIMARY KEY)"


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def database(tmp_path, clock):
    database = Database(tmp_path / "file.sqlite", SCHEMA, clock)
    yield database
    database.close()


def insert(number):
    return "INSERT INTO t VALUES (?)", (number,)


def hold(database):
    other = sqlite3.connect(database.file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    return other


def test_writes_wait_in_order_while_the_file_is_locked(database, clock):
    other = hold(database)
    for number in range(3):
        database.write(insert(number))
    assert (database.waiting, "locked" in database.trouble) == (3, True)
    assert not database.catch_up()
    other.rollback()
    other.close()
    assert not database.catch_up()  # not before its time
    clock.now += AGAIN_S
    database.write(insert(3))
    assert (database.waiting, database.trouble) == (0, "")
    assert database.rows("SELECT n FROM t") == [(0,), (1,), (2,), (3,)]


def test_a_transaction_is_whole_or_not_at_all(database):
    with pytest.raises(sqlite3.IntegrityError):
        database.write(insert(1), insert(1))
    assert database.rows("SELECT n FROM t") == []


def test_durable_writes_wait_too(database, clock):
    other = hold(database)
    database.write(insert(1), durable=True)
    other.rollback()
    other.close()
    clock.now += AGAIN_S
    assert database.catch_up()
    assert database.rows("PRAGMA synchronous") == [(1,)]


def test_a_query_that_cannot_be_answered_is_named(database):
    with pytest.raises(JobError, match=r"file\.sqlite"):
        database.rows("SELECT nothing FROM nowhere")


def test_a_full_disk_keeps_writes_in_memory(database, clock):
    database.rows("PRAGMA max_page_count=2")
    database.write(("CREATE TABLE big AS SELECT zeroblob(100000)", ()))
    assert "full" in database.trouble
    database.rows("PRAGMA max_page_count=100000")
    clock.now += AGAIN_S
    assert database.catch_up()


def test_a_ledger_of_an_earlier_version_is_brought_up_to_date(tmp_path):
    old = sqlite3.connect(tmp_path / "ledger.sqlite")
    old.executescript(
        "CREATE TABLE jobs(id INTEGER PRIMARY KEY AUTOINCREMENT, path TEXT NOT NULL, preset TEXT NOT NULL DEFAULT '', "
        "state TEXT NOT NULL, size INTEGER NOT NULL DEFAULT -1, mtime_ns INTEGER NOT NULL DEFAULT -1, "
        "content_hash TEXT NOT NULL DEFAULT '', settings TEXT NOT NULL DEFAULT '{}', "
        "acapella TEXT NOT NULL DEFAULT '', instrumental TEXT NOT NULL DEFAULT '', "
        "message TEXT NOT NULL DEFAULT '', updated REAL NOT NULL);"
        "INSERT INTO jobs(path, state, updated) VALUES ('/a.wav', 'failed', 1.0);"
    )
    old.close()
    ledger = Ledger(tmp_path / "ledger.sqlite")
    assert ledger.get(1).state is JobState.FAILED
    assert ledger.add(tmp_path / "b.wav", JobState.QUEUED) == 2
    ledger.close()


def test_what_says_nothing_any_more_is_pruned(tmp_path):
    ledger = Ledger(tmp_path / "ledger.sqlite")
    there, gone, unplugged = tmp_path / "there.wav", tmp_path / "gone.wav", tmp_path / "no such disk" / "a.wav"
    there.touch()
    first = ledger.add(there, JobState.DONE)
    latest = ledger.add(there, JobState.DONE)
    lost, kept = ledger.add(gone, JobState.DONE), ledger.add(unplugged, JobState.FAILED)
    assert ledger.prune(newest=10) == 0
    assert ledger.prune(newest=0) == 2
    assert [ledger.get(job_id) is not None for job_id in (first, latest, lost, kept)] == [False, True, False, True]
    assert ledger.history(first) == []
    assert ledger.add(there, JobState.DONE) == 5  # ids are never given twice
    ledger.close()


def test_many_writes_together_are_one_transaction_and_are_seen_at_once(database, tmp_path):
    with database.together():
        database.write(insert(1))
        with pytest.raises(sqlite3.IntegrityError):
            database.write(insert(2), insert(1))
        database.write(insert(3))
        assert database.rows("SELECT n FROM t") == [(1,), (3,)]
        other = sqlite3.connect(database.file)
        assert other.execute("SELECT n FROM t").fetchall() == []
        other.close()
    assert database.rows("SELECT n FROM t") == [(1,), (3,)]


def test_a_disk_that_fills_up_in_between_loses_none_of_them(database, clock):
    with database.together():
        database.write(insert(1))
        database.rows("PRAGMA max_page_count=2")
        database.write(("CREATE TABLE big AS SELECT zeroblob(100000)", ()))
        database.write(insert(2))
    database.rows("PRAGMA max_page_count=100000")
    clock.now += AGAIN_S
    assert database.catch_up()
    assert database.rows("SELECT n FROM t") == [(1,), (2,)]
    assert database.rows("SELECT count(*) FROM big") == [(1,)]


def test_together_on_a_locked_file_waits_one_by_one(database, clock):
    other = hold(database)
    with database.together():
        database.write(insert(1))
    other.rollback()
    other.close()
    clock.now += AGAIN_S
    assert database.catch_up()
    assert database.rows("SELECT n FROM t") == [(1,)]
