"""When is a bounce finished? A pure machine: time and file facts are passed in, records come out.

seen ──► quiet ──(long enough, by completeness)──► ripe ──► weighed: does anybody still have it open for writing?
  ▲        │                                              │                 │
  └─change─┘                                    held: quiet counts        free, or not to be known:
           │                                    from when it is let go    the caller opens it ──► forget, or restart
           └─ not whole, or held, and quiet for `stalled_s`: stalled, reported once, still watched
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from dawbridge.audio.containers.base import Completeness
from dawbridge.config.settle_times import SettleTimes
from dawbridge.files.stamp import Stamp
from dawbridge.watch.writers.evidence import Known

__all__ = ["Ripe", "Settle", "SettleTimes", "Stamp", "Stuck", "Tail", "Watched"]

_NEVER = float("inf")
_RECHECK_S = 2.0
"""A file that somebody has open is looked at again after this time, or earlier if its quiet time is shorter."""


class Tail(StrEnum):
    """What a file that looks whole ends with."""

    FULL = "full"
    """Samples."""
    ZEROS = "zeros"
    """Zeros on the disk: digital silence, or the unwritten end of a file that was made as long as it will be."""
    HOLE = "hole"
    """Zeros that were never written: nothing on the disk."""


@dataclass(frozen=True, slots=True)
class Watched:
    """A file on its way."""

    path: Path
    stamp: Stamp
    completeness: Completeness
    quiet_since: float
    """When it changed last, in seconds on the caller's clock."""
    closed: bool = False
    """Its writer closed it, or it was moved into place, and it has not changed since."""
    accepted: bool = False
    """It is to be taken as it is."""
    reported: bool = False
    """It was reported as stalled."""
    trouble: str = ""
    """Why it could not be opened, although it looked whole."""
    known: Known | None = None
    """Whether somebody has it open for writing, when that was last asked; None: not asked since it changed."""
    tail: Tail = Tail.FULL
    held_since: float = _NEVER
    """Since when it has been known to be held, without a pause."""
    held_until: float = -_NEVER
    """When it was last known to be held."""
    explained: bool = False
    """The user was told why it waits."""


@dataclass(frozen=True, slots=True)
class Ripe:
    """Quiet for long enough: ask who writes it, then open it."""

    path: Path
    stamp: Stamp


@dataclass(frozen=True, slots=True)
class Stuck:
    """Quiet for long, and not whole, or still held."""

    path: Path
    completeness: Completeness
    trouble: str
    held: bool = False


class Settle:
    """All files that are on their way. No clock and no disk of its own."""

    def __init__(self, times: SettleTimes | None = None, poll_s: float = 0.0) -> None:
        """`poll_s`: interval at which the caller looks, if no events come (network, polling); else 0."""
        self.times = times or SettleTimes()
        self.poll_s = poll_s
        self._files: dict[Path, Watched] = {}

    def __contains__(self, path: Path) -> bool:
        return path in self._files

    def __iter__(self) -> Iterator[Watched]:
        return iter(tuple(self._files.values()))

    def __len__(self) -> int:
        return len(self._files)

    def get(self, path: Path) -> Watched | None:
        """What is known about a file."""
        return self._files.get(path)

    def observe(self, path: Path, stamp: Stamp, completeness: Completeness, now: float, closed: bool = False) -> bool:
        """A look at a file at time `now`; `closed`: an event said so since the last look. True if the file is new."""
        old = self._files.get(path)
        if old is None:
            self._files[path] = Watched(path, stamp, completeness, now, closed)
        elif (old.stamp, old.completeness) != (stamp, completeness):
            closed = closed or (old.closed and old.stamp == stamp)
            new = Watched(path, stamp, completeness, now, closed)
            self._files[path] = replace(new, accepted=old.accepted, explained=old.explained)
        elif closed:
            self._files[path] = replace(old, closed=True)
        return old is None

    def weigh(self, path: Path, known: Known, tail: Tail, now: float) -> bool:
        """What was found out about a ripe file; True if it may be opened now, False if it has to wait."""
        file = self._files[path]
        if file.accepted:
            return True
        if known is Known.HELD:
            since = file.held_since if file.known is Known.HELD else now
            self._files[path] = replace(file, known=known, held_since=since, held_until=now, closed=False)
            return False
        if file.known is Known.HELD:  # let go since the last look, nobody knows when: its quiet begins here
            file = replace(file, quiet_since=now, closed=known is Known.FREE)
        file = replace(file, known=known, tail=tail, held_since=_NEVER, held_until=-_NEVER)
        self._files[path] = file
        return self._is_ripe(file, now)

    def accept(self, path: Path) -> None:
        """Take a file as it is. `KeyError` if it is not watched."""
        self._files[path] = replace(self._files[path], accepted=True, trouble="")

    def forget(self, path: Path) -> bool:
        """The file is no longer on its way; whether it was."""
        return self._files.pop(path, None) is not None

    def restart(self, path: Path, now: float, trouble: str = "") -> None:
        """It was ripe and could not be opened. Busy: wait again. With `trouble`: not again until it changes."""
        self._files[path] = replace(self._files[path], quiet_since=now, trouble=trouble, accepted=False)

    def ripe(self, now: float) -> list[Ripe]:
        """Files to be opened now. They stay until `forget` or `restart`."""
        return [Ripe(file.path, file.stamp) for file in self._files.values() if self._is_ripe(file, now)]

    def stuck(self, now: float) -> list[Stuck]:
        """Files that are reported as stalled now; each once, until it changes."""
        late = [file for file in self._files.values() if self._is_stuck(file, now)]
        self._files.update({file.path: replace(file, reported=True) for file in late})
        return [Stuck(file.path, file.completeness, file.trouble, file.known is Known.HELD) for file in late]

    def unexplained(self, now: float) -> list[Watched]:
        """Files that would have been taken by now but for their writers or for what cannot be known; each once."""
        found = [file for file in self._files.values() if self._needs_explaining(file, now)]
        self._files.update({file.path: replace(file, explained=True) for file in found})
        return found

    def next_due(self) -> float:
        """When `ripe`, `stuck` or `unexplained` may have something new, if nothing changes; infinite for never."""
        return min((self._due(file) for file in self._files.values()), default=_NEVER)

    def quiet_needed(self, file: Watched) -> float:
        """How long this file has to be quiet, in seconds; infinite if it never settles by itself."""
        return max(self._by_completeness(file), 2 * self.poll_s)

    def _by_completeness(self, file: Watched) -> float:
        times = self.times
        if file.accepted:
            return 0.0
        if file.completeness is Completeness.COMPLETE:
            return max(times.closed_s if file.closed else times.unclosed_s, self._by_tail(file))
        if file.completeness is Completeness.OPAQUE:
            unproven = times.unproven_s if file.known is Known.UNKNOWN else 0.0
            return max(times.opaque_s, unproven, self._by_tail(file))
        if file.completeness is Completeness.STREAMED and times.accept_streamed:
            return times.streamed_s
        return _NEVER

    def _by_tail(self, file: Watched) -> float:
        """Zeros at the end may be silence, or samples that are still to come."""
        unproven = file.tail is Tail.HOLE or (file.tail is Tail.ZEROS and file.known is not Known.FREE)
        return self.times.zeros_s if unproven else 0.0

    def _ripe_at(self, file: Watched) -> float:
        if file.trouble:
            return _NEVER
        needed = self.quiet_needed(file)
        if file.accepted or file.known is not Known.HELD:
            return file.quiet_since + needed
        return max(file.quiet_since + needed, file.held_until + max(min(needed, _RECHECK_S), self.poll_s))

    def _is_ripe(self, file: Watched, now: float) -> bool:
        return now >= self._ripe_at(file)

    def _is_stuck(self, file: Watched, now: float) -> bool:
        return now >= self._stuck_at(file)

    def _stuck_at(self, file: Watched) -> float:
        hopeless = bool(file.trouble) or self.quiet_needed(file) == _NEVER or file.known is Known.HELD
        return file.quiet_since + self.times.stalled_s if hopeless and not file.reported else _NEVER

    def _needs_explaining(self, file: Watched, now: float) -> bool:
        return now >= self._explained_at(file)

    def _explained_at(self, file: Watched) -> float:
        if file.explained or file.reported or file.accepted or file.trouble:
            return _NEVER
        if file.known is Known.HELD:
            return file.held_since + self.times.explained_s
        waits = file.known is not None and self.times.explained_s < self.quiet_needed(file) < _NEVER
        return file.quiet_since + self.times.explained_s if waits else _NEVER

    def _due(self, file: Watched) -> float:
        return min(self._ripe_at(file), self._stuck_at(file), self._explained_at(file))
