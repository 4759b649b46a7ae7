"""A watched folder: watchdog's events are hints, the rescan is the truth, `settle` decides."""

import os
from collections.abc import Callable
from pathlib import Path

from dawbridge.audio.provenance import is_intact
from dawbridge.audio.source import open_source
from dawbridge.config.settle_times import SettleTimes
from dawbridge.errors import AudioError, WatchError
from dawbridge.files.presence import gone, out_of_sight
from dawbridge.watch.filesystem import sends_events
from dawbridge.watch.ignore import OUTPUTS, ignored
from dawbridge.watch.observer import HintKind, Hints, NativeEvents
from dawbridge.watch.reports import FolderNotice, Gone, Settled, Settling, Stalled, Tell, WatchEvent, silent, stalled
from dawbridge.watch.root import ClosedFolders, Presence, readable_folder
from dawbridge.watch.scan import look, scan
from dawbridge.watch.settle import Ripe, Settle, Stat
from dawbridge.watch.verdict import AUDIO_SUFFIXES, Verdict, verdict

__all__ = ["FolderNotice", "FolderWatch", "Gone", "Settled", "Settling", "Stalled", "Tell", "WatchEvent", "silent"]


class FolderWatch:
    """Watches one folder and all below it. `step` a few times a second, from one thread."""

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
        tell: Tell = silent,
    ) -> None:
        """Files found by the first `step`:

        - `known` is None (the folder's first watch): taken only with `existing`, else listed in `baseline`;
        - `known` given (a later start): taken unless `known(path)`.

        `poll`: True rescans every `poll_s` seconds without native events, False never does, None decides by the
        file system (network folders are polled). `outputs` is the name of the folders that stems are written to.
        `tell` hears of every hint, verdict and decision. Raises `WatchError` where `root` is no readable folder.
        """
        self.root = readable_folder(Path(root))
        self.baseline: dict[Path, Stat] = {}
        """Files that lay there at the first watch and were not taken: for the ledger to remember."""
        self.known = known
        """Asked for every file where the folder is found again after it was away, too."""
        self._existing, self._outputs, self._tell = existing, outputs, tell
        self._polling = not sends_events(self.root) if poll is None else poll
        self._poll_s, self._rescan_s = poll_s, rescan_s
        self._settle = Settle(times, poll_s if self._polling else 0.0)
        self._handled: dict[Path, Stat] = {}
        """Files that are done with, as they were then: settled, there before, or no audio."""
        self._reported: set[Path] = set()
        self._hints = Hints()
        self._native = NativeEvents(self.root, self._hints)
        self._wants_native = False
        self._next_scan: float | None = None
        self._presence = Presence(self.root)
        self._closed = ClosedFolders()
        self._returned = False
        self._events: list[WatchEvent] = []

    @property
    def polling(self) -> bool:
        """No native events: the folder is scanned every `poll_s` seconds."""
        return self._polling

    def start(self) -> None:
        """Start watchdog's observer threads (none where the folder is polled). Called by the daemon only."""
        self._wants_native = not self._polling
        self._start_native()

    def stop(self) -> None:
        """End them."""
        self._wants_native = False
        self._native.stop()

    def step(self, now: float) -> list[WatchEvent]:
        """All that happened, up to `now` (seconds, monotonic). Never raises for what lies in the folder."""
        if self._present():
            closed, trees = self._take_hints(now)
            if self._next_scan is None or now >= self._next_scan:
                self._scan(now, closed)
            elif not self._polling:
                for path in self._hinted(closed, trees):
                    self._look(path, look(path), now, closed.get(path, False))
            for ripe in self._settle.ripe(now):
                self._open(ripe, now)
            for stuck in self._settle.stuck(now):
                self._report(stalled(stuck))
        events, self._events = self._events, []
        return events

    def accept(self, path: Path) -> None:
        """Take a stalled or settling file as it is, at the next `step`. Raises `WatchError` if it is not watched."""
        path = self._mine(path)
        if look(path) is None:
            raise WatchError(f"{path}: there is no such file in {self.root}; name one that was reported as stalled")
        self._hints.put(HintKind.ACCEPT, path)

    def forget(self, path: Path) -> None:
        """Look at a file as if it had just appeared (to do a bounce again). Raises `WatchError` as `accept` does."""
        self._hints.put(HintKind.FORGET, self._mine(path))

    def _mine(self, path: Path) -> Path:
        path = Path(os.path.normpath(self.root / path))
        if not path.is_relative_to(self.root) or ignored(path.relative_to(self.root), self._outputs):
            raise WatchError(f"{path}: is not watched; only bounces in {self.root} are")
        return path

    def _take_hints(self, now: float) -> tuple[dict[Path, bool], set[Path]]:
        """Files to look at (and whether the last word was that they were closed); folders that came or went."""
        closed: dict[Path, bool] = {}
        trees: set[Path] = set()
        for hint in self._hints.drain():
            self._tell("event", hint.path, hint.kind)
            inside = _relative(hint.path, self.root)
            if ignored(inside / "any" if hint.kind is HintKind.TREE else inside, self._outputs):
                continue
            if hint.kind is HintKind.TREE:
                trees.add(hint.path)
            elif hint.kind in (HintKind.ACCEPT, HintKind.FORGET):
                self._handled.pop(hint.path, None)
                self._look(hint.path, look(hint.path), now, closed=False, accepted=hint.kind is HintKind.ACCEPT)
            else:
                closed[hint.path] = hint.kind is HintKind.CLOSED
        return closed, trees

    def _hinted(self, closed: dict[Path, bool], trees: set[Path]) -> set[Path]:
        """What to look at between two scans: files that are on their way, hinted at, or in a folder that came or went.

        Of the stalled ones those that cannot be opened, since a lock that is lifted causes no event.
        """
        waiting = (file for file in self._settle if not file.reported or file.verdict is Verdict.UNREADABLE)
        paths = {*closed, *(file.path for file in waiting)}
        left = {tree for tree in trees if gone(tree)}
        for tree in trees - left:
            if trees.isdisjoint(tree.parents):
                paths.update(path for path, _ in scan(tree, self._outputs, {}))
        if left:
            known = (*self._handled, *(file.path for file in self._settle))
            paths.update(path for path in known if not left.isdisjoint(path.parents))
        return paths

    def _scan(self, now: float, closed: dict[Path, bool]) -> None:
        first = self._next_scan is None
        self._next_scan = now + (self._poll_s if self._polling else self._rescan_s)
        self._heal()
        refused: dict[Path, str] = {}
        found = dict(scan(self.root, self._outputs, refused))
        for text in self._closed.news(refused):
            self._notice(text)
        if self.root in refused:
            self._next_scan = None if first else self._next_scan
            return
        if first:
            self._remember(found)
        elif self._returned:
            self._recognise(found)
        self._returned = False
        for path, stat in found.items():
            self._look(path, stat, now, closed.get(path, False))
        vanished = {*self._handled, *closed, *(file.path for file in self._settle)} - found.keys()
        for path in vanished:
            self._look(path, look(path), now, closed.get(path, False))

    def _remember(self, found: dict[Path, Stat]) -> None:
        """What lay there before: whether it is taken is the ledger's word, or the user's."""
        if self.known is not None:
            self._recognise(found)
        elif not self._existing:
            self.baseline = dict(found)
            self._handled.update(found)
            for path in found:
                self._tell("decision", path, "lay there before the first watch: left alone")

    def _recognise(self, found: dict[Path, Stat]) -> None:
        """Leave alone what the ledger knows."""
        for path, stat in found.items():
            if self.known and path not in self._handled and path not in self._settle and self.known(path):
                self._handled[path] = stat
                self._tell("decision", path, "known to the ledger: left alone")

    def _look(self, path: Path, stat: Stat | None, now: float, closed: bool, accepted: bool = False) -> None:
        """One file, as it is now."""
        if stat is None:
            if not out_of_sight(path):
                self._drop(path)
            return
        if self._handled.get(path) == stat:
            return
        before = self._settle.get(path)
        # a header patched within one tick of the file system's clock shows in no stat: only what is whole stays judged
        same = before is not None and before.stat == stat and before.verdict in (Verdict.COMPLETE, Verdict.OPAQUE)
        judged = before.verdict if before and same else verdict(path)
        if before is None or (before.stat, before.verdict) != (stat, judged):
            self._tell("verdict", path, f"{judged}, {stat.size} bytes" + (", closed" if closed else ""))
        if judged is Verdict.FOREIGN and path.suffix.lower() not in AUDIO_SUFFIXES:
            self._done_with(path, stat, "no audio: left alone")
            return
        if not same and not accepted and judged is Verdict.COMPLETE and is_intact(path):
            self._drop(path)
            self._done_with(path, stat, "a stem of our own: left alone")
            return
        self._handled.pop(path, None)
        if self._settle.observe(path, stat, judged, now, closed) and judged is not Verdict.FOREIGN:
            self._report(Settling(path))
        if accepted:
            self._settle.accept(path)

    def _open(self, ripe: Ripe, now: float) -> None:
        """Last look: it can be read, is audio, and did not change meanwhile."""
        file = self._settle.get(ripe.path)
        if file is None or look(ripe.path) != ripe.stat:
            return
        try:
            with open_source(ripe.path) as source:
                if source.info.container == "FLAC" and not file.accepted:
                    source.read(source.info.frames - 1, 1)  # a copy that was cut off has the whole length in its header
        except AudioError as error:
            self._tell("decision", ripe.path, f"quiet for long enough, but: {error}")
            if verdict(ripe.path) is Verdict.UNREADABLE:
                self._settle.restart(ripe.path, now)
                return
            self._settle.restart(ripe.path, now, str(error))
            if file.accepted:
                self._report(Stalled(ripe.path, str(error), acceptable=False))
            return
        if look(ripe.path) != ripe.stat:
            return
        self._done_with(ripe.path, ripe.stat, "quiet for long enough and readable: whole")
        if not file.accepted and is_intact(ripe.path):
            self._withdraw(ripe.path)
            return
        relative = ripe.path.relative_to(self.root)
        preset = relative.parts[0] if len(relative.parts) > 1 else None
        self._report(Settled(ripe.path, relative.as_posix(), preset))

    def _done_with(self, path: Path, stat: Stat, why: str) -> None:
        self._tell("decision", path, why)
        self._settle.forget(path)
        self._handled[path] = stat

    def _drop(self, path: Path) -> None:
        """It is not there any more."""
        self._settle.forget(path)
        self._handled.pop(path, None)
        self._withdraw(path)

    def _withdraw(self, path: Path) -> None:
        if path in self._reported:
            self._reported.discard(path)
            self._events.append(Gone(path))

    def _report(self, event: Settling | Settled | Stalled) -> None:
        self._reported.add(event.path)
        self._events.append(event)

    def _notice(self, text: str) -> None:
        self._events.append(FolderNotice(self.root, text))

    def _present(self) -> bool:
        """Whether the folder is there; says so when that changes."""
        there, changed = self._presence.look(bool(self._handled))
        if changed:
            self._returned = there
            self._next_scan = 0.0 if self._next_scan is not None else None
            self._notice(f"{self.root}: {'is back, watched again' if there else 'is not there any more; plug it in'}")
            self._native.stop()
        return there

    def _heal(self) -> None:
        """Start the observer again where it died, or its folder was away."""
        if self._wants_native and not self._native.healthy:
            self._start_native()

    def _start_native(self) -> None:
        if not self._wants_native:
            return
        try:
            self._native.start()
        except OSError as error:
            self._wants_native, self._polling = False, True
            self._settle.poll_s = self._poll_s
            self._notice(f"{self.root}: no file events ({error.strerror}); looking every {self._poll_s:g} s instead")


def _relative(path: Path, root: Path) -> Path:
    """`path` inside `root`; a hidden name, which is ignored, where it is not inside."""
    return path.relative_to(root) if path.is_relative_to(root) else Path(".outside")
