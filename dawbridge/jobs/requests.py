"""What other threads ask of the jobs: each method posts a request into the main loop's inbox and returns its answer.

The answer is a `Future`: it resolves to the result, or to the `DawbridgeError` that says why not.
"""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Literal, cast

from dawbridge.jobs.inputs import Accept, Automate, Cancel, Command, Focus, Forget, Request, Rerender, Retry, Submit
from dawbridge.knobs.automation import Automation

Status = tuple[Literal["idle", "busy", "paused"], int]
"""What the daemon does, and how many bounces wait."""
Focused = tuple[int, str, str, str]
"""The job that knobs re-render: its id, its bounce's name, and the paths of its stems as they were written last."""
NO_FOCUS: Focused = (0, "", "", "")


@dataclass(frozen=True, slots=True)
class RecorderRequest:
    """Begin a recording of knob moves, end it, or clear the focused bounce's automation."""

    action: Literal["record", "stop", "clear"]
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
        place: Callable[[float, bool], None],
        is_recording: Callable[[], bool] = lambda: False,
    ) -> None:
        """`place` is told where the playhead is, seconds and whether it moves, at once; `is_recording` answers so."""
        self._post, self._clock, self.place, self.is_recording = post, clock, place, is_recording

    def record(self) -> "Future[None]":
        """Keep knob moves against the position from now on."""
        return self._ask("record")

    def stop(self) -> "Future[None]":
        """End; what was moved is rendered into the focused bounce. The answer may be `JobError`."""
        return self._ask("stop")

    def clear(self) -> "Future[None]":
        """The focused bounce follows the knobs alone again. The answer may be `JobError`."""
        return self._ask("clear")

    def _ask(self, action: Literal["record", "stop", "clear"]) -> "Future[None]":
        request = RecorderRequest(action, at_s=self._clock())
        self._post(request)
        return cast("Future[None]", request.answer)
