"""A bounce that was moved is the same job, by replay."""

from dataclasses import replace

from dawbridge.engine.process.messages import Identify
from dawbridge.events import JobState, Notice
from dawbridge.files import sightings
from dawbridge.jobs import inputs
from tests.jobs.histories import (
    PATHS,
    latest,
)
from tests.jobs.replay import ROOT, Replay


class TestMoved:
    new = ROOT / "final mixes" / "a.wav"

    def moved(self, replay, new):
        replay.move_file(PATHS[0], new)
        replay.step(sightings.Gone(PATHS[0]))
        replay.step(sightings.Settling(new))
        replay.step(sightings.Settled(new))

    def test_a_moved_bounce_is_the_same_job_and_nothing_is_rendered(self):
        replay = Replay()
        replay.turn("mask_depth", 0.2)
        replay.bounce(PATHS[0], "x")
        replay.settle()
        replay.turn("live_enable", 0.0)
        replay.turn("mask_depth", 0.9)
        self.moved(replay, self.new)
        assert isinstance(replay.sent[-1], Identify)
        replay.settle()
        assert len(replay.rendered) == 1
        assert replay.rows.jobs.keys() == {1}
        row = replay.rows.jobs[1]
        assert (row.path, row.settings["mask_depth"], row.state) == (self.new, 0.2, JobState.DONE)
        assert replay.state.jobs[1].path == self.new
        (notice,) = [event.text for event in replay.published if isinstance(event, Notice)]
        assert notice.startswith("[1] a.wav: is a.wav of /bounces, moved")
        replay.turn("live_enable", 1.0)
        replay.settle()
        assert replay.rendered[-1][0] == self.new

    def test_a_rename_while_the_daemon_was_down(self):
        replay = Replay()
        replay.bounce(PATHS[0], "x")
        replay.settle()
        replay.move_file(PATHS[0], self.new)
        replay.crash()
        replay.settle()
        assert len(replay.rendered) == 1
        assert replay.rows.jobs[1].path == self.new
        assert replay.state.focused == 1

    def test_a_copy_is_a_new_job(self):
        replay = Replay()
        replay.bounce(PATHS[0], "x")
        replay.settle()
        replay.bounce(self.new, "x")
        replay.settle()
        assert [source for source, *_ in replay.rendered] == [PATHS[0], self.new]

    def test_another_bounce_of_the_same_size_is_a_new_job(self):
        replay = Replay()
        replay.bounce(PATHS[0], "x")
        replay.settle()
        replay.files.pop(PATHS[0])
        replay.bounce(self.new, "y")
        assert isinstance(replay.sent[-1], Identify)
        replay.settle()
        assert [source for source, *_ in replay.rendered] == [PATHS[0], self.new]
        assert replay.sent[-1].job.content_hash == "y"

    def test_one_that_lost_its_stems_is_rendered_again(self):
        replay = Replay()
        replay.bounce(PATHS[0], "x")
        replay.settle()
        replay.stems.clear()
        self.moved(replay, self.new)
        replay.settle()
        assert [source for source, *_ in replay.rendered] == [PATHS[0], self.new]

    def test_a_render_that_was_asked_for_is_done_at_the_new_place(self):
        replay = Replay()
        replay.bounce(PATHS[0], "x")
        replay.settle()
        replay.bounce(PATHS[1], "the engine is busy")
        replay.ask(inputs.Rerender(1))
        replay.move_file(PATHS[0], self.new)
        replay.crash()
        replay.settle()
        assert [source for source, *_ in replay.rendered if source != PATHS[1]] == [PATHS[0], self.new]

    def test_a_touched_bounce_is_left_as_it_is(self):
        """chmod, a backup that was restored: size and time are as before, the content decides."""
        replay = Replay()
        replay.bounce(PATHS[0], "x")
        replay.settle()
        content, stamp = replay.files[PATHS[0]]
        replay.files[PATHS[0]] = (content, replace(stamp, inode=99, changed_ns=99))
        replay.crash()
        replay.settle()
        assert len(replay.rendered) == 1
        assert replay.rows.jobs[1].stamp.inode == 99

    def test_one_of_the_same_size_and_time_with_other_content_is_done(self):
        """`mv other.wav a.wav`."""
        replay = Replay()
        replay.bounce(PATHS[0], "x")
        replay.settle()
        replay.files[PATHS[0]] = ("y", replace(replay.stamp(PATHS[0]), inode=99, changed_ns=99))
        replay.crash()
        replay.settle()
        assert len(replay.rendered) == 2
        assert latest(replay, PATHS[0]).content_hash == "y"

    def test_bounces_of_before_the_first_watch_are_recognised_and_others_left_alone(self):
        replay = Replay()
        replay.bounce(PATHS[0], "x")
        replay.settle()
        replay.move_file(PATHS[0], self.new)
        replay.write(PATHS[1], "y")
        replay.step(inputs.FoundBefore((self.new, PATHS[1])))
        replay.settle()
        assert len(replay.rendered) == 1
        assert {row.path for row in replay.rows.jobs.values()} == {self.new}
