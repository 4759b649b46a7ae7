"""The take that is being recorded, on disk: what was moved is added once a second, so that a kill costs no more."""

import json
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from dawbridge.errors import DawbridgeError, JobError
from dawbridge.jobs.database import Database
from dawbridge.knobs.automation import AUTOMATABLE, Automation
from dawbridge.knobs.parameters import PARAMETERS
from dawbridge.knobs.recording import Move, Recording


class Journal:
    """The ledger's table `recording`. Several daemons may share a ledger: each has its own rows, by its `owner`."""

    def __init__(self, database: Database, owner: str) -> None:
        """`owner`: the first folder that is watched, which no other running daemon watches."""
        self._database, self._owner = database, owner

    def add(self, job_id: int, moves: Sequence[Move]) -> None:
        """What was moved since; `job_id`: whose take it is, 0 if there was no bounce in focus."""
        rows = [[move.name, move.seconds, move.run, move.previous, move.value] for move in moves]
        sql = "INSERT INTO recording(owner, job, moves) VALUES (?, ?, ?)"
        self._database.write((sql, (self._owner, job_id, json.dumps(rows))))

    def clear(self) -> None:
        """The take is kept elsewhere."""
        self._database.write(("DELETE FROM recording WHERE owner = ?", (self._owner,)))

    def left(self) -> tuple[int, tuple[Automation, ...]]:
        """The take that a kill cut off: whose it is, and its passes; none if there is no such take."""
        recording, job_id = Recording(), 0
        try:
            rows = self._database.rows("SELECT job, moves FROM recording WHERE owner = ? ORDER BY seq", self._owner)
        except JobError:
            return 0, ()
        for job, moves in rows:
            with suppress(DawbridgeError, OverflowError, RecursionError, TypeError, ValueError):
                job_id = int(str(job))
                for move in map(_move, json.loads(str(moves))):
                    recording.add(move)
        return job_id, recording.passes()


def _move(given: Any) -> Move:
    """Raises for what makes no sense."""
    name, seconds, run, previous, value = given
    if name not in AUTOMATABLE or not abs(seconds) < float("inf"):
        raise ValueError(name)
    clamp = PARAMETERS[name].clamp
    return Move(name, float(seconds), int(run), clamp(previous), clamp(value))
