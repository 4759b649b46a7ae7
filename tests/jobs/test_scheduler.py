"""The scheduler by replay: random histories, cut anywhere, and what has to be true in the end."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dawbridge.engine.job import SeparationResult
from dawbridge.engine.process.messages import Finished, Task
from dawbridge.errors import JobError
from dawbridge.events import Failed, JobState
from dawbridge.files import sightings
from dawbridge.jobs import inputs
from dawbridge.jobs.live import LONGEST_WAIT_S, NOTE_S, SETTLE_S
from dawbridge.jobs.picking import next_due_s
from dawbridge.jobs.turn import RETRY_S
from dawbridge.knobs.automation import Automation
from dawbridge.knobs.parameters import DEFAULTS
from dawbridge.knobs.takes import Takes
from tests.jobs.histories import PATHS, SOUND, bounces, come_to_rest, histories, knobs, latest, play, waits
from tests.jobs.replay import Replay, report_of, stem_files

A, B, *_ = PATHS
FAILED_RENDER_THEN_ANOTHER_FOCUS = [
    ("bounce", B, "x"), ("bounce", A, "x"), ("turn", "mask_depth", 0.1), ("finish", ""), ("wait", 0.2),
    ("finish", "unreadable"), ("turn", "mask_depth", 0.2),
]  # fmt: skip
RENDER_OWED_THEN_ITS_BOUNCE_DELETED = [
    ("bounce", A, "x"), ("bounce", B, "x"), ("bounce", A, "x"), ("finish", ""), ("turn", "mask_depth", 0.1),
    ("finish", ""), ("switch", "live_enable", 0.0), ("delete", A),
]  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(histories, st.booleans())
@example(FAILED_RENDER_THEN_ANOTHER_FOCUS, False)
@example(RENDER_OWED_THEN_ITS_BOUNCE_DELETED, False)
def test_no_bounce_is_lost_and_the_ledger_tells_the_truth(history, in_between):
    replay = Replay(prefetch=in_between, describes=in_between)
    for move in history:
        play(replay, move)
    come_to_rest(replay)
    for path in replay.files:
        row = latest(replay, path)
        assert row is not None
        assert row.state in (JobState.DONE, JobState.FAILED, JobState.CANCELLED)
        if row.state is JobState.DONE:
            assert row.stamp == replay.stamp(path)
            last = [values for source, _, values, _ in replay.rendered if source == path][-1]
            failed = any(event.job_id == row.id for event in replay.published if isinstance(event, Failed))
            assert row.settings == last or (row.rendering and failed)  # then it is for the next start
            assert not row.rendering or failed
    assert replay.state.is_idle
    assert not replay.state.queue
    for job in replay.state.jobs.values():
        assert replay.rows.jobs[job.id].state is job.state


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.one_of(bounces, bounces, knobs, waits, st.just(("finish", ""))), min_size=4, max_size=40),
    st.booleans(),
)
def test_each_bounce_is_done_once_in_order_and_the_last_knobs_are_rendered_into_the_focused_one(history, describes):
    replay = Replay(describes=describes)
    for move in history:
        play(replay, move)
    come_to_rest(replay)
    new = [(source, stamp) for source, stamp, _, is_new in replay.rendered if is_new]
    assert len(new) == len(set(new))
    for path in replay.files:
        assert (path, replay.stamp(path)) in new
    order = [stamp.modified_ns for _, stamp in new]
    assert order == sorted(order)
    assert not [event for event in replay.published if isinstance(event, Failed)]
    if new:
        focused = replay.state.jobs[replay.state.focused]
        assert (focused.path, focused.stamp) == new[-1]
        values = [values for source, _, values, _ in replay.rendered if source == focused.path][-1]
        assert {name: values[name] for name in SOUND} == {name: replay.knobs[name] for name in SOUND}


@settings(max_examples=200, deadline=None)
@given(histories, st.lists(st.tuples(st.integers(0, 40), st.integers(0, 8)), min_size=1, max_size=4))
def test_a_kill_anywhere_loses_nothing_and_repeats_only_what_was_cut(history, cuts):
    """kill -9 between any two effects of any step, then a start on what was stored."""
    replay = Replay(describes=True)
    for place, move in enumerate(history):
        if move[0] == "finish":
            move = ("finish", "")
        cut = next((cut for at, cut in cuts if at == place), None)
        if cut is not None and move[0] == "bounce":
            replay.write(move[1], move[2])
            replay.crash(sightings.Settling(move[1]), cut)
        elif cut is not None:
            replay.crash(inputs.Tick(), cut)
        play(replay, move)
    replay.crash()
    come_to_rest(replay)
    for path in replay.files:
        row = latest(replay, path)
        assert row is not None
        assert row.state in (JobState.DONE, JobState.CANCELLED, JobState.FAILED)
        if row.state is JobState.DONE:
            assert row.stamp == replay.stamp(path)
            assert not row.rendering
    ids = [row.id for row in replay.rows.jobs.values()]
    assert len(ids) == len(set(ids))
    asked = sum(move[0] in ("retry", "lose", "settling") for move in history)
    new = [(source, stamp) for source, stamp, _, is_new in replay.rendered if is_new]
    assert len(new) - len(set(new)) <= replay.crashes + asked


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 12), st.integers(0, 12))
def test_a_kill_while_a_result_is_noted_leaves_one_truth(first, second):
    """Each prefix of the effects of a finished task, and of a knob, is a ledger that a start can go on from."""
    replay = Replay()
    replay.bounce(PATHS[0], "x")
    message, replay.engine = replay.engine, None
    replay.stems |= dict.fromkeys(stem_files(message), "x")
    replay.crash(Finished(1, SeparationResult(report_of(message), "x", 1.0, 1.0, 1.0)), first)
    replay.settle()
    replay.turn("mask_depth", 0.4)
    replay.crash(inputs.Tick(), second)
    come_to_rest(replay)
    assert latest(replay, PATHS[0]).state is JobState.DONE
    assert latest(replay, PATHS[0]).settings["mask_depth"] == 0.4


@pytest.mark.parametrize("after_s", [0.0, NOTE_S, SETTLE_S, LONGEST_WAIT_S])
@pytest.mark.parametrize("is_busy", [True, False])
def test_knobs_turned_before_a_kill_are_rendered_at_the_next_start(is_busy, after_s):
    replay = Replay()
    replay.bounce(PATHS[0], "x")
    replay.settle()
    if is_busy:
        replay.bounce(PATHS[1], "longer")
    replay.turn("mask_depth", 0.2)
    replay.now += NOTE_S
    replay.turn("mask_depth", 0.3)
    replay.tick(after_s)
    replay.knobs = dict(DEFAULTS)  # even if the knobs' positions were not kept
    replay.crash()
    come_to_rest(replay)
    last = [values for source, _, values, _ in replay.rendered if source == PATHS[0]][-1]
    assert last["mask_depth"] == 0.3


def test_a_knob_is_rendered_into_the_focused_bounce_before_the_next_bounce_is_taken():
    replay = Replay()
    replay.bounce(PATHS[0], "x")
    replay.settle()
    replay.turn("mask_depth", 0.3)
    replay.bounce(PATHS[1], "y")
    assert replay.engine is None
    replay.settle()
    assert [(source, values["mask_depth"]) for source, _, values, _ in replay.rendered] == [
        (PATHS[0], 1.0), (PATHS[0], 0.3), (PATHS[1], 0.3),
    ]  # fmt: skip


def test_a_prefetch_that_was_told_to_stop_is_waited_for_not_asked_again():
    replay = Replay(prefetch=True)
    replay.bounce(PATHS[0], "x")
    replay.finish()
    replay.tick(5.0)
    assert replay.engine.job.prefetch
    replay.turn("mask_depth", 0.3)
    replay.tick(SETTLE_S)
    assert replay.stopping
    assert next_due_s(replay.state) == float("inf")
    replay.finish()
    assert replay.engine.job.values["mask_depth"] == 0.3


def test_the_wish_goes_along_when_another_bounce_takes_the_focus():
    replay = Replay()
    replay.bounce(PATHS[0], "x")
    replay.settle()
    replay.bounce(PATHS[1], "y")
    replay.turn("mask_depth", 0.3)
    assert replay.rows.jobs[1].rendering
    assert replay.rows.jobs[1].settings["mask_depth"] == 0.3
    replay.settle()
    assert not replay.rows.jobs[1].rendering
    assert replay.rows.jobs[1].settings["mask_depth"] == 1.0
    assert replay.rows.jobs[2].settings["mask_depth"] == 0.3
    assert [source for source, _, values, _ in replay.rendered if values["mask_depth"] == 0.3] == [PATHS[1]]


@pytest.mark.parametrize(
    "command",
    [inputs.Rerender(1), inputs.Automate(Automation.of({"mask_depth": [(0.0, 0.5)]}), 1)],
    ids=lambda command: type(command).__name__,
)
def test_what_was_asked_for_before_a_kill_is_done_at_the_next_start(command):
    replay = Replay()
    replay.bounce(PATHS[0], "x")
    replay.settle()
    replay.turn("live_enable", 0.0)
    replay.turn("mask_depth", 0.3)
    replay.bounce(PATHS[1], "the engine is busy")
    count = len(replay.rendered)
    assert replay.ask(command).error is None
    replay.crash()
    replay.settle()
    assert [source for source, *_ in replay.rendered[count:]].count(PATHS[0]) == 1
    assert replay.rows.takes.get(1, Takes()).automation == getattr(command, "automation", Automation())


def test_a_full_disk_keeps_a_knob_until_there_is_room():
    replay = Replay()
    replay.bounce(PATHS[0], "x")
    replay.settle()
    replay.turn("mask_depth", 0.3)
    replay.tick(SETTLE_S)
    replay.finish("disk")
    assert replay.rows.jobs[1].rendering
    assert next_due_s(replay.state) == pytest.approx(replay.now + RETRY_S)
    replay.tick(RETRY_S)
    replay.settle()
    assert not replay.rows.jobs[1].rendering
    assert replay.rendered[-1][2]["mask_depth"] == 0.3
    assert len([event for event in replay.published if isinstance(event, Failed)]) == 1


def test_submitted_twenty_times_is_one_job():
    replay = Replay()
    replay.write(PATHS[0], "x")
    replay.bounce(PATHS[1], "the engine is busy")
    answers = {replay.ask(inputs.Submit(str(PATHS[0]))).result for _ in range(20)}
    assert answers == {2}
    replay.settle()
    assert [source for source, *_ in replay.rendered] == [PATHS[1], PATHS[0]]


def test_a_refusal_changes_nothing():
    replay = Replay()
    replay.bounce(PATHS[0], "x")
    replay.settle()
    before = (dict(replay.rows.jobs), dict(replay.state.jobs), replay.state.focused)
    for command in (inputs.Cancel(9), inputs.Rerender(9), inputs.Focus(9), inputs.Retry(9), inputs.Forget(9)):
        assert isinstance(replay.ask(command).error, JobError)
    assert isinstance(replay.ask(inputs.Accept(1)).error, JobError)
    assert (replay.rows.jobs, replay.state.jobs, replay.state.focused) == before


def test_a_bounce_whose_midi_file_is_being_read_waits_and_the_others_do_not():
    replay = Replay()
    replay.being_read.add(PATHS[0])
    replay.bounce(PATHS[0], "x")
    assert replay.engine is None
    assert next_due_s(replay.state) == float("inf")
    replay.bounce(PATHS[1], "y")
    replay.settle()
    replay.being_read.clear()
    replay.tick(0.0)
    replay.settle()
    assert [source for source, *_ in replay.rendered] == [PATHS[1], PATHS[0]]


def test_the_same_history_gives_the_same_effects():
    def history():
        replay = Replay()
        replay.bounce(PATHS[0], "x")
        replay.turn("mask_depth", 0.3)
        replay.settle()
        return [(type(message), message.job_id) for message in replay.sent], replay.published

    assert history() == history()
    assert (Task, 1) in history()[0]
