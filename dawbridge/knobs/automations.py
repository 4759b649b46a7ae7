"""Automations on their way to the bounces: recorded over OSC, or read from a MIDI file beside one."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from dawbridge.errors import DawbridgeError, JobError
from dawbridge.events import Bus, Notice
from dawbridge.jobs.queue import file_stamp
from dawbridge.knobs.automation import Automation
from dawbridge.knobs.parameters import ParameterStore
from dawbridge.knobs.recorder import Recorder, Transport

LOOK_EVERY_S = 0.5
GONE = (-1, -1)


class Board(Protocol):
    """What this needs of the job board."""

    @property
    def focused(self) -> int:
        """Id of the job that knob moves re-render; 0: none."""

    def bounces(self) -> list[tuple[int, Path]]:
        """Jobs that are done in this run, and those in focus: ids and paths."""

    def automation(self, job_id: int) -> Automation:
        """The job's automation. Raises `JobError`."""

    def automate(self, job_id: int, automation: Automation) -> None:
        """Give the job an automation, and render it again. Raises `JobError`."""


class Automations:
    """Record, stop, clear; and the MIDI files that come and change. `look` is called by the daemon's loop."""

    def __init__(self, store: ParameterStore, board: Board, bus: Bus, clock: Callable[[], float]) -> None:
        self._board, self._bus = board, bus
        self.transport = Transport(clock)
        self._recorder = Recorder(store, self.transport)
        self._next_s = float("-inf")
        self._seen: dict[Path, tuple[int, int]] = {}
        self._read: dict[Path, tuple[int, int]] = {}

    def place(self, seconds: float, playing: bool) -> None:
        """The playhead is at `seconds` now."""
        self._recorder.hear()
        self.transport.tell(seconds, playing)

    def record(self) -> None:
        """Knob moves are kept against the position from now on."""
        self._recorder.record()

    def stop(self) -> None:
        """What was moved becomes lanes of the focused bounce, in place of older ones of the same knobs."""
        if not self._recorder.is_recording:
            return
        recorded = self._recorder.stop()
        if not recorded:
            self._say("no knob was moved while a position was known: nothing is recorded")
            return
        focused = self._focused()
        kept = {**self._board.automation(focused).plain(), **recorded.plain()}
        self._board.automate(focused, Automation.of(kept))

    def clear(self) -> None:
        """The focused bounce follows the knobs alone again; a recording is thrown away. Raises `JobError`."""
        self._recorder.stop()
        focused = self._focused()
        if self._board.automation(focused):
            self._board.automate(focused, Automation())

    def beside(self, bounce: Path) -> Automation | None:
        """The automation of the MIDI file beside a bounce that is about to be rendered, if there is one."""
        file = bounce.with_suffix(".mid")
        stamp = file_stamp(file)
        if stamp == GONE:
            return None
        self._read[file] = stamp
        return self._load(file)

    def look(self, now: float) -> None:
        """Take up MIDI files that came or changed beside bounces, once they are at rest."""
        self._recorder.hear()
        if now < self._next_s:
            return
        self._next_s = now + LOOK_EVERY_S
        for job_id, bounce in self._board.bounces():
            file = bounce.with_suffix(".mid")
            stamp = file_stamp(file)
            rests, self._seen[file] = self._seen.get(file) == stamp, stamp
            if stamp == GONE or not rests or self._read.get(file) == stamp:
                continue
            self._read[file] = stamp
            automation = self._load(file)
            if automation and automation != self._board.automation(job_id):
                self._board.automate(job_id, automation)

    def _load(self, file: Path) -> Automation | None:
        from dawbridge.surfaces.midi.bindings_file import bindings_path, read
        from dawbridge.surfaces.midi.song import read_automation  # mido: only where there is such a file

        try:
            automation = read_automation(file, read(bindings_path()).effective)
        except DawbridgeError as error:
            self._say(str(error))
            return None
        names = ", ".join(lane.name for lane in automation.lanes)
        self._say(f"{file.name} moves {names}" if names else f"{file.name} has no controller that is bound to a knob")
        return automation

    def _focused(self) -> int:
        if not self._board.focused:
            raise JobError("no bounce is in focus yet; bounce one, or /dawbridge/job/focus one")
        return self._board.focused

    def _say(self, text: str) -> None:
        self._bus.publish(Notice(text))
