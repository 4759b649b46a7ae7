"""Knob moves that are recorded against the position, and MIDI files beside bounces."""

from concurrent.futures import Future

import pytest

from dawbridge.engine.process.messages import Finished
from dawbridge.errors import JobError
from dawbridge.events import Notice
from dawbridge.files.sightings import Settled
from dawbridge.jobs.inputs import EngineReady
from dawbridge.jobs.midi_files import LOOK_EVERY_S
from dawbridge.knobs.automation import RAMP_S
from dawbridge.knobs.transport import FOLLOWS_S
from dawbridge.surfaces.midi.bindings import DEFAULT_BINDINGS
from dawbridge.surfaces.midi.song import read_automation
from tests.jobs.automating import move, play, rendered, song
from tests.jobs_rig import JobsRig


def test_moves_are_kept_against_the_position_and_rendered_into_the_focused_bounce(desk, automations):
    job_id = desk.done()
    desk.task()
    automations.record()
    move(desk, "acapella_gain", -1.0)  # nobody has said where we are
    automations.place(10.0, True)
    move(desk, "acapella_gain", -6.0, after=1.0)
    move(desk, "mask_depth", 0.5, after=0.5)
    automations.place(20.0, False)
    move(desk, "acapella_gain", -3.0, after=9.0)
    automations.stop()
    task = rendered(desk)
    assert task.job.automation.plain() == {
        "acapella_gain": [[11.0 - RAMP_S, -1.0], [11.0, -6.0], [20.0, -3.0]],
        "mask_depth": [[11.5 - RAMP_S, 1.0], [11.5, 0.5]],
    }
    assert task.job.live
    assert desk.ledger.takes(job_id).automation.plain() == task.job.automation.plain()
    again = desk.restarted()
    assert again.board.focused == job_id
    assert again.board.automation(job_id) == task.job.automation


def test_a_second_pass_goes_before_the_first_and_other_lanes_stay(desk, automations):
    desk.done()
    automations.record()
    play(desk, automations, (1.0, -1.0), (2.0, -2.0), (3.0, -3.0), (1.5, -10.0), (2.5, -20.0))
    automations.stop()
    lane = [[1.0 - RAMP_S, 0.0], [1.0, -1.0], [1.5, -10.0], [2.5, -20.0], [3.0, -3.0]]
    assert rendered(desk).job.automation.plain() == {"acapella_gain": lane}
    automations.record()
    move(desk, "mask_depth", 0.5)
    automations.stop()
    assert set(rendered(desk).job.automation.plain()) == {"acapella_gain", "mask_depth"}


def test_a_take_replaces_only_what_it_was_played_over(desk, automations):
    desk.done()
    for first, moves in ((1.0, ((1.0, -20.0), (3.0, 0.0))), (7.0, ((7.0, -6.0), (7.5, -7.0))), (2.5, ((2.5, -1.0),))):
        automations.record()
        play(desk, automations, *moves)
        automations.stop()
        assert first == moves[0][0]
    points = [[1.0 - RAMP_S, 0.0], [1.0, -20.0], [2.5, -1.0], [3.0, 0.0], [7.0, -6.0], [7.5, -7.0]]
    assert rendered(desk).job.automation.plain() == {"acapella_gain": points}


def test_a_locate_within_a_take_passes_over_nothing(desk, automations):
    desk.done()
    automations.record()
    for at, value in ((10.0, -1.0), (20.0, -2.0), (1.0, -3.0), (60.0, -4.0)):
        automations.place(at, False)
        move(desk, "acapella_gain", value)
    automations.stop()
    lane = [[1.0 - RAMP_S, 0.0], [1.0, -3.0], [10.0, -1.0], [20.0, -2.0], [60.0, -4.0]]
    assert rendered(desk).job.automation.plain() == {"acapella_gain": lane}


def test_a_playhead_that_nobody_speaks_of_comes_to_rest(desk, automations):
    automations.place(5.0, True)
    desk.now += 100
    assert automations.transport.seconds() == 5.0 + FOLLOWS_S


def test_clear_and_what_cannot_be_done(desk, automations):
    with pytest.raises(JobError, match="focus"):
        automations.clear()
    desk.done()
    with pytest.raises(JobError, match="nothing was being recorded"):
        automations.stop()
    automations.record()
    with pytest.raises(JobError, match="no knob was moved"):
        automations.stop()
    automations.record()
    automations.place(1.0, False)
    move(desk, "acapella_gain", -9.0)
    automations.stop()
    desk.finish(desk.task())
    automations.clear()
    assert not desk.task().job.automation


def test_a_midi_file_that_lies_there_before_the_bounce(desk, automations):
    song(desk.root / "song.mid")
    path = desk.bounce()
    desk.board.settling(path)
    desk.board.settled(path, None)
    task = desk.task()
    assert task.job.automation.plain() == {"acapella_gain": [[0.0, 6.0]]}
    desk.finish(task)
    desk.now += LOOK_EVERY_S
    automations.look(desk.now)
    assert desk.task() is None


def test_a_midi_file_that_comes_and_changes_afterwards(desk, automations):
    desk.done()
    for value, db in ((127, 6.0), (0, -60.0)):
        song(desk.root / "song.mid", value)
        for _ in range(3):
            desk.now += LOOK_EVERY_S
            automations.look(desk.now)
        task = desk.task()
        assert task.job.automation.plain() == {"acapella_gain": [[0.0, db]]}
        desk.finish(task)
        assert desk.task() is None


def test_a_midi_file_that_takes_long_to_read_holds_up_its_own_bounce_alone(desk, tmp_path):
    """It is read in another thread: here that is the test's own, when it wants."""
    waiting = []

    def submit(read, file):
        waiting.append((read, file, Future()))
        return waiting[-1][2]

    desk.loop.close()
    desk.ledger.close()
    desk.rig = JobsRig(
        desk.root.resolve(), desk.home, lambda: desk.now, submit=submit,
        read=lambda file: read_automation(file, DEFAULT_BINDINGS),
    )  # fmt: skip
    rig, song_bounce, other = desk.rig, desk.bounce("song.wav"), desk.bounce("other.wav")
    song(desk.root / "song.mid")
    rig.handle(EngineReady(), Settled(song_bounce), Settled(other))
    (task,) = rig.tasks()
    assert task.job.source == other
    ((read, file, future),) = waiting
    future.set_result(read(file))
    rig.handle(Finished(task.job_id, code="unreadable", message="no audio"))
    (task,) = rig.tasks()
    assert task.job.automation.plain() == {"acapella_gain": [[0.0, 6.0]]}
    rig.close()


def test_a_broken_midi_file_is_one_line(desk, automations):
    desk.done()
    (desk.root / "song.mid").write_bytes(b"no song")
    for _ in range(5):
        desk.now += LOOK_EVERY_S
        automations.look(desk.now)
    notices = [event.text for event in desk.events if isinstance(event, Notice)]
    assert len(notices) == 1
    assert "not" in notices[0] and "song.mid" in notices[0]
    assert desk.task() is None
