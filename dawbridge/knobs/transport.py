"""Where the playhead is: reports of several sources become one position, counted from the bounce's start."""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from dawbridge.errors import PositionError

FOLLOWS_S = 2.0
"""How long a playhead moves on that nobody reports any more, in seconds: then the DAW was stopped without a word."""
JUMP_S = 2.0
"""A position this far from where the playhead should be was located: where a bounce begins is found again."""
LOCATE_S = 0.25
"""A position this far off begins a new pass of a recording. One pass too many changes nothing that is heard."""
TIMECODE, CLOCK, TRANSPORT = "mtc", "clock", "transport"
SOURCES = (TIMECODE, CLOCK, TRANSPORT)
"""Who may say where the playhead is, the best first: MIDI time code, MIDI clock, `/dawbridge/transport`."""
DAY_S, HOUR_S, PREROLL_S = 86_400.0, 3600.0, 30.0
"""A position up to `PREROLL_S` before a start is a pre-roll to it."""
LONGEST_S = DAY_S
"""The highest position, in seconds."""
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
    speed: int
    """1: it plays, -1: backwards, 0: it rests."""
    run: int = 0
    """Another number after each jump."""

    def seconds_at(self, when_s: float) -> float:
        """Where it is at `when_s`, if nothing more is reported."""
        return self.seconds + self.speed * min(max(when_s - self.at_s, 0.0), FOLLOWS_S)


class Transport:
    """The playhead's position, reported now and then, and moving on by the clock in between. Thread-safe.

    Sources never mix: the best one that is heard owns the position, until it has said nothing for `FOLLOWS_S`; of two
    MIDI ports that report the same way, the one that was heard first. Time code that plays on over midnight goes on.
    Positions count from a zero: the one that was set; else the time reference of the bounce, if the position is within
    the bounce by it; else, for time code, the whole hour at which it was last located, since sessions begin at
    01:00:00:00 as often as at 00:00:00:00. A position before the zero is negative.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._places: deque[_Place] = deque(maxlen=_KEPT)
        self._lock = threading.Lock()
        self._owner: tuple[str, str] = ("", "")
        self._heard_s = float("-inf")
        self._zero_s = AUTOMATIC
        self._found_s: float | None = None
        self._start_s, self._duration_s = 0.0, 0.0
        self._said: _Place | None = None

    @property
    def owner(self) -> str:
        """The source whose position counts: one of `SOURCES`, and the name of its MIDI port behind it (`mtc IAC Bus`).

        Empty if none has said anything for `FOLLOWS_S`.
        """
        with self._lock:
            return " ".join(filter(None, self._owner)) if self._clock() - self._heard_s <= FOLLOWS_S else ""

    @property
    def zero_s(self) -> float:
        """The position at which a bounce starts, in seconds; or `AUTOMATIC`, `FIRST_BEAT`."""
        return self._zero_s

    def set_zero(self, seconds: float) -> None:
        """Say at which position a bounce starts, in seconds; or `AUTOMATIC`, or `FIRST_BEAT`: where it plays next.

        Raises `PositionError` for what is none of these.
        """
        if seconds not in (AUTOMATIC, FIRST_BEAT) and not 0 <= seconds <= LONGEST_S:
            raise PositionError(seconds, f"0..{LONGEST_S:.0f} s, -1 (found out) or -2 (where it plays next)")
        with self._lock:
            self._zero_s = seconds
            self._found_s = self._said = None

    def set_bounce(self, start_s: float, duration_s: float) -> None:
        """Say where the bounce in focus is on its timeline by its time reference, in seconds; 0, 0: nowhere."""
        with self._lock:
            if (start_s, duration_s) != (self._start_s, self._duration_s):
                self._start_s, self._duration_s, self._said = start_s, duration_s, None

    def _from_zero(self, seconds: float, speed: int, source: str) -> float:
        """A position as seconds from the bounce's start; negative before it."""
        now, last = self._clock(), self._said
        if source == TIMECODE:
            seconds = self._unrolled(seconds, now)
        if self._zero_s >= 0:
            self._found_s = self._zero_s
        elif self._zero_s == FIRST_BEAT:
            if self._found_s is None and speed:
                self._found_s = seconds
        else:
            near_s, is_its_own = self._start_near(seconds, source)
            if is_its_own or last is None or abs(seconds - last.seconds_at(now)) > JUMP_S:
                self._found_s = near_s
        self._said = _Place(now, seconds, speed)
        return seconds - (self._found_s or 0.0)

    def _unrolled(self, seconds: float, now: float) -> float:
        """Time code with its days counted: one that plays on over midnight, or is located just before a zero after it.

        ```
        zero 23:59:00    23:59:59  00:00:00  00:00:01    59  60  61 s from the zero
        ```
        """
        if self._said is not None:
            expected_s = self._said.seconds_at(now)
            days = round((expected_s - seconds) / DAY_S)
            if abs(seconds + days * DAY_S - expected_s) <= JUMP_S:
                return seconds + days * DAY_S
        return seconds - round((seconds - self._zero_s) / DAY_S) * DAY_S if self._zero_s >= 0 else seconds

    def _start_near(self, seconds: float, source: str) -> tuple[float, bool]:
        """Where the bounce starts, and whether its time reference says so, from midnight or from the session's hour."""
        hour_s = (seconds + PREROLL_S) // HOUR_S * HOUR_S if source == TIMECODE else 0.0
        for start_s in (self._start_s, self._start_s + hour_s, self._start_s % HOUR_S) if self._start_s else ():
            if start_s - PREROLL_S <= seconds <= start_s + self._duration_s + PREROLL_S:
                return start_s, True
        return hour_s, False

    def tell(
        self, seconds: float, playing: bool, source: str = TRANSPORT, port: str = "", backwards: bool = False
    ) -> None:
        """Report that the playhead is at `seconds` now, `port`: as which MIDI port has it.

        Passed over while a better source, or another port that was heard first, owns the position.
        """
        with self._lock:
            now, run = self._clock(), 0
            speed = (-1 if backwards else 1) if playing else 0
            owner = source, port
            is_owned = self._owner[0] and self._owner != owner and now - self._heard_s <= FOLLOWS_S
            if is_owned and SOURCES.index(source) >= SOURCES.index(self._owner[0]):
                return
            if owner != self._owner:
                self._said = None
            self._owner, self._heard_s = owner, now
            seconds = min(max(self._from_zero(seconds, speed, source), -LONGEST_S), LONGEST_S)
            if self._places:
                last = self._places[-1]
                run = last.run + (abs(seconds - last.seconds_at(now)) > LOCATE_S)
            self._places.append(_Place(now, seconds, speed, run))

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
            return last.seconds_at(now), bool(last.speed) and now - last.at_s < FOLLOWS_S

    def place(self, when_s: float) -> tuple[float, int] | None:
        """Where it was at `when_s`, and in which run from jump to jump; None if nobody had reported it by then."""
        with self._lock:
            known = next((place for place in reversed(self._places) if place.at_s <= when_s), None)
        return (known.seconds_at(when_s), known.run) if known else None
