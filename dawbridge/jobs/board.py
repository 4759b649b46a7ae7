"""The board: which bounces there are, and what the engine does next. Starts nothing, touches no audio.

The daemon's loop feeds it what the watch and the engine (`Outcomes`) say, and asks it for the next task. OSC calls the
methods of `Requests`, from its own thread.
"""

from pathlib import Path

from dawbridge.engine.job import SeparationJob
from dawbridge.engine.process.messages import Finished, Task
from dawbridge.errors import JobError, PresetError
from dawbridge.events import JobState, Notice
from dawbridge.jobs.outcomes import RETRY_S, Outcomes
from dawbridge.jobs.queue import GONE, Job, file_stamp
from dawbridge.jobs.record import JobRecord
from dawbridge.knobs.parameters import complete

PREFETCH_AFTER_S = 1.0
"""Idle for so long, the engine may do what nobody asked for yet."""


class JobBoard(Outcomes):
    """All jobs of a running daemon. Thread-safe."""

    def restore(self) -> None:
        """Take up what the last run left: the newest finished bounce is in focus, unfinished files settle anew."""
        with self.together():
            for entry in self._ledger.unfinished():
                if self._places.inside(entry.path):
                    self._take_up(entry)
            for entry in self._ledger.half_rendered():
                if self._places.inside(entry.path) and file_stamp(entry.path) == (entry.size, entry.mtime_ns):
                    self._rerenders.append(self._bounces.restore(entry).id)
            last = self._ledger.last_done()
            if last is not None and last.stems_stand and self._places.inside(last.path):
                self.focused = self._bounces.find(last.id).id
            self._accepted += [path for root in self._places.roots for path in self._ledger.take_accepted(root)]

    @property
    def is_idle(self) -> bool:
        """Nothing runs, waits or settles."""
        with self._lock:
            working = self._running and not self._running.order.prefetch
            return self._bounces.is_idle and not (self._rerenders or working)

    def settling(self, path: Path) -> None:
        """A file is being written: a job for it, in place of one that is under way."""
        with self._lock:
            self._dismissed.pop(path, None)
            self._supersede(path)
            self._bounces.begin(path, JobState.SETTLING)

    def stalled(self, path: Path, reason: str, acceptable: bool = True) -> None:
        """A file does not become whole. `acceptable`: it may be taken as it is, if the person says so."""
        with self._lock:
            if self._dismissed.get(path) == file_stamp(path):
                return
            job = self._bounces.waiting(path)
            self._bounces.move(job, JobState.STALLED, message=reason)
            how = f"; or take it as it is: dawbridge jobs accept {job.id}, or OSC /dawbridge/job/accept {job.id}"
            self._bus.publish(Notice(f"[{job.id}] {path.name}: stalled: {reason}{how if acceptable else ''}"))

    def settled(self, path: Path, preset_folder: str | None) -> None:
        """A file is whole: queue it, unless its job was cancelled and it is as it was then."""
        with self._lock:
            if self._dismissed.pop(path, GONE) == file_stamp(path):
                return
            job = self._bounces.waiting(path)
            job.preset = self._places.settings(path).preset
            if preset_folder and preset_folder in self._presets.names():
                job.preset = preset_folder
            self._bounces.enqueue(job)

    def gone(self, path: Path) -> None:
        """A file was deleted or moved away: its job is dropped, unless it is done."""
        with self._lock:
            self._dismissed.pop(path, None)
            self._supersede(path)

    def next_task(self, now: float, *, prefetch: bool = True) -> Task | None:
        """What the engine, being idle, does next: knob moves first, then bounces in order, then what may be needed."""
        with self._lock:
            if self._running:
                return None
            for job in self._bounces.due(now):
                self._try_again(job, now)
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

    def _take_up(self, entry: JobRecord) -> None:
        """One entry of an earlier run: queue it, or let the watch find its file anew."""
        if entry.state in (JobState.SETTLING, JobState.STALLED):
            self._ledger.update(entry.id, state=JobState.CANCELLED, size=-1)
            return
        stamp = file_stamp(entry.path)
        if stamp == (entry.size, entry.mtime_ns):
            self._bounces.enqueue(self._bounces.restore(entry))
        elif stamp == GONE and self._places.is_away(entry.path):
            self._bounces.wait(self._bounces.restore(entry), self._clock() + RETRY_S)
        else:
            self._ledger.update(entry.id, state=JobState.CANCELLED, size=-1)

    def _supersede(self, path: Path) -> None:
        for job in self._bounces.of(path):
            if self._is_running(job):
                self._cancel_wanted = True
            elif job.state in (JobState.SETTLING, JobState.QUEUED, JobState.STALLED) or self._bounces.waits(job):
                self._bounces.drop(job)

    def _queue_open(self) -> bool:
        return len(self._bounces) > 0 and self._store.get("watch_enable") == 1

    def _live_due(self, now: float) -> bool:
        return self._live_possible() and self._knobs.settled(now)

    def _live_possible(self) -> bool:
        job = self._bounces.get(self.focused)
        return bool(job and job.state is JobState.DONE and self._store.get("live_enable") == 1)

    def _rerender(self, now: float) -> Task | None:
        while self._rerenders:
            job = self._bounces.get(self._rerenders.popleft())
            if job is not None and job.state is JobState.DONE:
                return self._render_again(job)
        if self._live_due(now):
            job = self._bounces.find(self.focused)
            job.values.update(self._knobs.take())
            return self._render_again(job)
        return None

    def _render_again(self, job: Job) -> Task | None:
        """Noted first, with the new values: a render that is cut off between its two files is done again."""
        task = self._task(job)
        if task is not None:
            self._ledger.update(job.id, rendering=1, settings=dict(task.order.values))
        return task

    def _try_again(self, job: Job, now: float) -> None:
        if file_stamp(job.path) == GONE and self._places.is_away(job.path):
            self._bounces.wait(job, now + RETRY_S)
        else:
            self._bounces.enqueue(job)

    def _first_in_queue(self) -> Task | None:
        if self._live_possible() and self._knobs.pending:
            return None
        while self._queue_open():
            job = self._bounces.first()
            if file_stamp(job.path) == GONE:
                self._try_again(job, self._clock())
                continue
            self._knobs.take()
            self._bounces.pop()
            job.values = self._snapshot(job)
            job.automation = self.beside(job.path) or job.automation
            task = self._task(job)
            if task is not None:
                return task
        return None

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

    def _task(self, job: Job, prefetch: bool = False) -> Task | None:
        folder = self._places.settings(job.path)
        try:
            acapella, instrumental, note = self._names.paths(job.path, folder.output)
        except JobError as error:
            self._failed(job, Finished(job.id, code="ledger", message=str(error)))
            return None
        if note:
            self._bus.publish(Notice(note))
        known = job.content_hash if file_stamp(job.path) == job.stamp else ""
        values = dict(complete(job.values))
        live = job.state is JobState.DONE
        order = SeparationJob(
            job.path, acapella, instrumental, values, known, folder.format,
            prefetch=prefetch, live=live, automation=job.automation, loop=folder.loop,
        )  # fmt: skip
        return Task(job.id, order)
