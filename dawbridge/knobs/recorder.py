"""Knob moves kept against the playhead's position. Pure: the clock is the caller's, nothing is started."""

import threading
from collections.abc import Callable

from dawbridge.knobs.automation import AUTOMATABLE, MAX_POINTS, RAMP_S, Automation
from dawbridge.knobs.parameters import Change, ParameterStore

FOLLOWS_S = 2.0
"""A playhead that nobody has spoken of for so long stands still: the DAW was stopped without a word."""
LONGEST_S = 86_400.0
"""Positions beyond a day are none."""


class Transport:
    """The playhead's position, told now and then, and going on by the clock in between. Thread-safe."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._told: tuple[float, float, bool] | None = None

    def tell(self, seconds: float, playing: bool) -> None:
        """The playhead is at `seconds` now."""
        self._told = (min(max(seconds, 0.0), LONGEST_S), self._clock(), playing)

    def seconds(self, when_s: float | None = None) -> float | None:
        """Where it was at `when_s` by the clock (None: now), as far as it was last told; None where nobody has said."""
        told = self._told
        if told is None:
            return None
        seconds, at_s, playing = told
        passed_s = max(0.0, (self._clock() if when_s is None else when_s) - at_s)
        return seconds + min(passed_s, FOLLOWS_S) if playing else seconds


class Recorder:
    """Collects breakpoints from the store while it records."""

    def __init__(self, store: ParameterStore, transport: Transport) -> None:
        self._transport = transport
        self._lock = threading.Lock()
        self._recording = False
        self._points: dict[str, dict[float, float]] = {}
        self._last: dict[str, float] = {}
        self._box = store.mailbox()

    @property
    def is_recording(self) -> bool:
        """Between `record` and `stop`."""
        return self._recording

    def record(self) -> None:
        """Begin, with nothing kept."""
        self._box.drain()
        with self._lock:
            self._points, self._last, self._recording = {}, {}, True

    def stop(self) -> Automation:
        """End; what was moved meanwhile."""
        self.hear()
        with self._lock:
            self._recording = False
            return Automation.of({name: points.items() for name, points in self._points.items()})

    def hear(self) -> None:
        """Keep what was moved since, each at the place where the playhead was then. Called before it is told anew."""
        with self._lock:
            for change in (change for batch in self._box.drain() for change in batch):
                now = self._transport.seconds(change.at_s)
                if self._recording and now is not None and change.changed and change.name in AUTOMATABLE:
                    self._keep(change, now)

    def _keep(self, change: Change, now: float) -> None:
        """A second pass over the same place goes before the first."""
        points = self._points.setdefault(change.name, {})
        last = self._last.get(change.name)
        if not points:
            points[max(0.0, now - RAMP_S)] = change.previous
        elif last is not None and last < now:
            for passed in [time_s for time_s in points if last < time_s < now]:
                del points[passed]
        if len(points) < MAX_POINTS:
            points[now] = change.value
        self._last[change.name] = now
