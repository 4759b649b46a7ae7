import pytest

from dawbridge.engine.process.messages import Finished
from dawbridge.errors import JobError, PathNotAllowedError, PresetError
from dawbridge.events import Done, Failed, JobState, Notice, Progress, StateChanged


def states(desk, job_id):
    return [event.state for event in desk.of(StateChanged) if event.job_id == job_id]


def test_a_bounce_goes_through_all_states(desk):
    job_id = desk.done()
    assert job_id == 1
    assert states(desk, 1) == [JobState.SETTLING, JobState.QUEUED, JobState.RUNNING, JobState.DONE]
    (done,) = desk.of(Done)
    assert done.acapella.endswith("separated/song_acapella.wav")
    assert desk.of(Progress)[-1].fraction == 1.0
    assert desk.board.focused == 1


def test_first_in_first_out(desk):
    for name in ("a.wav", "b.wav"):
        desk.board.settled(desk.bounce(name), None)
    first = desk.task()
    assert desk.task() is None  # one engine
    desk.finish(first)
    second = desk.task()
    assert [first.job.source.name, second.job.source.name] == ["a.wav", "b.wav"]


def test_the_snapshot_is_taken_when_the_job_starts(desk):
    desk.board.settled(desk.bounce(), None)
    desk.store.set("mask_floor", -30, "cli")
    task = desk.task()
    assert task.job.values["mask_floor"] == -30
    desk.store.set("mask_floor", -10, "cli")
    assert task.job.values["mask_floor"] == -30


def test_a_folder_named_after_a_preset_is_separated_with_it(desk):
    desk.board.settled(desk.bounce("karaoke/song.wav"), "karaoke")
    desk.board.settled(desk.bounce("mixes/song.wav"), "mixes")
    assert "karaoke" in desk.loop.world.presets()
    first = desk.task()
    assert first.job.values != dict(desk.store.snapshot())
    desk.finish(first)
    assert dict(desk.task().job.values) == dict(desk.store.snapshot())


def test_a_knob_rerenders_the_focused_bounce_once_it_rests(desk):
    job_id = desk.done()
    desk.store.set("mask_depth", 0.4, "osc")
    assert desk.task() is None
    desk.now += 0.1
    desk.store.set("mask_depth", 0.5, "osc")
    desk.now += 0.1
    assert desk.task() is None
    desk.now += 0.06
    task = desk.task()
    assert (task.job_id, task.job.values["mask_depth"], task.job.content_hash) == (job_id, 0.5, "hash")
    desk.finish(task)
    desk.now += 9
    assert desk.task() is None


def test_a_knob_that_never_rests_is_rendered_all_the_same(desk):
    desk.done()
    for step in range(12):
        desk.store.set("mask_depth", step / 20, "osc")
        desk.now += 0.1
    assert desk.task() is not None


def test_a_rerender_keeps_the_jobs_own_preset(desk):
    desk.board.settled(desk.bounce("karaoke/song.wav"), "karaoke")
    first = desk.task()
    desk.finish(first)
    desk.store.set("mask_depth", 0.5, "osc")
    desk.now += 1
    assert dict(desk.task().job.values) == {**first.job.values, "mask_depth": 0.5}


def test_a_knob_turned_while_the_bounce_runs_is_rendered_after_it(desk):
    desk.board.settled(desk.bounce(), None)
    task = desk.task()
    desk.store.set("mask_depth", 0.5, "osc")
    desk.now += 1
    desk.finish(task)
    assert desk.task().job.values["mask_depth"] == 0.5


def test_live_off_renders_nothing_until_it_is_on_again(desk):
    desk.done()
    desk.store.set("live_enable", 0, "osc")
    desk.store.set("mask_depth", 0.5, "osc")
    desk.now += 1
    assert desk.task() is None
    desk.store.set("live_enable", 1, "osc")
    assert desk.task() is not None


def test_an_analysis_knob_cancels_a_running_rerender_of_the_same_bounce(desk):
    desk.done()
    desk.store.set("center_width", 0.2, "osc")
    desk.now += 1
    task = desk.task()
    desk.board.wants_cancel(desk.now)
    desk.store.set("center_width", 0.3, "osc")
    assert desk.board.wants_cancel(desk.now)
    assert not desk.board.wants_cancel(desk.now)
    desk.board.finished(Finished(task.job_id, code="cancelled"))
    desk.now += 1
    assert desk.task().job.values["center_width"] == 0.3


def test_shifts_analyse_finished_bounces_anew_and_the_newer_value_cancels(desk):
    desk.done()
    desk.store.set("shifts", 2, "osc")
    desk.now += 1
    assert desk.task().job.values["shifts"] == 2
    desk.store.set("shifts", 4, "osc")
    assert desk.board.wants_cancel(desk.now)


def test_idle_time_prefetches_once_and_gives_way(desk):
    job_id = desk.done()
    assert desk.task(prefetch=True) is None
    desk.now += 1
    task = desk.task(prefetch=True)
    assert (task.job_id, task.job.prefetch) == (job_id, True)
    desk.board.settled(desk.bounce("next.wav"), None)
    assert desk.board.wants_cancel(desk.now)
    desk.board.finished(Finished(job_id, code="cancelled"))
    desk.finish(desk.task(prefetch=True))
    desk.now += 1
    prefetch = desk.task(prefetch=True)
    desk.board.finished(Finished(prefetch.job_id, outcome=None, code=""))
    desk.now += 9
    assert desk.task(prefetch=True) is None


def test_the_same_name_bounced_again_cancels_and_requeues(desk):
    path = desk.bounce()
    desk.board.settled(path, None)
    task = desk.task()
    desk.board.settling(path)
    assert desk.board.wants_cancel(desk.now)
    desk.board.finished(Finished(task.job_id, code="cancelled"))
    assert states(desk, task.job_id)[-1] is JobState.CANCELLED
    desk.board.settled(path, None)
    assert desk.task().job_id == task.job_id + 1


def test_a_deleted_bounce_leaves_the_queue(desk):
    path = desk.bounce()
    desk.board.settled(path, None)
    desk.board.gone(path)
    assert desk.task() is None
    assert desk.board.status() == ("idle", 0)


def test_a_paused_watch_queues_but_does_not_start(desk):
    desk.store.set("watch_enable", 0, "osc")
    desk.board.settled(desk.bounce(), None)
    assert desk.task() is None
    assert desk.board.status() == ("paused", 1)
    desk.store.set("watch_enable", 1, "osc")
    assert desk.task() is not None


def test_a_failure_is_told_and_the_next_goes_on(desk):
    desk.board.settled(desk.bounce("a.wav"), None)
    desk.board.settled(desk.bounce("b.wav"), None)
    desk.board.finished(Finished(desk.task().job_id, code="unreadable", message="a.wav: no audio"))
    assert [event.message for event in desk.of(Failed)] == ["a.wav: no audio"]
    assert desk.task().job.source.name == "b.wav"


def test_an_engine_that_dies_is_tried_once_more(desk):
    desk.board.settled(desk.bounce(), None)
    desk.task()
    desk.board.engine_lost("exit code -9")
    assert desk.task().job_id == 1
    desk.board.engine_lost("exit code -9")
    assert "died on it twice" in desk.of(Failed)[0].message
    assert desk.task() is None


def test_stalled_is_said_and_can_be_accepted(desk):
    path = desk.bounce()
    desk.board.settling(path)
    desk.board.stalled(path, "its header says 0")
    assert states(desk, 1)[-1] is JobState.STALLED
    assert "header says 0" in desk.of(Notice)[0].text
    assert "dawbridge jobs accept 1" in desk.of(Notice)[0].text
    assert "header says 0" in desk.ledger.get(1).message
    desk.board.accept(1)
    assert desk.board.wishes("accept") == [path]
    assert desk.board.wishes("accept") == []
    desk.board.settled(path, None)
    assert desk.ledger.get(1).message == ""


def test_what_cannot_be_read_is_not_offered_to_be_accepted(desk):
    desk.board.stalled(desk.bounce(), "it cannot be decoded", acceptable=False)
    assert "accept" not in desk.of(Notice)[0].text


def test_submit_is_confined_to_the_watched_folders(desk, tmp_path):
    outside = tmp_path / "outside.wav"
    outside.write_bytes(b"audio")
    link = desk.root / "link.wav"
    link.symlink_to(outside)
    for path in (outside, link, desk.root / ".." / "outside.wav", desk.root / "missing.wav"):
        with pytest.raises(PathNotAllowedError):
            desk.board.submit(str(path), None)
    with pytest.raises(PresetError):
        desk.board.submit(str(desk.bounce()), "no such preset")
    assert desk.board.submit(str(desk.bounce()), "karaoke") == 1
    assert desk.task().job.source == desk.bounce()


def test_unknown_jobs_are_refused(desk):
    for call in (desk.board.cancel, desk.board.rerender, desk.board.focus, desk.board.accept):
        with pytest.raises(JobError, match="no job 7"):
            call(7)


def test_focus_and_rerender_reach_an_earlier_bounce(desk):
    first, second = desk.done("a.wav"), desk.done("b.wav")
    desk.board.focus(first)
    desk.store.set("mask_depth", 0.5, "osc")
    desk.now += 1
    task = desk.task()
    assert task.job_id == first
    desk.finish(task)
    desk.board.rerender(second)
    assert desk.task().job.values["mask_depth"] == 0.5


def test_cancelling_a_rerender_keeps_the_stems_that_stood(desk):
    job_id = desk.done()
    desk.board.rerender(job_id)
    desk.task()
    desk.board.cancel(job_id)
    assert desk.board.wants_cancel(desk.now)
    desk.board.finished(Finished(job_id, code="cancelled"))
    assert states(desk, job_id)[-1] is JobState.DONE


def test_a_restart_takes_up_the_queue_and_the_focus(desk):
    job_id = desk.done("a.wav")
    waiting = desk.bounce("b.wav")
    desk.board.settled(waiting, None)
    desk.board.settling(desk.bounce("c.wav"))
    again = desk.restarted()
    assert again.board.focused == job_id
    assert again.task().job.source == waiting
    assert again.board.knows(waiting)
    assert not again.board.knows(desk.root.resolve() / "c.wav")
    again.ledger.close()
