"""Tempo and key of bounces: estimated once each, when the engine has nothing else to do.

Stems whose names hold them wait for the estimate; all other stems do not.
"""

from pathlib import Path

from dawbridge.engine.process.messages import Describe, Described
from dawbridge.events import JobState
from dawbridge.jobs.outcomes import describe, end_running
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
    describe(turn, job, message.tempo_key)
