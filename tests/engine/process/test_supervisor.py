import multiprocessing
from multiprocessing.connection import wait

import pytest

from dawbridge.engine.process.link import PipeLink
from dawbridge.engine.process.messages import Quit
from dawbridge.engine.process.supervisor import HOPELESS, Supervisor


class FakeProcess:
    """A process that does what the test says; its end of the pipe is `theirs`."""

    exitcode = -9

    def __init__(self):
        self.pipe, self.theirs = multiprocessing.Pipe()
        self.alive = True

    def die(self):
        self.alive = False
        self.theirs.close()

    def join(self, timeout=None):
        pass

    def is_alive(self):
        return self.alive

    def kill(self):
        self.die()


class Shop:
    def __init__(self):
        self.now, self.made = 0.0, []
        self.supervisor = Supervisor(self.start, lambda: self.now)

    def start(self):
        self.made.append(FakeProcess())
        return PipeLink(self.made[-1], self.made[-1].pipe)


@pytest.fixture
def shop():
    shop = Shop()
    yield shop
    for process in shop.made:
        process.pipe.close()
        process.theirs.close()


def test_messages_pass(shop):
    assert wait(shop.supervisor.waitables(), 0) == []
    shop.made[0].theirs.send("hello")
    assert wait(shop.supervisor.waitables(), 1)
    assert shop.supervisor.receive(1) == ["hello"]
    assert shop.supervisor.receive(0) == []
    shop.supervisor.send(Quit())
    assert isinstance(shop.made[0].theirs.recv(), Quit)


def test_a_death_is_told_once_and_a_well_engine_is_replaced_at_once(shop):
    shop.supervisor.is_well()
    shop.made[0].die()
    assert shop.supervisor.receive(1) is None
    assert shop.supervisor.ended == "exit code -9"
    assert shop.supervisor.waitables() == []
    shop.supervisor.send(Quit())
    assert shop.supervisor.receive(0) == []
    assert len(shop.made) == 2


def test_one_that_never_starts_is_tried_ever_more_seldom(shop):
    starts = []
    for _ in range(HOPELESS):
        shop.made[-1].die()
        assert shop.supervisor.receive(1) is None
        begun, made = shop.now, len(shop.made)
        while len(shop.made) == made:
            shop.supervisor.receive(0)
            shop.now += 0.5
        starts.append(shop.now - 0.5 - begun)
    assert starts == [0.0, 1.0, 2.0]
    assert shop.supervisor.hopeless
    shop.supervisor.is_well()
    assert not shop.supervisor.hopeless


def test_what_a_dying_engine_said_last_is_heard_before_its_death(shop):
    shop.made[0].theirs.send("last words")
    shop.made[0].die()
    assert shop.supervisor.receive(1) == ["last words"]
    assert shop.supervisor.receive(1) is None


def test_stop_ends_it(shop):
    shop.supervisor.stop()
    assert not shop.made[0].is_alive()
