"""The daemon: wires watch, board, engine and surfaces together. The only file that starts threads or processes."""

import signal
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from types import FrameType

from dawbridge import running
from dawbridge.audio.files import sweep
from dawbridge.config.paths import cache_folder, state_folder
from dawbridge.config.settings import FolderSettings, Settings, checked_folders
from dawbridge.engine.process.link import start_process
from dawbridge.engine.process.messages import Cancel, Finished, FromEngine, Ready, TaskProgress
from dawbridge.engine.process.supervisor import Supervisor
from dawbridge.errors import WatchError
from dawbridge.events import Bus, Failed, Notice
from dawbridge.files.output import Output
from dawbridge.jobs.board import JobBoard
from dawbridge.jobs.ledger import Ledger
from dawbridge.knobs.automations import Automations
from dawbridge.knobs.loader import PresetLoader
from dawbridge.knobs.parameters import ParameterStore
from dawbridge.knobs.presets import Presets
from dawbridge.knobs.saved_positions import KeptPositions
from dawbridge.surfaces.opening import Surfaces
from dawbridge.surfaces.terminal import Terminal
from dawbridge.version import VERSION
from dawbridge.watch.folder import FolderNotice, FolderWatch, Gone, Settled, Settling, Stalled, WatchEvent
from dawbridge.watch.lock import FolderLock
from dawbridge.watch.making import TICK_S, make_watch

PATIENCE_S = 5.0
HAPPENED = 16384
"""Events that may happen in one turn of the loop before the oldest is forgotten."""
MANY = 20
"""Events of one look that are worth a common transaction."""


class Daemon:
    """One run of `dawbridge watch`."""

    def __init__(
        self,
        settings: Settings,
        bus: Bus,
        clock: Callable[[], float] = time.monotonic,
        terminal: Terminal | None = None,
    ) -> None:
        """Open everything that can be refused. `terminal` shows what happens on `bus`.

        Raises `WatchError`, `ControlError`, `PresetError`, `JobError`.
        """
        self._settings, self._bus, self._clock, self._terminal = settings, bus, clock, terminal
        self._stopping = threading.Event()
        self._positions = KeptPositions(state_folder() / "knobs.json", clock)
        self.store = ParameterStore(self._positions.values, clock)
        presets = Presets()
        self.deck = PresetLoader(presets, self.store, bus)
        if settings.preset:
            self.deck.load(settings.preset)
        self._positions.keep(self.store.snapshot())
        roots = checked_folders(settings.folders)
        self._locks = [FolderLock(root, state_folder() / "locks") for root in roots]
        self._ledger = Ledger(state_folder() / "ledger.sqlite")
        self._ledger.prune()
        self.board = JobBoard(
            self.store, presets, self._ledger, bus, roots,
            output=Output(), format=None, clock=clock, folders=settings.folders,
        )  # fmt: skip
        self.automations = Automations(self.store, self.board, bus, clock)
        self.board.beside = self.automations.beside
        self._watches = [self._watch(folder) for folder in settings.folders]
        self.surfaces = Surfaces(settings, self.store, self.deck, self.board, self.automations, bus)
        self.stalled: set[Path] = set()
        """Files that never became whole."""
        self.failures: list[str] = []
        """What became of bounces that could not be separated."""
        self.model_problem = ""
        self._happened = bus.mailbox(limit=HAPPENED)
        self._ready = False
        self._trouble = ""

    def run(self) -> None:
        """Work until `stop`, or with `once` until all is done. Blocks."""
        threads = [
            threading.Thread(target=serve, name=name, daemon=True)
            for name, serve in self.surfaces.loops(self._stopping)
        ]
        if self._terminal:
            threading.Thread(target=self._terminal.serve, name="terminal", daemon=True).start()
        self._engine = Supervisor(
            lambda: start_process(self._settings.model, self._settings.device, cache_folder() / "analyses"), self._clock
        )
        try:
            for folder in self._settings.folders:
                sweep(folder.path.resolve(), folder.output.base(folder.path))
            self.board.restore()
            for watch in self._watches:
                watch.start()
                self._look(watch)
                stamps = {path: (stat.size, stat.modified_ns) for path, stat in watch.baseline.items()}
                self._ledger.begin_root(watch.root, stamps)
                watch.known = self._ledger.knows
            running.announce(self.surfaces.osc.address, [watch.root for watch in self._watches])
            for thread in threads:  # who hears from us now may bounce at once
                thread.start()
            self._greet()
            self._loop()
        finally:
            self._close(threads)

    def stop(self) -> None:
        """Let `run` end: what runs is cancelled and done at the next start. From any thread or signal handler."""
        self._stopping.set()

    def stop_on_signals(self) -> None:
        """Ctrl-C and SIGTERM call `stop`."""

        def handle(_number: int, _frame: FrameType | None) -> None:
            self.stop()

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, handle)

    def _watch(self, folder: FolderSettings) -> FolderWatch:
        root = folder.path.resolve()
        folder = replace(folder, path=root, existing=folder.existing or self._settings.once)
        return make_watch(folder, self._ledger.knows if self._ledger.is_watched(root) else None)

    def _greet(self) -> None:
        names = ", ".join(str(watch.root) for watch in self._watches)
        self._bus.publish(Notice(f"dawbridge {VERSION} watches {names}"))
        for line in self.surfaces.lines():
            self._bus.publish(Notice(line))
        for problem in self._positions.problems:
            self._bus.publish(Notice(problem))

    def _loop(self) -> None:
        while not self._stopping.is_set():
            now = self._clock()
            for watch in self._watches:
                self._look(watch)
            self._accept()
            self.automations.look(now)
            self._drive(now)
            self._say(self._positions.keep(self.store.snapshot()))
            self._mind_ledger()
            self._count()
            if self._settings.once and (self._ready or self._engine.hopeless) and self.board.is_idle:
                return
            if self._settings.once and self._engine.hopeless:
                self.model_problem = "the engine does not start"
                return

    def _look(self, watch: FolderWatch) -> None:
        events = watch.step(self._clock())
        with self.board.together() if len(events) > MANY else nullcontext():
            for event in events:
                self._hear(event)

    def _count(self) -> None:
        self.failures += [event.message for event in self._happened.drain() if isinstance(event, Failed)]

    def _hear(self, event: WatchEvent) -> None:
        match event:
            case Settling(path):
                self.board.settling(path)
            case Settled(path, _, preset):
                self.stalled.discard(path)
                self.board.settled(path, preset)
            case Stalled(path, reason, acceptable):
                self.stalled.add(path)
                self.board.stalled(path, reason, acceptable)
            case Gone(path):
                self.stalled.discard(path)
                self.board.gone(path)
            case FolderNotice(_, text):
                self._bus.publish(Notice(text))

    def _accept(self) -> None:
        asked = [(path, FolderWatch.accept) for path in self.board.take_accepted()]
        asked += [(path, FolderWatch.forget) for path in self.board.take_forgotten()]
        for path, action in asked:
            for watch in self._watches:
                if path.is_relative_to(watch.root):
                    try:
                        action(watch, path)
                    except WatchError as error:
                        self._say(str(error))

    def _mind_ledger(self) -> None:
        """Make up for what could not be written, and say so once."""
        database = self._ledger.database
        database.catch_up()
        if bool(database.trouble) != bool(self._trouble):
            waits = f"the ledger cannot be written ({database.trouble}); work goes on, and it is made up for later"
            self._say(waits if database.trouble else "the ledger is written again")
        self._trouble = database.trouble

    def _say(self, text: str) -> None:
        if text:
            self._bus.publish(Notice(text))

    def _drive(self, now: float) -> None:
        if self.board.wants_cancel(now):
            self._engine.send(Cancel())
        if self._ready:
            task = self.board.next_task(now, prefetch=self._settings.prefetch and not self._settings.once)
            if task:
                self._engine.send(task)
        messages = self._engine.receive(self.board.patience_s(now, TICK_S))
        if messages is None:
            self._ready = False
            self._say(f"the engine's process ended ({self._engine.ended}); {self._engine.remedy}")
            self.board.engine_lost(self._engine.ended)
            return
        for message in messages:
            self._answer(message)

    def _answer(self, message: FromEngine) -> None:
        match message:
            case Ready(device, model_hash, problem):
                self._ready = True
                self._engine.is_well()
                self.model_problem = problem
                text = problem or f"model {self._settings.model} ({model_hash[:12]}) is ready on {device}"
                self._bus.publish(Notice(text))
            case TaskProgress(job_id, fraction):
                self.board.progressed(job_id, fraction)
            case Finished():
                self.board.finished(message)

    def _close(self, threads: list[threading.Thread]) -> None:
        self._stopping.set()
        for watch in self._watches:
            watch.stop()
        self._engine.stop()
        running.withdraw(self.surfaces.osc.address)
        self._say(self._positions.keep(self.store.snapshot(), at_once=True))
        self.surfaces.end()
        for thread in threads:
            if thread.is_alive():
                thread.join(PATIENCE_S)
        self.surfaces.close()
        self._ledger.close()
        for lock in self._locks:
            lock.release()
