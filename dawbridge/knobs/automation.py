"""Automation: knob values against the time of a bounce. Plain data: it travels to the engine and into the ledger.

A lane is a list of breakpoints. Between two that lie close together the knob moves in a straight line (in knob
position, so a frequency moves in octaves); where it rested longer, it holds, then moves within `RAMP_S`:

```
value    ·———————————·           breakpoints at 1, 2, 2.02, 5
        /             \\____
 0     1  1.98 … 2   2.02   5 s
```
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dawbridge.knobs.parameters import PARAMETERS, Curve, Parameter, Stage
from dawbridge.knobs.thinning import MAX_POINTS, RAMP_S, Point, thinned

__all__ = ["AUTOMATABLE", "MAX_POINTS", "NOTHING", "RAMP_S", "Automation", "Lane", "Point", "can_follow"]


def can_follow(row: Parameter) -> bool:
    """Whether the parameter can change within a bounce: what is rendered, and no switch."""
    return row.stage is Stage.RENDER and row.curve is not Curve.SWITCH


AUTOMATABLE = frozenset(row.name for row in PARAMETERS.values() if can_follow(row))
"""Names of the parameters that an automation can move."""


@dataclass(frozen=True, slots=True)
class Lane:
    """One parameter's breakpoints, in order of time. Before the first and after the last the value stands still."""

    name: str
    points: tuple[Point, ...]
    """Seconds from the bounce's start and raw value, at most `MAX_POINTS`."""

    @property
    def span_s(self) -> tuple[float, float]:
        """First and last breakpoint, in seconds from the bounce's start."""
        return self.points[0][0], self.points[-1][0]

    @classmethod
    def fitted(cls, name: str, points: Sequence[Point], most: int = MAX_POINTS) -> "Lane":
        """A lane of at most `most` of these points, which are in order; its shape stays."""
        if len(points) <= most:
            return cls(name, tuple(points))
        row = PARAMETERS[name]
        return cls(name, thinned(points, [row.normalize(value) for _, value in points], most))

    def over(self, before: "Lane | None") -> "Lane":
        """`before` with this played over it: what it has between the first and the last point here is replaced.

        The first point here only says where the knob was before it moved: what `before` has there takes precedence.
        """
        if before is None:
            return self
        first, last = self.span_s
        earlier = [point for point in before.points if point[0] < first]
        later = [point for point in before.points if point[0] > last]
        played = list(self.points)
        if earlier and len(played) > 1:
            del played[0]
        elif later and len(played) > 1 and first > 0:
            played[0] = (first, before.points[0][1])
        return Lane.fitted(self.name, [*earlier, *played, *later])

    def positions(self, times_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Knob positions 0..1 at `times_s`, of its shape."""
        times, values = _with_holds(self.points)
        row = PARAMETERS[self.name]
        return np.interp(times_s, times, [row.normalize(value) for value in values])

    def values(self, times_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Raw values at `times_s`, of its shape."""
        row, positions = PARAMETERS[self.name], self.positions(times_s)
        if row.curve is Curve.LOG:
            return np.asarray(row.low * (row.high / row.low) ** positions)
        return np.asarray(row.low + (row.high - row.low) * positions)


@dataclass(frozen=True, slots=True)
class Automation:
    """All lanes of one bounce; at most one a parameter."""

    lanes: tuple[Lane, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.lanes)

    def lane(self, name: str) -> Lane | None:
        """The lane of a parameter, if it has one."""
        return next((lane for lane in self.lanes if lane.name == name), None)

    def only(self, names: Iterable[str]) -> "Automation":
        """The lanes of these parameters."""
        wanted = frozenset(names)
        return Automation(tuple(lane for lane in self.lanes if lane.name in wanted))

    def overdubbed(self, passes: Iterable["Automation"]) -> "Automation":
        """This with a take over it: each pass replaces what it was played over, the rest stays."""
        lanes = {lane.name: lane for lane in self.lanes}
        for lane in (lane for one in passes for lane in one.lanes):
            lanes[lane.name] = lane.over(lanes.get(lane.name))
        return Automation(tuple(lanes[name] for name in sorted(lanes)))

    def from_zero(self) -> "Automation":
        """With what is before the bounce's start put at its start: only the last value of each lane counts there."""
        return Automation.of(
            {lane.name: [(max(time_s, 0.0), value) for time_s, value in lane.points] for lane in self.lanes}
        )

    def plain(self) -> dict[str, list[list[float]]]:
        """For JSON."""
        return {lane.name: [list(point) for point in lane.points] for lane in self.lanes}

    @classmethod
    def of(cls, points: Mapping[str, Iterable[Iterable[float]]]) -> "Automation":
        """From points by name, in any order; values are clamped, unknown names and empty lanes left out."""
        lanes = []
        for name, given in sorted(points.items()):
            if name not in AUTOMATABLE:
                continue
            latest = {float(time_s): PARAMETERS[name].clamp(value) for time_s, value in given}
            if latest:
                lanes.append(Lane.fitted(name, sorted(latest.items())))
        return cls(tuple(lanes))


NOTHING = Automation()
"""What moves no knob."""


def _with_holds(points: tuple[Point, ...]) -> tuple[list[float], list[float]]:
    """Times and values with a breakpoint where each rest ends."""
    times, values = [points[0][0]], [points[0][1]]
    for time_s, value in points[1:]:
        if time_s - times[-1] > RAMP_S:
            times.append(time_s - RAMP_S)
            values.append(values[-1])
        times.append(time_s)
        values.append(value)
    return times, values
