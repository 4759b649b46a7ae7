"""The bounces that a running daemon knows, their states and their order: in memory, in the ledger, on the bus."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from dawbridge.automation import Automation
from dawbridge.errors import JobError
from dawbridge.events import Bus, JobState, QueueLength, StateChanged
from dawbridge.jobs.ledger import Entry, Ledger


@dataclass(slots=True)
class Job:
    """One bounce on its way."""

    id: int
    path: Path
    state: JobState
    preset: str = ""
    values: dict[str, float] = field(default_factory=dict)
    """Raw parameter values of its last render."""
    automation: Automation = field(default_factory=Automation)
    """Knobs that move within it."""
    content_hash: str = ""
    stamp: tuple[int, int] = (-1, -1)
    """Size in bytes and modification time in ns of the source when it was queued."""
    prefetched: bool = False
    attempts: int = 0


class Bounces:
    """Not thread-safe: the board's lock guards it."""

    def __init__(self, ledger: Ledger, bus: Bus) -> None:
        self._ledger, self._bus = ledger, bus
        self._jobs: dict[int, Job] = {}
        self._queue: deque[int] = deque()

    def __len__(self) -> int:
        """How many bounces wait in the queue."""
        return len(self._queue)

    def __iter__(self) -> Iterator[Job]:
        yield from tuple(self._jobs.values())

    def get(self, job_id: int) -> Job | None:
        """The job, if this run has had to do with it."""
        return self._jobs.get(job_id)

    def begin(self, path: Path, state: JobState) -> Job:
        """A new job for a file."""
        job = Job(self._ledger.add(path, state), path, state)
        self._jobs[job.id] = job
        if state is JobState.SETTLING:
            self._bus.publish(StateChanged(job.id, state, str(path)))
        return job

    def waiting(self, path: Path) -> Job:
        """The job of a file that settles or stalled; a new one where there is none."""
        states = (JobState.SETTLING, JobState.STALLED)
        found = next((job for job in self if job.path == path and job.state in states), None)
        return found or self.begin(path, JobState.SETTLING)

    def find(self, job_id: int) -> Job:
        """The job, from an earlier run too if it is done. Raises `JobError`."""
        if job_id not in self._jobs:
            entry = self._ledger.get(job_id)
            if entry is None or entry.state is not JobState.DONE:
                raise JobError(f"there is no job {job_id}; the events name those there are")
            return self.restore(entry)
        return self._jobs[job_id]

    def restore(self, entry: Entry) -> Job:
        """Take a job of an earlier run up again, as the ledger has it."""
        stamp = (entry.size, entry.mtime_ns)
        automation = Automation.of(self._ledger.automation(entry.id))
        values = dict(entry.settings)
        job = Job(entry.id, entry.path, entry.state, entry.preset, values, automation, entry.content_hash, stamp)
        self._jobs[job.id] = job
        return job

    def enqueue(self, job: Job, *, first: bool = False) -> None:
        """Put a job into the queue; one whose file is gone is dropped."""
        job.stamp = file_stamp(job.path)
        if job.stamp == (-1, -1):
            self.drop(job)
            return
        (self._queue.appendleft if first else self._queue.append)(job.id)
        self._ledger.update(job.id, size=job.stamp[0], mtime_ns=job.stamp[1], preset=job.preset)
        self.move(job, JobState.QUEUED)
        self._bus.publish(QueueLength(len(self._queue)))

    def pop(self) -> Job:
        """The next one in order leaves the queue and runs."""
        job = self._jobs[self._queue.popleft()]
        self._bus.publish(QueueLength(len(self._queue)))
        job.attempts += 1
        self.move(job, JobState.RUNNING)
        return job

    def drop(self, job: Job) -> None:
        """Forget a job that is not done."""
        if job.id in self._queue:
            self._queue.remove(job.id)
            self._bus.publish(QueueLength(len(self._queue)))
        self.move(job, JobState.CANCELLED)
        del self._jobs[job.id]

    def move(self, job: Job, state: JobState) -> None:
        """Change a job's state, here, in the ledger and on the bus."""
        job.state = state
        self._ledger.update(job.id, state=state)
        self._bus.publish(StateChanged(job.id, state, str(job.path)))


def file_stamp(path: Path) -> tuple[int, int]:
    """Size in bytes and modification time in ns; (-1, -1) for a file that is gone."""
    try:
        status = path.stat()
    except OSError:
        return (-1, -1)
    return (status.st_size, status.st_mtime_ns)
