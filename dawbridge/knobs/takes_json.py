"""Takes as JSON: each lane is written once, however many changes and takes have it."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from math import isfinite
from typing import Any

from dawbridge.errors import DawbridgeError
from dawbridge.knobs.automation import AUTOMATABLE, Automation, Lane
from dawbridge.knobs.takes import Take, Takes

_FORMER = ("past", "undone", "takes", "file")
"""Keys beside the lanes' names, as versions before the shared lanes wrote it."""


def plain(takes: Takes) -> dict[str, Any]:
    """For JSON: all lanes in a list, and beside them the numbers of those that each automation has."""
    shelf = _Shelf()
    numbered = {
        "automation": shelf.numbers(takes.automation),
        "past": [shelf.numbers(one) for one in takes.past],
        "undone": [shelf.numbers(one) for one in takes.undone],
        "takes": [
            {"number": take.number, "passes": [shelf.numbers(one) for one in take.passes]} for take in takes.kept
        ],
        "file": shelf.numbers(takes.from_file),
    }
    return {"lanes": shelf.lanes, **numbered} if takes else {}


def read(document: Mapping[str, Any]) -> Takes:
    """From what `plain` made, or an earlier version; perhaps damaged since: what makes no sense is left out."""
    return _read(document) if isinstance(document.get("lanes"), list) else _read_former(document)


class _Shelf:
    """The lanes that were written so far."""

    def __init__(self) -> None:
        self.lanes: list[list[Any]] = []
        self._by_id: dict[int, int] = {}
        self._by_lane: dict[Lane, int] = {}

    def numbers(self, automation: Automation) -> list[int]:
        return [self._number(lane) for lane in automation.lanes]

    def _number(self, lane: Lane) -> int:
        if id(lane) not in self._by_id:
            number = self._by_id[id(lane)] = self._by_lane.setdefault(lane, len(self.lanes))
            if number == len(self.lanes):
                self.lanes.append([lane.name, [list(point) for point in lane.points]])
        return self._by_id[id(lane)]


def _read(document: Mapping[str, Any]) -> Takes:
    lanes = [_lane(one) for one in document["lanes"]]

    def automation(numbers: object) -> Automation:
        found = [lanes[number] for number in _items(numbers) if type(number) is int and 0 <= number < len(lanes)]
        by_name = {lane.name: lane for lane in found if lane is not None}
        return Automation(tuple(by_name[name] for name in sorted(by_name)))

    def passes(given: object) -> tuple[Automation, ...]:
        return tuple(one for one in map(automation, _items(given)) if one)

    taken = ((one.get("number"), passes(one.get("passes"))) for one in _items(document.get("takes")) if _is_table(one))
    return Takes(
        automation(document.get("automation")), tuple(automation(one) for one in _items(document.get("past"))),
        tuple(automation(one) for one in _items(document.get("undone"))), _kept(taken),
        automation(document.get("file")),
    )  # fmt: skip


def _read_former(document: Mapping[str, Any]) -> Takes:
    """Lanes by name, and beside them whole automations; a take was one pass."""

    def automation(given: object) -> Automation:
        lanes = given.items() if isinstance(given, dict) else ()
        return Automation(tuple(lane for one in sorted(lanes) if (lane := _lane(one))))

    lanes = {name: points for name, points in document.items() if name not in _FORMER}
    taken = (
        (one.get("number"), tuple(filter(None, (automation(one.get("lanes")),))))
        for one in _items(document.get("takes"))
        if _is_table(one)
    )
    return Takes(
        automation(lanes), tuple(automation(one) for one in _items(document.get("past"))),
        tuple(automation(one) for one in _items(document.get("undone"))), _kept(taken),
        automation(document.get("file")),
    )  # fmt: skip


def _kept(taken: Iterable[tuple[object, tuple[Automation, ...]]]) -> tuple[Take, ...]:
    kept: list[Take] = []
    for number, passes in taken:
        if isinstance(number, int) and passes and number > (kept[-1].number if kept else 0):
            kept.append(Take(number, passes))
    return tuple(kept)


def _lane(given: Any) -> Lane | None:
    with suppress(DawbridgeError, AttributeError, IndexError, OverflowError, TypeError, ValueError):
        name, points = given
        if name in AUTOMATABLE and all(isfinite(time_s) for time_s, _ in points):
            return Automation.of({name: points}).lanes[0]
    return None


def _is_table(given: object) -> bool:
    return isinstance(given, dict)


def _items(given: object) -> list[Any]:
    return given if isinstance(given, list) else []
