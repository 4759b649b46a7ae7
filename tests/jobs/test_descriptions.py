"""Tempo and key: estimated once, when nothing else is to be done, and before it if stems are named after them."""

import json

import pytest

from dawbridge.audio.files import WriteReport
from dawbridge.config.settings import FolderSettings
from dawbridge.engine.job import SeparationResult
from dawbridge.engine.music import Key, Tempo, TempoKey
from dawbridge.engine.process.messages import Describe, Described, Finished, Task, TaskProgress
from dawbridge.events import JobInfo, JobState, Progress
from dawbridge.files.output import Output

FOUND = TempoKey(Tempo(128.0, 0.9), Key(9, True, 0.8))
UNSURE = TempoKey(Tempo(97.3, 0.1), Key(2, False, 0.1))


@pytest.fixture
def describing(desk):
    desk.loop.state.describes = True
    return desk


def describe(desk, found=FOUND):
    """The engine is sent one `Describe`, and answers it."""
    (message,) = [message for message in desk.rig.tasks() if isinstance(message, Describe)]
    desk.rig.handle(Described(message.job_id, found))
    return message


def test_a_finished_bounce_is_described_once_by_its_instrumental(describing):
    job_id = describing.done()
    assert describing.board.info(job_id) == (job_id, 0.0, "", "")
    message = describe(describing)
    assert describing.board.info(job_id) == (job_id, 128.0, "Am", "8A")
    assert message == Describe(job_id, describing.root.resolve() / "separated" / "song_instrumental.wav")
    assert describing.of(JobInfo) == [JobInfo(job_id, 128.0, "Am", "8A")]
    assert describing.ledger.get(job_id).tempo_key == FOUND
    describing.store.set("mask_depth", 0.5, "osc")
    describing.now += 0.2
    task = describing.task()
    assert task.job.tempo_key == FOUND
    describing.finish(task)
    assert describing.task() is None


def test_what_is_not_sure_is_kept_but_not_told(describing):
    job_id = describing.done()
    describe(describing, UNSURE)
    assert describing.of(JobInfo) == [JobInfo(job_id, 0.0, "", "")]
    assert describing.ledger.get(job_id).tempo_key == UNSURE


def test_bounces_that_wait_come_first(describing):
    for name in ("a.wav", "b.wav"):
        describing.board.settled(describing.bounce(name), None)
    describing.finish(describing.task())
    second = describing.task()
    assert isinstance(second, Task)
    describing.finish(second)
    assert describe(describing).job_id == 1
    assert describe(describing).job_id == 2
    assert describing.loop.state.is_idle


def test_it_gives_way_to_a_bounce_and_is_done_after_it(describing):
    first = describing.done()
    assert isinstance(describing.task(), Describe)
    assert describing.rig.cancels() == 0
    describing.board.settled(describing.bounce("b.wav"), None)
    describing.rig.tasks()
    assert describing.rig.cancels() == 1
    describing.rig.handle(Described(first, None))  # stopped
    task = describing.task()
    assert isinstance(task, Task)
    describing.finish(task)
    assert describe(describing).job_id == first


def test_it_gives_way_to_a_knob(describing):
    first = describing.done()
    describing.task()
    describing.store.set("mask_depth", 0.5, "osc")
    describing.now += 0.2
    describing.task()
    assert describing.rig.cancels() == 1
    describing.rig.handle(Described(first, None))
    assert isinstance(describing.task(), Task)


@pytest.mark.parametrize("wish", ["retry", "forget"])
def test_it_gives_way_to_a_wish_about_its_own_bounce(describing, wish):
    job_id = describing.done()
    assert isinstance(describing.task(), Describe)
    getattr(describing.board, wish)(job_id)
    describing.rig.handle(Described(job_id, None))
    if wish == "forget":
        assert describing.ledger.get(job_id) is None
    else:
        describing.finish(describing.task())
        assert describing.ledger.get(job_id).state is JobState.DONE


def test_an_engine_that_dies_of_it_is_not_asked_again(describing):
    job_id = describing.done()
    assert isinstance(describing.task(), Describe)
    describing.board.engine_lost("killed")
    describing.is_ready = False
    assert describing.task() is None
    assert describing.loop.state.jobs[job_id].tempo_key == TempoKey()


def test_what_the_engine_found_with_the_stems_is_not_asked_for_again(describing):
    describing.board.settled(describing.bounce(), None)
    task = describing.task()
    report = WriteReport(None, None, "WAV", "PCM_24", float("-inf"), 0, -3.0)
    outcome = SeparationResult(report, "hash", 10.0, 1.0, 0.8, tempo_key=FOUND)
    describing.board.finished(Finished(task.job_id, outcome))
    assert describing.of(JobInfo) == [JobInfo(1, 128.0, "Am", "8A")]
    assert describing.ledger.get(1).tempo_key == FOUND
    assert describing.task() is None


def test_a_restart_remembers_and_asks_no_more(describing):
    job_id = describing.done()
    describe(describing)
    again = describing.restarted()
    again.loop.state.describes = True
    assert again.task() is None
    assert again.loop.state.jobs[job_id].tempo_key == FOUND


def test_nonsense_in_the_ledger_is_passed_over(describing):
    job_id = describing.done()
    for text in ("", "[]", "nonsense", '{"bpm": "x"}', "9" * 5000, json.dumps({"tonic": [1]})):
        describing.ledger.database.write(("UPDATE jobs SET tempo_key = ? WHERE id = ?", (text, job_id)))
        assert describing.ledger.get(job_id).tempo_key in (None, TempoKey())


@pytest.fixture
def by_music(describing):
    """Stems are named after tempo and key."""
    output = Output("separated/{name} {bpm} {key} {stem}")
    settings = FolderSettings(describing.root.resolve(), output=output)
    describing.loop.world._roots.settings = lambda _: settings
    describing.loop.state.describes = False
    return describing


@pytest.mark.parametrize(
    ("found", "name"), [(FOUND, "song 128 Am acapella"), (UNSURE, "song unknown unknown acapella")]
)
def test_stems_named_after_tempo_and_key_wait_for_them(by_music, found, name):
    path = by_music.bounce()
    by_music.board.settled(path, None)
    by_music.task()
    by_music.rig.handle()
    message = by_music.loop.state.running.message
    assert message == Describe(1, path, for_name=True)
    assert by_music.loop.state.jobs[1].state is JobState.QUEUED
    by_music.rig.handle(Described(1, found))
    task = by_music.loop.state.running.message
    assert task.job.acapella.name == name
    by_music.rig.tasks()
    by_music.finish(task)
    by_music.store.set("mask_depth", 0.5, "osc")
    by_music.now += 0.2
    assert by_music.task().job.acapella.name == name


def test_a_bounce_that_waits_for_its_name_can_be_cancelled(by_music):
    by_music.board.settled(by_music.bounce(), None)
    by_music.task()
    by_music.board.cancel(1)
    assert by_music.rig.cancels() == 1
    by_music.rig.handle(Described(1, None))
    assert by_music.loop.state.running is None
    assert by_music.loop.state.is_idle


def test_progress_says_how_long_it_will_still_take(desk):
    desk.board.settled(desk.bounce(), None)
    task = desk.task()
    left = []
    for passed_s, fraction in ((0.1, 0.01), (9.9, 0.25), (20.0, 0.5)):
        desk.now += passed_s
        desk.rig.handle(TaskProgress(task.job_id, fraction))
        left.append(desk.of(Progress)[-1].left_s)
    desk.finish(task)
    assert [*left, desk.of(Progress)[-1].left_s] == [-1.0, 30.0, 30.0, 0.0]
