"""MIDI files beside bounces: their automation, read when a bounce is rendered, and when they come or change later."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from dawbridge.errors import DawbridgeError
from dawbridge.files.stamp import Stamp, stamp_of
from dawbridge.jobs.state import Job
from dawbridge.knobs.automation import Automation

LOOK_EVERY_S = 0.5
"""How often MIDI files are looked at, in seconds."""
NEWEST = 100
"""How many of the newest finished bounces a MIDI file may come to afterwards."""

Reader = Callable[[Path], Automation]
"""Reads a MIDI file. Raises `DawbridgeError`."""


class MidiFiles:
    """Which MIDI files were read, and as they were when. Used by the main loop alone."""

    def __init__(self, read: Reader, say: Callable[[str], None]) -> None:
        """`say` is given a line for the user about each file that is read."""
        self._reader, self._say = read, say
        self._next_s = float("-inf")
        self._seen: dict[Path, Stamp | None] = {}
        self._known: dict[Path, Stamp] = {}

    @property
    def due_s(self) -> float:
        """When `look` has something to do."""
        return self._next_s

    def beside(self, bounce: Path) -> Automation | None:
        """The automation of the MIDI file beside a bounce that is about to be rendered, if there is one."""
        file = bounce.with_suffix(".mid")
        stamp = stamp_of(file)
        if stamp is None:
            return None
        self._known[file] = stamp
        return self._read(file)

    def look(self, jobs: Iterable[Job], now: float) -> Iterator[tuple[int, Automation]]:
        """Job ids and automations of MIDI files beside finished bounces that came or changed, and are at rest."""
        if now < self._next_s:
            return
        self._next_s = now + LOOK_EVERY_S
        for job in sorted(jobs, key=lambda job: job.id)[-NEWEST:]:
            file = job.path.with_suffix(".mid")
            stamp = stamp_of(file)
            rests, self._seen[file] = self._seen.get(file) == stamp, stamp
            if stamp is None or not rests or self._known.get(file) == stamp:
                continue
            self._known[file] = stamp
            automation = self._read(file)
            if automation and automation != job.automation:
                yield job.id, automation

    def _read(self, file: Path) -> Automation | None:
        try:
            automation = self._reader(file)
        except DawbridgeError as error:
            self._say(str(error))
            return None
        names = ", ".join(lane.name for lane in automation.lanes)
        self._say(f"{file.name} moves {names}" if names else f"{file.name} has no controller that is bound to a knob")
        return automation
