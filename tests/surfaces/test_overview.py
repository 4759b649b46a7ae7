"""What a performer is told, and the commands that need no number."""

import pytest

from dawbridge.errors import JobError
from dawbridge.events import Bus, JobState, StateChanged
from dawbridge.surfaces.overview import KEPT, News, Overview


class Jobs:
    def __init__(self):
        self.focus_now, self.asked = (0, "", "", ""), []

    def status(self):
        return "idle", 3

    def focused(self):
        return self.focus_now

    def focus(self, job_id):
        self.focus_now = (job_id, f"{job_id}.wav", "", "")
        self.asked.append(("focus", job_id))

    def accept(self, job_id):
        self.asked.append(("accept", job_id))


@pytest.fixture
def bus():
    return Bus()


@pytest.fixture
def jobs():
    return Jobs()


@pytest.fixture
def overview(bus, jobs):
    return Overview(bus, {"jobs": jobs, "automation": None, "midi": None})


def finish(bus, *job_ids):
    for job_id in job_ids:
        bus.publish(StateChanged(job_id, JobState.DONE, f"/in/{job_id}.wav"))


def test_nothing_yet(overview):
    assert (overview.queue, overview.focus, overview.recording, overview.learning) == (3, (0, "", "", ""), 0, "")
    with pytest.raises(JobError, match="no bounce is done"):
        overview.focus_step(1)
    with pytest.raises(JobError, match="no file is stalled"):
        overview.accept()


def test_the_focus_steps_through_what_is_done(overview, bus, jobs):
    finish(bus, 4, 2, 9)
    bus.publish(StateChanged(5, JobState.RUNNING, "/in/5.wav"))
    for by in (1, 1, 1, 1, -1, -1):
        overview.focus_step(by)
    assert [job_id for _, job_id in jobs.asked] == [2, 4, 9, 2, 9, 4]


def test_the_last_stalled_file_is_accepted(overview, bus, jobs):
    bus.publish(StateChanged(5, JobState.STALLED, "/in/5.wav"))
    bus.publish(StateChanged(7, JobState.STALLED, "/in/7.wav"))
    bus.publish(StateChanged(8, JobState.DONE, "/in/8.wav"))
    overview.accept()
    assert jobs.asked == [("accept", 7)]


def test_only_the_newest_are_kept(overview, bus):
    finish(bus, *range(1, KEPT + 10))
    assert list(overview.jobs) == list(range(10, KEPT + 10))


def test_news_are_what_is_other_than_before():
    values = {"/a": (1,), "/b": (2,)}
    news = News(lambda: values)
    assert news.take() == {}
    values["/b"] = (3,)
    assert news.take() == {"/b": (3,)}
    assert news.take() == {}
