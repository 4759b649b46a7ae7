"""What the engine does next: turned knobs first, then bounces in order, then what may be needed."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from dawbridge.engine.job import SeparationJob
from dawbridge.engine.process.messages import Describe, Identify, Task
from dawbridge.errors import JobError, PresetError
from dawbridge.events import JobState, Notice
from dawbridge.jobs import descriptions, live
from dawbridge.jobs.effects import Claim, Publish, Save, SaveTakes, Send
from dawbridge.jobs.outcomes import failed
from dawbridge.jobs.record import untouched
from dawbridge.jobs.state import Job, Running, State
from dawbridge.jobs.turn import RETRY_S, Turn
from dawbridge.knobs.parameters import complete

PREFETCH_AFTER_S = 1.0
"""How long the engine has to be idle before it does what nobody asked for yet, in seconds."""

LONG_BYTES = 2**28
"""A bounce of this length, in bytes, lets others past: 15 minutes of 24-bit stereo at 48 kHz."""
SHORTER = 16
"""Bounces that are this many times shorter get past a long one."""
PASSES = 16
"""How many of them get past it before it is its turn."""
INTERRUPTIONS = 2
"""How often a long one that is running is interrupted for them."""
WORTH_S = 120.0
"""A long one is interrupted only if it would run this much longer, in seconds."""
_LOOK_AHEAD = 64


def drive(turn: Turn) -> None:
    """Stop what is not wanted any more, and give the engine something to do if it is free."""
    for job in due_again(turn):
        try_again(turn, job)
    stop_outdated(turn)
    live.note(turn)
    if turn.state.engine_ready and turn.state.running is None:
        message = rerender(turn) or first_in_queue(turn) or descriptions.next_one(turn) or prefetch(turn)
        if message:
            turn.state.running = Running(message, turn.now)
            turn.do(Send(message))
        live.note(turn)


def next_due_s(state: State) -> float:
    """When `drive` has something to do, if nothing happens until then; infinite if it has not."""
    follows = live.is_possible(state)
    due = min(state.next_retry_s(), live.note_due_s(state))
    if state.running is not None:
        in_the_way = state.running.is_prefetch and not state.running.cancelled
        return min(due, live.due_s(state)) if in_the_way and follows else due
    if not state.engine_ready:
        return due
    due = min(due, live.due_s(state)) if follows else due
    if state.prefetch and _prefetchable(state):
        due = min(due, state.last_end_s + PREFETCH_AFTER_S)
    return due


def due_again(turn: Turn) -> list[Job]:
    """Jobs whose wait is over."""
    due = []
    while turn.state.next_retry_s() <= turn.now:
        job_id = turn.state.due[0][1]
        del turn.state.later[job_id]
        if job_id in turn.state.jobs:
            due.append(turn.state.jobs[job_id])
    return due


def try_again(turn: Turn, job: Job) -> None:
    """Queue a job whose wait is over; it waits on if its folder is still away."""
    if job.state is JobState.DONE:
        turn.state.rerenders[job.id] = None
    elif turn.facts.stamp(job.path) is None and turn.facts.is_away(job.path):
        turn.wait(job, turn.now + RETRY_S)
    else:
        turn.enqueue(job)


def stop_outdated(turn: Turn) -> None:
    """Cancel a re-analysis that a newer knob makes useless, a prefetch that is in the way, a long one if need be."""
    state, running = turn.state, turn.state.running
    analysis, state.analysis_turned = state.analysis_turned, False
    if running is None or running.cancelled:
        return
    outdated = analysis and live.is_possible(state) and running.job_id == state.focused
    waiting = queue_is_open(turn) or state.rerenders or live.is_due(turn)
    if outdated or (running.is_prefetch and waiting):
        turn.cancel_running()
    elif _gives_way(turn, running):
        state.running = replace(running, gives_way=True)
        turn.cancel_running()


def queue_is_open(turn: Turn) -> bool:
    """Whether a bounce waits and may be taken."""
    return bool(turn.state.queue) and turn.state.knobs["watch_enable"] == 1


def rerender(turn: Turn) -> Task | None:
    """The next finished job that is to be rendered again."""
    state = turn.state
    if live.is_due(turn):
        live.commit(turn)
    while state.rerenders:
        job_id, _ = state.rerenders.popitem(last=False)
        job = state.jobs.get(job_id)
        if job is not None and job.state is JobState.DONE:
            message = task(turn, job)
            if message:  # noted first: a render that is cut off between its two files is done again
                turn.do(Save(job.id, {"rendering": 1, "settings": dict(message.job.values)}))
                return message
    return None


def first_in_queue(turn: Turn) -> Task | Identify | Describe | None:
    """The next bounce."""
    state = turn.state
    if live.is_possible(state) and state.turned:
        return None
    while queue_is_open(turn):
        job = _next(turn)
        if job is None:
            return None
        if turn.facts.stamp(job.path) is None:
            try_again(turn, job)
            continue
        if job.familiar:
            return Identify(job.id, job.path)
        if job.tempo_key is None and turn.facts.folder(job.path).output.is_by_music:
            return Describe(job.id, job.path, for_name=True)
        live.take(state)
        del state.queue[job.id]
        turn.tell_length()
        beside = turn.facts.beside(job.id, job.path)
        job = replace(
            job,
            attempts=job.attempts + 1,
            values=_snapshot(turn, job),
            takes=job.takes.given(beside) if beside else job.takes,
        )
        if beside:
            turn.do(SaveTakes(job.id, job.takes))
        job = turn.move(turn.put(job), JobState.RUNNING)
        message = task(turn, job)
        if message:
            return message
    return None


def prefetch(turn: Turn) -> Task | None:
    """The focused bounce, for the estimate that the first turn of `center_amount` needs."""
    state = turn.state
    if not (state.prefetch and _prefetchable(state)) or turn.now - state.last_end_s < PREFETCH_AFTER_S:
        return None
    return task(turn, state.jobs[state.focused], ahead=True)


def task(turn: Turn, job: Job, *, ahead: bool = False) -> Task | None:
    """A job as the engine takes it; None, and the job fails, if there is no name for its stems."""
    folder = turn.facts.folder(job.path)
    try:
        targets = turn.facts.targets(job.path, job.tempo_key)
    except JobError as error:
        failed(turn, job, "ledger", str(error))
        return None
    if targets.claim:
        turn.do(Claim(targets.claim, job.path))
    if targets.note:
        turn.say(job, targets.note)
    known = job.content_hash if untouched(job.stamp, turn.facts.stamp(job.path)) else ""
    wanted = SeparationJob(
        job.path, targets.acapella, targets.instrumental, dict(complete(job.values)), known, folder.format,
        prefetch=ahead, live=job.state is JobState.DONE, automation=job.automation, loop=folder.loop,
        legacy_stems=turn.facts.older_stems(job.path), tempo_key=job.tempo_key,
        dawproject=folder.dawproject,
    )  # fmt: skip
    return Task(job.id, wanted)


def _prefetchable(state: State) -> bool:
    job = state.jobs.get(state.focused)
    return job is not None and job.state is JobState.DONE and not job.prefetched and bool(job.content_hash)


def _snapshot(turn: Turn, job: Job) -> dict[str, float]:
    values = dict(turn.state.knobs)
    if job.preset:
        try:
            values.update(turn.facts.preset(job.preset))
        except PresetError as error:
            turn.do(Publish(Notice(f"[{job.id}] {job.path.name}: {error}; the knobs as they are were used")))
    return values


def _next(turn: Turn) -> Job | None:
    """The first in order, or a shorter one that gets past it; those wait whose MIDI file is still being read."""
    state = turn.state
    jobs = (state.jobs[job_id] for job_id in islice(state.queue, _LOOK_AHEAD))
    first = next((job for job in jobs if not turn.facts.is_reading(job.path)), None)
    if first is None:
        return None
    shorter = next(_shorter(turn, first), None) if first.passed < PASSES else None
    if shorter is None:
        return first
    turn.put(replace(first, passed=first.passed + 1))
    return shorter


def _shorter(turn: Turn, job: Job) -> Iterator[Job]:
    """Bounces in the queue that may get past this one."""
    if job.size < LONG_BYTES:
        return
    for job_id in islice(turn.state.queue, _LOOK_AHEAD):
        other = turn.state.jobs[job_id]
        if other.size * SHORTER <= job.size and not turn.facts.is_reading(other.path):
            yield other


def _gives_way(turn: Turn, running: Running) -> bool:
    """Whether a long bounce that is running, less than half done, is in the way of a short one."""
    job = turn.state.jobs.get(running.job_id)
    if job is None or job.state is not JobState.RUNNING or job.interrupted >= INTERRUPTIONS:
        return False
    passed_s = turn.now - running.since_s
    if running.fraction <= 0.01 or running.fraction >= 0.5 or not queue_is_open(turn):
        return False
    left_s = passed_s * (1 - running.fraction) / running.fraction
    return left_s > WORTH_S and next(_shorter(turn, job), None) is not None
