"""What the user at the terminal sees: a live progress bar, or plain lines where the output is not a terminal.

The terminal has a thread and a mailbox of its own: one that is stopped (Ctrl-S), or a pipe that nobody reads, stops
nothing but itself.
"""

import sys
import threading
from pathlib import Path
from typing import TextIO, cast

from dawbridge.events import Bus, Done, Event, Failed, JobInfo, JobState, Notice, PresetLoaded, Progress, StateChanged
from dawbridge.files.printable import printable
from dawbridge.surfaces.patient import PatientOutput

_PLAIN_STEP = 0.25
"""Without a terminal, progress is a line each quarter."""
_SAID = {JobState.SETTLING: "settling", JobState.QUEUED: "queued", JobState.CANCELLED: "cancelled"}
LINES = 4096
"""How many events wait for a terminal that is not read."""
LAST_WORDS_S = 1.0
"""How long the end of the program waits for a terminal that is not read."""


class PlainDisplay:
    """One line an event."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stdout
        self._files: dict[int, str] = {}
        self._told: dict[int, float] = {}

    def __call__(self, event: Event) -> None:
        """Show one event."""
        if isinstance(event, StateChanged):
            self._files[event.job_id] = printable(Path(event.file).name)
        elif isinstance(event, Done | Failed):
            self._told.pop(event.job_id, None)
        text = self._text(event)
        if text:
            self.line(printable(text))

    def line(self, text: str) -> None:
        """Print one line at once."""
        print(text, file=self._out, flush=True)

    def close(self) -> None:
        """End the display."""

    def _text(self, event: Event) -> str:
        match event:
            case StateChanged(job_id, state, _) if state in _SAID:
                return f"[{job_id}] {self._files[job_id]}: {_SAID[state]}"
            case Progress():
                return self._progress(event)
            case Done():
                return done_text(event, self._files.get(event.job_id, ""))
            case JobInfo(job_id, bpm, key, camelot) if bpm or key:
                music = filter(None, (f"{bpm:g} BPM" if bpm else "", f"{key} ({camelot})" if key else ""))
                return f"[{job_id}] {self._files.get(job_id, '')}: {', '.join(music)}"
            case Failed(job_id, _, message):
                return f"[{job_id}] {self._files.get(job_id, '')}: failed: {message}"
            case PresetLoaded(index, name):
                return f"preset {index}: {name}"
            case Notice(text):
                return text
        return ""

    def _progress(self, event: Progress) -> str:
        last = self._told.get(event.job_id, 0.0)
        if event.fraction >= 1 or event.fraction - last < _PLAIN_STEP:
            return ""
        self._told[event.job_id] = event.fraction
        return f"[{event.job_id}] {self._files.get(event.job_id, '')}: {event.fraction:.0%}"


class LiveDisplay(PlainDisplay):
    """The same lines above a bar for the bounce that is being separated."""

    def __init__(self, out: TextIO | None = None) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, TaskID, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        super().__init__(out)
        columns = (TextColumn("{task.description}", markup=False), BarColumn(), TextColumn("{task.percentage:>3.0f}%"))
        self._bar = Bar(
            *columns, TimeRemainingColumn(), console=Console(file=self._out), auto_refresh=False, transient=True,
            redirect_stdout=out is None, redirect_stderr=out is None,
        )  # fmt: skip
        self._tasks: dict[int, TaskID] = {}
        self._bar.start()

    def __call__(self, event: Event) -> None:
        """Show one event."""
        super().__call__(event)
        if isinstance(event, Done | Failed) or (isinstance(event, StateChanged) and event.state is JobState.CANCELLED):
            task = self._tasks.pop(event.job_id, None)
            if task is not None:
                self._bar.remove_task(task)
        self._bar.refresh()

    def line(self, text: str) -> None:
        """Print one line above the bar."""
        self._bar.console.print(text, markup=False, highlight=False)

    def close(self) -> None:
        """Take the bar away."""
        self._bar.stop()

    def _progress(self, event: Progress) -> str:
        if event.job_id not in self._tasks:
            self._tasks[event.job_id] = self._bar.add_task(self._files.get(event.job_id, ""), total=1.0)
        self._bar.update(self._tasks[event.job_id], completed=event.fraction)
        return ""


class Terminal:
    """The display of a daemon. `serve` writes, in a thread of its own, until `close`."""

    def __init__(self, bus: Bus, out: TextIO | None = None) -> None:
        """Everything that is said on `bus` from now on is shown on `out` (default: the standard output)."""
        self._output = PatientOutput(out)
        self._happened = bus.mailbox(limit=LINES)
        self._served = threading.Lock()

    def serve(self) -> None:
        """Show what happens until `close` is called. Blocks for as long as nobody reads."""
        with self._served:
            display = make_display(cast(TextIO, self._output))
            try:
                while not self._happened.is_closed:
                    self._happened.wait(None)
                    self._show(display)
            finally:
                display.close()
                self._output.flush()

    def close(self) -> None:
        """Let `serve` end; whatever has not been shown yet is, if somebody reads. Blocks for a second at most."""
        self._happened.close()
        self._output.give_up(LAST_WORDS_S)
        if self._served.acquire(timeout=2 * LAST_WORDS_S):  # else the thread is about to give up
            try:
                self._show(PlainDisplay(cast(TextIO, self._output)))
            finally:
                self._served.release()

    def _show(self, display: PlainDisplay) -> None:
        lost, events = self._happened.take_lost(), self._happened.drain()
        if lost:
            display.line(f"{lost} lines are missing here: nobody read the output")
        for event in events:
            display(event)


def done_text(event: Done, name: str) -> str:
    """One line: what was written, how long it took, how exactly the stems add up."""
    null = "bit for bit" if event.null_db == float("-inf") else f"to {event.null_db:.0f} dBFS"
    speed = f"{event.seconds:.1f} s, real-time factor {event.realtime_factor:.3f}"
    stems = [Path(stem) for stem in (event.acapella, event.instrumental) if stem]
    where = f"{stems[0].parent.name}/" + ", ".join(stem.name for stem in stems) if stems else "no stem switched on"
    return f"[{event.job_id}] {name}: {where} ({speed}, {event.claim} {null})"


def make_display(out: TextIO | None = None) -> PlainDisplay:
    """A live one on a terminal, else plain lines."""
    return LiveDisplay(out) if (out or sys.stdout).isatty() else PlainDisplay(out)
