"""A bounce's automation: takes over it, undo and redo, and a take that waits for the first bounce."""

from dataclasses import replace

from dawbridge.errors import JobBusyError, JobError
from dawbridge.events import JobState, Notice
from dawbridge.jobs import live
from dawbridge.jobs.effects import Publish, SaveAutomation
from dawbridge.jobs.inputs import Automate
from dawbridge.jobs.state import Job
from dawbridge.jobs.turn import Turn
from dawbridge.knobs.automation import Automation

KEPT_TAKES = 50
"""How many changes of an automation can be undone."""
NOTHING = Automation()
"""What a bounce has that follows the knobs alone."""


def automate(turn: Turn, command: Automate) -> int:
    """Give a job an automation, and render it again; the job's id. Raises `JobError`."""
    if command.over and command.job_id == 0 and not turn.state.focused:
        return _wait_for_bounce(turn, command.automation)
    job = focused_job(turn) if command.job_id == 0 else turn.find(command.job_id)
    automation = command.automation
    if command.over:
        automation = job.automation.overdubbed(automation)
    elif automation == job.automation:
        return job.id
    return _automated(turn, job, automation, (*job.past, job.automation)[-KEPT_TAKES:], ())


def revert(turn: Turn, redo: bool) -> int:
    """Undo the focused bounce's last change of automation, or redo what was undone; the job's id. Raises `JobError`."""
    job = focused_job(turn)
    past, undone = job.past, job.undone
    if not (undone if redo else past):
        raise JobError(f"job {job.id}: no take to {'redo' if redo else 'undo'}; its automation stays as it is")
    if redo:
        return _automated(turn, job, undone[-1], (*past, job.automation), undone[:-1])
    return _automated(turn, job, past[-1], past[:-1], (*undone, job.automation))


def _automated(
    turn: Turn, job: Job, automation: Automation, past: tuple[Automation, ...], undone: tuple[Automation, ...]
) -> int:
    """Give a job an automation, with what can be undone and redone from there; its id. Raises `JobError`."""
    refuse_replaced(turn, job)
    job = turn.put(replace(job, automation=automation, past=past, undone=undone))
    turn.do(SaveAutomation(job.id, automation, past, undone))
    if job.state is JobState.DONE:
        live.ask_render(turn, job)
    return job.id


def _wait_for_bounce(turn: Turn, take: Automation) -> int:
    """Keep a take that was recorded before there was a bounce; it belongs to the next one in focus."""
    waiting = turn.facts.automation(0).overdubbed(take)
    turn.do(SaveAutomation(0, waiting))
    turn.do(Publish(Notice("the take is kept, and belongs to the next bounce that is in focus")))
    return 0


def take_up_waiting(turn: Turn) -> None:
    """A bounce is in focus: what was recorded before there was one belongs to it."""
    waiting = turn.facts.automation(0)
    if waiting:
        turn.do(SaveAutomation(0, NOTHING))
        automate(turn, Automate(waiting, turn.state.focused, over=True))


def refuse_replaced(turn: Turn, job: Job) -> None:
    """Raises `JobError` if another bounce took the place of this job's: its stems are that one's now."""
    stamp = turn.facts.stamp(job.path)
    if job.state is not JobState.DONE or job.stamp is None or stamp is None:
        return
    if (stamp.size, stamp.modified_ns) != (job.stamp.size, job.stamp.modified_ns):
        raise JobBusyError(f"job {job.id}: {job.path.name} was bounced again since; name the job of the newer bounce")


def focused_job(turn: Turn) -> Job:
    if not turn.state.focused:
        raise JobError("no bounce is in focus yet; bounce one, or /dawbridge/job/focus one")
    return turn.find(turn.state.focused)
