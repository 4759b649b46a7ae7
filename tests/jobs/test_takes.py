"""Takes: undone, listed, used, deleted, kept; and where they lie."""

import struct

import pytest

from dawbridge.errors import JobError
from dawbridge.jobs.midi_files import LOOK_EVERY_S
from tests.jobs.automating import Automations, move, rendered, song, take


def test_takes_are_undone_and_redone_one_by_one_also_after_a_restart(desk, automations):
    job_id = desk.done()
    take(desk, automations, "acapella_gain", (1.0, -3.0))
    first = rendered(desk).job.automation
    take(desk, automations, "mask_depth", (2.0, 0.5))
    both = rendered(desk).job.automation
    assert set(both.plain()) == {"acapella_gain", "mask_depth"}
    automations.undo()
    assert rendered(desk).job.automation == first
    desk = desk.restarted()
    automations = Automations(desk)
    automations.undo()
    assert not rendered(desk).job.automation
    with pytest.raises(JobError, match="no take to undo"):
        automations.undo()
    automations.redo()
    automations.redo()
    assert rendered(desk).job.automation == both
    with pytest.raises(JobError, match="no take to redo"):
        automations.redo()
    automations.clear()
    assert not rendered(desk).job.automation
    automations.undo()
    assert desk.board.automation(job_id) == both


def test_a_take_after_an_undo_cannot_be_redone_over(desk, automations):
    desk.done()
    take(desk, automations, "acapella_gain", (1.0, -3.0))
    automations.undo()
    take(desk, automations, "mask_depth", (2.0, 0.5))
    with pytest.raises(JobError, match="no take to redo"):
        automations.redo()


@pytest.mark.parametrize("restart", [False, True])
def test_a_take_before_the_first_bounce_belongs_to_it(desk, automations, restart):
    take(desk, automations, "acapella_gain", (1.0, -3.0))
    take(desk, automations, "mask_depth", (2.0, 0.5))
    if restart:
        desk = desk.restarted()
    job_id = desk.done()
    assert set(rendered(desk).job.automation.plain()) == {"acapella_gain", "mask_depth"}
    assert set(desk.board.automation(job_id).plain()) == {"acapella_gain", "mask_depth"}
    other = desk.done("next.wav", content_hash="next")
    assert not desk.board.automation(other)


def test_takes_are_listed_used_and_deleted_also_after_a_restart(desk, automations):
    job_id = desk.done()
    with pytest.raises(JobError, match="no take 1; it has none"):
        automations.use(1)
    take(desk, automations, "acapella_gain", (1.0, -3.0), (4.0, -6.0))
    first = rendered(desk).job.automation
    take(desk, automations, "acapella_gain", (2.0, -20.0), (3.0, 0.0))
    rendered(desk)
    assert automations.takes() == (2, "1: 0.9..4.0 s, acapella_gain", "2: 1.9..3.0 s, acapella_gain")
    automations.clear()
    assert not rendered(desk).job.automation
    desk = desk.restarted()
    automations = Automations(desk)
    automations.use(1)
    assert rendered(desk).job.automation == first
    automations.delete(1)
    assert desk.task() is None
    assert desk.board.automation(job_id) == first
    assert automations.takes() == (1, "2: 1.9..3.0 s, acapella_gain")
    with pytest.raises(JobError, match="no take 1; its takes are 2"):
        automations.use(1)
    automations.use(2)
    assert len(rendered(desk).job.automation.plain()["acapella_gain"]) == 5
    assert Automations(desk.restarted()).takes() == (1, "2: 1.9..3.0 s, acapella_gain")


def test_the_takes_of_a_bounce_are_those_of_the_next_bounce_over_it(desk, automations):
    desk.done()
    take(desk, automations, "acapella_gain", (1.0, -3.0))
    rendered(desk)
    desk.now += 1.0
    rendered(desk)
    path = desk.bounce(content=b"another mix")
    desk.board.settling(path)
    desk.board.settled(path, None)
    desk.finish(desk.task(), "other")
    again = desk.board.focused
    assert not desk.board.automation(again)
    assert automations.takes()[0] == 1
    automations.use(1)
    assert set(rendered(desk).job.automation.plain()) == {"acapella_gain"}


@pytest.mark.parametrize("at_s", [60.0, 3600.0, -40.0])
def test_a_take_outside_of_the_bounce_is_an_error_and_kept(desk, automations, at_s):
    desk.done()
    automations.transport.set_zero(100.0)
    with pytest.raises(JobError, match=r"take 1 is at .* outside of song.wav \(0..60.0 s\): it is kept"):
        take(desk, automations, "acapella_gain", (100.0 + at_s, -3.0))
    assert desk.task() is None
    assert automations.takes()[0] == 1
    with pytest.raises(JobError, match="outside of"):
        automations.use(1)


def test_a_take_that_begins_before_the_bounce_acts_from_its_start(desk, automations):
    desk.done()
    automations.transport.set_zero(100.0)
    take(desk, automations, "acapella_gain", (95.0, -3.0), (98.0, -6.0), (105.0, -9.0))
    assert rendered(desk).job.automation.plain() == {"acapella_gain": [[0.0, -6.0], [5.0, -9.0]]}


@pytest.mark.parametrize("restart", [False, True])
def test_a_midi_file_that_is_deleted_stops_acting(desk, automations, restart):
    path = desk.root / "song.mid"
    song(path)
    job_id = desk.done()
    take(desk, automations, "mask_depth", (2.0, 0.5))
    assert set(rendered(desk).job.automation.plain()) == {"acapella_gain", "mask_depth"}
    if restart:
        desk = desk.restarted()
        automations = Automations(desk)
    path.unlink()
    for _ in range(3):
        desk.now += LOOK_EVERY_S
        automations.look(desk.now)
    assert set(rendered(desk).job.automation.plain()) == {"mask_depth"}
    automations.undo()
    assert set(desk.board.automation(job_id).plain()) == {"acapella_gain", "mask_depth"}


@pytest.mark.parametrize("name", ["song.MID", "song.midi", "song.Midi"])
def test_a_midi_file_counts_however_its_suffix_is_written(desk, automations, name):
    song(desk.root / name)
    path = desk.bounce()
    desk.board.settling(path)
    desk.board.settled(path, None)
    assert desk.task().job.automation.plain() == {"acapella_gain": [[0.0, 6.0]]}


def test_positions_count_from_the_time_reference_of_the_bounce_in_focus(desk, automations):
    job_id = desk.done(content=timed_wav(3630.0, 60.0))
    for _ in range(3):
        desk.loop.turn()
    assert desk.board.focused == job_id
    automations.record()
    desk.loop.recorder.transport.tell(3632.0, False, "mtc")
    move(desk, "acapella_gain", -3.0)
    automations.stop()
    assert rendered(desk).job.automation.plain()["acapella_gain"][-1] == [2.0, -3.0]


def timed_wav(start_s, seconds, rate=8000):
    """A WAV file of silence with a time reference."""
    bext = bytes(338) + struct.pack("<Q", int(start_s * rate)) + bytes(256)
    audio = bytes(2 * int(seconds * rate))
    form = struct.pack("<HHIIHH", 1, 1, rate, 2 * rate, 2, 16)
    chunks = b"".join(name + struct.pack("<I", len(body)) + body for name, body in
                      ((b"bext", bext), (b"fmt ", form), (b"data", audio)))  # fmt: skip
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def test_a_take_over_a_bounce_that_was_written_again_waits_for_the_new_one(desk, automations):
    desk.done()
    automations.record()
    automations.place(1.0, False)
    move(desk, "acapella_gain", -3.0)
    path = desk.bounce(content=b"another mix, longer")
    assert automations.stop() == (0, "take 1: 0.9..1.0 s, acapella_gain: kept, waits for the next bounce in focus")
    desk.now += 1.0
    task = desk.task()
    if task is not None:
        desk.finish(task)
    desk.board.settling(path)
    desk.board.settled(path, None)
    desk.finish(desk.task(), "other")
    assert set(desk.board.automation(desk.board.focused).plain()) == {"acapella_gain"}


def test_a_midi_file_that_is_the_same_after_a_restart_undoes_nothing(desk, automations):
    song(desk.root / "song.mid")
    job_id = desk.done()
    assert set(desk.ledger.takes(job_id).automation.plain()) == {"acapella_gain"}
    take(desk, automations, "acapella_gain", (2.0, -20.0))
    both = rendered(desk).job.automation
    desk = desk.restarted()
    automations = Automations(desk)
    for _ in range(4):
        desk.now += LOOK_EVERY_S
        automations.look(desk.now)
    assert desk.board.automation(job_id) == desk.ledger.takes(job_id).automation == both
