"""The automation of one bounce, the takes that were recorded for it, and what can be undone. Plain data."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from dawbridge.knobs.automation import NOTHING, Automation

UNDOABLE = 50
"""How many changes of an automation can be undone."""


@dataclass(frozen=True, slots=True)
class Take:
    """One recording of knob moves, as it was played."""

    number: int
    """1 for a bounce's first take; the numbers of deleted takes are not used again while a later one is kept."""
    moves: Automation

    @property
    def span_s(self) -> tuple[float, float]:
        """First and last breakpoint, in seconds from the bounce's start."""
        times = [time_s for lane in self.moves.lanes for time_s, _ in (lane.points[0], lane.points[-1])]
        return min(times), max(times)

    @property
    def words(self) -> str:
        """`2: 12.0..20.5 s, mask_strength`."""
        first_s, last_s = self.span_s
        return f"{self.number}: {first_s:.1f}..{last_s:.1f} s, {', '.join(lane.name for lane in self.moves.lanes)}"


@dataclass(frozen=True, slots=True)
class Takes:
    """What moves the knobs of a bounce now, and how it came to that."""

    automation: Automation = NOTHING
    """What is rendered."""
    past: tuple[Automation, ...] = ()
    """What the automation was before each change, the last one at the end: what can be undone."""
    undone: tuple[Automation, ...] = ()
    """What was undone, the last one at the end: what can be redone."""
    kept: tuple[Take, ...] = ()
    """Every take that was recorded and not deleted, oldest first, whether or not the automation still has it."""
    from_file: Automation = NOTHING
    """What the MIDI file beside the bounce gave it last."""

    def __bool__(self) -> bool:
        return self != Takes()

    def changed(self, automation: Automation) -> "Takes":
        """With another automation; this one can be had back."""
        past = (*self.past, self.automation)[-UNDOABLE:]
        return replace(self, automation=automation, past=past, undone=())

    def recorded(self, moves: Automation) -> "Takes":
        """With one more take, which moves nothing yet."""
        number = self.kept[-1].number + 1 if self.kept else 1
        return replace(self, kept=(*self.kept, Take(number, moves)))

    def take(self, number: int) -> Take | None:
        """The take of this number."""
        return next((take for take in self.kept if take.number == number), None)

    def without(self, number: int) -> "Takes":
        """With that take forgotten; the automation stays."""
        return replace(self, kept=tuple(take for take in self.kept if take.number != number))

    def undo(self) -> "Takes | None":
        """As it was before the last change; None if there was none."""
        if not self.past:
            return None
        return replace(self, automation=self.past[-1], past=self.past[:-1], undone=(*self.undone, self.automation))

    def redo(self) -> "Takes | None":
        """As it was before the last `undo`; None if there was none."""
        if not self.undone:
            return None
        return replace(self, automation=self.undone[-1], past=(*self.past, self.automation), undone=self.undone[:-1])

    def given(self, moves: Automation) -> "Takes":
        """With what a MIDI file says in the place of everything; an empty one takes back what it gave before."""
        if moves:
            after = moves
        else:
            left = [lane for lane in self.automation.lanes if lane not in self.from_file.lanes]
            after = Automation(tuple(left))
        changed = self if after == self.automation else self.changed(after)
        return replace(changed, from_file=moves)

    def plain(self) -> dict[str, Any]:
        """For JSON: the lanes by name, and beside them what else there is."""
        more = {
            "past": [one.plain() for one in self.past],
            "undone": [one.plain() for one in self.undone],
            "takes": [{"number": take.number, "lanes": take.moves.plain()} for take in self.kept],
            "file": self.from_file.plain(),
        }
        return {**self.automation.plain(), **{name: value for name, value in more.items() if value}}

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> "Takes":
        """From what `plain` made, perhaps damaged since: what makes no sense is left out."""
        lanes = {name: points for name, points in plain.items() if name not in ("past", "undone", "takes", "file")}
        kept: list[Take] = []
        for one in _items(plain.get("takes")):
            with suppress(AttributeError, KeyError, TypeError, ValueError):
                take = Take(int(one["number"]), Automation.of(one["lanes"]))
                if take.moves and take.number > (kept[-1].number if kept else 0):
                    kept.append(take)
        return cls(
            _automation(lanes), tuple(_automation(one) for one in _items(plain.get("past"))),
            tuple(_automation(one) for one in _items(plain.get("undone"))), tuple(kept), _automation(plain.get("file")),
        )  # fmt: skip


def _items(given: object) -> list[Any]:
    return given if isinstance(given, list) else []


def _automation(given: object) -> Automation:
    with suppress(AttributeError, TypeError, ValueError):
        return Automation.of(given)  # type: ignore[arg-type]
    return Automation()
