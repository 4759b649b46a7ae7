"""The bus's events as OSC messages."""

from dawbridge.events import Done, Event, Failed, PresetLoaded, Progress, QueueLength, StateChanged
from dawbridge.surfaces.osc.codec import Value
from dawbridge.surfaces.osc.subscribers import Subscribers

OUTGOING = frozenset(
    "/dawbridge/" + name
    for name in (
        "pong",
        "subscribed",
        "unsubscribed",
        "dumped",
        "synced",
        "done",
        "error",
        "startup",
        "queue",
        "job/state",
        "job/progress",
        "job/done",
        "job/failed",
        "job/submitted",
        "midi/heard",
        "midi/forgotten",
        "midi/learn/ended",
        "midi/learned",
    )
)
"""Addresses that only ever go out. One that comes in is a mirror's, and is passed over: no answer, no endless echo."""

_PROGRESS_S = 0.1


class OscEvents:
    """Translates; progress goes out at most ten times a second a job, its end always."""

    def __init__(self, subscribers: Subscribers) -> None:
        self._subscribers = subscribers
        self._next_s: dict[int, float] = {}

    def tell(self, event: Event, now_s: float) -> None:
        """Queue the messages of one event for the subscribers."""
        if isinstance(event, Progress):
            self._progress(event, now_s)
            return
        for address, values in _messages(event):
            self._subscribers.event(address, values)
        if isinstance(event, StateChanged):
            self._next_s.pop(event.job_id, None)

    def _progress(self, event: Progress, now_s: float) -> None:
        if event.fraction < 1 and now_s < self._next_s.get(event.job_id, now_s):
            return
        self._next_s[event.job_id] = now_s + _PROGRESS_S
        self._subscribers.event(
            "/dawbridge/job/progress", (event.job_id, float(event.fraction)), key=("progress", event.job_id)
        )


def _messages(event: Event) -> list[tuple[str, tuple[Value, ...]]]:
    match event:
        case StateChanged(job_id, state, file):
            return [("/dawbridge/job/state", (job_id, str(state), file))]
        case Done(job_id, acapella, instrumental, seconds):
            return [("/dawbridge/job/done", (job_id, acapella, instrumental, float(seconds)))]
        case Failed(job_id, code, message):
            return [("/dawbridge/job/failed", (job_id, code, message))]
        case QueueLength(length):
            return [("/dawbridge/queue", (length,))]
        case PresetLoaded(index, name):
            return [("/dawbridge/preset", (name,)), ("/dawbridge/preset/index", (index,))]
    return []
