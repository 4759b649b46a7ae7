"""Recording: whose a take is, what ends it, and that nothing of it is lost."""

import pytest

from dawbridge.errors import JobBusyError, JobError, PositionError
from dawbridge.events import Notice
from dawbridge.jobs.recordings import SAVE_EVERY_S
from tests.jobs.automating import Automations, move, play, rendered, take
from tests.jobs.test_takes import timed_wav

NAME = "acapella_gain"


def lane(desk, job_id):
    return desk.board.automation(job_id).plain().get(NAME, [])


def next_bounce(desk, content=b"another bounce"):
    """One more bounce goes the whole way, whatever is rendered before it; its job."""
    path = desk.bounce("next.wav", content)
    desk.board.settling(path)
    desk.board.settled(path, None)
    desk.now += 1.0
    while task := desk.task():
        desk.finish(task, task.job.source.name)
    desk.loop.turn()
    return desk.board.focused


def test_record_while_recording_is_refused_and_the_take_goes_on(desk, automations):
    job_id = desk.done()
    automations.record()
    automations.place(1.0, False)
    move(desk, NAME, -3.0)
    with pytest.raises(JobBusyError, match="recorded already and goes on; /dawbridge/automation/stop ends it"):
        automations.record()
    automations.place(1.1, False)
    move(desk, NAME, -4.0)
    automations.stop()
    assert lane(desk, job_id)[1:] == [[1.0, -3.0], [1.1, -4.0]]


def test_clear_while_recording_clears_the_bounce_and_keeps_the_take(desk, automations):
    job_id = desk.done()
    take(desk, automations, NAME, (1.0, -3.0))
    automations.record()
    automations.place(5.0, False)
    move(desk, NAME, -9.0)
    automations.clear()
    assert lane(desk, job_id) == []
    automations.place(5.1, False)
    move(desk, NAME, -10.0)
    automations.stop()
    assert lane(desk, job_id)[1:] == [[5.0, -9.0], [5.1, -10.0]]


@pytest.mark.parametrize("clear", [False, True])
def test_a_take_belongs_to_the_bounce_that_was_in_focus_when_it_began(desk, automations, clear):
    first = desk.done()
    automations.record()
    automations.place(1.0, False)
    move(desk, NAME, -3.0)
    other = next_bounce(desk)
    assert desk.board.focused == other
    if clear:  # it clears the bounce in focus
        automations.clear()
    assert automations.stop() == (first, "take 1: 0.9..1.0 s, acapella_gain: song.wav")
    assert (lane(desk, first)[1:], lane(desk, other)) == ([[1.0, -3.0]], [])


def test_a_recording_that_began_before_the_first_bounce_is_the_first_one_s(desk, automations):
    automations.record()
    automations.place(1.0, False)
    move(desk, NAME, -3.0)
    first = desk.done()
    desk.loop.turn()
    next_bounce(desk)
    assert automations.stop()[0] == first


@pytest.mark.parametrize("restart", [False, True])
def test_several_takes_before_the_first_bounce_are_kept_in_order(desk, automations, restart):
    said = []
    for at, value in ((1.0, -1.0), (9.0, -9.0), (1.0, -2.0)):
        automations.record()
        automations.place(at, False)
        move(desk, NAME, value)
        said.append(automations.stop())
    assert said[0] == (0, "take 1: 0.9..1.0 s, acapella_gain: kept, waits for the next bounce in focus")
    assert said[2] == (0, "take 3: 0.9..1.0 s, acapella_gain: kept, waits for the next bounce in focus, 3 of them")
    if restart:
        desk = desk.restarted()
        automations = Automations(desk)
    job_id = desk.done()
    assert automations.takes()[0] == 3
    assert [point for point in lane(desk, job_id) if point[0] in (1.0, 9.0)] == [[1.0, -2.0], [9.0, -9.0]]
    automations.undo()
    assert [1.0, -1.0] in lane(desk, job_id)
    next_bounce(desk)
    with pytest.raises(JobError, match="no take 1"):
        automations.use(1)


@pytest.mark.parametrize("has_bounce", [True, False])
@pytest.mark.parametrize("killed", [True, False])
def test_a_recording_outlives_the_daemon(desk, automations, killed, has_bounce):
    job_id = desk.done() if has_bounce else 0
    automations.record()
    play(desk, automations, (1.0, -3.0), (2.0, -4.0), (40.0, -5.0))
    desk.loop.turn()
    desk.now += SAVE_EVERY_S
    desk.loop.turn()
    if not killed:
        move(desk, NAME, -6.0)
        desk.loop.stop()
    desk = desk.restarted()
    job_id = job_id or desk.done()
    played = [[1.0, -3.0], [2.0, -4.0], [40.0, -5.0]]
    assert lane(desk, job_id)[1:4] == played
    assert (lane(desk, job_id)[-1][1] == -6.0) is not killed
    assert rendered(desk).job.automation == desk.board.automation(job_id)
    again = desk.restarted()
    assert Automations(again).takes()[0] == 1


def test_a_take_that_was_stopped_is_not_taken_up_again(desk, automations):
    desk.done()
    automations.record()
    play(desk, automations, (1.0, -3.0), (2.0, -4.0))
    desk.now += SAVE_EVERY_S
    desk.loop.turn()
    automations.stop()
    assert Automations(desk.restarted()).takes()[0] == 1


def test_a_recording_of_another_daemon_on_the_same_ledger_is_left_to_it(desk, automations):
    desk.done()
    desk.ledger.database.write(
        ("INSERT INTO recording(owner, job, moves) VALUES (?, ?, ?)", ("/elsewhere", 0, f'[["{NAME}", 1, 0, 0, -3]]'))
    )
    assert Automations(desk.restarted()).takes() == (0,)


def test_a_damaged_recording_keeps_what_makes_sense(desk, automations):
    job_id = desk.done()
    owner = str(desk.root.resolve())
    for moves in (f'[["{NAME}", 1, 0, 0, -3], ["no", 1]]', "{", f'[["{NAME}", 1.1, 0, -3, 1e999]]', "[3]",
                  f'[["{NAME}", 1.2, 0, -3, -5]]'):  # fmt: skip
        sql = "INSERT INTO recording(owner, job, moves) VALUES (?, ?, ?)"
        desk.ledger.database.write((sql, (owner, job_id, moves)))
    desk = desk.restarted()
    assert lane(desk, job_id)[1:] == [[1.0, -3.0], [1.2, -5.0]]


def test_positions_count_from_the_bounce_that_is_recorded_for(desk, automations):
    first = desk.done(content=timed_wav(3630.0, 60.0))
    desk.loop.turn()
    automations.record()
    next_bounce(desk, timed_wav(7200.0, 50.0))
    desk.loop.turn()
    desk.loop.automation.place(3632.0, False, "mtc")
    move(desk, NAME, -3.0)
    assert automations.stop()[0] == first
    assert lane(desk, first)[-1] == [2.0, -3.0]


@pytest.mark.parametrize("zero", [-0.5, -3.0, float("nan"), float("inf"), 1e9])
def test_a_zero_that_cannot_be_is_refused(desk, automations, zero):
    with pytest.raises(PositionError, match=r"allowed is 0..86400 s, -1 .*or -2"):
        desk.loop.automation.set_zero(zero)
    assert desk.loop.automation.zero == -1.0


def test_recording_without_a_position_is_said(desk, automations):
    def said():
        return sum("nobody says where the playhead is" in event.text for event in desk.of(Notice))

    automations.record()
    assert said() == 1
    with pytest.raises(JobError, match="no knob was moved"):
        automations.stop()
    automations.place(1.0, False)
    automations.record()
    assert said() == 1
