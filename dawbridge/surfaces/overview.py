"""What a performer needs to know, and a program that joins later did not hear: focus, queue, recording, learning."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dawbridge.commands import Value
from dawbridge.errors import JobError
from dawbridge.events import Bus, Event, JobState, StateChanged

KEPT = 64
"""How many jobs it remembers, the newest."""


@dataclass(frozen=True, slots=True)
class JobView:
    """One job as the events tell of it."""

    id: int
    state: JobState
    file: str


class Overview:
    """Target `overview` of the command table. Thread-safe; it learns from the bus, and asks the other targets."""

    def __init__(self, bus: Bus, targets: Mapping[str, Any]) -> None:
        """`targets` are those of the commands: `jobs`, `automation`, `midi`, None for what is not available."""
        self._targets = targets
        self._happened = bus.mailbox()
        self._jobs: dict[int, JobView] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        """Stop listening to the bus."""
        self._happened.close()

    @property
    def jobs(self) -> Mapping[int, JobView]:
        """The newest jobs by id."""
        with self._lock:
            for event in self._happened.drain():
                self._note(event)
            return dict(self._jobs)

    @property
    def queue(self) -> int:
        """How many bounces wait."""
        return int(self._targets["jobs"].status()[1])

    @property
    def focus(self) -> tuple[int, str, str, str]:
        """The job that knob moves re-render: its id (0: none), its bounce's name, and the paths of its stems."""
        return self._targets["jobs"].focused()  # type: ignore[no-any-return]

    @property
    def recording(self) -> int:
        """1 while knob moves are recorded."""
        automation = self._targets["automation"]
        return int(automation is not None and automation.is_recording())

    @property
    def position(self) -> tuple[float, int, str]:
        """Where the playhead is, in seconds (-1: nobody says), 1 if it moves, and who says so."""
        automation = self._targets["automation"]
        return automation.position if automation is not None else (-1.0, 0, "")

    @property
    def zero(self) -> float:
        """The position at which a bounce starts, in seconds; -1: found out, -2: where it was first heard playing."""
        automation = self._targets["automation"]
        return float(automation.zero) if automation is not None else -1.0

    @property
    def learning(self) -> str:
        """What the next MIDI control that moves is bound to; empty if nothing is learned."""
        midi = self._targets["midi"]
        return str(midi.learned_target) if midi is not None else ""

    def focus_step(self, by: int) -> object:
        """Focus the done job `by` places on (-1: back), round the ends of the list. Raises `JobError`."""
        done = sorted(job.id for job in self.jobs.values() if job.state is JobState.DONE)
        if not done:
            raise JobError("no bounce is done yet that could be focused")
        here = self.focus[0]
        place = done.index(here) + by if here in done else (0 if by > 0 else -1)
        return self._targets["jobs"].focus(done[place % len(done)])

    def accept(self) -> object:
        """Take the file that stalled last as it is. Raises `JobError`."""
        stalled = [job.id for job in self.jobs.values() if job.state is JobState.STALLED]
        if not stalled:
            raise JobError("no file is stalled")
        return self._targets["jobs"].accept(max(stalled))

    def _note(self, event: Event) -> None:
        if isinstance(event, StateChanged):
            self._jobs.pop(event.job_id, None)
            self._jobs[event.job_id] = JobView(event.job_id, event.state, event.file)
        while len(self._jobs) > KEPT:
            del self._jobs[next(iter(self._jobs))]


class News:
    """Notices which of some values have changed since it was last asked."""

    def __init__(self, read: Callable[[], Mapping[str, tuple[Value, ...]]]) -> None:
        """`read` gives the values by address."""
        self._read = read
        self._last = dict(read())

    def take(self) -> dict[str, tuple[Value, ...]]:
        """What is other than last time."""
        now = self._read()
        news = {address: values for address, values in now.items() if self._last.get(address) != values}
        self._last = dict(now)
        return news
