"""One turn of the scheduler: what it works with, and the changes that every part of it makes to a job."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from dawbridge.engine.process.messages import Cancel
from dawbridge.errors import JobError
from dawbridge.events import JobState, Notice, QueueLength, StateChanged
from dawbridge.jobs.effects import Add, Effect, Publish, Save, SaveTakes, Send
from dawbridge.jobs.facts import Facts
from dawbridge.jobs.record import JobRecord, stamp_columns
from dawbridge.jobs.state import UNDER_WAY, Job, State
from dawbridge.knobs.takes import Takes

RETRY_S = 60.0
"""How long to wait before what failed for a reason that passes (disk full, folder unplugged) is tried again."""


@dataclass(slots=True)
class Turn:
    """State, facts and time of one step, and the effects that it has so far."""

    state: State
    facts: Facts
    now: float
    effects: list[Effect] = field(default_factory=list)

    def do(self, *effects: Effect) -> None:
        """Have these done, after those before."""
        self.effects += effects

    def say(self, job: Job, text: str) -> None:
        """Report something about a job to the user."""
        self.do(Publish(Notice(f"[{job.id}] {job.path.name}: {text}")))

    def put(self, job: Job) -> Job:
        """Keep a job as it is now."""
        state = self.state
        state.jobs[job.id] = job
        state.by_path.setdefault(job.path, set()).add(job.id)
        (state.under_way.add if job.state in UNDER_WAY else state.under_way.discard)(job.id)
        return job

    def begin(self, path: Path, state: JobState) -> Job:
        """A new job for a file. The takes of the file's job before are its own; they move nothing by themselves."""
        takes = Takes(kept=self.facts.takes(earlier).kept) if (earlier := self._earlier(path)) else Takes()
        job = self.put(Job(self.facts.new_id(), path, state, takes=takes))
        self.do(Add(job.id, path, state))
        if takes:
            self.do(SaveTakes(job.id, takes))
        if state is JobState.SETTLING:
            self.do(Publish(StateChanged(job.id, state, str(path))))
        return job

    def _earlier(self, path: Path) -> int:
        """The newest job of a file; 0 if there is none, or the ledger cannot be read."""
        try:
            return self.facts.newest_id(path)
        except JobError:
            return 0

    def restore(self, record: JobRecord) -> Job:
        """Take up a job of an earlier run, as the ledger has it."""
        known = self.state.jobs.get(record.id)
        return known or self.put(
            Job(
                record.id, record.path, record.state, record.preset, dict(record.settings), dict(record.settings),
                self.facts.takes(record.id), record.content_hash, record.stamp,
                (record.acapella, record.instrumental), tempo_key=record.tempo_key, is_owed=record.rendering,
            )
        )  # fmt: skip

    def find(self, job_id: int, *, any_state: bool = False) -> Job:
        """The job; one of an earlier run too if it is done, or with `any_state`. Raises `JobError`."""
        if job_id in self.state.jobs:
            return self.state.jobs[job_id]
        record = self.facts.record(job_id)
        if record is None or not (any_state or record.state is JobState.DONE):
            raise JobError(f"there is no job {job_id}; the events name the jobs there are, as does dawbridge jobs")
        return self.restore(record)

    def move(self, job: Job, state: JobState, **fields: object) -> Job:
        """Change a job's state, and other columns of its row with it, and report it."""
        job = replace(job, state=state)
        if job.id in self.state.jobs:
            self.put(job)
        self.do(Save(job.id, {"state": state, **fields}), Publish(StateChanged(job.id, state, str(job.path))))
        return job

    def enqueue(self, job: Job, *, first: bool = False) -> None:
        """Put a job into the queue; one whose file is gone is dropped."""
        stamp = self.facts.stamp(job.path)
        if stamp is None:
            self.drop(job)
            return
        state = self.state
        state.later.pop(job.id, None)
        state.stalled.discard(job.id)
        state.queue[job.id] = None
        if first:
            state.queue.move_to_end(job.id, last=False)
        job = replace(job, stamp=stamp)
        self.move(job, JobState.QUEUED, preset=job.preset, message="", code="", **stamp_columns(stamp))
        self.tell_length()

    def wait(self, job: Job, until_s: float) -> None:
        """Take a job out of the queue, and put it in again at `until_s`."""
        if self.state.queue.pop(job.id, job) is None:
            self.tell_length()
        self.state.retry_at(job.id, until_s)

    def drop(self, job: Job) -> None:
        """Give a job up that is not done."""
        self.release(job)
        self.move(job, JobState.CANCELLED)

    def release(self, job: Job) -> None:
        """Take a job out of memory; the ledger stays as it is."""
        state = self.state
        if state.queue.pop(job.id, job) is None:
            self.tell_length()
        state.later.pop(job.id, None)
        state.rerenders.pop(job.id, None)
        state.jobs.pop(job.id, None)
        state.under_way.discard(job.id)
        state.stalled.discard(job.id)
        state.undescribed.pop(job.id, None)
        ids = state.by_path.get(job.path, set())
        ids.discard(job.id)
        if not ids:
            state.by_path.pop(job.path, None)

    def tell_length(self) -> None:
        """Report how many bounces wait."""
        self.do(Publish(QueueLength(len(self.state.queue))))

    def is_running(self, job: Job) -> bool:
        """Whether the engine is at this job."""
        return self.state.running is not None and self.state.running.job_id == job.id

    def is_busy_with(self, job: Job) -> bool:
        """Whether the engine does what somebody asked for about this job."""
        running = self.state.running
        return running is not None and running.job_id == job.id and not running.is_prefetch

    def stop_unasked(self, job: Job) -> None:
        """Have the engine stop what nobody asked for about this job: its tempo and key, or what a knob may need."""
        if self.is_running(job) and not self.is_busy_with(job):
            self.cancel_running()

    def cancel_running(self, *, unwanted: bool = False) -> None:
        """Have the engine stop what it does; it is told once. `unwanted`: somebody asked for that."""
        running = self.state.running
        if running:
            self.state.running = replace(running, cancelled=True, unwanted=running.unwanted or unwanted)
            if not running.cancelled:
                self.do(Send(Cancel()))
