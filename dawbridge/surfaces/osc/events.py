"""The bus's events as OSC messages, as the table of outgoing messages has them."""

from collections.abc import Iterator

from dawbridge.commands import COMMANDS, EVENTS, Outgoing, Value
from dawbridge.events import Event, Progress, StateChanged
from dawbridge.surfaces.osc.subscribers import Address, Subscribers

_PROGRESS_S = 0.1
_MOST_BYTES = 16
"""Values of a message that are sent at most, of a MIDI message above all."""

_ROWS: dict[type, list[Outgoing]] = {}
for _row in (*EVENTS, *(command.reply for command in COMMANDS if command.reply)):
    if _row.event and _row not in _ROWS.setdefault(_row.event, []):
        _ROWS[_row.event].append(_row)


def messages(event: Event) -> Iterator[tuple[Outgoing, tuple[Value, ...]]]:
    """Rows and values that report `event`; none if no row is about it."""
    for row in _ROWS.get(type(event), ()):
        if row.only is None or getattr(event, row.only[0]) == row.only[1]:
            yield row, tuple(_values(row, event))


def source_of(origin: str) -> Address | None:
    """The OSC client behind an origin; None for any other origin."""
    if not origin.startswith("osc:"):
        return None
    host, _, port = origin.removeprefix("osc:").rpartition(":")
    return (host, int(port)) if port.isdecimal() else None


class OscEvents:
    """Tells the subscribers. Progress is sent at most ten times a second for each job, its end always."""

    def __init__(self, subscribers: Subscribers) -> None:
        self._subscribers = subscribers
        self._next_s: dict[int, float] = {}

    def tell(self, event: Event, now_s: float, but: tuple[Address, ...] = ()) -> None:
        """Queue the messages of one event for the subscribers, except those at the addresses `but`."""
        if isinstance(event, Progress) and self._is_too_soon(event, now_s):
            return
        if isinstance(event, StateChanged):
            self._next_s.pop(event.job_id, None)
        for row, values in messages(event):
            key = None if row.newest is None else (row.address, *values[: row.newest])
            self._subscribers.event(row.address, values, key=key, but=but)

    def _is_too_soon(self, event: Progress, now_s: float) -> bool:
        if event.fraction < 1 and now_s < self._next_s.get(event.job_id, now_s):
            return True
        self._next_s[event.job_id] = now_s + _PROGRESS_S
        return False


def _values(row: Outgoing, event: Event) -> Iterator[Value]:
    for field in row.fields:
        value = getattr(event, field.attribute or field.name)
        for one in (
            tuple(value)[:_MOST_BYTES] if field.rest and field.type == "i" else value if field.rest else (value,)
        ):
            yield {"i": int, "f": float, "s": str}[field.type](one)
