"""MIDI files beside bounces: their automation, for a bounce that is to be rendered, and when they change or go later.

A long MIDI file takes seconds to read, so that another thread reads it: the bounce beside it waits, and nothing else.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from pathlib import Path

from dawbridge.errors import DawbridgeError
from dawbridge.files.presence import gone
from dawbridge.files.stamp import Stamp, stamp_of
from dawbridge.jobs.state import Job
from dawbridge.knobs.automation import Automation

LOOK_EVERY_S = 0.5
"""How often MIDI files are looked at, in seconds."""
NEWEST = 100
"""How many of the newest finished bounces a MIDI file may come to afterwards."""

SUFFIXES = (".mid", ".midi")
"""Of a MIDI file beside a bounce, in any case; the first that is there counts."""
FRESH_S = 3.0
"""A folder that changed this lately, in seconds, may have changed again within its clock's tick."""
LIST_AGAIN_S = 0.2
"""Then it is listed once more, but not more often than this, in seconds."""

Reader = Callable[[Path], Automation]
"""Reads a MIDI file. Raises `DawbridgeError`."""
Submit = Callable[[Reader, Path], "Future[Automation]"]
"""Has a file read, in whatever thread."""


class MidiFiles:
    """Which MIDI files were read, and as they were when. Used by the main loop alone."""

    def __init__(
        self,
        read: Reader,
        say: Callable[[str], None],
        submit: Submit,
        wake: Callable[[], None],
    ) -> None:
        """`say` is given a line for the user about each file that is read; `wake` is called, from any thread, when a
        file has been read.
        """
        self._reader, self._say, self._submit, self._wake = read, say, submit, wake
        self.due_s = float("-inf")
        """When `look` has something to do."""
        self._seen: dict[int, tuple[Path | None, Stamp | None]] = {}
        self._folders: dict[Path, tuple[int, float, dict[str, Path]]] = {}
        self._reading: dict[Path, tuple[Stamp, Future[Automation]]] = {}
        self._read: dict[Path, tuple[Stamp, Automation | None]] = {}
        self._given: dict[int, Stamp] = {}

    def is_reading(self, bounce: Path) -> bool:
        """Whether the MIDI file beside a bounce is being read; if it has not been, that begins."""
        file = self._file(bounce)
        stamp = stamp_of(file) if file else None
        return file is not None and stamp is not None and not self._is_read(file, stamp)

    def beside(self, job_id: int, bounce: Path) -> Automation | None:
        """The automation of the MIDI file beside a bounce that is about to be rendered, if there is one."""
        file = self._file(bounce)
        stamp = stamp_of(file) if file else None
        if file is None or stamp is None or not self._is_read(file, stamp):
            return None
        self._given[job_id] = stamp
        return self._read[file][1]

    def look(self, jobs: Iterable[Job], now: float) -> Iterator[tuple[int, Automation]]:
        """Job ids and automations of MIDI files beside finished bounces that came, changed or went, and are at rest."""
        if now < self.due_s:
            return
        self.due_s = now + LOOK_EVERY_S
        for job in sorted(jobs, key=lambda job: job.id)[-NEWEST:]:
            file = self._file(job.path)
            stamp = stamp_of(file) if file else None
            rests, self._seen[job.id] = self._seen.get(job.id) == (file, stamp), (file, stamp)
            if not rests or self._given.get(job.id) == stamp is not None:
                continue
            if file is None or stamp is None:
                self._given.pop(job.id, None)
                if job.takes.from_file and not gone(job.path):
                    yield job.id, Automation()
            elif self._is_read(file, stamp):
                self._given[job.id] = stamp
                automation = self._read[file][1]
                if automation and automation != job.takes.from_file:
                    yield job.id, automation

    def _file(self, bounce: Path) -> Path | None:
        """The MIDI file beside a bounce. A folder that has not changed is not read again."""
        folder = bounce.parent
        try:
            changed_ns = folder.stat().st_mtime_ns
            known_ns, listed_s, _ = self._folders.get(folder, (-1, float("-inf"), {}))
            may_have_changed = (
                time.time_ns() - changed_ns < FRESH_S * 1e9 and time.monotonic() - listed_s > LIST_AGAIN_S
            )
            if known_ns != changed_ns or may_have_changed:
                files = (file for file in folder.iterdir() if file.suffix.lower() in SUFFIXES)
                found = {file.stem: file for file in sorted(files, key=_order, reverse=True)}
                self._folders[folder] = (changed_ns, time.monotonic(), found)
        except OSError:
            return None
        return self._folders[folder][2].get(bounce.stem)

    def _is_read(self, file: Path, stamp: Stamp) -> bool:
        """Whether the file was read as it is now; if not, it is being read from now on."""
        reading = self._reading.get(file)
        if reading is not None and reading[1].done():
            del self._reading[file]
            self._read[file] = (reading[0], self._automation(file, reading[1]))
        if self._read.get(file, (None,))[0] == stamp:
            return True
        if file not in self._reading:
            future = self._submit(self._reader, file)
            self._reading[file] = (stamp, future)
            future.add_done_callback(lambda _: self._wake())
            return future.done() and self._is_read(file, stamp)
        return False

    def _automation(self, file: Path, future: "Future[Automation]") -> Automation | None:
        try:
            automation = future.result()
        except DawbridgeError as error:
            self._say(str(error))
            return None
        except Exception as error:
            self._say(f"{file.name} cannot be read ({type(error).__name__}); its automation is left out")
            return None
        names = ", ".join(lane.name for lane in automation.lanes)
        self._say(f"{file.name} moves {names}" if names else f"{file.name} has no controller that is bound to a knob")
        return automation


def _order(file: Path) -> tuple[str, str]:
    """`song.mid` before `song.midi`, and lower case before upper."""
    return file.suffix.lower(), file.suffix.swapcase()
