"""The jobs' part of the main loop: one inbox and the knobs' mailbox go in, steps of the scheduler come out."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from contextlib import nullcontext
from pathlib import Path
from socket import socket
from typing import Any

from dawbridge.audio.timeline import extent_of
from dawbridge.engine.process.messages import ToEngine
from dawbridge.errors import JobError
from dawbridge.events import Bus, Notice
from dawbridge.jobs.extents import Extents
from dawbridge.jobs.inbox import Inbox
from dawbridge.jobs.inputs import Command, FollowFile, Input, KnobsTurned, Request, Started, Stopping, Tick
from dawbridge.jobs.ledger import Ledger
from dawbridge.jobs.midi_files import MidiFiles, Reader
from dawbridge.jobs.recordings import Recordings
from dawbridge.jobs.requests import AutomationRequests, JobRequests, RecorderRequest, Status
from dawbridge.jobs.runner import JobRunner, ToWatch, answer
from dawbridge.jobs.state import State
from dawbridge.jobs.watched_roots import WatchedRoots
from dawbridge.jobs.world import World
from dawbridge.knobs.automation import Automation
from dawbridge.knobs.parameters import Changes, ParameterStore
from dawbridge.knobs.presets import Presets
from dawbridge.knobs.recorder import AutomationRecorder

MANY = 20
"""How many events that come together are worth one transaction."""


Submit = Callable[[Callable[[Path], Any], Path], "Future[Any]"]
"""Has a function read a file, in whatever thread."""


def no_automation(_file: object) -> Automation:
    """Reads no MIDI file."""
    return Automation()


def at_once(read: Callable[[Path], Any], file: Path) -> "Future[Any]":
    """Read the file in the caller's thread."""
    future: Future[Any] = Future()
    try:
        future.set_result(read(file))
    except Exception as error:
        future.set_exception(error)
    return future


class JobLoop:
    """Everything about jobs that the daemon's main thread does. Nothing here starts a thread or waits."""

    def __init__(
        self,
        store: ParameterStore,
        presets: Presets,
        ledger: Ledger,
        bus: Bus,
        roots: WatchedRoots,
        clock: Callable[[], float],
        *,
        send: Callable[[ToEngine], None],
        watch: ToWatch,
        read_automation: Reader = no_automation,
        submit: Submit = at_once,
    ) -> None:
        """`send` passes a message to the engine, `watch` a wish to the watch; `read_automation` reads a MIDI file,
        `submit` has that done in another thread.
        """
        self._ledger, self._bus, self._clock, self._store, self._roots = ledger, bus, clock, store, roots
        self._has_read = threading.Event()
        self._trouble, self._located = "", 0
        self._inbox = Inbox[Request | RecorderRequest]()
        self._turned = store.mailbox(self._inbox.wake)
        self._midi_files = MidiFiles(read_automation, self._say, submit, self._on_read)
        self._extents = Extents(extent_of, submit, self._on_read)
        self.world = World(ledger, presets, roots, self._midi_files, self._extents)
        self.recorder = AutomationRecorder(clock)
        self._runner = JobRunner(ledger, self.world, bus, clock, send, watch)
        self._recordings = Recordings(
            self.recorder, ledger, str(next(iter(roots.roots), "")), self._ask, self._say, clock
        )
        self.requests = JobRequests(self._inbox.post, clock, self._status, self._runner.focused)
        """The jobs, for other threads."""
        self.automation = AutomationRequests(self._inbox.post, clock, self.recorder)
        """The automation, for other threads."""

    @property
    def state(self) -> State:
        """What the scheduler knows; not to be changed."""
        return self._runner.state

    @property
    def waitable(self) -> socket:
        """Becomes readable when there is something for `turn`."""
        return self._inbox.waitable

    def wake(self) -> None:
        """Have the loop take a turn. From any thread or signal handler."""
        self._inbox.wake()

    def start(self, *, prefetch: bool, describes: bool = False) -> None:
        """Take up what the last run left; `describes`: estimate tempo and key of what gets done."""
        ledger = self._ledger
        accepted = [path for root in self._roots.roots for path in ledger.take_accepted(root)]
        self._turned.drain()
        with ledger.together():
            self.handle([
                Started(
                    self._store.snapshot(), ledger.unfinished(), ledger.unrendered(), ledger.last_done(), accepted,
                    prefetch, describes,
                )
            ])  # fmt: skip
        self._recordings.take_up()

    def turn(self) -> None:
        """Everything that other threads have asked for, the knobs that were turned, and what is due."""
        self._hear()
        if self._ledger.database.trouble or self._trouble:
            self._mind_ledger()
        now, has_read = self._clock(), self._has_read.is_set()
        if has_read:
            self._has_read.clear()
        is_time = now >= self._midi_files.due_s
        if is_time:
            for job_id, automation in self._midi_files.look(self.state.done(), now):
                self._runner.handle(Request(FollowFile(automation, job_id)))
        self._recordings.mind(self.state.focused)
        if is_time or has_read or self._bounce_in_time() != self._located:
            self._mind_focus()
        if self._runner.due_s <= now or has_read:
            self._runner.handle(Tick())

    def handle(self, events: Iterable[Input]) -> None:
        """Events of the watch and the engine, in order."""
        events = list(events)
        self._hear()
        with self._ledger.together() if len(events) > MANY else nullcontext():
            for event in events:
                self._runner.handle(event)

    def _status(self) -> Status:
        """What the jobs do; a paused watch is seen at once, before the loop has heard of the knob. From any thread."""
        state, waiting = self._runner.status()
        return ("paused" if self._store.get("watch_enable") == 0 else state), waiting

    def due_s(self) -> float:
        """When `turn` has something to do at the latest, on the loop's clock."""
        return min(self._runner.due_s, self._midi_files.due_s)

    def stop(self) -> None:
        """Note what is unfinished, and refuse what is asked from now on."""
        self._hear()
        self._recordings.finish()
        self._runner.handle(Stopping())
        for request in self._inbox.take():
            answer(request.answer, error=JobError("dawbridge is ending; ask again when it runs"))

    def close(self) -> None:
        """Hear nothing any more."""
        self._turned.close()
        self._inbox.close()

    def _hear(self) -> None:
        """What other threads asked for and which knobs they turned, in the order in which they did."""
        if not self._inbox.woken:
            return
        requests = self._inbox.take()  # first, so that everything that was turned before them is there
        heard: list[Changes | Request | RecorderRequest] = [*self._turned.drain(), *requests]
        for one in sorted(heard, key=lambda one: one[0].at_s if isinstance(one, tuple) else one.at_s):
            if isinstance(one, RecorderRequest):
                self._recordings.obey(one, self.state.focused)
            elif isinstance(one, Request):
                self._runner.handle(one)
            else:
                self.recorder.hear(one)
                self._runner.handle(KnobsTurned(one))

    def _ask(self, command: Command, answer: "Future[object]") -> None:
        self._runner.handle(Request(command, answer))

    def _mind_focus(self) -> None:
        """Count positions from where the bounce begins that a take is recorded for, or else the one in focus."""
        located = self._bounce_in_time()
        job = self.state.jobs.get(located)
        extent = self._extents.of(job.path) if job else None
        if extent or located != self._located:  # while a header is read again, the last one counts
            self._located = located
            self.recorder.transport.set_bounce(*(extent.start_s, extent.duration_s) if extent else (0.0, 0.0))

    def _bounce_in_time(self) -> int:
        """The job from whose start positions count; 0 if there is none."""
        recorded = self.recorder.job_id if self.recorder.is_recording else 0
        return recorded if recorded in self.state.jobs else self.state.focused

    def _mind_ledger(self) -> None:
        """Write what could not be written, and report once that it cannot, or can again."""
        database = self._ledger.database
        database.catch_up()
        if bool(database.trouble) != bool(self._trouble):
            waits = f"the ledger cannot be written ({database.trouble}); work goes on, and it is written later"
            self._say(waits if database.trouble else "the ledger is written again")
        self._trouble = database.trouble

    def _on_read(self) -> None:
        """A MIDI file or a header has been read: what waits for it can go on. From any thread."""
        self._has_read.set()
        self._inbox.wake()

    def _say(self, text: str) -> None:
        self._bus.publish(Notice(text))
