"""What the events of this run tell of jobs and no file keeps: progress, seconds left, how long a separation took."""

from collections import OrderedDict
from dataclasses import dataclass

from dawbridge.events import Done, Event, Failed, Progress, StateChanged

KEPT = 4096


@dataclass(slots=True)
class Remembered:
    """One job."""

    fraction: float = 0.0
    eta_s: float | None = None
    """Seconds left; None if that is not known."""
    seconds: float | None = None
    """How long the last separation or render took."""
    null_db: float | None = None
    message: str = ""
    code: str = ""


class JobMemory:
    """Jobs by id, the newest `KEPT`. Used from the event loop's thread alone."""

    def __init__(self) -> None:
        self._jobs: OrderedDict[int, Remembered] = OrderedDict()

    def of(self, job_id: int) -> Remembered:
        """What is known of a job; a blank one if nothing is."""
        return self._jobs.get(job_id, Remembered())

    def note(self, event: Event) -> None:
        """Learn from an event."""
        match event:
            case StateChanged(job_id):
                job = self._job(job_id)
                job.eta_s, job.fraction, job.message, job.code = None, 0.0, "", ""
            case Progress(job_id, fraction, left_s):
                job = self._job(job_id)
                job.fraction, job.eta_s = fraction, left_s if left_s >= 0 else None
            case Done(job_id, _, _, seconds, null_db):
                job = self._job(job_id)
                job.seconds, job.null_db, job.fraction, job.eta_s = seconds, null_db, 1.0, None
            case Failed(job_id, code, message):
                job = self._job(job_id)
                job.code, job.message, job.eta_s = code, message, None

    def _job(self, job_id: int) -> Remembered:
        job = self._jobs.setdefault(job_id, Remembered())
        self._jobs.move_to_end(job_id)
        while len(self._jobs) > KEPT:
            self._jobs.popitem(last=False)
        return job
