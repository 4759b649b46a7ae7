"""Knob moves kept against the playhead's position: an automation that is played, not drawn."""

from collections.abc import Callable, Iterable

from dawbridge.errors import JobBusyError
from dawbridge.knobs.automation import AUTOMATABLE, Automation
from dawbridge.knobs.parameters import Change
from dawbridge.knobs.recording import Move, Recording
from dawbridge.knobs.transport import Transport


class AutomationRecorder:
    """Collects knob moves while it records. Used from one thread, but for `is_recording` and the transport."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.transport = Transport(clock)
        self._recording: Recording | None = None
        self._fresh: list[Move] = []
        self.job_id = 0
        """The job whose bounce the take belongs to; 0: none was in focus yet."""

    @property
    def is_recording(self) -> bool:
        """Between `record` and `stop`."""
        return self._recording is not None

    def record(self, job_id: int = 0) -> None:
        """Begin, with nothing kept, for a job's bounce. Raises `JobBusyError` while a take is being recorded."""
        if self._recording is not None:
            raise JobBusyError(
                "a take is being recorded already and goes on; /dawbridge/automation/stop ends it, then record again"
            )
        self._recording, self._fresh, self.job_id = Recording(), [], job_id

    def stop(self) -> tuple[Automation, ...]:
        """End; the passes of what was moved meanwhile."""
        recording, self._recording, self._fresh = self._recording, None, []
        return recording.passes() if recording else ()

    def fresh(self) -> list[Move]:
        """What was moved since this was last asked, in order."""
        fresh, self._fresh = self._fresh, []
        return fresh

    def hear(self, changes: Iterable[Change]) -> None:
        """Keep what was moved, each change at the place where the playhead was then."""
        if self._recording is None:
            return
        for change in changes:
            place = self.transport.place(change.at_s)
            if place is not None and change.changed and change.name in AUTOMATABLE:
                move = Move(change.name, *place, change.previous, change.value)
                self._recording.add(move)
                self._fresh.append(move)
