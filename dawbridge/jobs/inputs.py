"""Everything that can happen to the scheduler, beside what the watch sees and what the engine answers."""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path

from dawbridge.engine.process.messages import Described, Finished, Identified, TaskProgress
from dawbridge.files.sightings import Sighting
from dawbridge.jobs.record import JobRecord
from dawbridge.knobs.automation import Automation
from dawbridge.knobs.parameters import Changes, Snapshot


@dataclass(frozen=True, slots=True)
class Started:
    """The daemon starts: what the last run left in the ledger."""

    knobs: Snapshot
    unfinished: Sequence[JobRecord] = ()
    """Jobs that were not finished, oldest first."""
    unrendered: Sequence[JobRecord] = ()
    """Finished jobs of which a render was asked for and did not end."""
    last_done: JobRecord | None = None
    """The bounce that was finished last."""
    accepted: Sequence[Path] = ()
    """Files that are to be taken as they are."""
    prefetch: bool = True
    describes: bool = False
    """Whether tempo and key of finished bounces are estimated."""


@dataclass(frozen=True, slots=True)
class FoundBefore:
    """Files that were there at a folder's first watch, and are not to be separated."""

    paths: Sequence[Path]


@dataclass(frozen=True, slots=True)
class KnobsTurned:
    """Knobs were set, all that is in `changes` together."""

    changes: Changes


@dataclass(frozen=True, slots=True)
class EngineReady:
    """The engine can take a task."""


@dataclass(frozen=True, slots=True)
class EngineLost:
    """The engine died; `reason` says how."""

    reason: str


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed."""


@dataclass(frozen=True, slots=True)
class Stopping:
    """The daemon ends: what is unfinished is for the next start."""


@dataclass(frozen=True, slots=True)
class Submit:
    """Separate the file at `path`, with a preset of its own or the knobs as they are. Answered with the job's id."""

    path: str
    preset: str = ""


@dataclass(frozen=True, slots=True)
class Cancel:
    """Stop or unqueue a job; its bounce is left alone until it changes."""

    job_id: int


@dataclass(frozen=True, slots=True)
class Rerender:
    """Render a job's stems again with the knobs as they are."""

    job_id: int


@dataclass(frozen=True, slots=True)
class Focus:
    """From now on knobs re-render this job."""

    job_id: int


@dataclass(frozen=True, slots=True)
class Retry:
    """Do a failed, cancelled or finished job once more, as its file is now."""

    job_id: int


@dataclass(frozen=True, slots=True)
class Forget:
    """Remove a job from the ledger: its file counts as new."""

    job_id: int


@dataclass(frozen=True, slots=True)
class Accept:
    """Take a stalled file as it is."""

    job_id: int


@dataclass(frozen=True, slots=True)
class Info:
    """Tempo and key of a job's bounce. Answered with the job's id, beats a minute, key and Camelot key."""

    job_id: int


@dataclass(frozen=True, slots=True)
class Automate:
    """Give a job an automation and render it again. Answered with the job's id."""

    automation: Automation
    job_id: int = 0
    """0: the focused one."""


@dataclass(frozen=True, slots=True)
class KeepTake:
    """A take was recorded: it is laid over a job's automation. Answered with the job's id, and what became of it."""

    passes: tuple[Automation, ...]
    job_id: int
    """0: the job in focus now; if there is none, the next one."""


@dataclass(frozen=True, slots=True)
class FollowFile:
    """Give a job what the MIDI file beside its bounce says, or take it back since there is no such file any more."""

    automation: Automation
    job_id: int


@dataclass(frozen=True, slots=True)
class ListTakes:
    """The takes of the focused bounce. Answered with their number, and each in words."""


@dataclass(frozen=True, slots=True)
class UseTake:
    """Lay a take over the focused bounce's automation again. Answered with the job's id."""

    number: int


@dataclass(frozen=True, slots=True)
class DeleteTake:
    """Forget a take of the focused bounce. Answered with the job's id."""

    number: int


@dataclass(frozen=True, slots=True)
class Revert:
    """Undo the focused bounce's last change of automation, or redo what was undone. Answered with the job's id."""

    redo: bool = False


OfTakes = Automate | KeepTake | FollowFile | Revert | ListTakes | UseTake | DeleteTake
Command = Submit | Cancel | Rerender | Focus | Retry | Forget | Accept | Info | OfTakes


@dataclass(frozen=True, slots=True)
class Request:
    """A command, and who waits for its answer."""

    command: Command
    answer: "Future[object]" = field(default_factory=Future, compare=False)
    at_s: float = 0.0
    """When it was asked, by the loop's clock."""


FromWorker = Finished | Identified | Described | TaskProgress
Input = (
    Started | FoundBefore | KnobsTurned | EngineReady | EngineLost | Tick | Stopping | Request | Sighting | FromWorker
)
