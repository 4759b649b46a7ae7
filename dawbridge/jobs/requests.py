"""What people ask of the board, over OSC and on the command line: the protocol `dawbridge.surfaces.osc.server.Jobs`."""

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from dawbridge.audio.files import StemFormat
from dawbridge.config.settings import FolderSettings
from dawbridge.engine.process.messages import Task
from dawbridge.errors import JobBusyError, JobError, PathNotAllowedError
from dawbridge.events import Bus, JobState
from dawbridge.files.output import Output
from dawbridge.jobs.ledger import Ledger
from dawbridge.jobs.queue import GONE, Job, JobQueue, file_stamp
from dawbridge.jobs.stem_names import StemNames
from dawbridge.jobs.turned_knobs import TurnedKnobs
from dawbridge.jobs.watched_roots import WatchedRoots
from dawbridge.knobs.automation import Automation
from dawbridge.knobs.parameters import ParameterStore
from dawbridge.knobs.presets import Presets

_WAITING = (JobState.SETTLING, JobState.QUEUED, JobState.STALLED)


class Requests:
    """The board's state, and the methods that another thread calls. Thread-safe."""

    def __init__(
        self,
        store: ParameterStore,
        presets: Presets,
        ledger: Ledger,
        bus: Bus,
        roots: Sequence[Path],
        *,
        output: Output,
        format: StemFormat | None,
        clock: Callable[[], float],
        folders: Sequence[FolderSettings] = (),
    ) -> None:
        """`folders`: roots with settings of their own; the others write as `output` and `format` say."""
        self._store, self._presets, self._ledger, self._bus = store, presets, ledger, bus
        own = {folder.path.resolve() for folder in folders}
        others = [FolderSettings(root, output=output, format=format) for root in roots if root.resolve() not in own]
        self._places = WatchedRoots([*folders, *others])
        self._lock = threading.RLock()
        self._bounces = JobQueue(ledger, bus)
        self._names = StemNames(ledger)
        self._rerenders: deque[int] = deque()
        self._running: Task | None = None
        self._cancel_wanted = False
        self._clock = clock
        self._last_end = 0.0
        self._accepted: list[Path] = []
        self._forgotten: list[Path] = []
        self._dismissed: dict[Path, tuple[int, int]] = {}
        self._said: set[str] = set()
        self._knobs = TurnedKnobs(store, clock)
        self.beside: Callable[[Path], Automation | None] = lambda _: None
        """Finds the automation that lies beside a bounce."""
        self.focused = 0
        """Id of the job that knob moves re-render; 0: none."""

    @contextmanager
    def together(self) -> Iterator[None]:
        """A block whose writes cost one transaction. The board's lock is taken first, as everywhere: another thread
        that holds the board and waits for the ledger must not meet one that holds the ledger and waits for the board.
        """
        with self._lock, self._ledger.together():
            yield

    def submit(self, path: str, preset: str | None) -> int:
        """Queue a file inside the watched folders. Raises `PathNotAllowedError`, `JobError`, `PresetError`."""
        try:
            found = Path(path).resolve()
            is_file = found.is_file()
        except (OSError, RuntimeError, ValueError) as error:  # a name too long, links that go round in a circle
            raise PathNotAllowedError(f"{path[:200]} cannot be looked at: {error.__class__.__name__}") from error
        if not self._places.inside(found):
            raise PathNotAllowedError(f"{path} lies outside the watched folders")
        if not is_file:
            raise PathNotAllowedError(f"{path} is no file")
        if preset:
            self._presets.load(preset)
        with self._lock:
            job = self._bounces.begin(found, JobState.QUEUED)
            job.preset = preset or ""
            self._bounces.enqueue(job)
            return job.id

    def cancel(self, job_id: int) -> None:
        """Stop or unqueue the job; its bounce is left alone until it changes. Raises `JobError`."""
        with self._lock:
            job = self._bounces.find(job_id)
            if self._running and self._running.job_id == job_id:
                self._cancel_wanted = True
            elif job.state in _WAITING or self._bounces.waits(job):
                if job.state is not JobState.QUEUED:
                    self._dismissed[job.path] = file_stamp(job.path)
                self._leave_alone(job.id, job.path)
                self._bounces.drop(job)

    def rerender(self, job_id: int) -> None:
        """Render the job's stems again with the knobs as they are. Raises `JobError`."""
        with self._lock:
            job = self._bounces.find(job_id)
            if job.state is not JobState.DONE:
                raise JobBusyError(f"job {job_id} is {job.state}; only a done one can be rendered again")
            job.values = dict(self._store.snapshot())
            self._rerenders.append(job_id)

    def bounces(self) -> list[tuple[int, Path]]:
        """Jobs of this run that are done, the newest 100: ids and paths."""
        with self._lock:
            return [(job.id, job.path) for job in self._bounces if job.state is JobState.DONE][-100:]

    def automation(self, job_id: int) -> Automation:
        """The job's automation. Raises `JobError`."""
        with self._lock:
            return self._bounces.find(job_id).automation

    def automate(self, job_id: int, automation: Automation) -> None:
        """Give the job an automation, and render it again. Raises `JobError`."""
        with self._lock:
            job = self._bounces.find(job_id)
            job.automation = automation
            self._ledger.keep_automation(job_id, automation.plain())
            if job.state is JobState.DONE:
                self._rerenders.append(job_id)

    def retry(self, job_id: int) -> None:
        """Do a failed, cancelled or done job once more, as its file is now. Raises `JobError`."""
        with self._lock:
            job = self._bounces.find(job_id, any_state=True)
            tried = job.state in (JobState.FAILED, JobState.CANCELLED, JobState.DONE)
            if not tried or self._is_running(job):
                raise JobBusyError(
                    f"job {job_id} is {job.state}; only a failed, cancelled or done one can be tried again"
                )
            if not self._places.inside(job.path) or file_stamp(job.path) == GONE:
                self._bounces.release(job)
                raise JobError(f"job {job_id}: {job.path} is not there any more, or not watched; bounce it again")
            job.attempts, job.told, job.content_hash = 0, "", ""
            self._bounces.enqueue(job)

    def forget(self, job_id: int) -> None:
        """Remove the job from the ledger: its file, if it is there, counts as new. Raises `JobError`."""
        with self._lock:
            job = self._bounces.find(job_id, any_state=True)
            if job.state is JobState.QUEUED or self._is_running(job):
                raise JobBusyError(f"job {job_id} is under way; cancel it first")
            for other in self._bounces.of(job.path):
                self._bounces.release(other)
            self._ledger.forget(job_id)
            self._dismissed.pop(job.path, None)
            if self._places.inside(job.path):
                self._forgotten.append(job.path)

    def focus(self, job_id: int) -> None:
        """Knob moves now re-render this job. Raises `JobError`."""
        with self._lock:
            self.focused = self._bounces.find(job_id).id
            self._knobs.take()

    def accept(self, job_id: int) -> None:
        """Take a stalled file as it is. Raises `JobError`."""
        with self._lock:
            job = self._bounces.find(job_id)
            if job.state not in (JobState.STALLED, JobState.SETTLING):
                raise JobError(f"job {job_id} is {job.state}; only a stalled or settling one can be accepted")
            self._accepted.append(job.path)

    def take_accepted(self) -> list[Path]:
        """Files that are to be taken as they are, each told once."""
        with self._lock:
            taken, self._accepted = self._accepted, []
            return taken

    def take_forgotten(self) -> list[Path]:
        """Files that are to be looked at as if they were new, each told once."""
        with self._lock:
            taken, self._forgotten = self._forgotten, []
            return taken

    def status(self) -> tuple[Literal["idle", "busy", "paused"], int]:
        """What the daemon does, and how many bounces wait."""
        with self._lock:
            if self._store.get("watch_enable") == 0:
                return "paused", len(self._bounces)
            return ("busy" if self._running else "idle"), len(self._bounces)

    def _is_running(self, job: Job) -> bool:
        return self._running is not None and self._running.job_id == job.id

    def _leave_alone(self, job_id: int, path: Path) -> None:
        """The file as it is now is dealt with."""
        size, mtime_ns = file_stamp(path)
        self._ledger.update(job_id, size=size, mtime_ns=mtime_ns)
