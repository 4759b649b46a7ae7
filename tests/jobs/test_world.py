"""What the ledger knows of a file: touched, replaced, there before the first watch."""

import os

import pytest

from dawbridge.events import JobState
from dawbridge.files.stamp import stamp_of
from dawbridge.jobs.record import stamp_columns


def record(desk, path, state, **fields):
    job_id = desk.ledger.add(path, state)
    desk.ledger.update(job_id, **stamp_columns(stamp_of(path)), **fields)
    return job_id


def test_done_counts_only_while_the_stems_stand(desk):
    bounce, stem = desk.bounce("a.wav"), desk.bounce("a_acapella.wav")
    record(desk, bounce, JobState.DONE, acapella=str(stem))
    assert desk.board.knows(bounce)
    stem.unlink()
    assert not desk.board.knows(bounce)


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.DONE, JobState.CANCELLED, JobState.QUEUED])
def test_a_changed_bounce_is_not_known(desk, state):
    bounce = desk.bounce("a.wav")
    record(desk, bounce, state)
    assert desk.board.knows(bounce)
    os.utime(bounce, ns=(1, 1))
    assert not desk.board.knows(bounce)


def test_another_file_of_the_same_size_and_time_is_not_the_bounce(desk):
    """`mv other.wav a.wav` while the daemon was down."""
    bounce, other = desk.bounce("a.wav", b"12345"), desk.bounce("other.wav", b"54321")
    record(desk, bounce, JobState.FAILED)
    status = bounce.stat()
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.replace(bounce)
    assert (bounce.stat().st_size, bounce.stat().st_mtime_ns) == (status.st_size, status.st_mtime_ns)
    assert not desk.board.knows(bounce)


def test_a_row_of_version_0_1_goes_by_size_and_time(desk):
    bounce = desk.bounce("a.wav")
    status = bounce.stat()
    desk.ledger.update(desk.ledger.add(bounce, JobState.FAILED), size=status.st_size, mtime_ns=status.st_mtime_ns)
    assert desk.board.knows(bounce)


def test_the_baseline_is_left_alone_until_it_changes(desk):
    bounce = desk.bounce("a.wav")
    root = desk.root.resolve()
    assert not desk.ledger.is_watched(root)
    desk.ledger.begin_root(root, {bounce: stamp_of(bounce)})
    assert desk.ledger.is_watched(root)
    assert desk.board.knows(bounce)
    bounce.write_bytes(b"12")
    assert not desk.board.knows(bounce)
