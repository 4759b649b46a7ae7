"""The moves of one take as they come, and the passes that it consists of."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import zip_longest

from dawbridge.knobs.automation import MAX_POINTS, RAMP_S, Automation, Lane


@dataclass(frozen=True, slots=True)
class Move:
    """One knob that was moved while the playhead was known."""

    name: str
    seconds: float
    """Where, from the bounce's start."""
    run: int
    """Another number after each jump of the playhead."""
    previous: float
    """Raw value before it."""
    value: float
    """Raw value after it."""


@dataclass(slots=True)
class _Stretch:
    """What one knob did since the playhead jumped last."""

    name: str
    run: int
    before: float
    """Raw value before the first move."""
    last_s: float
    times: list[float] = field(default_factory=list)
    """In order."""
    values: list[float] = field(default_factory=list)

    def put(self, seconds: float, value: float) -> None:
        """A move; what the playhead went over since the one before, forwards or backwards, is replaced."""
        low, high = sorted((self.last_s, seconds))
        first, last = bisect_right(self.times, low), bisect_left(self.times, high)
        del self.times[first:last], self.values[first:last]
        place = bisect_left(self.times, seconds)
        if self.times[place : place + 1] == [seconds]:
            self.values[place] = value
        else:
            self.times.insert(place, seconds)
            self.values.insert(place, value)
        self.last_s = seconds
        if len(self.times) > MAX_POINTS:
            points = list(zip(self.times, self.values, strict=True))
            points = list(Lane.fitted(self.name, points, MAX_POINTS // 2).points)
            self.times, self.values = [point[0] for point in points], [point[1] for point in points]

    def lane(self) -> Lane:
        """Its breakpoints, after one that says where the knob was before."""
        points = zip(self.times, self.values, strict=True)
        return Lane.fitted(self.name, [(self.times[0] - RAMP_S, self.before), *points])


class Recording:
    """One take while it is recorded: for each knob, the parts of the timeline over which it was moved.

    ```
    moves at   10 20 | 1 3 | 18 25      | the playhead jumps
    parts      1..3  10..25             what lies between them was not played over
    ```
    """

    def __init__(self) -> None:
        self._parts: dict[str, list[Lane]] = {}
        self._open: dict[str, _Stretch] = {}
        self._before: dict[str, float] = {}
        """Raw values as the take found them."""

    def add(self, move: Move) -> None:
        """Keep one move. A later pass over the same place replaces the earlier one."""
        self._before.setdefault(move.name, move.previous)
        stretch = self._open.get(move.name)
        if stretch is None or stretch.run != move.run:
            if stretch is not None:
                self._parts[move.name] = _joined(self._parts.get(move.name, []), stretch.lane())
            stretch = self._open[move.name] = _Stretch(move.name, move.run, move.previous, move.seconds)
        stretch.put(move.seconds, move.value)

    def passes(self) -> tuple[Automation, ...]:
        """The parts so far, in order of time; each pass has at most one of a knob."""
        return tuple(
            Automation(tuple(lane for lane in lanes if lane is not None))
            for lanes in zip_longest(*(self._lanes(name) for name in sorted(self._open)))
        )

    def _lanes(self, name: str) -> Iterator[Lane]:
        """A knob's parts. The first begins with where the knob was when the take began, not when it came there."""
        first, *others = _joined(self._parts.get(name, []), self._open[name].lane())
        yield Lane(name, ((first.points[0][0], self._before[name]), *first.points[1:]))
        yield from others


def _joined(parts: list[Lane], played: Lane) -> list[Lane]:
    """Parts, none of which touch each other, with one more played over them; in order."""
    first, last = played.span_s
    apart = [part for part in parts if part.span_s[1] < first or last < part.span_s[0]]
    touched = [point for part in parts if part not in apart for point in part.points]
    joined = played.over(Lane(played.name, tuple(touched)) if touched else None)
    return sorted([*apart, joined], key=lambda part: part.span_s)
