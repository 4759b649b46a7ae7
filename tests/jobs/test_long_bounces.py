"""A bounce of hours does not hold up the queue."""

from dawbridge.engine.process.messages import TaskProgress
from dawbridge.events import Failed
from dawbridge.files import sightings
from dawbridge.files.stamp import Stamp
from dawbridge.jobs.picking import LONG_BYTES, PASSES
from tests.jobs.histories import PATHS
from tests.jobs.replay import ROOT, Replay


class TestLongBounces:
    @staticmethod
    def long(replay, path):
        replay.clock_ns += 1
        replay.files[path] = ("long", Stamp(LONG_BYTES, replay.clock_ns, replay.clock_ns, replay.clock_ns))
        replay.step(sightings.Settling(path))
        replay.step(sightings.Settled(path))

    def test_short_ones_get_past_one_that_waits_but_not_for_ever(self):
        replay = Replay()
        replay.bounce(ROOT / "first.wav", "x")
        self.long(replay, ROOT / "long.wav")
        for number in range(PASSES + 3):
            replay.bounce(ROOT / f"{number}.wav", "x")
        replay.settle()
        order = [source.stem for source, *_ in replay.rendered]
        assert order == ["first", *map(str, range(PASSES)), "long", *map(str, range(PASSES, PASSES + 3))]

    def test_one_that_runs_gives_way_if_it_has_long_to_go(self):
        replay = Replay()
        self.long(replay, ROOT / "long.wav")
        replay.now += 60
        replay.step(TaskProgress(1, 0.1))
        replay.bounce(PATHS[0], "x")
        assert replay.stopping
        replay.settle()
        assert [source.stem for source, *_ in replay.rendered] == ["a", "long"]
        assert not [event for event in replay.published if isinstance(event, Failed)]

    def test_one_that_is_nearly_done_is_not_interrupted(self):
        replay = Replay()
        self.long(replay, ROOT / "long.wav")
        replay.now += 600
        replay.step(TaskProgress(1, 0.9))
        replay.bounce(PATHS[0], "x")
        assert not replay.stopping
