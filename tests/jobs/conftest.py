from dataclasses import dataclass
from pathlib import Path

import pytest

from dawbridge.audio.files import WriteReport
from dawbridge.engine.job import SeparationResult
from dawbridge.engine.process.messages import Finished
from dawbridge.events import Bus
from dawbridge.files.output import Output
from dawbridge.jobs.board import JobBoard
from dawbridge.jobs.ledger import Ledger
from dawbridge.knobs.parameters import ParameterStore
from dawbridge.knobs.presets import Presets
from tests.listening import Heard


@dataclass
class Desk:
    """A board with all around it, and a clock that stands still until it is turned."""

    root: Path
    home: Path
    now: float = 100.0

    def __post_init__(self):
        self.store = ParameterStore(clock=lambda: self.now)
        self.bus = Bus()
        self.events = Heard(self.bus.mailbox(limit=100_000))
        self.ledger = Ledger(self.home / "ledger.sqlite")
        self.board = JobBoard(
            self.store, Presets(), self.ledger, self.bus, [self.root],
            output=Output(), format=None, clock=lambda: self.now,
        )  # fmt: skip

    def bounce(self, name="song.wav", content=b"audio"):
        path = self.root / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        return path.resolve()

    def task(self, prefetch=False):
        return self.board.next_task(self.now, prefetch=prefetch)

    def finish(self, task, content_hash="hash"):
        """The engine's answer to a task, with stems that stand."""
        stems = [path.with_name(path.name + ".wav") for path in (task.order.acapella, task.order.instrumental)]
        for stem in stems:
            stem.parent.mkdir(exist_ok=True)
            stem.write_bytes(b"stem")
        report = WriteReport(*stems, "WAV", "PCM_24", float("-inf"), 0, -3.0)
        self.board.finished(Finished(task.job_id, SeparationResult(report, content_hash, 10.0, 1.0, 0.8)))

    def done(self, name="song.wav"):
        """A bounce that went the whole way."""
        path = self.bounce(name)
        self.board.settling(path)
        self.board.settled(path, None)
        task = self.task()
        self.finish(task)
        return task.job_id

    def restarted(self):
        """As after a kill: the same ledger, another board, which takes up what it finds."""
        self.ledger.close()
        again = type(self)(self.root, self.home, now=self.now)
        again.board.restore()
        return again

    def of(self, kind):
        return [event for event in self.events if isinstance(event, kind)]


@pytest.fixture
def desk(tmp_path):
    root = tmp_path / "bounces"
    root.mkdir()
    desk = Desk(root, tmp_path / "home")
    yield desk
    desk.ledger.close()
