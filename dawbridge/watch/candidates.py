"""The files of one watched folder that are on their way, or were dealt with: what becomes of each."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace
from pathlib import Path

from dawbridge.audio.containers.base import Completeness
from dawbridge.audio.containers.table import audio_suffixes
from dawbridge.files.presence import out_of_sight
from dawbridge.files.sightings import Gone, Settled, Settling, Stalled, Waiting
from dawbridge.files.stamp import Stamp, stamp_of
from dawbridge.watch.examine import Examined, examine
from dawbridge.watch.own import judged
from dawbridge.watch.reports import Tell, WatchEvent, stalled, waiting
from dawbridge.watch.settle import Ripe, Settle, Stuck, Tail, Watched
from dawbridge.watch.tail import tail_of
from dawbridge.watch.writers.evidence import Known
from dawbridge.watch.writers.query import WriterQuery

_ENDS = (Completeness.COMPLETE, Completeness.OPAQUE)
"""That of files which settle by themselves."""

_UNFINISHED = (Completeness.PLACEHOLDER, Completeness.STREAMED, Completeness.OPEN)
"""That of files which a writer may still complete."""


@dataclass(frozen=True, slots=True)
class _Examination:
    """A last look that is being taken."""

    stamp: Stamp
    accepted: bool
    future: Future[Examined]


@dataclass(frozen=True, slots=True)
class _Report:
    """A report that is being put together."""

    stamp: Stamp
    future: Future[WatchEvent]


class Candidates:
    """Every file that may be a bounce, from the first look to the last. One thread."""

    def __init__(
        self,
        root: Path,
        settle: Settle,
        executor: Executor,
        *,
        takes: Callable[[Path], bool] = lambda _: False,
        tell: Tell,
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        """`executor` opens files and asks who writes them, so that no step waits for a long one; `wake` is called
        when it has an answer. `takes`: the user wants such a file whatever its name promises."""
        self._root, self._settle, self._executor, self._takes = root, settle, executor, takes
        self._tell, self._wake = tell, wake
        self.writers = WriterQuery()
        self._handled: dict[Path, Stamp] = {}
        """Files that are done with, as they were then: settled, there before, or not audio."""
        self._touched: set[Path] = set()
        """Handled files whose mode or links changed, as far as the events said."""
        self._suspects: set[Path] = set()
        """Files with our mark: not reported before it is known whether they are stems of ours."""
        self._reported: set[Path] = set()
        self._examining: dict[Path, _Examination] = {}
        self._reports: dict[Path, _Report] = {}
        self._events: list[WatchEvent] = []
        self._stopping = threading.Event()

    def __iter__(self) -> Iterator[Path]:
        """Every file that is known, on its way or handled."""
        yield from self._handled
        yield from (file.path for file in self._settle)

    @property
    def any_handled(self) -> bool:
        """Whether any file was ever dealt with."""
        return bool(self._handled)

    @property
    def is_awaiting(self) -> bool:
        """Whether an answer of the executor is awaited."""
        return bool(self._examining or self._reports)

    @property
    def is_busy(self) -> bool:
        """Whether any file is being examined, or is on its way unreported since it may be a stem of ours."""
        suspects = (self._settle.get(path) for path in self._suspects)
        return self.is_awaiting or any(file is not None and not file.reported for file in suspects)

    def is_known(self, path: Path) -> bool:
        """Whether the file is on its way, or was dealt with."""
        return path in self._handled or path in self._settle

    def under_way(self) -> list[Path]:
        """Files to be looked at between two scans.

        Stalled ones only if they cannot be opened, or are held: letting go of them need not cause an event.
        """
        return [
            file.path
            for file in self._settle
            if not file.reported or file.completeness is Completeness.UNREADABLE or file.known is Known.HELD
        ]

    def stop(self) -> None:
        """End what is being examined as soon as possible."""
        self._stopping.set()

    def take_events(self) -> list[WatchEvent]:
        """What happened since the last time."""
        events, self._events = self._events, []
        return events

    def leave(self, path: Path, stamp: Stamp, why: str) -> None:
        """The file is dealt with as it is now."""
        self._tell("decision", path, why)
        self._settle.forget(path)
        self._suspects.discard(path)
        self._touched.discard(path)
        self._handled[path] = stamp

    def renew(self, path: Path) -> None:
        """Look at the file as if it had just appeared."""
        self._handled.pop(path, None)

    def look(
        self, path: Path, stamp: Stamp | None, now: float, *,
        closed: bool = False, accepted: bool = False, hinted: bool = False,
    ) -> None:  # fmt: skip
        """One file, as it is now (None: it is not there). `closed`: an event said that its writer closed it, or that
        it was moved into place; `hinted`: an event said that it changed, and nothing of a writer."""
        if stamp is None:
            if not out_of_sight(path):
                self._drop(path)
            return
        if self._is_handled(path, stamp, closed, hinted):
            return
        before = self._settle.get(path)
        # a header patched within one tick of the file system's clock shows in no stamp: only what is whole stays judged
        same = before is not None and before.stamp == stamp and before.completeness in _ENDS
        how, is_marked = (before.completeness, False) if before and same else judged(path, self._promises(path))
        if before is None or (before.stamp, before.completeness) != (stamp, how):
            self._tell("verdict", path, f"{how}, {stamp.size} bytes" + (", closed" if closed else ""))
        if how is Completeness.FOREIGN and not self._promises(path):
            self.leave(path, stamp, "not audio: left alone")
            return
        self._handled.pop(path, None)
        self._touched.discard(path)
        if not same and not accepted and how is Completeness.COMPLETE:
            (self._suspects.add if is_marked else self._suspects.discard)(path)
        new = self._settle.observe(path, stamp, how, now, closed)
        if new and how is not Completeness.FOREIGN and path not in self._suspects:
            self._report(Settling(path))
        if accepted:
            self._settle.accept(path)

    def step(self, now: float) -> None:
        """Take what is ripe, explain what waits, report what is stuck."""
        for ripe in self._settle.ripe(now):
            if ripe.path not in self._examining:
                self._weigh(ripe, now)
        self._conclude(now)
        for file in self._settle.unexplained(now):
            self._prepare(file, lambda file=file: self._explanation(file))  # type: ignore[misc]
        for stuck in self._settle.stuck(now):
            if late := self._settle.get(stuck.path):
                self._prepare(late, lambda stuck=stuck: self._diagnosis(stuck))  # type: ignore[misc]
        self._publish_reports()

    def _promises(self, path: Path) -> bool:
        return path.suffix.lower() in audio_suffixes() or self._takes(path)

    def _is_handled(self, path: Path, stamp: Stamp, closed: bool, hinted: bool) -> bool:
        """Whether the file was dealt with as it is now.

        A mode that changes, or another name for the same file, changes nothing but the stamp's last field; so does a
        program that writes and then sets the time back, which is betrayed by the event of its closing the file.
        """
        handled = self._handled.get(path)
        if handled is None:
            return False
        if handled == stamp:
            return not (closed and path in self._touched)
        if hinted and not closed and replace(handled, changed_ns=stamp.changed_ns) == stamp:
            self._handled[path] = stamp
            self._touched.add(path)
            self._tell("decision", path, "only its mode, owner or links changed: left alone")
            return True
        return False

    def _weigh(self, ripe: Ripe, now: float) -> None:
        """A file is quiet for long enough: who writes it, and how does it end? If nobody does, examine it."""
        file = self._settle.get(ripe.path)
        if file is None or stamp_of(ripe.path) != ripe.stamp:
            return
        if not file.accepted:
            evidence = self.writers.ask(ripe.path)
            tail = tail_of(ripe.path) if file.completeness in _ENDS else Tail.FULL
            if (evidence.known, tail) != (file.known, file.tail):
                self._tell("writers", ripe.path, f"{evidence.known}, its end: {tail}")
            if not self._settle.weigh(ripe.path, evidence.known, tail, now):
                return
        future = self._executor.submit(examine, ripe.path, file.accepted, self._stopping)
        future.add_done_callback(lambda _: self._wake())
        self._examining[ripe.path] = _Examination(ripe.stamp, file.accepted, future)

    def _conclude(self, now: float) -> None:
        """Decide about every file whose examination is done, if it did not change meanwhile."""
        for path, examination in [(path, one) for path, one in self._examining.items() if one.future.done()]:
            del self._examining[path]
            file = self._settle.get(path)
            if file is None or not (file.stamp == examination.stamp == stamp_of(path)):
                continue
            if not examination.accepted and self.writers.ask(path).known is Known.HELD:
                self._settle.weigh(path, Known.HELD, file.tail, now)
                continue
            self._decide(file, examination.future.result(), examination.accepted, now)

    def _decide(self, file: Watched, found: Examined, accepted: bool, now: float) -> None:
        path = file.path
        if found.trouble:
            self._tell("decision", path, f"quiet for long enough, but: {found.trouble}")
            self._settle.restart(path, now, "" if found.busy else found.trouble)
            if accepted and not found.busy:
                self._report(Stalled(path, found.trouble, acceptable=False))
        elif found.own:
            self.leave(path, file.stamp, "a stem of our own: left alone")
            self._withdraw(path)
        else:
            self.leave(path, file.stamp, "quiet for long enough and readable: whole")
            relative = path.relative_to(self._root)
            preset = relative.parts[0] if len(relative.parts) > 1 else None
            self._report(Settled(path, preset))

    def _explanation(self, file: Watched) -> Waiting:
        writers = self.writers.name(file.path) if file.known is Known.HELD else ()
        return waiting(file, writers, self._settle.times)

    def _diagnosis(self, stuck: Stuck) -> Stalled:
        unread = stuck.completeness in _UNFINISHED and not stuck.trouble
        trouble = examine(stuck.path, True, self._stopping).trouble if unread else ""
        writers = self.writers.name(stuck.path) if stuck.held or unread else ()
        return stalled(stuck, writers, trouble)

    def _prepare(self, file: Watched, report: Callable[[], WatchEvent]) -> None:
        future: Future[WatchEvent] = self._executor.submit(report)
        future.add_done_callback(lambda _: self._wake())
        self._reports[file.path] = _Report(file.stamp, future)

    def _publish_reports(self) -> None:
        """Reports that are ready, about files that are still as they were."""
        for path, report in [(path, one) for path, one in self._reports.items() if one.future.done()]:
            del self._reports[path]
            file = self._settle.get(path)
            if file is not None and file.stamp == report.stamp:
                self._report(report.future.result())

    def _drop(self, path: Path) -> None:
        """The file is not there any more."""
        self._settle.forget(path)
        self._handled.pop(path, None)
        self._touched.discard(path)
        self._suspects.discard(path)
        self._withdraw(path)

    def _withdraw(self, path: Path) -> None:
        if path in self._reported:
            self._reported.discard(path)
            self._events.append(Gone(path))

    def _report(self, event: WatchEvent) -> None:
        self._reported.add(event.path)
        self._events.append(event)
