"""What the OSC server asks of the rest of dawbridge."""

from typing import Literal, Protocol

State = Literal["idle", "busy", "paused"]


class Jobs(Protocol):
    """What OSC asks of the daemon's jobs. Called in the server's thread: each returns at once.

    A refusal is a `JobError` (or a subclass) whose `code` is `unknown_job`, `path_not_allowed`, `busy` or
    `unknown_preset`; any other code goes out as `internal`.
    """

    def submit(self, path: str, preset: str | None) -> int:
        """Queue the file at `path`, with a preset of its own or the knobs as they are; returns the job's id."""

    def cancel(self, job_id: int) -> None:
        """Stop or unqueue the job."""

    def rerender(self, job_id: int) -> None:
        """Render the job's stems again with the knobs as they are."""

    def retry(self, job_id: int) -> None:
        """Do a failed, cancelled or done job once more."""

    def forget(self, job_id: int) -> None:
        """Remove the job from the ledger; its file counts as new."""

    def focus(self, job_id: int) -> None:
        """Knob moves now re-render this job."""

    def accept(self, job_id: int) -> None:
        """Take a stalled file as it is."""

    def status(self) -> tuple[State, int]:
        """What the daemon does, and how many bounces wait."""


class Moves(Protocol):
    """What OSC asks of the automation. Called in the server's thread; a refusal is a `JobError`."""

    def record(self) -> None:
        """Keep knob moves against the position."""

    def stop(self) -> None:
        """Render them into the focused bounce."""

    def clear(self) -> None:
        """The focused bounce follows the knobs alone again."""

    def place(self, seconds: float, playing: bool) -> None:
        """The playhead is at `seconds` now."""
