"""Breakpoints that a lane can do without: fewer points, the same shape within a tolerance."""

from collections.abc import Sequence

RAMP_S = 0.05
"""A knob that rested arrives at its next value in so long: no click, and no creep through the rest."""
MAX_POINTS = 200_000
"""Breakpoints a lane holds."""
TOLERANCES = (0.0005, 0.002, 0.008, 0.03)
"""How far a knob position 0..1 may be off, the least first: the next is tried if too many points are left."""

Point = tuple[float, float]
"""Seconds from the bounce's start, and a value."""


def thinned(points: Sequence[Point], positions: Sequence[float], most: int = MAX_POINTS) -> tuple[Point, ...]:
    """At most `most` of `points`, which are in order of time; `positions` are the knob positions 0..1 of each.

    First and last stay. If even the coarsest tolerance leaves too many (hours of a knob that never rests), every
    second point goes, every third, ...: the lane is coarser in time, and nothing is cut off at its end.
    """
    if len(points) <= most:
        return tuple(points)
    kept = list(range(len(points)))
    for tolerance in TOLERANCES:
        kept = _needed([point[0] for point in points], positions, tolerance)
        if len(kept) <= most:
            break
    else:
        step = -(-len(kept) // (most - 1))
        kept = [*kept[:-1:step], kept[-1]]
    return tuple(points[place] for place in kept)


def _needed(times: Sequence[float], positions: Sequence[float], tolerance: float) -> list[int]:
    """Places of the points between which the shape is kept: by straight lines of at most `RAMP_S`, and by rests.

    ```
    kept ·   ·  dropped: the line from the last kept point to the next one passes within the tolerance
           ·       ·
    ```
    """
    kept = [0]
    start, low, high, rests = 0, float("-inf"), float("inf"), True
    for place in range(1, len(times)):
        passed_s, risen = times[place] - times[start], positions[place] - positions[start]
        rests = rests and abs(risen) <= tolerance
        is_line = passed_s <= RAMP_S and low * passed_s <= risen <= high * passed_s
        if not (rests or is_line or place == start + 1):
            start = place - 1
            kept.append(start)
            passed_s, risen = times[place] - times[start], positions[place] - positions[start]
            low, high, rests = float("-inf"), float("inf"), abs(risen) <= tolerance
        if passed_s > 0:
            low, high = max(low, (risen - tolerance) / passed_s), min(high, (risen + tolerance) / passed_s)
    return [*kept, len(times) - 1]
