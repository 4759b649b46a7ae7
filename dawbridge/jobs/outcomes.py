"""What became of a task: the engine's answers, and its death."""

from dataclasses import replace
from pathlib import Path

from dawbridge.engine.job import SeparationResult
from dawbridge.engine.music import TempoKey
from dawbridge.engine.process.messages import Describe, Finished, Task, TaskProgress
from dawbridge.events import Done, Failed, JobInfo, JobState, Progress
from dawbridge.jobs import live
from dawbridge.jobs.effects import Claim, Discard, Publish, Remove, Save
from dawbridge.jobs.record import PASSING, untouched
from dawbridge.jobs.state import Job, Running
from dawbridge.jobs.stem_names import one_name
from dawbridge.jobs.takes import take_up_waiting
from dawbridge.jobs.turn import RETRY_S, Turn


def progressed(turn: Turn, message: TaskProgress) -> None:
    """The engine has come so far."""
    running = turn.state.running
    if running and running.job_id == message.job_id and not running.is_prefetch:
        running = turn.state.running = replace(running, fraction=message.fraction)
        turn.do(Publish(Progress(message.job_id, message.fraction, running.left_s(turn.now))))


def finished(turn: Turn, message: Finished) -> None:
    """The running task ended, in whatever way."""
    running = end_running(turn)
    job = turn.state.jobs.get(message.job_id)
    if running is None or job is None or running.job_id != message.job_id:
        return
    if running.is_prefetch:
        turn.put(replace(job, prefetched=message.code != "cancelled"))
    elif message.outcome:
        done(turn, job, running, message.outcome)
    elif message.code == "cancelled":
        cancelled(turn, job, running)
    else:
        failed(turn, job, message.code, message.message)


def end_running(turn: Turn) -> Running | None:
    """The engine is free; what it was at."""
    running, turn.state.running = turn.state.running, None
    turn.state.last_end_s = turn.now
    return running


def lost(turn: Turn, reason: str) -> None:
    """The engine died: its task is tried once more, then it fails."""
    turn.state.engine_ready = False
    running = turn.state.running
    if running is None:
        return
    job = turn.state.jobs.get(running.job_id)
    if isinstance(running.message, Describe) and job is not None:
        end_running(turn)
        turn.state.undescribed.pop(job.id, None)
        turn.put(replace(job, tempo_key=TempoKey()))
    elif job is None or running.is_prefetch or job.familiar:
        end_running(turn)
        if job is not None and job.only_if_familiar:
            turn.release(job)
            turn.do(Remove(job.id))
        elif job is not None:
            turn.put(replace(job, prefetched=job.prefetched or running.is_prefetch, familiar=False))
    elif job.attempts > 1:
        finished(turn, Finished(job.id, code="engine", message=f"the engine died on it twice ({reason})"))
    elif running.cancelled and not running.gives_way:
        finished(turn, Finished(job.id, code="cancelled"))
    else:
        end_running(turn)
        if job.state is JobState.DONE:  # a re-render, perhaps between its two stems
            turn.put(replace(job, attempts=job.attempts + 1))
            turn.state.rerenders[job.id] = None
            turn.state.rerenders.move_to_end(job.id, last=False)
        else:
            turn.enqueue(job, first=True)


def done(turn: Turn, job: Job, running: Running, outcome: SeparationResult) -> None:
    """The stems are in place."""
    report = outcome.report
    stems = (_text(report.acapella), _text(report.instrumental)) if report else ("", "")
    first_time = job.state is not JobState.DONE
    for note in outcome.notes:
        if note not in turn.state.said:
            turn.state.said.add(note)
            turn.say(job, note)
    _claim(turn, job, stems)
    for old in turn.facts.stems_of(job.path):
        if any(str(old) != new and old.with_suffix("") == Path(new).with_suffix("") for new in filter(None, stems)):
            turn.do(Discard(old))
    turn.do(Publish(Progress(job.id, 1.0, 0.0)))
    rendered = running.message.job.values if isinstance(running.message, Task) else job.values
    job = replace(
        job,
        content_hash=outcome.content_hash,
        attempts=0,
        told="",
        stems=stems,
        rendered=dict(rendered),
        is_owed=False,
        duration_s=outcome.duration_s,
    )
    job = turn.put(job)
    job = turn.move(
        job, JobState.DONE, content_hash=job.content_hash, acapella=stems[0], instrumental=stems[1], message="",
        code="", **live.wish(turn.state, job),
    )  # fmt: skip
    null_db = report.null_db if report else float("-inf")
    factor = outcome.seconds / outcome.duration_s
    claim = (report.claim,) if report and report.claim else ()
    turn.do(Publish(Done(job.id, *stems, outcome.seconds, null_db, factor, *claim)))
    if outcome.tempo_key and job.tempo_key is None:
        job = describe(turn, job, outcome.tempo_key)
    elif turn.state.describes and job.tempo_key is None:
        turn.state.undescribed[job.id] = None
    if first_time:
        for other in turn.state.of(job.path):
            if other.id != job.id and other.state is JobState.DONE:
                turn.release(other)  # its stems are this job's now
        turn.state.focused = job.id
        take_up_waiting(turn)
        live.unnote(turn)
        turn.state.note_due = turn.state.turned is not None


def describe(turn: Turn, job: Job, found: TempoKey) -> Job:
    """Note tempo and key of a job, and report them."""
    turn.state.undescribed.pop(job.id, None)
    job = turn.put(replace(job, tempo_key=found))
    turn.do(Save(job.id, {"tempo_key": found.plain()}), Publish(info_of(job.id, found)))
    return job


def info_of(job_id: int, found: TempoKey) -> JobInfo:
    """Tempo and key as they are reported: only what is sure."""
    is_sure = bool(found.key_text)
    return JobInfo(
        job_id,
        found.tempo.bpm if found.tempo and found.bpm_text else 0.0,
        found.key_text,
        found.key.camelot if found.key and is_sure else "",
    )


def cancelled(turn: Turn, job: Job, running: Running) -> None:
    """The task was cancelled: a re-render leaves the stems as they were, a bounce is given up or makes way."""
    if job.state is JobState.DONE:
        if running.unwanted:
            live.take_back(turn, job)
        elif not running.superseded:  # else it is still wanted, should its file turn out to have been touched only
            live.put_back(turn, job)
    elif running.gives_way:
        job = turn.put(replace(job, interrupted=job.interrupted + 1, attempts=0))
        turn.enqueue(job, first=True)
    else:
        turn.drop(job)


def failed(turn: Turn, job: Job, code: str, message: str) -> None:
    """The task failed, for the reason `message`."""
    stamp = turn.facts.stamp(job.path)
    passes = code in PASSING
    if job.state is JobState.DONE:
        job = turn.put(replace(job, is_owed=True))
        turn.do(Save(job.id, {"message": message, "code": code}))
    elif stamp is None:
        _source_lost(turn, job)
        return
    elif not untouched(job.stamp, stamp):
        turn.drop(job)  # bounced again meanwhile: the watch has it
        return
    else:
        job = turn.move(job, JobState.FAILED, message=message, code=code)
    if passes:
        turn.state.retry_at(job.id, turn.now + RETRY_S)
    if job.told != message:
        turn.put(replace(job, told=message))
        turn.state.failures += 1
        turn.do(Publish(Failed(job.id, code, message)))


def _source_lost(turn: Turn, job: Job) -> None:
    """The bounce was deleted, or unplugged: then its job waits for its folder."""
    if not turn.facts.is_away(job.path):
        turn.drop(job)
        return
    turn.wait(turn.move(job, JobState.QUEUED), turn.now + RETRY_S)


def _claim(turn: Turn, job: Job, stems: tuple[str, str]) -> None:
    """Keep the name that the stems got in the end for this bounce: `song_acapella (2)` stays that."""
    if stems != job.stems:
        turn.do(*(Claim(one_name(Path(stem).with_suffix("")), job.path) for stem in stems if stem))


def _text(path: Path | None) -> str:
    return str(path) if path else ""
