"""What is asked of a bounce's automation: takes over it, undo and redo, a take that waits for the first bounce."""

from dataclasses import replace

from dawbridge.errors import JobBusyError, JobError
from dawbridge.events import JobState, Notice
from dawbridge.jobs import live
from dawbridge.jobs.effects import Publish, SaveTakes
from dawbridge.jobs.inputs import Automate, FollowFile
from dawbridge.jobs.state import Job
from dawbridge.jobs.turn import Turn
from dawbridge.knobs.automation import RAMP_S, Automation
from dawbridge.knobs.takes import Take, Takes


def automate(turn: Turn, command: Automate) -> int:
    """Give a job an automation, and render it again; the job's id. Raises `JobError`.

    What was recorded is kept as a take, even if it is refused since it lies outside the bounce.
    """
    if command.over and command.job_id == 0 and not turn.state.focused:
        return _wait_for_bounce(turn, command.automation)
    job = focused_job(turn) if command.job_id == 0 else turn.find(command.job_id)
    if command.over:
        try:
            refuse_replaced(turn, job)
        except JobBusyError:
            _wait_for_bounce(turn, command.automation)
            raise
        job = _keep(turn, job, job.takes.recorded(command.automation))
        return _lay_over(turn, job, job.takes.kept[-1])
    if command.automation == job.automation:
        return job.id
    return _automated(turn, job, job.takes.changed(command.automation))


def follow_file(turn: Turn, command: FollowFile) -> int:
    """Give a job what the MIDI file beside its bounce says, or take it back if the file is gone; the job's id."""
    job = turn.find(command.job_id)
    takes = job.takes.given(command.automation)
    if takes.automation == job.automation:
        _keep(turn, job, takes)
        return job.id
    return _automated(turn, job, takes)


def revert(turn: Turn, redo: bool) -> int:
    """Undo the focused bounce's last change of automation, or redo what was undone; the job's id. Raises `JobError`."""
    job = focused_job(turn)
    takes = job.takes.redo() if redo else job.takes.undo()
    if takes is None:
        raise JobError(f"job {job.id}: no take to {'redo' if redo else 'undo'}; its automation stays as it is")
    return _automated(turn, job, takes)


def listed(turn: Turn) -> tuple[int | str, ...]:
    """How many takes the focused bounce has, and each in words. Raises `JobError`."""
    kept = focused_job(turn).takes.kept
    return len(kept), *(take.words for take in kept)


def use(turn: Turn, number: int) -> int:
    """Lay a take over the focused bounce's automation again; the job's id. Raises `JobError`."""
    job = focused_job(turn)
    return _lay_over(turn, job, _found(job, number))


def delete(turn: Turn, number: int) -> int:
    """Forget a take of the focused bounce; its automation stays. The job's id. Raises `JobError`."""
    job = focused_job(turn)
    return _keep(turn, job, job.takes.without(_found(job, number).number)).id


def take_up_waiting(turn: Turn) -> None:
    """A bounce is in focus: what was recorded before there was one belongs to it."""
    waiting = turn.facts.takes(0).automation
    if waiting:
        try:
            automate(turn, Automate(waiting, turn.state.focused, over=True))
        except JobBusyError:
            return  # it waits for the bounce that has taken this one's place
        except JobError as error:
            turn.do(Publish(Notice(str(error))))
        turn.do(SaveTakes(0, Takes()))


def refuse_replaced(turn: Turn, job: Job) -> None:
    """Raises `JobError` if another bounce took the place of this job's: its stems are that one's now."""
    stamp = turn.facts.stamp(job.path)
    if job.state is not JobState.DONE or job.stamp is None or stamp is None:
        return
    if (stamp.size, stamp.modified_ns) != (job.stamp.size, job.stamp.modified_ns):
        raise JobBusyError(f"job {job.id}: {job.path.name} was bounced again since; name the job of the newer bounce")


def focused_job(turn: Turn) -> Job:
    """Raises `JobError` if no bounce is in focus."""
    if not turn.state.focused:
        raise JobError("no bounce is in focus yet; bounce one, or /dawbridge/job/focus one")
    return turn.find(turn.state.focused)


def _keep(turn: Turn, job: Job, takes: Takes) -> Job:
    turn.do(SaveTakes(job.id, takes))
    return turn.put(replace(job, takes=takes))


def _automated(turn: Turn, job: Job, takes: Takes) -> int:
    """Give a job another automation; its id. Raises `JobError`."""
    refuse_replaced(turn, job)
    job = _keep(turn, job, takes)
    if job.state is JobState.DONE:
        live.ask_render(turn, job)
    return job.id


def _lay_over(turn: Turn, job: Job, take: Take) -> int:
    """Have a take move the knobs where it was played; the job's id. Raises `JobError` if that is not in the bounce."""
    first_s, last_s = take.span_s
    length_s = job.duration_s or turn.facts.duration_s(job.path)
    if last_s < 0.0 or first_s + RAMP_S >= length_s:
        span = f"0..{length_s:.1f} s" if length_s < float("inf") else "0 s on"
        raise JobError(
            f"take {take.number} is at {first_s:.1f}..{last_s:.1f} s, outside of {job.path.name} ({span}): it is kept, "
            "and moves nothing; say at which position the bounce starts (/dawbridge/position/zero), and record again"
        )
    return _automated(turn, job, job.takes.changed(job.automation.overdubbed(take.moves.from_zero())))


def _found(job: Job, number: int) -> Take:
    """Raises `JobError`."""
    take = job.takes.take(number)
    if take is None:
        numbers = ", ".join(str(one.number) for one in job.takes.kept)
        known = f"its takes are {numbers}" if numbers else "it has none; record one"
        raise JobError(f"job {job.id}: there is no take {number}; {known}")
    return take


def _wait_for_bounce(turn: Turn, take: Automation) -> int:
    """Keep a take that was recorded before there was a bounce; it belongs to the next one in focus."""
    waiting = turn.facts.takes(0).automation.overdubbed(take)
    turn.do(SaveTakes(0, Takes(waiting)))
    turn.do(Publish(Notice("the take is kept, and belongs to the next bounce that is in focus")))
    return 0
