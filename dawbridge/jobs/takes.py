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
    """Give a job an automation, and render it again; the job's id. Raises `JobError`."""
    job = focused_job(turn) if command.job_id == 0 else turn.find(command.job_id)
    if command.automation == job.automation:
        return job.id
    return _automated(turn, job, job.takes.changed(command.automation))


def keep(turn: Turn, passes: tuple[Automation, ...], job_id: int) -> tuple[int, str]:
    """Keep a take that was recorded for a job, and lay it over its automation; the job's id, and what became of it.

    If there is no such bounce, or another one is about to take its place, the take waits for the next one in focus; the
    id is 0 then. Raises `JobError` for one that lies outside the bounce; it is kept.
    """
    job = _recorded_for(turn, job_id or turn.state.focused)
    if job is None:
        return 0, _wait_for_bounce(turn, passes)
    job = _keep(turn, job, job.takes.recorded(passes))
    take = job.takes.kept[-1]
    _lay_over(turn, job, take)
    return job.id, f"take {take.words}: {job.path.name}"


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
    """A bounce is in focus: what was recorded before there was one belongs to it, each take after the other."""
    waiting = turn.facts.takes(0)
    former = ((waiting.automation,),) if waiting.automation else ()  # as versions without passes kept it
    taken = (*former, *(take.passes for take in waiting.kept))
    if not taken or _recorded_for(turn, turn.state.focused) is None:
        return  # if anything waits, it waits for the bounce that has taken this one's place
    turn.do(SaveTakes(0, Takes()))
    for passes in taken:
        try:
            keep(turn, passes, turn.state.focused)
        except JobError as error:
            turn.do(Publish(Notice(str(error))))


def refuse_replaced(turn: Turn, job: Job) -> None:
    """Raises `JobError` if another bounce took the place of this job's: its stems are that one's now."""
    if _is_replaced(turn, job):
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
    passes = [one.from_zero() for one in take.passes]
    return _automated(turn, job, job.takes.changed(job.automation.overdubbed(passes)))


def _found(job: Job, number: int) -> Take:
    """Raises `JobError`."""
    take = job.takes.take(number)
    if take is None:
        numbers = ", ".join(str(one.number) for one in job.takes.kept)
        known = f"its takes are {numbers}" if numbers else "it has none; record one"
        raise JobError(f"job {job.id}: there is no take {number}; {known}")
    return take


def _recorded_for(turn: Turn, job_id: int) -> Job | None:
    """The job of that bounce, or the finished one of the bounce that has taken its place; None if there is none."""
    try:
        job = turn.find(job_id)
        newest = turn.state.jobs.get(turn.facts.newest_id(job.path))
    except JobError:
        return None
    if newest is not None and newest.id > job.id and newest.state is JobState.DONE:
        job = newest
    return None if _is_replaced(turn, job) else job


def _is_replaced(turn: Turn, job: Job) -> bool:
    """Whether another bounce was written in the place of a finished job's."""
    stamp = turn.facts.stamp(job.path)
    if job.state is not JobState.DONE or job.stamp is None or stamp is None:
        return False
    return (stamp.size, stamp.modified_ns) != (job.stamp.size, job.stamp.modified_ns)


def _wait_for_bounce(turn: Turn, passes: tuple[Automation, ...]) -> str:
    """Keep a take that was recorded before there was a bounce; it belongs to the next one in focus. In words."""
    waiting = turn.facts.takes(0).recorded(passes)
    turn.do(SaveTakes(0, waiting))
    count = len(waiting.kept)
    words = f"take {waiting.kept[-1].words}: kept, waits for the next bounce in focus"
    words += f", {count} of them" if count > 1 else ""
    turn.do(Publish(Notice(words)))
    return words
