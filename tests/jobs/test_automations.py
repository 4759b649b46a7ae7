import mido
import pytest

from dawbridge.errors import JobError
from dawbridge.events import Notice
from dawbridge.knobs.automation import RAMP_S
from dawbridge.knobs.automations import LOOK_EVERY_S, Automations
from dawbridge.knobs.recorder import FOLLOWS_S


@pytest.fixture
def automations(desk):
    made = Automations(desk.store, desk.board, desk.bus, lambda: desk.now)
    desk.board.beside = made.beside
    return made


def move(desk, name, value, after=0.0):
    desk.now += after
    desk.store.set(name, value, "test")


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
    task = desk.task()
    assert task.order.automation.plain() == {
        "acapella_gain": [[11.0 - RAMP_S, -1.0], [11.0, -6.0], [20.0, -3.0]],
        "mask_depth": [[11.5 - RAMP_S, 1.0], [11.5, 0.5]],
    }
    assert task.order.live
    desk.finish(task)
    assert desk.ledger.automation(job_id) == task.order.automation.plain()
    desk.board.restore()
    assert desk.board.automation(job_id) == task.order.automation


def test_a_second_pass_goes_before_the_first_and_other_lanes_stay(desk, automations):
    desk.done()
    automations.record()
    for at, value in ((1.0, -1.0), (2.0, -2.0), (3.0, -3.0), (1.5, -10.0), (2.5, -20.0)):
        automations.place(at, False)
        move(desk, "acapella_gain", value)
    automations.stop()
    lane = [[1.0 - RAMP_S, 0.0], [1.0, -1.0], [1.5, -10.0], [2.5, -20.0], [3.0, -3.0]]
    assert desk.task().order.automation.plain() == {"acapella_gain": lane}
    desk.finish(desk.board._running)
    automations.record()
    move(desk, "mask_depth", 0.5)
    automations.stop()
    assert set(desk.task().order.automation.plain()) == {"acapella_gain", "mask_depth"}


def test_a_playhead_that_nobody_speaks_of_comes_to_rest(desk, automations):
    automations.place(5.0, True)
    desk.now += 100
    assert automations.transport.seconds() == 5.0 + FOLLOWS_S


def test_clear_and_what_cannot_be_done(desk, automations):
    with pytest.raises(JobError, match="focus"):
        automations.clear()
    desk.done()
    automations.stop()
    automations.record()
    automations.stop()
    assert any("nothing is recorded" in event.text for event in desk.events if isinstance(event, Notice))
    automations.record()
    automations.place(1.0, False)
    move(desk, "acapella_gain", -9.0)
    automations.stop()
    desk.finish(desk.task())
    automations.clear()
    assert not desk.task().order.automation


def test_a_midi_file_that_lies_there_before_the_bounce(desk, automations):
    song(desk.root / "song.mid")
    path = desk.bounce()
    desk.board.settling(path)
    desk.board.settled(path, None)
    task = desk.task()
    assert task.order.automation.plain() == {"acapella_gain": [[0.0, 6.0]]}
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
        assert task.order.automation.plain() == {"acapella_gain": [[0.0, db]]}
        desk.finish(task)
        assert desk.task() is None


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
