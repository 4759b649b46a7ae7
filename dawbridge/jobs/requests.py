"""What other threads ask of the jobs: each method posts a request into the main loop's inbox and returns its answer.

The answer is a `Future`: it resolves to the result, or to the `DawbridgeError` that says why not.
"""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Literal, cast

from dawbridge.jobs.inputs import (
    Accept,
    Automate,
    Cancel,
    Command,
    DeleteTake,
    Focus,
    Forget,
    Info,
    ListTakes,
    Request,
    Rerender,
    Retry,
    Revert,
    Submit,
    UseTake,
)
from dawbridge.knobs.automation import Automation
from dawbridge.knobs.recorder import AutomationRecorder

Status = tuple[Literal["idle", "busy", "paused"], int]
"""What the daemon does, and how many bounces wait."""
Focused = tuple[int, str, str, str]
"""The job that knobs re-render: its id, its bounce's name, and the paths of its stems as they were written last."""
RecorderAction = Literal["record", "stop", "clear"]
NO_FOCUS: Focused = (0, "", "", "")


@dataclass(frozen=True, slots=True)
class RecorderRequest:
    """Begin a recording of knob moves, end it, or clear the focused bounce's automation."""

    action: RecorderAction
    answer: "Future[object]" = field(default_factory=Future, compare=False)
    at_s: float = 0.0
    """When it was asked, by the loop's clock."""


Post = Callable[[Request | RecorderRequest], None]


class JobRequests:
    """The jobs as OSC, the page and the command line see them. Thread-safe."""

    def __init__(
        self,
        post: Post,
        clock: Callable[[], float],
        status: Callable[[], Status],
        focused: Callable[[], Focused] = lambda: NO_FOCUS,
    ) -> None:
        """`post` hands a request to the main loop; `status` and `focused` are answered at once."""
        self._post, self._clock, self.status, self.focused = post, clock, status, focused

    def submit(self, path: str, preset: str | None = None) -> "Future[int]":
        """Queue a file inside the watched folders; its job's id.

        The answer may be `PathNotAllowedError`, `PresetError` or `JobError`.
        """
        return cast("Future[int]", self._ask(Submit(path, preset or "")))

    def cancel(self, job_id: int) -> "Future[None]":
        """Stop or unqueue the job; its bounce is left alone until it changes."""
        return self._ask(Cancel(job_id))

    def rerender(self, job_id: int) -> "Future[None]":
        """Render the job's stems again with the knobs as they are."""
        return self._ask(Rerender(job_id))

    def retry(self, job_id: int) -> "Future[None]":
        """Do a failed, cancelled or finished job once more, as its file is now."""
        return self._ask(Retry(job_id))

    def forget(self, job_id: int) -> "Future[None]":
        """Remove the job from the ledger: its file, if it is there, counts as new."""
        return self._ask(Forget(job_id))

    def focus(self, job_id: int) -> "Future[None]":
        """From now on knobs re-render this job."""
        return self._ask(Focus(job_id))

    def accept(self, job_id: int) -> "Future[None]":
        """Take a stalled file as it is."""
        return self._ask(Accept(job_id))

    def info(self, job_id: int) -> "Future[object]":
        """Id, tempo, key and Camelot key of a job's bounce; 0 or empty for what is not known."""
        return cast("Future[object]", self._ask(Info(job_id)))

    def automate(self, automation: Automation, job_id: int) -> "Future[int]":
        """Replace a job's automation and render it again; the job's id. The answer may be `JobError`."""
        return cast("Future[int]", self._ask(Automate(automation, job_id)))

    def _ask(self, command: Command) -> "Future[None]":
        request = Request(command, at_s=self._clock())
        self._post(request)
        return cast("Future[None]", request.answer)


class AutomationRequests:
    """The automation as OSC and MIDI see it. Thread-safe."""

    def __init__(
        self,
        post: Post,
        clock: Callable[[], float],
        recorder: AutomationRecorder,
    ) -> None:
        """`recorder` is told where the playhead is at once."""
        self._post, self._clock, self._recorder = post, clock, recorder
        self.place = recorder.transport.tell

    def is_recording(self) -> bool:
        """Whether knob moves are kept."""
        return self._recorder.is_recording

    @property
    def zero(self) -> float:
        """The position at which a bounce starts, in seconds; -1: found out, -2: where it was first heard playing."""
        return self._recorder.transport.zero_s

    def set_zero(self, seconds: float) -> None:
        """Say at which position a bounce starts; -1: find out, -2: where it is heard playing next.

        Raises `PositionError`.
        """
        self._recorder.transport.set_zero(seconds)

    @property
    def position(self) -> tuple[float, int, str]:
        """Where the playhead is, in seconds (-1: nobody says), 1 if it moves, and who says so."""
        transport = self._recorder.transport
        now = transport.now()
        return (round(max(now[0], 0.0), 1), int(now[1]), transport.owner) if now else (-1.0, 0, "")

    def record(self) -> "Future[object]":
        """Keep knob moves against the position from now on. The answer may be `JobBusyError`: that is done already."""
        return self._ask("record")

    def stop(self) -> "Future[object]":
        """End; what was moved is rendered into the bounce that was in focus when it began, or waits for the next one.

        Answered with the job's id (0: it waits), and in words; or with `JobError`.
        """
        return self._ask("stop")

    def clear(self) -> "Future[object]":
        """The focused bounce follows the knobs alone again; a recording goes on. The answer may be `JobError`."""
        return self._ask("clear")

    def undo(self) -> "Future[object]":
        """Take back what changed the focused bounce's automation last. The answer may be `JobError`."""
        return self._request(Revert())

    def redo(self) -> "Future[object]":
        """Do again what was undone. The answer may be `JobError`."""
        return self._request(Revert(redo=True))

    def takes(self) -> "Future[object]":
        """How many takes the focused bounce has, and each in words. The answer may be `JobError`."""
        return self._request(ListTakes())

    def use_take(self, number: int) -> "Future[object]":
        """Lay a take over the focused bounce's automation again. The answer may be `JobError`."""
        return self._request(UseTake(number))

    def delete_take(self, number: int) -> "Future[object]":
        """Forget a take of the focused bounce; its automation stays. The answer may be `JobError`."""
        return self._request(DeleteTake(number))

    def _ask(self, action: RecorderAction) -> "Future[object]":
        request = RecorderRequest(action, at_s=self._clock())
        self._post(request)
        return request.answer

    def _request(self, command: Command) -> "Future[object]":
        request = Request(command, at_s=self._clock())
        self._post(request)
        return request.answer
