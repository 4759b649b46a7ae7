"""What became of a task: the engine's answers, and its death, as the board notes and tells them."""

from pathlib import Path

from dawbridge.engine.job import SeparationResult
from dawbridge.engine.process.messages import Finished
from dawbridge.events import Done, Failed, JobState, Notice, Progress
from dawbridge.jobs.queue import GONE, Job, file_stamp
from dawbridge.jobs.record import PASSING
from dawbridge.jobs.requests import Requests

RETRY_S = 60.0
"""What failed for a reason that passes (disk full, folder unplugged) is tried again after so long."""


class Outcomes(Requests):
    """The board's methods that hear from the engine. Thread-safe."""

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
            again = job.state is JobState.DONE and not task.order.prefetch
            if task.order.prefetch or job.attempts > 1:
                self.finished(Finished(job.id, code="engine", message=f"the engine died on it twice ({reason})"))
                return
            self._running = None
            if again:  # a re-render, perhaps between its two stems
                job.attempts += 1
                self._rerenders.appendleft(job.id)
            else:
                self._bounces.enqueue(job, first=True)

    def _done(self, job: Job, outcome: SeparationResult) -> None:
        report = outcome.report
        paths = [str(path) if path else "" for path in (report.acapella, report.instrumental)] if report else ["", ""]
        first_time = job.state is not JobState.DONE
        job.content_hash, job.attempts = outcome.content_hash, 0
        for note in outcome.notes:
            if note not in self._said:
                self._said.add(note)
                self._bus.publish(Notice(note))
        self._names.replace(job.path, [Path(path) for path in paths if path])
        self._bus.publish(Progress(job.id, 1.0))
        self._bounces.move(
            job, JobState.DONE, content_hash=job.content_hash, settings=job.values, acapella=paths[0],
            instrumental=paths[1], message="", code="", rendering=0,
        )  # fmt: skip
        null_db = report.null_db if report else float("-inf")
        factor = outcome.seconds / outcome.duration_s
        self._bus.publish(Done(job.id, paths[0], paths[1], outcome.seconds, null_db, factor))
        if first_time:
            self.focused = job.id

    def _cancelled(self, job: Job) -> None:
        if job.state is JobState.DONE:  # a cancelled re-render leaves the stems that stood
            self._ledger.update(job.id, rendering=0)
        else:
            self._bounces.drop(job)

    def _failed(self, job: Job, message: Finished) -> None:
        if job.state is JobState.DONE:
            self._ledger.update(job.id, message=message.message, code=message.code)
        elif file_stamp(job.path) not in (job.stamp, GONE):
            self._bounces.drop(job)  # bounced again meanwhile: the watch has it
            return
        elif file_stamp(job.path) == GONE:
            self._source_lost(job)
            return
        else:
            self._bounces.move(job, JobState.FAILED, message=message.message, code=message.code)
            if message.code in PASSING:
                self._bounces.wait(job, self._clock() + RETRY_S)
        if job.told != message.message:
            job.told = message.message
            self._bus.publish(Failed(job.id, message.code, message.message))

    def _source_lost(self, job: Job) -> None:
        """Deleted, or unplugged: then it waits for its folder."""
        if not self._places.is_away(job.path):
            self._bounces.drop(job)
            return
        self._bounces.move(job, JobState.QUEUED)
        self._bounces.wait(job, self._clock() + RETRY_S)
