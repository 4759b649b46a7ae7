"""The automation of one bounce, the takes that were recorded for it, and what can be undone. Plain data."""

from dataclasses import dataclass, replace

from dawbridge.knobs.automation import NOTHING, Automation, Lane

UNDOABLE = 50
"""How many changes of an automation can be undone, if they have room in `UNDO_POINTS`."""
UNDO_POINTS = 400_000
"""Breakpoints that are kept to undo and redo, some 50 MB. The last change can be undone however many it has."""


@dataclass(frozen=True, slots=True)
class Take:
    """One recording of knob moves, as it was played."""

    number: int
    """1 for a bounce's first take; the numbers of deleted takes are not used again while a later one is kept."""
    passes: tuple[Automation, ...]
    """What was played from one jump of the playhead to the next; what lies between two passes was not played over."""

    @property
    def names(self) -> tuple[str, ...]:
        """The knobs that it moves."""
        return tuple(sorted({lane.name for one in self.passes for lane in one.lanes}))

    @property
    def span_s(self) -> tuple[float, float]:
        """First and last breakpoint, in seconds from the bounce's start."""
        times = [time_s for one in self.passes for lane in one.lanes for time_s in lane.span_s]
        return min(times), max(times)

    @property
    def words(self) -> str:
        """`2: 12.0..20.5 s, mask_strength`."""
        first_s, last_s = self.span_s
        return f"{self.number}: {first_s:.1f}..{last_s:.1f} s, {', '.join(self.names)}"


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
        automation = _sharing(automation, (self.automation, *self.past[-1:], *self.undone[-1:]))
        past = _bounded((*self.past, self.automation), automation)
        return replace(self, automation=automation, past=past, undone=())

    def recorded(self, passes: tuple[Automation, ...]) -> "Takes":
        """With one more take, which moves nothing yet."""
        number = self.kept[-1].number + 1 if self.kept else 1
        return replace(self, kept=(*self.kept, Take(number, passes)))

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


def _sharing(automation: Automation, known: tuple[Automation, ...]) -> Automation:
    """The same automation, made of lanes that are in memory already where they are equal."""
    lanes = {lane.name: [one.lane(lane.name) for one in known] for lane in automation.lanes}

    def shared(lane: Lane) -> Lane:
        return next((other for other in lanes[lane.name] if other == lane and other is not None), lane)

    return Automation(tuple(shared(lane) for lane in automation.lanes))


def _bounded(past: tuple[Automation, ...], now: Automation) -> tuple[Automation, ...]:
    """The newest of `past` that have room; a lane that several of them share, or `now` has, is counted once."""
    counted, points, kept = {id(lane) for lane in now.lanes}, 0, 0
    for automation in reversed(past[-UNDOABLE:]):
        fresh = [lane for lane in automation.lanes if id(lane) not in counted]
        counted |= {id(lane) for lane in fresh}
        points += sum(len(lane.points) for lane in fresh)
        if kept and points > UNDO_POINTS:
            break
        kept += 1
    return past[len(past) - kept :]
