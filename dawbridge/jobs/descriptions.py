"""Tempo and key of bounces: estimated once each, when the engine has nothing else to do.

Stems whose names hold them wait for the estimate; all other stems do not.
"""

from dataclasses import replace
from pathlib import Path

from dawbridge.engine.process.messages import Describe, Described
from dawbridge.engine.tempo_key import TempoKey
from dawbridge.events import JobInfo, JobState
from dawbridge.jobs.effects import Publish, Save
from dawbridge.jobs.outcomes import end_running
from dawbridge.jobs.state import Job
from dawbridge.jobs.turn import Turn


def next_one(turn: Turn) -> Describe | None:
    """The next finished bounce that is to be described, by its instrumental if there is one."""
    state = turn.state
    while state.undescribed:
        job = state.jobs.get(next(iter(state.undescribed)))
        if job is not None and job.state is JobState.DONE and job.tempo_key is None:
            return Describe(job.id, Path(job.stems[1]) if job.stems[1] else job.path)
        state.undescribed.popitem(last=False)
    return None


def described(turn: Turn, message: Described) -> None:
    """The engine has an estimate, or was stopped: then it is asked again."""
    running = end_running(turn)
    job = turn.state.jobs.get(message.job_id)
    if running is None or job is None or running.job_id != message.job_id or message.tempo_key is None:
        return
    keep(turn, job, message.tempo_key)


def keep(turn: Turn, job: Job, found: TempoKey) -> None:
    """Note what was found, and report it."""
    turn.state.undescribed.pop(job.id, None)
    turn.put(replace(job, tempo_key=found))
    turn.do(Save(job.id, {"tempo_key": found.plain()}), Publish(info(job.id, found)))


def info(job_id: int, found: TempoKey) -> JobInfo:
    """The event that reports it: only what is sure."""
    is_sure = bool(found.key_text)
    return JobInfo(
        job_id,
        found.tempo.bpm if found.tempo and found.bpm_text else 0.0,
        found.key_text,
        found.key.camelot if found.key and is_sure else "",
    )
