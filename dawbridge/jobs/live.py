"""Live knobs: what was turned is rendered into the focused bounce as soon as it rests, and outlives a kill.

turned … turned … rests 150 ms (or 1 s since the first) → rendered, if the engine is free
   └ noted in the focused job's row at once, then every 50 ms → rendered at the next start, if we are killed
"""

from dataclasses import replace

from dawbridge.events import JobState
from dawbridge.jobs.effects import Save
from dawbridge.jobs.state import Job, State, Turned
from dawbridge.jobs.turn import Turn
from dawbridge.knobs.parameters import PARAMETERS, Changes, Stage

SETTLE_S = 0.15
"""How long a knob has to rest before it is rendered, in seconds."""
LONGEST_WAIT_S = 1.0
"""How often a knob that never rests is rendered, in seconds."""
NOTE_S = 0.05
"""How often turned knobs are noted in the ledger at most, in seconds."""


def turned(turn: Turn, changes: Changes) -> None:
    """Knobs were set."""
    state = turn.state
    for change in changes:
        state.knobs[change.name] = change.value
        stage = PARAMETERS[change.name].stage
        if change.name == "live_enable" and change.changed:
            _follow(turn, change.value == 1)
        if not change.changed or stage is Stage.CONTROL:
            continue
        before = state.turned
        values = {**(before.values if before else {}), change.name: change.value}
        state.turned = Turned(values, before.first_s if before else change.at_s, change.at_s)
        state.analysis_turned |= stage is Stage.ANALYSIS
        state.note_due = True


def _follow(turn: Turn, follows: bool) -> None:
    """The focused bounce follows the knobs from now on, or no longer: then what is not rendered yet is not noted."""
    if not follows:
        unnote(turn)
    turn.state.note_due = follows and turn.state.turned is not None


def is_possible(state: State) -> bool:
    """Whether there is a finished bounce in focus that follows the knobs."""
    job = state.jobs.get(state.focused)
    return job is not None and job.state is JobState.DONE and state.knobs["live_enable"] == 1


def due_s(state: State) -> float:
    """When what was turned counts as settled, if nothing more is turned; infinite if nothing was."""
    waiting = state.turned
    return min(waiting.last_s + SETTLE_S, waiting.first_s + LONGEST_WAIT_S) if waiting else float("inf")


def is_due(turn: Turn) -> bool:
    """Whether something was turned that is to be rendered now."""
    return is_possible(turn.state) and turn.now >= due_s(turn.state)


def note_due_s(state: State) -> float:
    """When what was turned is to be noted in the ledger; infinite if that was done or there is no need."""
    return state.noted_s + NOTE_S if state.note_due and is_possible(state) else float("inf")


def note(turn: Turn) -> None:
    """Note what was turned in the focused job's row."""
    state = turn.state
    if turn.now < note_due_s(state):
        return
    if state.noted_for != state.focused:
        unnote(turn)
    state.noted_for, state.noted_s, state.note_due = state.focused, turn.now, False
    job = state.jobs[state.focused]
    turn.do(Save(job.id, wish(state, job)))


def unnote(turn: Turn) -> None:
    """What was turned is not for the job any more in whose row it is noted."""
    state = turn.state
    job, state.noted_for = state.jobs.get(state.noted_for), 0
    if job is not None and job.state is JobState.DONE:
        turn.do(Save(job.id, wish(state, job)))


def wish(state: State, job: Job) -> dict[str, object]:
    """Columns of a finished job: the settings that it has or is to have, and whether a render of it is to come."""
    noted = state.turned.values if state.turned and state.noted_for == job.id else {}
    runs = state.running is not None and state.running.job_id == job.id and not state.running.is_prefetch
    waits = job.id in state.rerenders or job.id in state.later
    return {"rendering": int(bool(noted) or waits or runs or job.is_owed), "settings": {**job.values, **noted}}


def take(state: State) -> dict[str, float]:
    """What was turned; it counts as rendered from now on."""
    values = dict(state.turned.values) if state.turned else {}
    state.turned, state.note_due = None, False
    return values


def commit(turn: Turn) -> None:
    """Give what was turned to the job in focus, which is rendered when its turn comes."""
    state = turn.state
    if not (state.turned and is_possible(state)):
        return
    job = state.jobs[state.focused]
    job = turn.put(replace(job, values={**job.values, **take(state)}))
    ask_render(turn, job)
    state.noted_for = 0


def ask_render(turn: Turn, job: Job) -> None:
    """Have a finished job rendered again; it is in the ledger before it waits."""
    turn.state.rerenders[job.id] = None
    turn.state.later.pop(job.id, None)
    turn.do(Save(job.id, wish(turn.state, job)))


def take_back(turn: Turn, job: Job) -> None:
    """A render of a finished job is not wanted any more, unless it was asked for again meanwhile."""
    if job.id not in turn.state.rerenders:
        job = turn.put(replace(job, values=job.rendered, is_owed=False))
    turn.do(Save(job.id, wish(turn.state, job)))


def put_back(turn: Turn, job: Job) -> None:
    """A render was stopped because newer knobs make it useless: it is rendered with them."""
    state = turn.state
    if job.id != state.focused:
        ask_render(turn, job)
        return
    wanted = {name: value for name, value in job.values.items() if job.rendered.get(name) != value}
    waiting = state.turned or Turned({}, turn.now, turn.now)
    state.turned, state.note_due = replace(waiting, values={**wanted, **waiting.values}), True
    take_back(turn, job)
