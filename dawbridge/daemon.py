"""The daemon: wires watch, board, engine, OSC and MIDI together. The only file that starts threads or processes."""

import multiprocessing
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from dawbridge import __version__, positions
from dawbridge.audio.files import remove_leftovers
from dawbridge.config import cache_folder, state_folder
from dawbridge.control.deck import PresetDeck
from dawbridge.control.osc import OscServer
from dawbridge.errors import ControlError, WatchError
from dawbridge.events import Bus, Event, Failed, Notice
from dawbridge.jobs.board import JobBoard
from dawbridge.jobs.ledger import Ledger
from dawbridge.jobs.messages import Cancel, Finished, Fraction, FromEngine, Quit, Ready
from dawbridge.parameters import ParameterStore
from dawbridge.presets import Presets
from dawbridge.settings import Settings, checked_folder, reach
from dawbridge.watch.folder import FolderNotice, FolderWatch, Gone, Settled, Settling, Stalled, WatchEvent
from dawbridge.watch.settle import SettleTimes

if TYPE_CHECKING:
    from dawbridge.control.midi.ports import MidiPorts

TICK_S = 0.05
SAVE_EVERY_S = 1.0
ENGINE_PATIENCE_S = 5.0


class EngineProcess:
    """The engine in a process of its own, started anew when it dies."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        arguments = (theirs, self._settings.model, self._settings.device, cache_folder() / "analyses")
        self.process: SpawnProcess = context.Process(
            target=_serve, args=arguments, name="dawbridge-engine", daemon=True
        )
        self.process.start()
        theirs.close()

    def send(self, message: object) -> None:
        """Tell the engine; a dead one is noticed by `receive`."""
        with suppress(OSError):
            self.pipe.send(message)

    def receive(self, timeout_s: float) -> list[FromEngine]:
        """What it said, waiting at most `timeout_s`. Raises `EOFError` where it died."""
        if not wait([self.pipe], timeout_s):
            return []
        messages: list[FromEngine] = []
        try:
            while self.pipe.poll():
                messages.append(self.pipe.recv())
        except (EOFError, ConnectionResetError):
            if not messages:
                raise EOFError from None
        return messages

    def restart(self) -> str:
        """A new process in place of a dead one; says how that one ended."""
        self.process.join(ENGINE_PATIENCE_S)
        ended = f"exit code {self.process.exitcode}"
        self.pipe.close()
        self._start()
        return ended

    def stop(self) -> None:
        """End it, by force where it does not listen."""
        self.send(Quit())
        self.process.join(ENGINE_PATIENCE_S)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.pipe.close()


def _serve(pipe: Connection, model: str, device: str, cache: Path) -> None:
    from dawbridge.jobs.worker import serve  # torch is loaded in the engine's process alone

    serve(pipe, model, device, cache)


class Daemon:
    """One run of `dawbridge watch`."""

    def __init__(self, settings: Settings, bus: Bus, clock: Callable[[], float] = time.monotonic) -> None:
        """Open everything that can be refused. Raises `WatchError`, `ControlError`, `PresetError`, `JobError`."""
        self._settings, self._bus, self._clock = settings, bus, clock
        self._stopping = threading.Event()
        self._knobs_file = state_folder() / "knobs.json"
        values, self._problems = positions.load(self._knobs_file)
        self.store = ParameterStore(values)
        presets = Presets()
        self.deck = PresetDeck(presets, self.store, bus)
        if settings.preset:
            self.deck.load(settings.preset)
        self._ledger = Ledger(state_folder() / "ledger.sqlite")
        roots = [checked_folder(folder) for folder in settings.folders]
        self.board = JobBoard(
            self.store, presets, self._ledger, bus, roots,
            output=settings.output, format=settings.format, clock=clock,
        )  # fmt: skip
        self._watches = [self._watch(root) for root in roots]
        self._midi = self._open_midi() if settings.midi else None
        self.osc = self._open_osc()
        self._saved = self.store.snapshot()
        self._save_at = 0.0
        self.stalled: set[Path] = set()
        """Files that never became whole."""
        self.failures: list[str] = []
        """What became of bounces that could not be separated."""
        self.model_problem = ""
        bus.subscribe(self._count)
        self._ready = False

    def run(self) -> None:
        """Work until `stop`, or with `once` until all is done. Blocks."""
        threads = [threading.Thread(target=self.osc.serve, name="osc", daemon=True)]
        if self._midi and self._midi.available:
            threads.append(threading.Thread(target=self._serve_midi, name="midi", daemon=True))
        self._engine = EngineProcess(self._settings)
        try:
            self._sweep()
            self.board.restore()
            for watch in self._watches:
                watch.start()
                self._look(watch)
                self._ledger.begin_root(watch.root, watch.baseline)
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

    def _open_osc(self) -> OscServer:
        settings, midi = self._settings, self._midi
        try:
            return OscServer(
                self.store, self.deck, self.board, self._bus,
                host=settings.host, port=settings.osc_port, feedback=settings.osc_feedback, version=__version__,
                midi=midi.learning if midi and midi.available else None,
            )  # fmt: skip
        except ControlError:
            if midi:
                midi.close()
            raise

    def _open_midi(self) -> "MidiPorts":
        from dawbridge.control.midi.bindings_file import bindings_path
        from dawbridge.control.midi.learning import Learning
        from dawbridge.control.midi.ports import MidiPorts

        learning = Learning(self._bus, bindings_path())
        return MidiPorts(self.store, self.deck, self._bus, port=self._settings.midi_port, learning=learning)

    def _watch(self, root: Path) -> FolderWatch:
        first = not self._ledger.is_watched(root)
        existing = self._settings.existing or self._settings.once
        return FolderWatch(
            root,
            times=SettleTimes(accept_streamed=self._settings.accept_streamed),
            existing=existing,
            known=None if first else self._ledger.knows,
            poll=self._settings.poll,
            outputs=self._settings.output.folder_name,
        )

    def _greet(self) -> None:
        host, port = self.osc.address
        names = ", ".join(str(watch.root) for watch in self._watches)
        self._bus.publish(Notice(f"dawbridge {__version__} watches {names}"))
        self._bus.publish(Notice(f"OSC on udp {host}:{port}" + reach(host)))
        if self._midi and self._midi.names:
            self._bus.publish(Notice(f"MIDI in: {', '.join(self._midi.names)}"))
        for problem in self._problems:
            self._bus.publish(Notice(problem))

    def _sweep(self) -> None:
        for watch in self._watches:
            for folder in watch.root.rglob(self._settings.output.folder_name):
                remove_leftovers(folder)

    def _loop(self) -> None:
        while not self._stopping.is_set():
            now = self._clock()
            for watch in self._watches:
                self._look(watch)
            self._accept()
            self._drive(now)
            self._keep_positions(now)
            if self._settings.once and self._ready and self.board.is_idle:
                return

    def _look(self, watch: FolderWatch) -> None:
        for event in watch.step(self._clock()):
            self._hear(event)

    def _count(self, event: Event) -> None:
        if isinstance(event, Failed):
            self.failures.append(event.message)

    def _hear(self, event: WatchEvent) -> None:
        match event:
            case Settling(path):
                self.board.settling(path)
            case Settled(path, _, preset):
                self.stalled.discard(path)
                self.board.settled(path, preset)
            case Stalled(path, reason):
                self.stalled.add(path)
                self.board.stalled(path, reason)
            case Gone(path):
                self.stalled.discard(path)
                self.board.gone(path)
            case FolderNotice(_, text):
                self._bus.publish(Notice(text))

    def _accept(self) -> None:
        for path in self.board.take_accepted():
            for watch in self._watches:
                if path.is_relative_to(watch.root):
                    try:
                        watch.accept(path)
                    except WatchError as error:
                        self._bus.publish(Notice(str(error)))

    def _drive(self, now: float) -> None:
        if self.board.wants_cancel(now):
            self._engine.send(Cancel())
        if self._ready:
            task = self.board.next_task(now, prefetch=self._settings.prefetch and not self._settings.once)
            if task:
                self._engine.send(task)
        try:
            messages = self._engine.receive(TICK_S)
        except EOFError:
            self._ready = False
            ended = self._engine.restart()
            self._bus.publish(Notice(f"the engine's process ended ({ended}) and was started anew"))
            self.board.engine_lost(ended)
            return
        for message in messages:
            self._answer(message)

    def _answer(self, message: FromEngine) -> None:
        match message:
            case Ready(device, model_hash, problem):
                self._ready = True
                self.model_problem = problem
                text = problem or f"model {self._settings.model} ({model_hash[:12]}) is ready on {device}"
                self._bus.publish(Notice(text))
            case Fraction(job_id, fraction):
                self.board.progressed(job_id, fraction)
            case Finished():
                self.board.finished(message)

    def _keep_positions(self, now: float) -> None:
        current = self.store.snapshot()
        if now < self._save_at or current == self._saved:
            return
        self._save_at = now + SAVE_EVERY_S
        self._saved = current
        try:
            positions.save(self._knobs_file, current)
        except OSError as error:
            self._bus.publish(Notice(f"knob positions cannot be kept: {self._knobs_file}: {error.strerror}"))

    def _serve_midi(self) -> None:
        while self._midi and not self._stopping.is_set():
            self._midi.step()

    def _close(self, threads: list[threading.Thread]) -> None:
        self._stopping.set()
        for watch in self._watches:
            watch.stop()
        self._engine.stop()
        self._save_at = 0.0
        self._keep_positions(self._clock())
        self.osc.close()
        for thread in threads:
            if thread.is_alive():
                thread.join(ENGINE_PATIENCE_S)
        if self._midi:
            self._midi.close()
        self._ledger.close()
