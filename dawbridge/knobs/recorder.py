"""Knob moves kept against the playhead's position: an automation that is played, not drawn."""

import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from dawbridge.knobs.automation import AUTOMATABLE, MAX_POINTS, RAMP_S, Automation
from dawbridge.knobs.parameters import Change

FOLLOWS_S = 2.0
"""How long a playhead moves on that nobody reports any more, in seconds: then the DAW was stopped without a word."""
LONGEST_S = 86_400.0
"""The highest position, in seconds: a day."""
JUMP_S = 2.0
"""A position this far, in seconds, from where the playhead should be is a jump; less is the host's own clock."""
TIMECODE, CLOCK, TRANSPORT = "mtc", "clock", "transport"
SOURCES = (TIMECODE, CLOCK, TRANSPORT)
"""Who may say where the playhead is, the best first: MIDI time code, MIDI clock, `/dawbridge/transport`."""
HOUR_S, PREROLL_S = 3600.0, 30.0
"""A position up to `PREROLL_S` before a start is a pre-roll to it."""
AUTOMATIC, FIRST_BEAT = -1.0, -2.0
"""Zeros of a `Transport` that are found out."""
_KEPT = 4096


@dataclass(frozen=True, slots=True)
class _Place:
    """One report of the playhead."""

    at_s: float
    """When, by the clock."""
    seconds: float
    """Where."""
    playing: bool
    run: int
    """Another number after each jump."""

    def seconds_at(self, when_s: float) -> float:
        """Where it is at `when_s`, if nothing more is reported."""
        passed_s = min(max(when_s - self.at_s, 0.0), FOLLOWS_S)
        return self.seconds + passed_s if self.playing else self.seconds


class Transport:
    """The playhead's position, reported now and then, and moving on by the clock in between. Thread-safe.

    Sources never mix: the best one that is heard owns the position, until it has said nothing for `FOLLOWS_S`.
    Positions count from a zero: the one that was set; else the time reference of the bounce, if the position is within
    the bounce by it; else, for time code, the whole hour at which it was last located, since sessions begin at
    01:00:00:00 as often as at 00:00:00:00. A position before the zero is negative.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._places: deque[_Place] = deque(maxlen=_KEPT)
        self._lock = threading.Lock()
        self._owner, self._heard_s = "", float("-inf")
        self._zero_s = AUTOMATIC
        self._found_s: float | None = None
        self._start_s, self._duration_s = 0.0, 0.0
        self._said: _Place | None = None

    @property
    def owner(self) -> str:
        """The source whose position counts, one of `SOURCES`; empty if none has said anything for `FOLLOWS_S`."""
        with self._lock:
            return self._owner if self._clock() - self._heard_s <= FOLLOWS_S else ""

    @property
    def zero_s(self) -> float:
        """The position at which a bounce starts, in seconds; or `AUTOMATIC`, `FIRST_BEAT`."""
        return self._zero_s

    def set_zero(self, seconds: float) -> None:
        """Say at which position a bounce starts, in seconds; or `AUTOMATIC`, or `FIRST_BEAT`: where it plays next."""
        with self._lock:
            to_find = AUTOMATIC if seconds > FIRST_BEAT else FIRST_BEAT
            self._zero_s = min(seconds, LONGEST_S) if seconds >= 0 else to_find
            self._found_s = self._said = None

    def set_bounce(self, start_s: float, duration_s: float) -> None:
        """Say where the bounce in focus is on its timeline by its time reference, in seconds; 0, 0: nowhere."""
        with self._lock:
            if (start_s, duration_s) != (self._start_s, self._duration_s):
                self._start_s, self._duration_s, self._said = start_s, duration_s, None

    def _from_zero(self, seconds: float, playing: bool, source: str) -> float:
        """A position as seconds from the bounce's start; negative before it."""
        if self._zero_s >= 0:
            return seconds - self._zero_s
        now, last = self._clock(), self._said
        if self._zero_s == FIRST_BEAT:
            if self._found_s is None and playing:
                self._found_s = seconds
        else:
            near_s, is_its_own = self._start_near(seconds, source)
            if is_its_own or last is None or abs(seconds - last.seconds_at(now)) > JUMP_S:
                self._found_s = near_s
        self._said = _Place(now, seconds, playing, 0)
        return seconds - (self._found_s or 0.0)

    def _start_near(self, seconds: float, source: str) -> tuple[float, bool]:
        """Where the bounce starts, and whether its time reference says so, from midnight or from the session's hour."""
        hour_s = (seconds + PREROLL_S) // HOUR_S * HOUR_S if source == TIMECODE else 0.0
        for start_s in (self._start_s, self._start_s + hour_s, self._start_s % HOUR_S) if self._start_s else ():
            if start_s - PREROLL_S <= seconds <= start_s + self._duration_s + PREROLL_S:
                return start_s, True
        return hour_s, False

    def tell(self, seconds: float, playing: bool, source: str = TRANSPORT) -> None:
        """Report that the playhead is at `seconds` now. Passed over while a better source owns the position."""
        with self._lock:
            now, run = self._clock(), 0
            owned = self._owner and now - self._heard_s <= FOLLOWS_S
            if owned and SOURCES.index(source) > SOURCES.index(self._owner):
                return
            if source != self._owner:
                self._said = None
            self._owner, self._heard_s = source, now
            seconds = min(max(self._from_zero(seconds, playing, source), -LONGEST_S), LONGEST_S)
            if self._places:
                last = self._places[-1]
                run = last.run + (abs(seconds - last.seconds_at(now)) > JUMP_S)
            self._places.append(_Place(now, seconds, playing, run))

    def seconds(self, when_s: float | None = None) -> float | None:
        """Where it was at `when_s` by the clock (None: now); None if nobody had reported it by then."""
        found = self.place(self._clock() if when_s is None else when_s)
        return found[0] if found else None

    def now(self) -> tuple[float, bool] | None:
        """Where it is now, and whether it moves; None if nobody has reported it."""
        with self._lock:
            if not self._places:
                return None
            now, last = self._clock(), self._places[-1]
            return last.seconds_at(now), last.playing and now - last.at_s < FOLLOWS_S

    def place(self, when_s: float) -> tuple[float, int] | None:
        """Where it was at `when_s`, and in which run from jump to jump; None if nobody had reported it by then."""
        with self._lock:
            known = next((place for place in reversed(self._places) if place.at_s <= when_s), None)
        return (known.seconds_at(when_s), known.run) if known else None


class AutomationRecorder:
    """Collects breakpoints while it records. `place` may be called from any thread, the rest from one."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.transport = Transport(clock)
        self._recording = False
        self._points: dict[str, dict[float, float]] = {}
        self._last: dict[str, tuple[float, int]] = {}

    @property
    def is_recording(self) -> bool:
        """Between `record` and `stop`."""
        return self._recording

    def place(self, seconds: float, playing: bool, source: str = TRANSPORT) -> None:
        """Report that the playhead is at `seconds` now, as one of `SOURCES` has it."""
        self.transport.tell(seconds, playing, source)

    def record(self) -> None:
        """Begin, with nothing kept."""
        self._points, self._last, self._recording = {}, {}, True

    def stop(self) -> Automation:
        """End; what was moved meanwhile."""
        self._recording = False
        return Automation.of({name: points.items() for name, points in self._points.items()})

    def hear(self, changes: Iterable[Change]) -> None:
        """Keep what was moved, each change at the place where the playhead was then."""
        for change in changes if self._recording else ():
            place = self.transport.place(change.at_s)
            if place is not None and change.changed and change.name in AUTOMATABLE:
                self._keep(change, *place)

    def _keep(self, change: Change, now: float, run: int) -> None:
        """A second pass over the same place takes precedence over the first; a jump passes over nothing."""
        points = self._points.setdefault(change.name, {})
        last = self._last.get(change.name)
        if not points:
            points[now - RAMP_S] = change.previous
        elif last is not None and last[1] == run:
            for passed in [time_s for time_s in points if last[0] < time_s < now]:
                del points[passed]
        if len(points) < MAX_POINTS:
            points[now] = change.value
        self._last[change.name] = (now, run)
