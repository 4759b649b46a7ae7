"""The board: which bounces there are, and what the engine does next. Starts nothing, touches no audio.

The daemon's loop feeds it what the watch and the engine say, and asks it for the next task. OSC calls the methods
that `dawbridge.control.osc.Jobs` lists, from its own thread.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from dawbridge.audio.files import StemFormat
from dawbridge.automation import Automation
from dawbridge.errors import JobError, PathNotAllowedError, PresetError
from dawbridge.events import Bus, Done, Failed, JobState, Notice, Progress
from dawbridge.isolate.order import Order, Outcome
from dawbridge.jobs.bounces import Bounces, Job, file_stamp
from dawbridge.jobs.knobs import TurnedKnobs
from dawbridge.jobs.ledger import Ledger
from dawbridge.jobs.messages import Finished, Task
from dawbridge.output import Output
from dawbridge.parameters import ParameterStore, complete
from dawbridge.presets import Presets

PREFETCH_AFTER_S = 1.0
"""Idle for so long, the engine may do what nobody asked for yet."""


class JobBoard:
    """All jobs of a running daemon. Thread-safe."""

    def __init__(
        self,
        store: ParameterStore,
        presets: Presets,
        ledger: Ledger,
        bus: Bus,
        roots: Sequence[Path],
        *,
        output: Output,
        format: StemFormat | None,
        loop: bool = False,
        clock: Callable[[], float],
    ) -> None:
        self._store, self._presets, self._ledger, self._bus = store, presets, ledger, bus
        self._roots = [root.resolve() for root in roots]
        self._output, self._format, self._loop = output, format, loop
        self._lock = threading.RLock()
        self._bounces = Bounces(ledger, bus)
        self._rerenders: deque[int] = deque()
        self._running: Task | None = None
        self._cancel_wanted = False
        self._clock = clock
        self._last_end = 0.0
        self._accepted: list[Path] = []
        self._said: set[str] = set()
        self._knobs = TurnedKnobs(store, clock)
        self.beside: Callable[[Path], Automation | None] = lambda _: None
        """Finds the automation that lies beside a bounce."""
        self.focused = 0
        """Id of the job that knob moves re-render; 0: none."""

    # What OSC asks (the protocol `Jobs`)

    def submit(self, path: str, preset: str | None) -> int:
        """Queue a file inside the watched folders. Raises `PathNotAllowedError`, `JobError`, `PresetError`."""
        try:
            found = Path(path).resolve()
            is_file = found.is_file()
        except (OSError, RuntimeError, ValueError) as error:  # a name too long, links that go round in a circle
            raise PathNotAllowedError(f"{path[:200]} cannot be looked at: {error.__class__.__name__}") from error
        if not self._inside(found):
            raise PathNotAllowedError(f"{path} lies outside the watched folders")
        if not is_file:
            raise PathNotAllowedError(f"{path} is no file")
        if preset:
            self._presets.load(preset)
        with self._lock:
            job = self._bounces.begin(found, JobState.QUEUED)
            job.preset = preset or ""
            self._bounces.enqueue(job)
            return job.id

    def cancel(self, job_id: int) -> None:
        """Stop or unqueue the job. Raises `JobError`."""
        with self._lock:
            job = self._bounces.find(job_id)
            if self._running and self._running.job_id == job_id:
                self._cancel_wanted = True
            elif job.state in (JobState.QUEUED, JobState.SETTLING, JobState.STALLED):
                self._bounces.drop(job)

    def rerender(self, job_id: int) -> None:
        """Render the job's stems again with the knobs as they are. Raises `JobError`."""
        with self._lock:
            job = self._bounces.find(job_id)
            if job.state is not JobState.DONE:
                raise JobError(f"job {job_id} is {job.state}; only a done one can be rendered again")
            job.values = dict(self._store.snapshot())
            self._rerenders.append(job_id)

    def focus(self, job_id: int) -> None:
        """Knob moves now re-render this job. Raises `JobError`."""
        with self._lock:
            self.focused = self._bounces.find(job_id).id
            self._knobs.take()

    def bounces(self) -> list[tuple[int, Path]]:
        """Jobs of this run that are done, the newest 100: ids and paths."""
        with self._lock:
            return [(job.id, job.path) for job in self._bounces if job.state is JobState.DONE][-100:]

    def automation(self, job_id: int) -> Automation:
        """The job's automation. Raises `JobError`."""
        with self._lock:
            return self._bounces.find(job_id).automation

    def automate(self, job_id: int, automation: Automation) -> None:
        """Give the job an automation, and render it again. Raises `JobError`."""
        with self._lock:
            job = self._bounces.find(job_id)
            job.automation = automation
            self._ledger.keep_automation(job_id, automation.plain())
            if job.state is JobState.DONE:
                self._rerenders.append(job_id)

    def accept(self, job_id: int) -> None:
        """Take a stalled file as it is. Raises `JobError`."""
        with self._lock:
            job = self._bounces.find(job_id)
            if job.state not in (JobState.STALLED, JobState.SETTLING):
                raise JobError(f"job {job_id} is {job.state}; only a stalled or settling one can be accepted")
            self._accepted.append(job.path)

    def status(self) -> tuple[Literal["idle", "busy", "paused"], int]:
        """What the daemon does, and how many bounces wait."""
        with self._lock:
            if self._store.get("watch_enable") == 0:
                return "paused", len(self._bounces)
            return ("busy" if self._running else "idle"), len(self._bounces)

    # What the daemon's loop tells and asks

    def restore(self) -> None:
        """Take up what the last run left: the newest finished bounce is in focus, unfinished files settle anew."""
        with self._lock:
            for entry in self._ledger.unfinished():
                whole = entry.state in (JobState.QUEUED, JobState.RUNNING)
                if whole and file_stamp(entry.path) == (entry.size, entry.mtime_ns) and self._inside(entry.path):
                    self._bounces.enqueue(self._bounces.restore(entry))
                else:
                    self._ledger.update(entry.id, state=JobState.CANCELLED, size=-1)
            last = self._ledger.last_done()
            if last is not None and last.stems_stand and self._inside(last.path):
                self.focused = self._bounces.restore(last).id

    @property
    def is_idle(self) -> bool:
        """Nothing runs, waits or settles."""
        with self._lock:
            waiting = any(job.state in (JobState.SETTLING, JobState.QUEUED) for job in self._bounces)
            return not (waiting or self._rerenders or (self._running and not self._running.order.prefetch))

    def take_accepted(self) -> list[Path]:
        """Files that are to be taken as they are, each told once."""
        with self._lock:
            taken, self._accepted = self._accepted, []
            return taken

    def settling(self, path: Path) -> None:
        """A file is being written: a job for it, in place of one that is under way."""
        with self._lock:
            self._supersede(path)
            self._bounces.begin(path, JobState.SETTLING)

    def stalled(self, path: Path, reason: str) -> None:
        """A file does not become whole."""
        with self._lock:
            job = self._bounces.waiting(path)
            self._bounces.move(job, JobState.STALLED)
            remedy = f"OSC /dawbridge/job/accept {job.id} takes it as it is"
            self._bus.publish(Notice(f"[{job.id}] {path.name}: stalled: {reason}; {remedy}"))

    def settled(self, path: Path, preset_folder: str | None) -> None:
        """A file is whole: queue it."""
        with self._lock:
            job = self._bounces.waiting(path)
            if preset_folder in self._presets.names():
                job.preset = preset_folder or ""
            self._bounces.enqueue(job)

    def gone(self, path: Path) -> None:
        """A file was deleted or moved away: its job is dropped, unless it is done."""
        with self._lock:
            self._supersede(path)

    def next_task(self, now: float, *, prefetch: bool = True) -> Task | None:
        """What the engine, being idle, does next: knob moves first, then bounces in order, then what may be needed."""
        with self._lock:
            if self._running:
                return None
            self._running = self._rerender(now) or self._first_in_queue() or (self._prefetch(now) if prefetch else None)
            return self._running

    def patience_s(self, now: float, tick_s: float) -> float:
        """How long the loop may wait: `tick_s`, or until a knob has settled."""
        with self._lock:
            due_s = self._knobs.due_s() - now if self._live_possible() and not self._running else tick_s
            return min(max(due_s, 0.0), tick_s)

    def wants_cancel(self, now: float) -> bool:
        """Whether the running task is to be stopped; true once."""
        with self._lock:
            task = self._running
            waiting = self._queue_open() or bool(self._rerenders) or self._live_due(now)
            outdated = self._knobs.take_analysis() and self._live_possible() and task and task.job_id == self.focused
            if outdated or (task and task.order.prefetch and waiting):
                self._cancel_wanted = True
            wanted, self._cancel_wanted = self._cancel_wanted and task is not None, False
            return wanted

    def progressed(self, job_id: int, fraction: float) -> None:
        """The engine came so far."""
        if self._running and not self._running.order.prefetch:
            self._bus.publish(Progress(job_id, fraction))

    def finished(self, message: Finished) -> None:
        """The running task ended, in whatever way."""
        with self._lock:
            task, self._running = self._running, None
            self._cancel_wanted = False
            self._last_end = self._clock()
            job = self._bounces.get(message.job_id)
            if task is None or job is None:
                return
            if task.order.prefetch:
                job.prefetched = message.code != "cancelled"
            elif message.outcome:
                self._done(job, message.outcome)
            elif message.code == "cancelled":
                self._cancelled(job)
            else:
                self._failed(job, message)

    def engine_lost(self, reason: str) -> None:
        """The engine's process died: its task is tried once more, then fails."""
        with self._lock:
            task = self._running
            if task is None:
                return
            job = self._bounces.find(task.job_id)
            if task.order.prefetch or job.attempts > 1:
                self.finished(Finished(job.id, code="engine", message=f"the engine died on it twice ({reason})"))
            else:
                self._running = None
                self._bounces.enqueue(job, first=True)

    # Inside

    def _inside(self, path: Path) -> bool:
        return any(path.is_relative_to(root) for root in self._roots)

    def _supersede(self, path: Path) -> None:
        for job in [job for job in self._bounces if job.path == path]:
            if self._running and self._running.job_id == job.id:
                self._cancel_wanted = True
            elif job.state in (JobState.SETTLING, JobState.QUEUED, JobState.STALLED):
                self._bounces.drop(job)

    def _queue_open(self) -> bool:
        return len(self._bounces) > 0 and self._store.get("watch_enable") == 1

    def _live_due(self, now: float) -> bool:
        return self._live_possible() and self._knobs.settled(now)

    def _live_possible(self) -> bool:
        job = self._bounces.get(self.focused)
        return bool(job and job.state is JobState.DONE and self._store.get("live_enable") == 1)

    def _rerender(self, now: float) -> Task | None:
        if self._rerenders:
            return self._task(self._bounces.find(self._rerenders.popleft()))
        if self._live_due(now):
            job = self._bounces.find(self.focused)
            job.values.update(self._knobs.take())
            return self._task(job)
        return None

    def _first_in_queue(self) -> Task | None:
        if not self._queue_open() or (self._live_possible() and self._knobs.pending):
            return None
        self._knobs.take()
        job = self._bounces.pop()
        job.values = self._snapshot(job)
        job.automation = self.beside(job.path) or job.automation
        return self._task(job)

    def _snapshot(self, job: Job) -> dict[str, float]:
        values = dict(self._store.snapshot())
        if job.preset:
            try:
                values.update(self._presets.load(job.preset).setting)
            except PresetError as error:
                self._bus.publish(Notice(f"{job.path.name}: {error}; the knobs as they are were used"))
        return values

    def _prefetch(self, now: float) -> Task | None:
        job = self._bounces.get(self.focused)
        if job is None or job.state is not JobState.DONE or job.prefetched or not job.content_hash:
            return None
        if now - self._last_end < PREFETCH_AFTER_S:
            return None
        return self._task(job, prefetch=True)

    def _task(self, job: Job, prefetch: bool = False) -> Task:
        acapella, instrumental = self._output.paths(job.path)
        known = job.content_hash if file_stamp(job.path) == job.stamp else ""
        values = dict(complete(job.values))
        live = job.state is JobState.DONE
        order = Order(
            job.path, acapella, instrumental, values, known, self._format,
            prefetch=prefetch, live=live, automation=job.automation, loop=self._loop,
        )  # fmt: skip
        return Task(job.id, order)

    def _done(self, job: Job, outcome: Outcome) -> None:
        report = outcome.report
        paths = [str(path) if path else "" for path in (report.acapella, report.instrumental)] if report else ["", ""]
        first_time = job.state is not JobState.DONE
        job.content_hash = outcome.content_hash
        job.attempts = 0
        self._ledger.update(
            job.id, content_hash=job.content_hash, settings=job.values, acapella=paths[0], instrumental=paths[1]
        )
        for note in outcome.notes:
            if note not in self._said:
                self._said.add(note)
                self._bus.publish(Notice(note))
        self._bus.publish(Progress(job.id, 1.0))
        self._bounces.move(job, JobState.DONE)
        null_db = report.null_db if report else float("-inf")
        factor = outcome.seconds / outcome.duration_s
        self._bus.publish(Done(job.id, paths[0], paths[1], outcome.seconds, null_db, factor))
        if first_time:
            self.focused = job.id

    def _cancelled(self, job: Job) -> None:
        if job.state is not JobState.DONE:  # a cancelled re-render leaves the stems that stood
            self._bounces.drop(job)

    def _failed(self, job: Job, message: Finished) -> None:
        self._ledger.update(job.id, message=message.message)
        if job.state is not JobState.DONE:
            self._bounces.move(job, JobState.FAILED)
        self._bus.publish(Failed(job.id, message.code, message.message))
