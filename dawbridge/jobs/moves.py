"""Moved is not new: a bounce of known content at a new path, with its stems beside it, is the same job.

The engine hashes the decoded samples of a file that may be one (`Identify`). If they are those of a finished bounce
that is no longer where it was, and its stems came along, whole or edited, then the job moves: its settings stay,
nothing is rendered, nothing is written. A copy is a new job.
"""

from dataclasses import replace

from dawbridge.engine.process.messages import Identified
from dawbridge.events import JobState, StateChanged
from dawbridge.jobs.effects import Move, Publish, Remove, Save
from dawbridge.jobs.facts import Twin
from dawbridge.jobs.outcomes import end_running
from dawbridge.jobs.state import Job
from dawbridge.jobs.turn import Turn


def identified(turn: Turn, message: Identified) -> None:
    """The engine has hashed a file."""
    running = end_running(turn)
    job = turn.state.jobs.get(message.job_id)
    if running is None or job is None or running.job_id != message.job_id or job.state is not JobState.QUEUED:
        return
    if message.code == "cancelled":
        return  # it is still in the queue, and hashed again when its turn comes
    twin = turn.facts.twin(job.path, job.stamp, message.content_hash) if message.content_hash else None
    if twin is not None:
        adopt(turn, job, twin)
    elif job.only_if_familiar:
        withdraw(turn, job)
    else:
        turn.put(replace(job, familiar=False, content_hash=message.content_hash))


def adopt(turn: Turn, job: Job, twin: Twin) -> None:
    """`job`'s file is the bounce of an earlier job, which goes on in its place."""
    old = twin.record.path
    stamp = turn.facts.stamp(job.path)
    turn.do(Move(twin.record.id, old, job.path, twin.stems, stamp, twin.names))
    if not twin.was_noted:
        found = {"content_hash": twin.record.content_hash, "settings": dict(twin.record.settings)}
        turn.do(Save(twin.record.id, {"state": JobState.DONE, "message": "", "code": "", **found}))
        if waiting := turn.state.jobs.get(twin.record.id):
            turn.release(waiting)
    withdraw(turn, job)
    earlier = turn.restore(twin.record)
    _leave(turn, earlier)
    earlier = turn.put(
        replace(earlier, path=job.path, stamp=stamp, stems=twin.stems, content_hash=twin.record.content_hash)
    )
    if old != job.path:
        turn.say(earlier, f"is {old.name} of {old.parent}, moved; its stems and their settings stay as they are")
    turn.do(Publish(StateChanged(earlier.id, JobState.DONE, str(job.path))))
    if not turn.state.focused and turn.state.focus_if_found == earlier.id:
        turn.state.focused = earlier.id
    if turn.is_running(earlier):
        turn.cancel_running()
        turn.state.rerenders[earlier.id] = None
    elif twin.record.rendering:
        turn.state.rerenders[earlier.id] = None


def withdraw(turn: Turn, job: Job) -> None:
    """The job was for a file that turned out to need none."""
    turn.release(job)
    turn.do(Remove(job.id), Publish(StateChanged(job.id, JobState.CANCELLED, str(job.path))))


def _leave(turn: Turn, job: Job) -> None:
    """It is not at its old path any more."""
    ids = turn.state.by_path.get(job.path, set())
    ids.discard(job.id)
    if not ids:
        turn.state.by_path.pop(job.path, None)
