"""When is a bounce finished? A pure machine: time and file facts are passed in, records come out.

seen ──► quiet ──(long enough, by verdict)──► ripe ──► the caller opens it ──► forget, or restart if it was busy
  ▲        │
  └─change─┘        not whole and quiet for `stalled_s`: stalled, said once, still watched
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from dawbridge.config.settle_times import SettleTimes
from dawbridge.watch.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Stat:
    """What of a file shows that it changed."""

    size: int
    """Bytes."""
    modified_ns: int
    inode: int = 0


@dataclass(frozen=True, slots=True)
class Watched:
    """A file on its way."""

    path: Path
    stat: Stat
    verdict: Verdict
    quiet_since: float
    """Seconds, on the caller's clock."""
    closed: bool = False
    """Its writer closed it, or it was moved into place, and it did not change after."""
    accepted: bool = False
    """To be taken as it is."""
    reported: bool = False
    """Stalled, and said so."""
    trouble: str = ""
    """Why it could not be opened, where it looked whole."""


@dataclass(frozen=True, slots=True)
class Ripe:
    """Quiet for long enough: open it."""

    path: Path
    stat: Stat


@dataclass(frozen=True, slots=True)
class Stuck:
    """Quiet for long, and not whole."""

    path: Path
    verdict: Verdict
    trouble: str


class Settle:
    """All files that are on their way. No clock and no disk of its own."""

    def __init__(self, times: SettleTimes | None = None, poll_s: float = 0.0) -> None:
        """`poll_s`: interval at which the caller looks, where no events come (network, polling); else 0."""
        self.times = times or SettleTimes()
        self.poll_s = poll_s
        self._files: dict[Path, Watched] = {}

    def __contains__(self, path: Path) -> bool:
        return path in self._files

    def __iter__(self) -> Iterator[Watched]:
        return iter(tuple(self._files.values()))

    def get(self, path: Path) -> Watched | None:
        """What is known of a file."""
        return self._files.get(path)

    def observe(self, path: Path, stat: Stat, verdict: Verdict, now: float, closed: bool = False) -> bool:
        """A look at a file at time `now`; `closed`: an event said so since the last. True where it is new."""
        old = self._files.get(path)
        if old is None:
            self._files[path] = Watched(path, stat, verdict, now, closed)
        elif (old.stat, old.verdict) != (stat, verdict):
            closed = closed or (old.closed and old.stat == stat)
            self._files[path] = Watched(path, stat, verdict, now, closed, old.accepted)
        else:
            self._files[path] = replace(old, closed=old.closed or closed)
        return old is None

    def accept(self, path: Path) -> None:
        """Take a file as it is. `KeyError` if it is not watched."""
        self._files[path] = replace(self._files[path], accepted=True, trouble="")

    def forget(self, path: Path) -> bool:
        """No longer on its way; whether it was."""
        return self._files.pop(path, None) is not None

    def restart(self, path: Path, now: float, trouble: str = "") -> None:
        """It was ripe and could not be opened. Busy: wait again. With `trouble`: not again until it changes."""
        self._files[path] = replace(self._files[path], quiet_since=now, trouble=trouble, accepted=False)

    def ripe(self, now: float) -> list[Ripe]:
        """Files to be opened now. They stay until `forget` or `restart`."""
        return [Ripe(file.path, file.stat) for file in self._files.values() if self._is_ripe(file, now)]

    def stuck(self, now: float) -> list[Stuck]:
        """Files that are reported as stalled now; each once, until it changes."""
        late = [file for file in self._files.values() if self._is_stuck(file, now)]
        self._files.update({file.path: replace(file, reported=True) for file in late})
        return [Stuck(file.path, file.verdict, file.trouble) for file in late]

    def quiet_needed(self, file: Watched) -> float:
        """Seconds of quiet that this file needs; infinite where it never settles by itself."""
        needed = self._by_verdict(file)
        return max(needed, 2 * self.poll_s)

    def _by_verdict(self, file: Watched) -> float:
        times = self.times
        if file.accepted:
            return 0.0
        if file.verdict is Verdict.COMPLETE:
            return times.closed_s if file.closed else times.unclosed_s
        if file.verdict is Verdict.OPAQUE:
            return times.opaque_s
        if file.verdict is Verdict.STREAMED and times.accept_streamed:
            return times.streamed_s
        return float("inf")

    def _is_ripe(self, file: Watched, now: float) -> bool:
        return not file.trouble and now - file.quiet_since >= self.quiet_needed(file)

    def _is_stuck(self, file: Watched, now: float) -> bool:
        hopeless = bool(file.trouble) or self.quiet_needed(file) == float("inf")
        return hopeless and not file.reported and now - file.quiet_since >= self.times.stalled_s
