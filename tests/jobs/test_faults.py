"""What goes wrong around the board, and what is kept: one test a fault. docs/reliability.md has the list."""

import os
import time
import unicodedata
from pathlib import Path

import pytest

from dawbridge.engine.process.messages import Finished
from dawbridge.events import Done, Failed, JobState, StateChanged
from dawbridge.jobs.turn import RETRY_S


def states(desk, job_id):
    return [event.state for event in desk.of(StateChanged) if event.job_id == job_id]


def test_a_full_disk_is_told_once_and_tried_again_until_there_is_room(desk):
    desk.board.settled(desk.bounce(), None)
    for _ in range(3):
        desk.board.finished(Finished(desk.task().job_id, code="disk", message="the disk is full"))
        assert desk.task() is None
        assert desk.board.is_idle
        desk.now += RETRY_S
    assert [event.message for event in desk.of(Failed)] == ["the disk is full"]
    desk.finish(desk.task())
    assert states(desk, 1)[-1] is JobState.DONE


def test_a_full_disk_is_tried_again_by_the_next_daemon(desk):
    desk.board.settled(desk.bounce(), None)
    desk.board.finished(Finished(desk.task().job_id, code="disk", message="the disk is full"))
    again = desk.restarted()
    assert again.task().job_id == 1
    again.ledger.close()


def test_what_is_no_audio_is_not_tried_again(desk):
    path = desk.bounce()
    desk.board.settled(path, None)
    desk.board.finished(Finished(desk.task().job_id, code="unreadable", message="no audio"))
    desk.now += 2 * RETRY_S
    assert desk.task() is None
    assert desk.board.knows(path)


@pytest.mark.parametrize("moment", ["waiting", "running"])
def test_a_folder_that_is_unplugged_keeps_its_queue(desk, tmp_path, moment):
    desk.board.settled(desk.bounce(), None)
    task = desk.task() if moment == "running" else None
    desk.root.rename(tmp_path / "away")
    if task:
        desk.board.finished(Finished(task.job_id, code="unreadable", message="there is no such file"))
    assert desk.task() is None
    desk.now += RETRY_S
    assert desk.task() is None
    (tmp_path / "away").rename(desk.root)
    desk.now += RETRY_S
    desk.finish(desk.task())
    assert states(desk, 1)[-1] is JobState.DONE
    assert not desk.of(Failed)


@pytest.mark.parametrize("restart", [False, True])
def test_a_folder_that_is_closed_to_us_keeps_its_queue(desk, monkeypatch, restart):
    path = desk.bounce("day/song.wav")
    desk.bounce("beside.wav")
    desk.board.settled(path, None)
    stat = Path.stat

    def refused(self, **more):
        if self.parent.name == "day":
            raise PermissionError(13, "Permission denied")
        return stat(self, **more)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "stat", refused)
        desk = desk.restarted() if restart else desk
        assert desk.task() is None
        desk.now += RETRY_S
        assert desk.task() is None
    desk.now += RETRY_S
    desk.finish(desk.task())
    assert desk.ledger.get(1).state is JobState.DONE
    with monkeypatch.context() as patch:
        patch.setattr(Path, "stat", refused)
        assert desk.ledger.prune(0) == 0
        desk = desk.restarted()
        assert desk.ledger.get(1).stems_stand
    desk.ledger.close()


def test_an_empty_mount_point_at_the_start_forgets_nothing(desk, tmp_path):
    desk.board.settled(desk.bounce(), None)
    desk.root.rename(tmp_path / "away")
    desk.root.mkdir()
    again = desk.restarted()
    assert again.task() is None
    desk.root.rmdir()
    (tmp_path / "away").rename(desk.root)
    again.now += RETRY_S
    assert again.task().job_id == 1
    again.ledger.close()


def test_a_bounce_overwritten_twenty_times_mid_job_is_done_once_as_it_was_last(desk):
    path = desk.bounce()
    desk.board.settling(path)
    desk.board.settled(path, None)
    for take in range(20):
        task = desk.task()
        desk.bounce(content=b"take %d" % take + bytes(take))
        if take % 2:  # the watch is first
            desk.board.settling(path)
            assert desk.board.wants_cancel(desk.now)
            desk.board.finished(Finished(task.job_id, code="cancelled"))
        else:  # the engine is first
            desk.board.finished(Finished(task.job_id, code="unreadable", message="it changed"))
            desk.board.settling(path)
        desk.board.settled(path, None)
    desk.finish(desk.task())
    assert desk.task() is None
    assert len(desk.of(Done)) == 1
    assert not desk.of(Failed)
    assert desk.board.knows(path)


def test_a_render_cut_off_between_its_two_stems_is_done_again(desk):
    """kill -9 while a knob's render is published: acapella new, instrumental old."""
    desk.done()
    desk.store.set("mask_depth", 0.5, "osc")
    desk.now += 1
    assert desk.task() is not None
    again = desk.restarted()
    task = again.task()
    assert (task.job_id, task.job.values["mask_depth"]) == (1, 0.5)
    again.finish(task)
    once_more = again.restarted()
    assert once_more.task() is None
    once_more.ledger.close()


def test_an_engine_killed_in_a_render_of_a_done_bounce_does_it_again(desk):
    desk.done()
    desk.board.rerender(1)
    desk.task()
    desk.board.engine_lost("exit code -9")
    assert states(desk, 1)[-1] is JobState.DONE
    assert desk.task().job_id == 1


def test_a_clock_set_back_changes_nothing(desk, monkeypatch):
    monkeypatch.setattr(time, "time", lambda: 2_000_000_000.0)
    desk.done("first.wav")
    monkeypatch.setattr(time, "time", lambda: 1_000_000_000.0)
    second = desk.done("second.wav")
    bounce = desk.bounce("third.wav")
    os.utime(bounce, ns=(1, 1))
    desk.board.settled(bounce, None)
    again = desk.restarted()
    assert again.board.focused == second
    assert again.task().job.source == bounce
    assert again.board.knows(desk.root.resolve() / "first.wav")
    again.ledger.close()


@pytest.mark.slow
def test_ten_thousand_at_once(desk):
    paths = [desk.root.resolve() / f"{number}.wav" for number in range(10_000)]
    for path in paths:
        path.touch()
    with desk.board.together():
        for path in paths:
            desk.board.settling(path)
            desk.board.settled(path, None)
    assert desk.board.status() == ("idle", 10_000)
    for path in paths[:300]:
        task = desk.task()
        assert task.job.source == path
        desk.board.finished(Finished(task.job_id, code="unreadable", message="empty"))
    again = desk.restarted()
    assert again.board.status() == ("idle", 9700)
    assert all(again.board.knows(path) for path in paths)
    assert again.task().job.source == paths[300]
    again.ledger.close()


NAMES = [
    "é.wav",
    "e\u0301.wav",
    "🎤 take (1).wav",
    "  two  spaces .wav",
    "x" * 246 + ".wav",
    "ü" * 123 + ".wav",
    "'%s'.wav",
]


def test_names_of_every_kind_each_have_their_own_stems(desk):
    assert unicodedata.normalize("NFC", NAMES[1]) == NAMES[0]
    names = [*NAMES, os.fsdecode(b"\xff\xfe latin.wav"), "~root.wav", "a\nb.wav"]
    written = set()
    for name in names:
        desk.board.settled(desk.bounce(name), None)
        task = desk.task()
        assert task.job.source.name == name
        written |= {task.job.acapella, task.job.instrumental}
        desk.finish(task)
    assert len(written) == 2 * len(names)
    again = desk.restarted()
    assert all(again.board.knows(desk.root.resolve() / name) for name in names)
    assert {again.ledger.get(number).path.name for number in range(1, len(names) + 1)} == set(names)
    again.ledger.close()


def test_a_ledger_that_another_program_holds_delays_nothing_and_loses_nothing(desk):
    import sqlite3

    other = sqlite3.connect(desk.home / "ledger.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    path = desk.bounce()
    desk.board.settling(path)
    desk.board.settled(path, None)
    desk.finish(desk.task())
    assert "locked" in desk.ledger.database.trouble
    assert desk.ledger.database.waiting > 3
    other.execute("ROLLBACK")
    other.close()
    again = desk.restarted()
    assert again.ledger.get(1).state is JobState.DONE
    assert again.board.knows(path)
    again.ledger.close()


def test_another_daemons_jobs_are_left_to_it(desk, tmp_path):
    desk.board.settled(desk.bounce(), None)
    desk.task()
    (tmp_path / "other").mkdir()
    other = type(desk)(tmp_path / "other", desk.home)
    assert other.ledger.get(1).state is JobState.RUNNING
    path = tmp_path / "other" / "b.wav"
    path.touch()
    other.board.settled(path.resolve(), None)
    assert other.task().job_id == 2
    desk.board.settled(desk.bounce("c.wav"), None)
    assert desk.ledger.latest(desk.root.resolve() / "c.wav").id == 3
    other.ledger.close()
