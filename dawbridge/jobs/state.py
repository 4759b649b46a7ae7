"""What the scheduler knows: the jobs of this run, their order, what runs, and which knobs wait.

`Job` and its kin are frozen; a change makes a new one. `State` holds them in dictionaries that only `step` changes, in
place: ten thousand bounces that come at once would otherwise be copied ten thousand times. It stays private to the
loop and replayable, since nothing but `step` writes to it and the same events always lead to the same state.
"""

import heapq
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from dawbridge.engine.music import TempoKey
from dawbridge.engine.process.messages import Describe, Identify, Task
from dawbridge.events import JobState
from dawbridge.files.stamp import Stamp
from dawbridge.knobs.automation import Automation
from dawbridge.knobs.parameters import DEFAULTS, Snapshot
from dawbridge.knobs.takes import Takes

NO_VALUES: Snapshot = MappingProxyType({})

UNDER_WAY = (JobState.SETTLING, JobState.QUEUED, JobState.RUNNING)
WAITING = (JobState.SETTLING, JobState.QUEUED, JobState.STALLED)


@dataclass(frozen=True, slots=True)
class Job:
    """One bounce on its way."""

    id: int
    path: Path
    state: JobState
    preset: str = ""
    """Preset of its own; empty: the knobs as they are."""
    values: Snapshot = field(default_factory=lambda: NO_VALUES)
    """Raw parameter values of its last render, or of the one that it waits for."""
    rendered: Snapshot = field(default_factory=lambda: NO_VALUES)
    """Raw parameter values that its stems were rendered with."""
    takes: Takes = field(default_factory=Takes)
    """Knobs that move within the bounce, and the recordings that they came from."""
    content_hash: str = ""
    """Hash of the decoded samples; empty until it is known."""
    stamp: Stamp | None = None
    """The source's stamp when the job was queued."""
    stems: tuple[str, str] = ("", "")
    """Paths of acapella and instrumental as they were written last; empty for one that was not."""
    familiar: bool = False
    """Whether the ledger has a finished bounce that this may be: its content is compared before it is separated."""
    only_if_familiar: bool = False
    """Whether it is left alone if it turns out to be unknown: it was there before the first watch."""
    prefetched: bool = False
    """Whether the estimates that a turned knob may need were made ahead."""
    attempts: int = 0
    """How often the engine was given it since it last succeeded."""
    passed: int = 0
    """How many shorter bounces were let past it."""
    interrupted: int = 0
    """How often it was interrupted in favour of shorter ones."""
    told: str = ""
    """The failure that was reported last."""
    tempo_key: TempoKey | None = None
    """Tempo and key; None until they were estimated."""
    duration_s: float = 0.0
    """Duration of the audio, in seconds; 0 until it is known."""
    is_owed: bool = False
    """Whether a render that was asked for failed: the next start tries it again."""

    @property
    def automation(self) -> Automation:
        """Knobs that move within the bounce."""
        return self.takes.automation

    @property
    def size(self) -> int:
        """Length of the source in bytes; 0 if it is not known."""
        return self.stamp.size if self.stamp else 0


@dataclass(frozen=True, slots=True)
class Running:
    """What the engine is doing."""

    message: Task | Identify | Describe
    since_s: float
    fraction: float = 0.0
    """How far it has come, 0..1."""
    cancelled: bool = False
    """Whether it was told to stop."""
    gives_way: bool = False
    """Whether it was told to stop so that shorter bounces get past it."""
    unwanted: bool = False
    """Whether somebody asked for it to be stopped."""
    superseded: bool = False
    """Whether it was told to stop because its file is being written again, or was touched."""

    @property
    def job_id(self) -> int:
        """The job that it is about."""
        return self.message.job_id

    @property
    def is_prefetch(self) -> bool:
        """Whether nobody waits for it."""
        if isinstance(self.message, Describe):
            return not self.message.for_name
        return isinstance(self.message, Task) and self.message.job.prefetch

    def left_s(self, now: float) -> float:
        """How long it will take from `now` on, in seconds, by what it took so far; negative if that is too early."""
        passed_s = now - self.since_s
        if self.fraction < 0.02 or passed_s < 0.5:
            return -1.0
        return passed_s * (1 - self.fraction) / self.fraction


@dataclass(frozen=True, slots=True)
class Turned:
    """Sound parameters that were turned since the last render."""

    values: Mapping[str, float]
    """Raw values by name."""
    first_s: float
    last_s: float


@dataclass(slots=True)
class State:
    """Everything; changed by `step` alone."""

    knobs: dict[str, float] = field(default_factory=lambda: dict(DEFAULTS))
    """All knobs' raw values."""
    prefetch: bool = True
    """Whether idle time is used to make estimates ahead."""
    describes: bool = False
    """Whether tempo and key of finished bounces are estimated."""
    undescribed: OrderedDict[int, None] = field(default_factory=OrderedDict)
    """Ids of finished bounces whose tempo and key are to be estimated, in order."""
    jobs: dict[int, Job] = field(default_factory=dict)
    by_path: dict[Path, set[int]] = field(default_factory=dict)
    queue: OrderedDict[int, None] = field(default_factory=OrderedDict)
    """Ids of the bounces that wait for the engine, in order."""
    later: dict[int, float] = field(default_factory=dict)
    """Jobs that are tried again at a time."""
    rerenders: OrderedDict[int, None] = field(default_factory=OrderedDict)
    """Ids of finished jobs that are to be rendered again, in order, each once."""
    under_way: set[int] = field(default_factory=set)
    """Ids of jobs that settle, wait or run."""
    engine_ready: bool = False
    running: Running | None = None
    last_end_s: float = float("-inf")
    """When the engine was last done with something."""
    focused: int = 0
    """Id of the job that knobs re-render; 0: none."""
    focus_if_found: int = 0
    """Id of the job that was in focus when the last run ended and is not at its place now; 0: none."""
    turned: Turned | None = None
    analysis_turned: bool = False
    """Whether a knob of the analysis stage was turned that nothing running knows of."""
    noted_for: int = 0
    """Id of the job in whose ledger row the turned knobs are noted, in case the daemon is killed; 0: none."""
    noted_s: float = float("-inf")
    note_due: bool = False
    """Whether something was turned since they were noted."""
    dismissed: dict[Path, Stamp] = field(default_factory=dict)
    """Files that the user does not want, as they were then."""
    said: set[str] = field(default_factory=set)
    """Notes of the engine that were reported."""
    stalled: set[int] = field(default_factory=set)
    failures: int = 0
    """How many bounces failed for good in this run."""
    due: list[tuple[float, int]] = field(default_factory=list)
    """Heap of `later`; an entry that is not in there any more counts for nothing."""

    def of(self, path: Path) -> list[Job]:
        """All jobs of a file in this run, oldest first."""
        return [self.jobs[job_id] for job_id in sorted(self.by_path.get(path, ()))]

    def done(self) -> Iterator[Job]:
        """The jobs of this run that are done."""
        return (job for job in self.jobs.values() if job.state is JobState.DONE)

    def retry_at(self, job_id: int, until_s: float) -> None:
        """Try a job again at `until_s`."""
        self.later[job_id] = until_s
        heapq.heappush(self.due, (until_s, job_id))

    def next_retry_s(self) -> float:
        """When the first of `later` is due; infinite if there is none."""
        while self.due and self.later.get(self.due[0][1]) != self.due[0][0]:
            heapq.heappop(self.due)
        return self.due[0][0] if self.due else float("inf")

    @property
    def is_idle(self) -> bool:
        """Nothing runs, waits or settles, but what is tried again later."""
        working = self.running is not None and not self.running.is_prefetch
        return not (working or self.rerenders or self.undescribed or self.under_way - self.later.keys())
