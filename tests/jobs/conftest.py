from dataclasses import dataclass
from pathlib import Path

import pytest

from dawbridge.audio.files import WriteReport
from dawbridge.engine.job import SeparationResult
from dawbridge.engine.process.messages import Finished
from dawbridge.files.sightings import Gone, Settled, Settling, Stalled
from dawbridge.jobs.inputs import EngineLost, EngineReady, Tick
from dawbridge.jobs.loop import no_automation
from dawbridge.surfaces.midi.bindings import DEFAULT_BINDINGS
from dawbridge.surfaces.midi.song import read_automation
from tests.jobs.automating import Automations
from tests.jobs_rig import JobsRig
from tests.listening import Heard

MADE = []
"""All desks of a test."""


@dataclass
class Desk:
    """The jobs with all around them, and a clock that stands still until it is turned.

    The engine is not ready before the first `task`, so that a test can set the scene.
    """

    root: Path
    home: Path
    now: float = 100.0
    read: object = no_automation

    def __post_init__(self):
        self.rig = JobsRig(self.root.resolve(), self.home, lambda: self.now, read=lambda file: self.read(file))
        self.store, self.bus, self.ledger, self.loop = self.rig.store, self.rig.bus, self.rig.ledger, self.rig.loop
        self.events = Heard(self.bus.mailbox(limit=100_000))
        self.board = Board(self)
        MADE.append(self)
        self.is_ready = False

    def bounce(self, name="song.wav", content=b"audio"):
        path = self.root / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        return path.resolve()

    def task(self, prefetch=False):
        """What the engine was sent since the last call, now at the latest."""
        self.loop.state.prefetch = prefetch
        self.rig.handle(Tick() if self.is_ready else EngineReady())
        self.is_ready = True
        return next(iter(self.rig.tasks()), None)

    def finish(self, task, content_hash="hash"):
        """The engine's answer to a task, with stems that exist."""
        stems = [path.with_name(path.name + ".wav") for path in (task.job.acapella, task.job.instrumental)]
        for stem in stems:
            stem.parent.mkdir(exist_ok=True)
            stem.write_bytes(b"stem")
        report = WriteReport(*stems, "WAV", "PCM_24", float("-inf"), 0, -3.0)
        self.board.finished(Finished(task.job_id, SeparationResult(report, content_hash, 60.0, 1.0, 0.8)))

    def done(self, name="song.wav", content=b"audio", content_hash="hash"):
        """A bounce that went the whole way."""
        path = self.bounce(name, content)
        self.board.settling(path)
        self.board.settled(path, None)
        task = self.task()
        self.finish(task, content_hash)
        return task.job_id

    def restarted(self):
        """As after a kill: the same ledger, another daemon, which takes up what it finds."""
        self.loop.close()
        self.ledger.close()
        return type(self)(self.root, self.home, now=self.now, read=self.read)

    def of(self, kind):
        return [event for event in self.events if isinstance(event, kind)]


class Board:
    """The scheduler by its events and requests, one call each."""

    def __init__(self, desk):
        self._desk, self._rig = desk, desk.rig

    @property
    def focused(self):
        return self._rig.loop.state.focused

    @property
    def is_idle(self):
        return self._rig.loop.state.is_idle

    def knows(self, path):
        return self._rig.loop.world.knows(path)

    def together(self):
        return self._rig.ledger.together()

    def settling(self, path):
        self._rig.handle(Settling(path))

    def settled(self, path, preset_folder):
        self._rig.handle(Settled(path, preset_folder))

    def stalled(self, path, reason, acceptable=True):
        self._rig.handle(Stalled(path, reason, acceptable))

    def gone(self, path):
        self._rig.handle(Gone(path))

    def finished(self, message):
        self._rig.handle(message)

    def engine_lost(self, reason):
        self._rig.handle(EngineLost(reason))
        self._desk.is_ready = False

    def wants_cancel(self, _now=None):
        """Whether the engine was told to stop since the last call."""
        self._rig.handle(Tick())
        return self._rig.cancels() > 0

    def status(self):
        return self._rig.jobs.status()

    def wishes(self, action):
        """Files that the watch was asked to accept or forget since the last call."""
        wanted = [path for kind, path in self._rig.wishes if kind == action]
        self._rig.wishes[:] = [wish for wish in self._rig.wishes if wish[0] != action]
        return wanted

    def automation(self, job_id):
        return self._rig.loop.state.jobs[job_id].automation

    def __getattr__(self, name):
        """A request, and its answer."""
        ask = getattr(self._rig.jobs, name)
        return lambda *arguments: self._rig.ask(ask(*arguments))


@pytest.fixture
def desk(tmp_path):
    root = tmp_path / "bounces"
    root.mkdir()
    yield Desk(root, tmp_path / "home")
    while MADE:
        desk = MADE.pop()
        desk.loop.close()
        desk.ledger.close()


@pytest.fixture
def automations(desk):
    desk.read = lambda file: read_automation(file, DEFAULT_BINDINGS)
    return Automations(desk)
