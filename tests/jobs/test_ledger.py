import os

import pytest

from dawbridge.errors import JobError
from dawbridge.events import JobState
from dawbridge.jobs.ledger import Ledger


@pytest.fixture
def ledger(tmp_path):
    ledger = Ledger(tmp_path / "state" / "ledger.sqlite")
    yield ledger
    ledger.close()


def record(ledger, path, state, **fields):
    job_id = ledger.add(path, state)
    status = path.stat()
    ledger.update(job_id, size=status.st_size, mtime_ns=status.st_mtime_ns, **fields)
    return job_id


def test_jobs_outlive_the_process(ledger, tmp_path):
    job_id = ledger.add(tmp_path / "a.wav", JobState.QUEUED)
    ledger.update(job_id, settings={"mask_depth": 0.5}, state=JobState.DONE)
    again = Ledger(tmp_path / "state" / "ledger.sqlite")
    entry = again.get(job_id)
    assert (entry.path, entry.state, entry.settings) == (tmp_path / "a.wav", JobState.DONE, {"mask_depth": 0.5})
    again.close()


def test_done_counts_only_while_the_stems_stand(ledger, tmp_path):
    bounce, stem = tmp_path / "a.wav", tmp_path / "a_acapella.wav"
    bounce.write_bytes(b"1")
    stem.write_bytes(b"2")
    record(ledger, bounce, JobState.DONE, acapella=str(stem))
    assert ledger.knows(bounce)
    stem.unlink()
    assert not ledger.knows(bounce)


def test_a_changed_bounce_is_not_known(ledger, tmp_path):
    bounce = tmp_path / "a.wav"
    bounce.write_bytes(b"1")
    record(ledger, bounce, JobState.FAILED)
    assert ledger.knows(bounce)
    os.utime(bounce, ns=(1, 1))
    assert not ledger.knows(bounce)


def test_the_baseline_is_left_alone_until_it_changes(ledger, tmp_path):
    bounce = tmp_path / "a.wav"
    bounce.write_bytes(b"1")
    assert not ledger.is_watched(tmp_path)
    ledger.begin_root(tmp_path, {bounce: (bounce.stat().st_size, bounce.stat().st_mtime_ns)})
    assert ledger.is_watched(tmp_path)
    assert ledger.knows(bounce)
    bounce.write_bytes(b"12")
    assert not ledger.knows(bounce)


def test_a_file_that_is_no_ledger_is_named(tmp_path):
    file = tmp_path / "ledger.sqlite"
    file.write_bytes(b"this is no database" * 100)
    with pytest.raises(JobError, match=r"ledger\.sqlite"):
        Ledger(file)
