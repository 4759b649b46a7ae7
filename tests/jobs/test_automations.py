import struct
from concurrent.futures import Future

import mido
import pytest

from dawbridge.engine.process.messages import Finished
from dawbridge.errors import JobError
from dawbridge.events import Notice
from dawbridge.jobs.inputs import EngineReady, Settled
from dawbridge.jobs.midi_files import LOOK_EVERY_S
from dawbridge.knobs.automation import RAMP_S
from dawbridge.knobs.recorder import FOLLOWS_S
from dawbridge.surfaces.midi.bindings import DEFAULT_BINDINGS
from dawbridge.surfaces.midi.song import read_automation
from tests.jobs_rig import JobsRig


class Automations:
    """The automation as OSC asks for it, each answered at once."""

    def __init__(self, desk):
        self._loop, self._ask = desk.loop, desk.rig.ask
        self.transport = desk.loop.recorder.transport

    def place(self, seconds, playing):
        self._loop.turn()  # the clock stands still: what was moved before is heard before
        self._loop.automation.place(seconds, playing)

    def record(self):
        self._ask(self._loop.automation.record())

    def stop(self):
        self._ask(self._loop.automation.stop())

    def clear(self):
        self._ask(self._loop.automation.clear())

    def undo(self):
        self._ask(self._loop.automation.undo())

    def redo(self):
        self._ask(self._loop.automation.redo())

    def takes(self):
        return self._ask(self._loop.automation.takes())

    def use(self, number):
        return self._ask(self._loop.automation.use_take(number))

    def delete(self, number):
        return self._ask(self._loop.automation.delete_take(number))

    def look(self, _now):
        self._loop.turn()


@pytest.fixture
def automations(desk):
    desk.read = lambda file: read_automation(file, DEFAULT_BINDINGS)
    return Automations(desk)


def move(desk, name, value, after=0.0):
    desk.now += after
    desk.store.set(name, value, "test")


def rendered(desk):
    """The last of the tasks that the engine gets one after the other; all are done but this one."""
    task = desk.task()
    while True:
        desk.finish(task)
        following = desk.task()
        if following is None:
            return task
        task = following


def song(path, value=127):
    track = mido.MidiTrack([mido.Message("control_change", control=22, value=value)])
    mido.MidiFile(tracks=[track]).save(path)


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
    for at, value in ((1.0, -1.0), (2.0, -2.0), (3.0, -3.0), (1.5, -10.0), (2.5, -20.0)):
        automations.place(at, False)
        move(desk, "acapella_gain", value)
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
        for at, value in moves:
            automations.place(at, False)
            move(desk, "acapella_gain", value)
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
    lane = [[1.0, -3.0], [10.0 - RAMP_S, 0.0], [10.0, -1.0], [20.0, -2.0], [60.0, -4.0]]
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


def take(desk, automations, name, *moves):
    automations.record()
    for at, value in moves:
        automations.place(at, False)
        move(desk, name, value)
    automations.stop()


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
    desk.loop.recorder.place(3632.0, False, "mtc")
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
