"""The daemon: wires watch, jobs, engine and surfaces together. The only file that starts threads or processes.

    main thread        one loop: waits for the engine's pipe, its inbox and the next time that something is due, then
                       takes what the watches saw, the engine answered and others asked for to the scheduler, and does
                       what that wants. It alone writes the ledger and knows the jobs.
    osc, web, midi     one thread each, if they are open. They turn knobs (`ParameterStore`), post requests into the
                       inbox (`JobRequests`) and drain their own mailboxes for what to report.
    page-files,        a few threads of the web server's, which read files and the ledger, and draw waveforms and
    pictures           spectrograms for the page.
    terminal           writes what happens; blocks only itself if nobody reads.
    watchdog           hints that a file changed, from threads of the observer.
    examine            two threads that open files which look finished, tell who still writes them, and read headers and
                       MIDI files.
    engine (process)   owns the model; takes one task at a time from the pipe, and answers into it.

No thread waits for another: requests are answered through futures, events and knobs go through mailboxes.
"""

import signal
import threading
import time
import webbrowser
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from multiprocessing.connection import wait
from pathlib import Path
from types import FrameType
from typing import Literal

from dawbridge import running
from dawbridge.audio.files import sweep
from dawbridge.config.paths import cache_folder, state_folder
from dawbridge.config.settings import FolderSettings, Settings, checked_folders
from dawbridge.engine.process.link import start_process
from dawbridge.engine.process.messages import Ready, Said, ToEngine
from dawbridge.engine.process.supervisor import Supervisor
from dawbridge.errors import WatchError
from dawbridge.events import Bus, Notice
from dawbridge.jobs.inputs import EngineLost, EngineReady, FoundBefore, Input
from dawbridge.jobs.ledger import Ledger
from dawbridge.jobs.loop import JobLoop
from dawbridge.jobs.watched_roots import WatchedRoots
from dawbridge.knobs.loader import PresetLoader
from dawbridge.knobs.parameters import ParameterStore
from dawbridge.knobs.presets import Presets
from dawbridge.knobs.saved_positions import SavedPositions
from dawbridge.surfaces.midi.beside import read_automation_beside
from dawbridge.surfaces.opening import Home, Surfaces
from dawbridge.surfaces.terminal import Terminal
from dawbridge.version import VERSION
from dawbridge.watch import left_alone
from dawbridge.watch.filesystem import sends_events
from dawbridge.watch.folder import FolderNotice, FolderWatch, LeftAloneNotice
from dawbridge.watch.lock import FolderLock
from dawbridge.watch.making import make_places, make_watch

PATIENCE_S = 5.0
"""How long a thread may take to end, in seconds."""
EXAMINERS = 2
"""Threads that open files which look finished."""
LONGEST_WAIT_S = 1.0
"""The loop looks around this often, in seconds, even if nothing is due."""


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
        self._positions = SavedPositions(state_folder() / "knobs.json", clock)
        self._store = ParameterStore(self._positions.values, clock)
        presets = Presets(say=self._say)
        loader = PresetLoader(presets, self._store, bus)
        if settings.preset:
            loader.load(settings.preset)
        roots = checked_folders(settings.folders)
        self._locks = {root: FolderLock(root, state_folder() / "locks") for root in roots}
        self._examiners = ThreadPoolExecutor(EXAMINERS, "examine")
        self._ledger = Ledger(state_folder() / "ledger.sqlite")
        self._ledger.prune()
        self._engine: Supervisor | None = None
        self._jobs = JobLoop(
            self._store, presets, self._ledger, bus, self._roots(settings), clock,
            send=self._send, watch=self._wish, read_automation=read_automation_beside, submit=self._examiners.submit,
        )  # fmt: skip
        self._watches = [self._watch(folder) for folder in settings.folders]
        home = Home(
            self._ledger, cache_folder() / "pictures", self._jobs.requests.automate, self._left_alone
        )  # fmt: skip
        self._surfaces = Surfaces(
            settings, self._store, loader, self._jobs.requests, self._jobs.automation, bus, home=home
        )
        self.model_problem = ""
        """Why the engine cannot separate; empty if it can."""
        self._ready = False

    @property
    def failed(self) -> bool:
        """Whether a bounce could not be separated or never became whole."""
        state = self._jobs.state
        return bool(state.failures or state.stalled or self.model_problem)

    def run(self) -> None:
        """Work until `stop`, or with `once` until all is done. Blocks."""
        threads = [
            threading.Thread(target=serve, name=name, daemon=True)
            for name, serve in self._surfaces.loops(self._stopping)
        ]
        if self._terminal:
            threading.Thread(target=self._terminal.serve, name="terminal", daemon=True).start()
        settings = self._settings
        self._engine = Supervisor(
            lambda: start_process(settings.model, settings.device, cache_folder() / "analyses", settings.cluster),
            self._clock,
        )
        try:
            self._start()
            for thread in threads:  # whoever hears from us now may bounce at once
                thread.start()
            self._greet()
            self._loop(self._engine)
        finally:
            self._close(self._engine, threads)

    def stop(self) -> None:
        """Let `run` end: what runs is cancelled and done at the next start. From any thread or signal handler."""
        self._stopping.set()
        self._jobs.wake()

    def stop_on_signals(self) -> None:
        """Ctrl-C and SIGTERM call `stop`."""

        def handle(_number: int, _frame: FrameType | None) -> None:
            self.stop()

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, handle)

    def _roots(self, settings: Settings) -> WatchedRoots:
        self._places = {folder.path.resolve(): make_places(folder) for folder in settings.folders}
        return WatchedRoots(settings.folders, is_local=sends_events, left_alone=self._left_alone)

    def _left_alone(self, path: Path) -> str:
        """Why a file in a watched folder is not taken for a bounce, in a few words; empty if it is."""
        root = next(root for root in self._places if path.is_relative_to(root))
        return self._places[root].why_not(path)

    def _watch(self, folder: FolderSettings) -> FolderWatch:
        root = folder.path.resolve()
        folder = replace(folder, path=root, existing=folder.existing or self._settings.once)
        known = self._jobs.world.knows if self._ledger.is_watched(root) else None
        return make_watch(folder, known, executor=self._examiners, lock=self._locks[root], wake=self._jobs.wake)

    def _start(self) -> None:
        """Take up what the last run left, and look into the folders for the first time."""
        for folder in self._settings.folders:
            sweep(folder.path.resolve(), folder.output.base(folder.path))
        self._jobs.start(prefetch=self._settings.prefetch and not self._settings.once, describes=True)
        for watch in self._watches:
            watch.start()
            self._look(watch)
            self._ledger.begin_root(watch.root, watch.baseline)
            self._jobs.handle([FoundBefore(tuple(watch.baseline))])
            watch.known = self._jobs.world.knows
        running.announce(self._surfaces.osc.address, [watch.root for watch in self._watches])

    def _greet(self) -> None:
        names = ", ".join(str(watch.root) for watch in self._watches)
        self._say(f"dawbridge {VERSION} watches {names}")
        if self._settings.open_page and self._surfaces.page:
            threading.Thread(target=webbrowser.open, args=(self._surfaces.page,), name="browser", daemon=True).start()
        for line in (*self._surfaces.lines(), *self._positions.problems, *self._ledger.problems):
            self._say(line)

    def _loop(self, engine: Supervisor) -> None:
        while not self._stopping.is_set():
            for watch in self._watches:
                self._look(watch)
            self._jobs.turn()
            self._hear(engine)
            if (values := self._store.snapshot()) != self._positions.saved:
                self._say(self._positions.keep(values))
            if self._settings.once and self._is_over(engine):
                return
            wait([self._jobs.waitable, *engine.waitables()], self._patience_s())

    def _patience_s(self) -> float:
        """How long the loop may wait if nothing happens."""
        due_s = min(self._jobs.due_s(), *(watch.next_due() for watch in self._watches))
        return min(max(due_s - self._clock(), 0.0), LONGEST_WAIT_S)

    def _look(self, watch: FolderWatch) -> None:
        events: list[Input] = []
        for event in watch.step(self._clock()):
            if isinstance(event, FolderNotice | LeftAloneNotice):
                self._say(event.text)
            else:
                events.append(event)
        if events:
            self._jobs.handle(events)
        if watch.left_alone_changed:
            left_alone.keep(state_folder() / left_alone.FOLDER, watch.root, watch.left_alone)

    def _hear(self, engine: Supervisor) -> None:
        """What the engine says, and whether it lives."""
        messages = engine.receive(0.0)
        if messages is None:
            self._ready = False
            self._say(f"the engine's process ended ({engine.ended}); {engine.remedy}")
            self._jobs.handle([EngineLost(engine.ended)])
            return
        for message in messages:
            if isinstance(message, Said):
                self._say(message.text)
            elif isinstance(message, Ready):
                self._jobs.handle([self._greeted(engine, message)])
            else:
                self._jobs.handle([message])

    def _greeted(self, engine: Supervisor, message: Ready) -> Input:
        self._ready = True
        engine.is_well()
        self.model_problem = message.problem
        ready = f"model {self._settings.model} ({message.model_hash[:12]}) is ready on {message.device}"
        self._say(message.problem or ready)
        return EngineReady()

    def _send(self, message: ToEngine) -> None:
        if self._engine:
            self._engine.send(message)

    def _wish(self, action: Literal["accept", "forget"], path: Path) -> None:
        """Pass a wish on to the watch of the folder that the file is in."""
        for watch in self._watches:
            if path.is_relative_to(watch.root):
                try:
                    (watch.accept if action == "accept" else watch.forget)(path)
                except WatchError as error:
                    self._say(str(error))

    def _is_over(self, engine: Supervisor) -> bool:
        """With `once`: everything is done, or the engine cannot be started."""
        if engine.hopeless and not self._ready:
            self.model_problem = "the engine does not start"
            return True
        return self._ready and self._jobs.state.is_idle and not any(watch.is_busy for watch in self._watches)

    def _say(self, text: str) -> None:
        if text:
            self._bus.publish(Notice(text))

    def _close(self, engine: Supervisor, threads: list[threading.Thread]) -> None:
        self._stopping.set()
        for watch in self._watches:
            watch.stop()
        self._jobs.stop()
        engine.stop()
        running.withdraw(self._surfaces.osc.address)
        self._say(self._positions.keep(self._store.snapshot(), at_once=True))
        self._surfaces.end()
        for thread in threads:
            if thread.is_alive():
                thread.join(PATIENCE_S)
        self._surfaces.close()
        self._jobs.close()
        self._ledger.close()
        self._examiners.shutdown(wait=False, cancel_futures=True)
        for lock in self._locks.values():
            lock.release()
