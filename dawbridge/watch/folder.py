"""A watched folder: watchdog's events are hints, the rescan is the truth, `settle` decides."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from pathlib import Path, PurePath

from dawbridge.errors import WatchError
from dawbridge.files.presence import gone
from dawbridge.files.publish import obstacle
from dawbridge.files.stamp import Stamp, stamp_of
from dawbridge.watch.candidates import Candidates
from dawbridge.watch.examine import Inline
from dawbridge.watch.filesystem import sends_events
from dawbridge.watch.ignore import OUTPUTS, QUIET, Places, Reason
from dawbridge.watch.left_alone import LeftAlone, LeftAloneList
from dawbridge.watch.lock import FolderLock
from dawbridge.watch.observer import HintKind, Hints
from dawbridge.watch.reports import FolderNotice, LeftAloneNotice, Tell, WatchEvent, silent
from dawbridge.watch.root import ClosedFolders, readable_folder
from dawbridge.watch.root_watch import RootWatch
from dawbridge.watch.scan import Found, scan
from dawbridge.watch.settle import Settle, SettleTimes

__all__ = ["FolderNotice", "FolderWatch", "LeftAlone", "LeftAloneNotice", "Tell", "WatchEvent", "silent"]

_PRESENCE_S = 1.0
"""How often the root itself is looked at."""
_LOOK_S = 0.2
"""How often files that are on their way are looked at between two scans."""
_ANSWER_S = 0.05
"""How soon an answer of the executor is asked for again, if nobody can be woken."""
_SCAN_SHARE = 50
"""A scan may take one of so many parts of the time: the next one waits longer if a folder is very large."""


class FolderWatch:
    """Watches one folder and all below it. Call `step` from one thread, again when `next_due` says so."""

    def __init__(
        self,
        root: Path | str,
        *,
        times: SettleTimes | None = None,
        existing: bool = False,
        known: Callable[[Path], bool] | None = None,
        poll: bool | None = None,
        poll_s: float = 1.0,
        rescan_s: float = 30.0,
        outputs: str = OUTPUTS,
        ignore: Sequence[str] = (),
        take: Sequence[str] = (),
        projects: bool = False,
        executor: Executor | None = None,
        lock: FolderLock | None = None,
        wake: Callable[[], None] = lambda: None,
        tell: Tell = silent,
    ) -> None:
        """Files found by the first `step`:

        - `known` is None (the folder's first watch): taken only with `existing`, else listed in `baseline`;
        - `known` given (a later start): taken unless `known(path)`.

        `poll`: True scans every `poll_s` seconds without native events, False never does, None decides by the file
        system (network folders are polled). `outputs` is the name of the folders that stems are written to; `ignore`,
        `take` and `projects` are the user's exceptions (`Places`).

        `executor` opens files, so that no step waits for a long one; None: that happens in `step`. `wake` is called,
        from any thread, when there is something to do. `lock`: the folder's lock, taken once more when another folder
        comes to lie there. `tell` is given every hint, verdict and decision. Raises `WatchError` if `root` is not a
        readable folder.
        """
        self.root = readable_folder(Path(root))
        self.baseline: dict[Path, Stamp] = {}
        """Files that were there at the first watch and were not taken: for the ledger to remember."""
        self.known = known
        """Asked about every file when the folder is found again after it was away, too."""
        self._existing, self._tell = existing, tell
        self._poll_s, self._rescan_s = poll_s, rescan_s
        self._hints = Hints(wake)
        polling = not sends_events(self.root) if poll is None else poll
        self._root = RootWatch(self.root, self._hints, lock, polling, poll_s)
        self._settle = Settle(times, poll_s if polling else 0.0)
        self._places = Places(self.root, outputs, ignore=ignore, take=take, projects=projects)
        self._files = Candidates(
            self.root, self._settle, executor or Inline(), tell=tell, wake=wake,
            takes=lambda path: self._places.takes(PurePath(path.relative_to(self.root))),
        )  # fmt: skip
        self._left = LeftAloneList()
        self.left_alone_changed = False
        """Whether the last `step` added anything to `left_alone`."""
        self._closed = ClosedFolders()
        self._blocked: set[Path] = set()
        self._returned, self._scanned = False, False
        self._next_presence = self._next_look = self._next_scan = float("-inf")
        self._due = float("-inf")
        self._notices: list[WatchEvent] = []

    @property
    def polling(self) -> bool:
        """No native events: the folder is scanned every `poll_s` seconds."""
        return self._root.polling

    @property
    def left_alone(self) -> Iterator[LeftAlone]:
        """Everything that was met so far and is left alone."""
        return iter(self._left)

    @property
    def is_busy(self) -> bool:
        """Whether any file is being examined, perhaps one that was not reported because it may be a stem of ours."""
        return self._files.is_busy

    def start(self) -> None:
        """Start watchdog's observer threads (none if the folder is polled). Called by the daemon only."""
        self._root.start()

    def stop(self) -> None:
        """End them, and every examination."""
        self._root.stop()
        self._files.stop()

    def next_due(self) -> float:
        """When `step` has something to do, at the latest, on the clock that `step` is given; the past for now."""
        return float("-inf") if self._hints.waiting else self._due

    def step(self, now: float) -> list[WatchEvent]:
        """All that happened, up to `now` (seconds, monotonic). Never raises for what is in the folder."""
        self.left_alone_changed = False
        if now < self._due and not self._hints.waiting:
            return []
        if self._is_present(now):
            self._look_around(now)
            self._files.step(now)
        self._due = self._when_due(now)
        self.left_alone_changed = self._left.changed()
        notices, self._notices = self._notices, []
        return notices + self._root.take_notices() + self._files.take_events()

    def accept(self, path: Path) -> None:
        """Take a stalled or settling file as it is, at the next `step`. Raises `WatchError` if it is not watched."""
        path = self._mine(path)
        if stamp_of(path) is None:
            raise WatchError(f"{path}: there is no such file in {self.root}; name one that was reported as stalled")
        self._hints.put(HintKind.ACCEPT, path)

    def forget(self, path: Path) -> None:
        """Look at a file as if it had just appeared (to do a bounce again). Raises `WatchError` as `accept` does."""
        self._hints.put(HintKind.FORGET, self._mine(path))

    def _mine(self, path: Path) -> Path:
        path = Path(os.path.normpath(self.root / path))
        why_not = self._places.why_not(path)
        if why_not:
            raise WatchError(f"{path}: is not watched: {why_not}; only bounces in {self.root} are")
        return path

    def _look_around(self, now: float) -> None:
        closed, trees = self._take_hints(now)
        if now >= self._next_scan:
            self._scan(now, closed)
        elif not self.polling:
            for path in self._hinted(closed, trees, now):
                self._files.look(
                    path, stamp_of(path), now, closed=closed.get(path, False), hinted=path in closed
                )  # fmt: skip

    def _take_hints(self, now: float) -> tuple[dict[Path, bool], set[Path]]:
        """Files to look at (and whether any event said that they were closed); folders that came or went."""
        closed: dict[Path, bool] = {}
        trees: set[Path] = set()
        for hint in self._hints.drain():
            self._tell("event", hint.path, hint.kind)
            if not hint.path.is_relative_to(self.root):
                continue
            inside = PurePath(hint.path.relative_to(self.root))
            is_tree = hint.kind is HintKind.TREE
            reason = self._places.above(inside / "any") if is_tree else self._places.of(inside)
            if reason:
                self._leave(reason, inside)
            elif is_tree:
                trees.add(hint.path)
            elif hint.kind in (HintKind.ACCEPT, HintKind.FORGET):
                self._files.renew(hint.path)
                accepted = hint.kind is HintKind.ACCEPT
                self._files.look(hint.path, stamp_of(hint.path), now, accepted=accepted)
            else:
                closed[hint.path] = hint.kind is HintKind.CLOSED or closed.get(hint.path, False)
        self._report_left()
        return closed, trees

    def _hinted(self, closed: dict[Path, bool], trees: set[Path], now: float) -> set[Path]:
        """What to look at between two scans: files that are on their way, hinted at, or in a folder that came or
        went."""
        paths = set(closed)
        if now >= self._next_look:
            self._next_look = now + _LOOK_S
            paths.update(self._files.under_way())
        left = {tree for tree in trees if gone(tree)}
        for tree in trees - left:
            if trees.isdisjoint(tree.parents):
                paths.update(path for path, _ in scan(tree, self.root, self._places, Found(left=self._leave)))
                self._report_left()
        if left:
            paths.update(path for path in self._files if not left.isdisjoint(path.parents))
        return paths

    def _scan(self, now: float, closed: dict[Path, bool]) -> None:
        begun = os.times().elapsed
        self._root.heal()
        met = Found(left=self._leave)
        found = dict(scan(self.root, self.root, self._places, met))
        for text in self._closed.news(met.refused):
            self._notice(text)
        self._report_blocked(met.blocked)
        if self.root in met.refused:
            self._next_scan = now + self._interval(0.0)
            return
        self._remember(found)
        for path, stamp in found.items():
            self._files.look(path, stamp, now, closed=closed.get(path, False))
        for path in {*self._files, *closed} - found.keys():
            self._files.look(path, stamp_of(path), now, closed=closed.get(path, False))
        self._report_left()
        self._next_scan = now + self._interval(os.times().elapsed - begun)
        self._next_look = now + _LOOK_S

    def _interval(self, scan_s: float) -> float:
        """Seconds until the next scan, after one that took so long."""
        usual = self._poll_s if self.polling else self._rescan_s
        return max(usual, min(_SCAN_SHARE * scan_s, 10 * usual))

    def _remember(self, found: dict[Path, Stamp]) -> None:
        """What was there before: whether it is taken is the ledger's word, or the user's."""
        first, self._scanned = not self._scanned, True
        returned, self._returned = self._returned, False
        if not first and not returned:
            return
        if self.known is not None:
            for path, stamp in found.items():
                if not self._files.is_known(path) and self.known(path):
                    self._files.leave(path, stamp, "known to the ledger: left alone")
        elif first and not self._existing:
            self.baseline = dict(found)
            for path, stamp in found.items():
                self._files.leave(path, stamp, "was there before the first watch: left alone")

    def _leave(self, reason: Reason, relative: PurePath) -> None:
        if reason != QUIET:
            self._left.meet(reason[0], reason[1], relative.as_posix())

    def _report_left(self) -> None:
        news = self._left.news()
        if news:
            self._notices.append(LeftAloneNotice(self.root, tuple(news)))

    def _report_blocked(self, blocked: list[Path]) -> None:
        for path in set(blocked) - self._blocked:
            self._notice(obstacle(path))
        self._blocked = set(blocked)

    def _notice(self, text: str) -> None:
        self._notices.append(FolderNotice(self.root, text))

    def _is_present(self, now: float) -> bool:
        """Whether the folder is there, by a look that is not older than `_PRESENCE_S`."""
        if now >= self._next_presence:
            self._next_presence = now + _PRESENCE_S
            if self._root.look(self._files.any_handled):
                self._returned = self._scanned
                self._next_scan = float("-inf")
        self._settle.poll_s = self._poll_s if self.polling else 0.0
        return self._root.there

    def _when_due(self, now: float) -> float:
        if not self._root.there:
            return self._next_presence
        due = min(self._next_presence, self._next_scan, self._settle.next_due())
        if len(self._settle) and not self.polling:
            due = min(due, self._next_look)
        due = min(due, now + _ANSWER_S) if self._files.is_awaiting else due
        return max(due, now + _ANSWER_S)  # what is due and cannot be decided yet is not asked about at once again
