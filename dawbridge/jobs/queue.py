"""The bounces that a running daemon knows, their states and their order: in memory, in the ledger, on the bus."""

from collections import OrderedDict, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from dawbridge.errors import JobError
from dawbridge.events import Bus, JobState, QueueLength, StateChanged
from dawbridge.jobs.ledger import JobRecord, Ledger
from dawbridge.knobs.automation import Automation

GONE = (-1, -1)
"""Stamp of a file that is not there."""


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
    stamp: tuple[int, int] = GONE
    """Size in bytes and modification time in ns of the source when it was queued."""
    prefetched: bool = False
    attempts: int = 0
    told: str = ""
    """The failure that was told last."""


class JobQueue:
    """Not thread-safe: the board's lock guards it."""

    def __init__(self, ledger: Ledger, bus: Bus) -> None:
        self._ledger, self._bus = ledger, bus
        self._jobs: dict[int, Job] = {}
        self._by_path: defaultdict[Path, set[int]] = defaultdict(set)
        self._queue: OrderedDict[int, None] = OrderedDict()
        self._later: dict[int, float] = {}
        self._under_way: set[int] = set()

    def __len__(self) -> int:
        """How many bounces wait in the queue."""
        return len(self._queue)

    def __iter__(self) -> Iterator[Job]:
        yield from tuple(self._jobs.values())

    def get(self, job_id: int) -> Job | None:
        """The job, if this run has had to do with it."""
        return self._jobs.get(job_id)

    def of(self, path: Path) -> list[Job]:
        """All jobs of a file that this run has had to do with, oldest first."""
        return [self._jobs[job_id] for job_id in sorted(self._by_path.get(path, ()))]

    def begin(self, path: Path, state: JobState) -> Job:
        """A new job for a file."""
        job = Job(self._ledger.add(path, state), path, state)
        self._keep(job)
        if state is JobState.SETTLING:
            self._bus.publish(StateChanged(job.id, state, str(path)))
        return job

    def waiting(self, path: Path) -> Job:
        """The job of a file that settles or stalled; a new one where there is none."""
        states = (JobState.SETTLING, JobState.STALLED)
        found = next((job for job in self.of(path) if job.state in states), None)
        return found or self.begin(path, JobState.SETTLING)

    def find(self, job_id: int, *, any_state: bool = False) -> Job:
        """The job; from an earlier run too if it is done, or with `any_state`. Raises `JobError`."""
        if job_id not in self._jobs:
            entry = self._ledger.get(job_id)
            if entry is None or not (any_state or entry.state is JobState.DONE):
                raise JobError(f"there is no job {job_id}; the events name those there are, as does dawbridge jobs")
            return self.restore(entry)
        return self._jobs[job_id]

    def restore(self, entry: JobRecord) -> Job:
        """Take a job of an earlier run up again, as the ledger has it."""
        stamp = (entry.size, entry.mtime_ns)
        automation = Automation.of(self._ledger.automation(entry.id))
        values = dict(entry.settings)
        job = Job(entry.id, entry.path, entry.state, entry.preset, values, automation, entry.content_hash, stamp)
        self._keep(job)
        return job

    def enqueue(self, job: Job, *, first: bool = False) -> None:
        """Put a job into the queue; one whose file is gone is dropped."""
        stamp = file_stamp(job.path)
        if stamp == GONE:
            self.drop(job)
            return
        job.stamp = stamp
        self._later.pop(job.id, None)
        self._queue[job.id] = None
        if first:
            self._queue.move_to_end(job.id, last=False)
        fields = {"size": stamp[0], "mtime_ns": stamp[1], "preset": job.preset, "message": "", "code": ""}
        self.move(job, JobState.QUEUED, **fields)
        self._bus.publish(QueueLength(len(self._queue)))

    def pop(self) -> Job:
        """The next one in order leaves the queue and runs."""
        job = self._leave()
        job.attempts += 1
        self.move(job, JobState.RUNNING)
        return job

    def first(self) -> Job:
        """The next one in order."""
        return self._jobs[next(iter(self._queue))]

    def wait(self, job: Job, until: float) -> None:
        """Out of the queue, and into it again at `until` (seconds, monotonic)."""
        if job.id in self._queue:
            del self._queue[job.id]
            self._bus.publish(QueueLength(len(self._queue)))
        self._later[job.id] = until

    def due(self, now: float) -> list[Job]:
        """Jobs whose wait is over."""
        return [self._jobs[job_id] for job_id, until in self._later.items() if until <= now]

    @property
    def is_idle(self) -> bool:
        """Nothing settles, and nothing waits but what is tried again later."""
        return self._under_way <= self._later.keys()

    def waits(self, job: Job) -> bool:
        """It is tried again later."""
        return job.id in self._later

    def drop(self, job: Job) -> None:
        """Forget a job that is not done."""
        self.release(job)
        self.move(job, JobState.CANCELLED)

    def release(self, job: Job) -> None:
        """Take a job out of memory; the ledger is left as it is."""
        if self._queue.pop(job.id, job) is None:
            self._bus.publish(QueueLength(len(self._queue)))
        self._later.pop(job.id, None)
        self._jobs.pop(job.id, None)
        self._under_way.discard(job.id)
        self._by_path[job.path].discard(job.id)
        if not self._by_path[job.path]:
            del self._by_path[job.path]

    def move(self, job: Job, state: JobState, **fields: object) -> None:
        """Change a job's state, and other columns of the ledger with it, here, in the ledger and on the bus."""
        job.state = state
        self._note(job)
        self._ledger.update(job.id, state=state, **fields)
        self._bus.publish(StateChanged(job.id, state, str(job.path)))

    def _keep(self, job: Job) -> None:
        self._jobs[job.id] = job
        self._by_path[job.path].add(job.id)
        self._note(job)

    def _note(self, job: Job) -> None:
        if job.id in self._jobs and job.state in (JobState.SETTLING, JobState.QUEUED):
            self._under_way.add(job.id)
        else:
            self._under_way.discard(job.id)

    def _leave(self) -> Job:
        job_id, _ = self._queue.popitem(last=False)
        self._bus.publish(QueueLength(len(self._queue)))
        return self._jobs[job_id]


def file_stamp(path: Path) -> tuple[int, int]:
    """Size in bytes and modification time in ns; (-1, -1) for a file that is gone."""
    try:
        status = path.stat()
    except OSError:
        return GONE
    return (status.st_size, status.st_mtime_ns)
