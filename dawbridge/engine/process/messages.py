"""The messages between the daemon and the engine's process."""

from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from dawbridge.engine.job import SeparationJob, SeparationResult
from dawbridge.engine.music import TempoKey


@dataclass(frozen=True, slots=True)
class Task:
    """To the engine: do this job. Only sent while the engine is idle."""

    job_id: int
    job: SeparationJob


@dataclass(frozen=True, slots=True)
class Identify:
    """To the engine: hash the decoded samples of a file, without separating it. Only sent while the engine is idle."""

    job_id: int
    source: Path


@dataclass(frozen=True, slots=True)
class Describe:
    """To the engine: estimate tempo and key of a file. Only sent while the engine is idle."""

    job_id: int
    source: Path
    for_name: bool = False
    """Whether a bounce waits for it, since its stems are named after what is found."""


@dataclass(frozen=True, slots=True)
class Cancel:
    """To the engine: stop what you are doing."""


@dataclass(frozen=True, slots=True)
class Quit:
    """To the engine: stop, and end the process."""


@dataclass(frozen=True, slots=True)
class Ready:
    """From the engine: the model is loaded and warm; or `problem` says why it is not."""

    device: str
    model_hash: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """From the engine: a line for the user, now."""

    text: str


@dataclass(frozen=True, slots=True)
class TaskProgress:
    """From the engine: the fraction of the task that is done, 0..1."""

    job_id: int
    fraction: float


@dataclass(frozen=True, slots=True)
class Finished:
    """From the engine: the task has ended. Exactly one of `outcome` and `code` is set."""

    job_id: int
    outcome: SeparationResult | None = None
    code: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Identified:
    """From the engine: a file's hash, or why there is none. Exactly one of `content_hash` and `code` is set."""

    job_id: int
    content_hash: str = ""
    code: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Described:
    """From the engine: what was found; nothing in it if the file cannot be read. None if it was cancelled."""

    job_id: int
    tempo_key: TempoKey | None


FromEngine = Ready | Said | TaskProgress | Finished | Identified | Described


ToEngine = Task | Identify | Describe | Cancel | Quit
EnginePipe = Connection
"""The engine's end of the pipe: sends `FromEngine`, receives `ToEngine`."""
