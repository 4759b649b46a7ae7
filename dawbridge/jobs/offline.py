"""What `dawbridge jobs` does where no daemon runs: it writes into the ledger what the next start is to find.

Each function returns what will happen, in words.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from dawbridge.errors import JobError
from dawbridge.events import JobState
from dawbridge.files.stamp import stamp_of
from dawbridge.jobs.ledger import JobRecord, Ledger
from dawbridge.jobs.record import stamp_columns

_NEXT = "the next dawbridge watch on its folder"


def retry(ledger: Ledger, entry: JobRecord) -> str:
    """Queue it. Raises `JobError`."""
    if entry.state not in (JobState.FAILED, JobState.CANCELLED, JobState.DONE):
        raise JobError(f"job {entry.id} is {entry.state}; only a failed, cancelled or done one can be tried again")
    newer = ledger.newest_id(entry.path)
    if newer > entry.id:
        raise JobError(f"job {entry.id}: its file has a newer job, {newer}; name that one")
    stamp = stamp_of(entry.path)
    if stamp is None:
        raise JobError(f"job {entry.id}: {entry.path} is not there any more; bounce it again")
    ledger.update(entry.id, state=JobState.QUEUED, content_hash="", **stamp_columns(stamp))
    return f"{_NEXT} does it"


def cancel(ledger: Ledger, entry: JobRecord) -> str:
    """Leave its bounce alone until it changes. Raises `JobError`."""
    if entry.state in (JobState.DONE, JobState.CANCELLED) or (entry.state is JobState.FAILED and not entry.passing):
        raise JobError(f"job {entry.id} is {entry.state}; there is nothing to cancel")
    ledger.update(entry.id, state=JobState.CANCELLED, **stamp_columns(stamp_of(entry.path)))
    return f"{_NEXT} leaves the bounce alone until it changes"


def forget(ledger: Ledger, entry: JobRecord) -> str:
    """Remove it."""
    ledger.forget(entry.id)
    return f"{_NEXT} takes the bounce as a new one, if it still lies there"


def accept(ledger: Ledger, path: Path) -> str:
    """Take the file as it is. Raises `JobError`."""
    if stamp_of(path) is None:
        raise JobError(f"{path} is not a file; name one that was reported as stalled")
    ledger.accept(path)
    return f"{_NEXT} takes the file as it is"


ACTIONS: Mapping[str, Callable[[Ledger, JobRecord], str]] = {"retry": retry, "cancel": cancel, "forget": forget}
