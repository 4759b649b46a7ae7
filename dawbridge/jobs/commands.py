"""What people ask for, over OSC, on the page and on the command line, as the scheduler grants it."""

from dataclasses import replace

from dawbridge.engine.music import TempoKey
from dawbridge.errors import DawbridgeError, JobBusyError, JobError
from dawbridge.events import JobForgotten, JobState
from dawbridge.jobs import live, takes
from dawbridge.jobs.effects import Publish, Remove, Reply, Save, Watch
from dawbridge.jobs.inputs import (
    Accept,
    Automate,
    Cancel,
    Command,
    DeleteTake,
    Focus,
    FollowFile,
    Forget,
    Info,
    KeepTake,
    ListTakes,
    Request,
    Rerender,
    Retry,
    Revert,
    Submit,
    UseTake,
)
from dawbridge.jobs.outcomes import info_of
from dawbridge.jobs.record import stamp_columns, untouched
from dawbridge.jobs.state import WAITING
from dawbridge.jobs.takes import refuse_replaced
from dawbridge.jobs.turn import Turn


def requested(turn: Turn, request: Request) -> None:
    """Do what is asked, and answer."""
    try:
        result = _grant(turn, request.command)
    except DawbridgeError as error:
        turn.do(Reply(request.answer, error=error))
    else:
        turn.do(Reply(request.answer, result))


def _grant(turn: Turn, command: Command) -> object:
    """The answer. Raises `DawbridgeError` for a refusal."""
    match command:
        case Submit():
            return submit(turn, command)
        case Cancel(job_id):
            cancel(turn, job_id)
        case Rerender(job_id):
            rerender(turn, job_id)
        case Focus(job_id):
            focus(turn, job_id)
        case Retry(job_id):
            retry(turn, job_id)
        case Forget(job_id):
            forget(turn, job_id)
        case Accept(job_id):
            accept(turn, job_id)
        case Info(job_id):
            return info(turn, job_id)
        case Automate():
            return takes.automate(turn, command)
        case KeepTake(passes, job_id):
            return takes.keep(turn, passes, job_id)
        case Revert(redo):
            return takes.revert(turn, redo)
        case FollowFile():
            return takes.follow_file(turn, command)
        case ListTakes():
            return takes.listed(turn)
        case UseTake(number):
            return takes.use(turn, number)
        case DeleteTake(number):
            return takes.delete(turn, number)
    return None


def submit(turn: Turn, command: Submit) -> int:
    """Queue a file; its job's id. One that waits or runs already is not queued again.

    Raises `PathNotAllowedError`, `PresetError`, `JobError`.
    """
    path = turn.facts.submitted(command.path)
    if command.preset:
        turn.facts.preset(command.preset)
    stamp = turn.facts.stamp(path)
    for job in turn.state.of(path):
        wanted = untouched(job.stamp, stamp) and job.preset == command.preset and not job.only_if_familiar
        if wanted and (job.state is JobState.QUEUED or (job.state is JobState.RUNNING and turn.is_running(job))):
            return job.id
    job = turn.put(replace(turn.begin(path, JobState.QUEUED), preset=command.preset))
    turn.enqueue(job)
    return job.id


def cancel(turn: Turn, job_id: int) -> None:
    """Stop or unqueue a job; its bounce is left alone until it changes. Raises `JobError`."""
    job = turn.find(job_id)
    state = turn.state
    if turn.is_running(job) and job.state is not JobState.QUEUED:
        state.rerenders.pop(job_id, None)
        turn.cancel_running(unwanted=True)
        return
    if job.state is JobState.DONE:
        if job_id in state.rerenders or job_id in state.later:
            state.rerenders.pop(job_id, None)
            state.later.pop(job_id, None)
            live.take_back(turn, job)
        return
    if job.state in WAITING or job_id in state.later:
        stamp = turn.facts.stamp(job.path)
        if job.state is not JobState.QUEUED and stamp is not None:
            state.dismissed[job.path] = stamp
        turn.do(Save(job_id, stamp_columns(stamp)))
        if turn.is_running(job):
            turn.cancel_running()
        turn.drop(job)


def rerender(turn: Turn, job_id: int) -> None:
    """Render a finished job's stems again with the knobs as they are. Raises `JobError`."""
    job = turn.find(job_id)
    if job.state is not JobState.DONE:
        raise JobBusyError(f"job {job_id} is {job.state}; only a finished one can be rendered again")
    refuse_replaced(turn, job)
    if turn.state.focused == job_id:
        live.take(turn.state)
        turn.state.noted_for = 0
    job = turn.put(replace(job, values=dict(turn.state.knobs)))
    live.ask_render(turn, job)


def focus(turn: Turn, job_id: int) -> None:
    """From now on knobs re-render this job; what was turned before is for the one before. Raises `JobError`."""
    job = turn.find(job_id)
    refuse_replaced(turn, job)
    live.commit(turn)
    live.take(turn.state)
    turn.state.focused = job.id
    takes.take_up_waiting(turn)


def retry(turn: Turn, job_id: int) -> None:
    """Do a failed, cancelled or finished job once more, as its file is now. Raises `JobError`."""
    job = turn.find(job_id, any_state=True)
    tried = job.state in (JobState.FAILED, JobState.CANCELLED, JobState.DONE)
    if not tried:
        raise JobBusyError(f"job {job_id} is {job.state}; only a failed, cancelled or finished one can be tried again")
    if turn.is_busy_with(job):
        raise JobBusyError(f"job {job_id} is being rendered again; cancel that first, or wait for it")
    newer = turn.facts.newest_id(job.path)
    if newer > job_id:
        raise JobBusyError(f"job {job_id}: its file has a newer job, {newer}; name that one")
    if not turn.facts.is_watched(job.path) or turn.facts.stamp(job.path) is None:
        turn.release(job)
        raise JobError(f"job {job_id}: {job.path} is not there any more, or not watched; bounce it again")
    turn.stop_unasked(job)
    turn.state.rerenders.pop(job_id, None)
    turn.enqueue(turn.put(replace(job, attempts=0, told="", content_hash="", familiar=False, tempo_key=None)))


def forget(turn: Turn, job_id: int) -> None:
    """Remove a job from the ledger: its file, if it is there, counts as new. Raises `JobError`."""
    job = turn.find(job_id, any_state=True)
    if job.state is JobState.QUEUED or turn.is_busy_with(job):
        raise JobBusyError(f"job {job_id} is under way; cancel it first")
    turn.stop_unasked(job)
    forgotten = {job_id, *(other.id for other in turn.state.of(job.path))}
    for other in turn.state.of(job.path):
        turn.release(other)
    turn.release(job)
    turn.state.dismissed.pop(job.path, None)
    turn.do(Remove(job_id, whole_file=True), *(Publish(JobForgotten(each)) for each in sorted(forgotten)))
    if turn.facts.is_watched(job.path):
        turn.do(Watch("forget", job.path))


def info(turn: Turn, job_id: int) -> tuple[int, float, str, str]:
    """Id, tempo, key and Camelot key of a job's bounce; 0 or empty for what is not known. Raises `JobError`."""
    job = turn.state.jobs.get(job_id) or turn.facts.record(job_id)  # nothing is taken up for a question
    if job is None:
        job = turn.find(job_id)
    found = info_of(job.id, job.tempo_key or TempoKey())
    return job.id, found.bpm, found.key, found.camelot


def accept(turn: Turn, job_id: int) -> None:
    """Take a stalled file as it is. Raises `JobError`."""
    job = turn.find(job_id)
    if job.state not in (JobState.STALLED, JobState.SETTLING):
        raise JobError(f"job {job_id} is {job.state}; only a stalled or settling one can be accepted")
    turn.do(Watch("accept", job.path))
