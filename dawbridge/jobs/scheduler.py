"""The scheduler: `step(state, event, now, facts) -> (state, effects)`, pure but for the state that it is given.

    Started  Settling Settled Stalled Gone  KnobsTurned  Request  Finished Identified Described Progress EngineLost Tick
       └────── sightings ──────────┘          live      commands   outcomes, moves, descriptions
                                   └───────────────┬───────────────────────┘
                       picking.drive: what has to stop, what the engine does next
                                                   │
       Add Save Move … (the ledger, one transaction)   Publish   Send (to the engine)   Watch   Reply

It opens no file, starts nothing and knows no clock: `facts` answers its questions (`jobs.facts.Facts`), and the loop
does what the effects say (`jobs.runner`). The same events with the same facts always give the same effects, so that a
test can replay any history, and cut it anywhere.
"""

from dawbridge.engine.process.messages import Described, Finished, Identified, TaskProgress
from dawbridge.files.sightings import Gone, Settled, Settling, Stalled, Waiting
from dawbridge.jobs import live
from dawbridge.jobs.commands import requested
from dawbridge.jobs.descriptions import described
from dawbridge.jobs.effects import Effect
from dawbridge.jobs.facts import Facts
from dawbridge.jobs.inputs import (
    EngineLost,
    EngineReady,
    FoundBefore,
    Input,
    KnobsTurned,
    Request,
    Started,
    Stopping,
    Tick,
)
from dawbridge.jobs.moves import identified
from dawbridge.jobs.outcomes import finished, lost, progressed
from dawbridge.jobs.picking import drive
from dawbridge.jobs.sightings import found_before, gone, settled, settling, stalled, started, stopping, waits
from dawbridge.jobs.state import State
from dawbridge.jobs.turn import Turn


def step(state: State, event: Input, now: float, facts: Facts) -> tuple[State, list[Effect]]:
    """What becomes of `state` by `event` at `now` (seconds, monotonic), and what is to be done about it.

    `state` is changed in place and returned. Never raises for what an event says.
    """
    turn = Turn(state, facts, now)
    _take(turn, event)
    if not isinstance(event, Stopping):
        drive(turn)
    return state, turn.effects


def _take(turn: Turn, event: Input) -> None:
    match event:
        case KnobsTurned(changes):
            live.turned(turn, changes)
        case TaskProgress():
            progressed(turn, event)
        case Request():
            requested(turn, event)
        case Settling(path):
            settling(turn, path)
        case Settled(path, preset_folder):
            settled(turn, path, preset_folder)
        case Stalled(path, reason, acceptable):
            stalled(turn, path, reason, acceptable)
        case Waiting(path, reason):
            waits(turn, path, reason)
        case Gone(path):
            gone(turn, path)
        case Finished():
            finished(turn, event)
        case Identified():
            identified(turn, event)
        case Described():
            described(turn, event)
        case EngineReady():
            turn.state.engine_ready = True
        case EngineLost(reason):
            lost(turn, reason)
        case Started():
            started(turn, event)
        case FoundBefore():
            found_before(turn, event)
        case Stopping():
            stopping(turn)
        case Tick():
            return
