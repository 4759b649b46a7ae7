"""What the commands ask of the rest of dawbridge: the targets that stand ahead of the dot in `Command.call`.

Each method returns at once. What takes longer returns a `concurrent.futures.Future`; its result, or its
`DawbridgeError`, is the answer.
"""

from concurrent.futures import Future
from typing import Any, Literal, Protocol

State = Literal["idle", "busy", "paused"]
Request = Future[Any] | None


class Jobs(Protocol):
    """Target `jobs`.

    A refusal is a `JobError` (or a subclass) whose `code` is `unknown_job`, `path_not_allowed`, `busy` or
    `unknown_preset`; any other code is sent as `internal`.
    """

    def submit(self, path: str, preset: str | None) -> "Future[int] | int":
        """Queue the file at `path`, with a preset of its own or the knobs as they are; returns the job's id."""

    def cancel(self, job_id: int) -> Request:
        """Stop or unqueue the job."""

    def rerender(self, job_id: int) -> Request:
        """Render the job's stems again with the knobs as they are."""

    def retry(self, job_id: int) -> Request:
        """Do a failed, cancelled or done job once more."""

    def forget(self, job_id: int) -> Request:
        """Remove the job from the ledger; its file counts as new."""

    def focus(self, job_id: int) -> Request:
        """Knob moves now re-render this job."""

    def info(self, job_id: int) -> Request:
        """Tempo and key of a job's bounce."""

    def accept(self, job_id: int) -> Request:
        """Take a stalled file as it is."""

    def status(self) -> tuple[State, int]:
        """What the daemon does, and how many bounces wait."""

    def focused(self) -> tuple[int, str, str, str]:
        """The job that knob moves re-render: its id (0: none), its bounce's name, and the paths of its stems."""


class Moves(Protocol):
    """Target `automation`. A refusal is a `JobError`."""

    def record(self) -> Request:
        """Keep knob moves against the position."""

    def stop(self) -> Request:
        """Render them into the focused bounce."""

    def clear(self) -> Request:
        """The focused bounce follows the knobs alone again."""

    def undo(self) -> Request:
        """Take back what changed the focused bounce's automation last."""

    def redo(self) -> Request:
        """Do again what was undone."""

    @property
    def position(self) -> tuple[float, int, str]:
        """Where the playhead is, in seconds (-1: nobody says), 1 if it moves, and who says so."""

    @property
    def zero(self) -> float:
        """The time code at which a bounce starts, in seconds; -1: the whole hour at which it was last located."""

    def set_zero(self, seconds: float) -> None:
        """Say at which time code a bounce starts; below 0: the whole hour at which it was last located."""

    def place(
        self, seconds: float, playing: bool, source: str = ..., port: str = ..., backwards: bool = ...
    ) -> Request:
        """The position is `seconds` now, as time code or clock of a MIDI port, or the command (the default), has it."""

    def is_recording(self) -> bool:
        """Whether knob moves are recorded."""


class Midi(Protocol):
    """Target `midi`. What comes of a call is on the bus."""

    @property
    def learned_target(self) -> str:
        """What the next control is bound to; empty if nothing is learned."""

    def learn(self, target: str) -> None:
        """Bind the next control that is moved. Raises `UnknownParameterError`."""

    def cancel(self) -> None:
        """Learn nothing after all."""

    def forget(self, target: str) -> None:
        """Unbind every control of `target`. Raises `UnknownParameterError`."""

    def monitor(self, seconds: float) -> None:
        """Publish every message that comes in for this long; 0 ends it."""
