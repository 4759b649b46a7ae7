"""Everything that the scheduler wants done: the effects of `step`, in the order in which they are to be done.

What is stored comes before what is told: whoever hears of something finds it in the ledger.
"""

from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dawbridge.engine.process.messages import ToEngine
from dawbridge.errors import DawbridgeError
from dawbridge.events import Event, JobState
from dawbridge.files.stamp import Stamp
from dawbridge.knobs.takes import Takes


@dataclass(frozen=True, slots=True)
class Add:
    """Put a new job into the ledger."""

    job_id: int
    path: Path
    state: JobState


@dataclass(frozen=True, slots=True)
class Save:
    """Set columns of a job's row."""

    job_id: int
    fields: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class SaveTakes:
    """Keep a job's automation and takes."""

    job_id: int
    """0: a take that waits for the next bounce."""
    takes: Takes


@dataclass(frozen=True, slots=True)
class Claim:
    """From now on stems of this name (a path without suffix, as `one_name` has it) belong to the bounce at `path`."""

    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class Move:
    """The bounce of `old` is at `new` now: all its rows and claims go there, and `stems` to the job's row."""

    job_id: int
    old: Path
    new: Path
    stems: tuple[str, str]
    stamp: Stamp | None
    names: tuple[str, ...] = ()
    """Names of the stems that are claimed at the new place."""


@dataclass(frozen=True, slots=True)
class Remove:
    """Remove a job from the ledger; with `whole_file`, everything about its file, so that it counts as new."""

    job_id: int
    whole_file: bool = False


Stored = Add | Save | SaveTakes | Claim | Move | Remove
"""What goes into the ledger. All of one step is one transaction."""


@dataclass(frozen=True, slots=True)
class Publish:
    """Report an event to everyone."""

    event: Event


@dataclass(frozen=True, slots=True)
class Send:
    """Send a message to the engine."""

    message: ToEngine


@dataclass(frozen=True, slots=True)
class Watch:
    """Have the watch take a file as it is (`accept`), or look at it as if it had just appeared (`forget`)."""

    action: Literal["accept", "forget"]
    path: Path


@dataclass(frozen=True, slots=True)
class Discard:
    """Delete a stem of ours that a newer one in another format replaces, if it is exactly as we wrote it."""

    stem: Path


@dataclass(frozen=True, slots=True)
class Reply:
    """Answer a request."""

    answer: "Future[object]"
    result: object = None
    error: DawbridgeError | None = None


Effect = Stored | Publish | Send | Watch | Discard | Reply
