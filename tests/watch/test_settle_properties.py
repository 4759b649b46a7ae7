"""What holds for the settle machine whatever happens, in any order: properties over random sequences of events."""

from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from dawbridge.audio.containers.base import Completeness
from dawbridge.files.stamp import Stamp
from dawbridge.watch.settle import Settle, SettleTimes, Tail
from dawbridge.watch.writers.evidence import Known

PATHS = [Path("a.wav"), Path("b.wav")]
TIMES = SettleTimes()
LONG_S = max(TIMES.zeros_s, TIMES.unproven_s) + 3 * TIMES.stalled_s

EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.floats(0.0, 90.0)),
        st.tuples(st.just("write"), st.integers(0, 1), st.sampled_from(list(Completeness))),
        st.tuples(st.just("touch"), st.integers(0, 1), st.booleans()),
        st.tuples(st.just("open"), st.integers(0, 1)),
        st.tuples(st.just("close"), st.integers(0, 1), st.booleans()),
        st.tuples(st.just("rename"), st.integers(0, 1)),
        st.tuples(st.just("delete"), st.integers(0, 1)),
        st.tuples(st.just("unknown"), st.integers(0, 1), st.booleans()),
        st.tuples(st.just("tail"), st.integers(0, 1), st.sampled_from(list(Tail))),
    ),
    max_size=40,
)

WHOLE = (Completeness.COMPLETE, Completeness.OPAQUE)


@dataclass
class File:
    """A file of a made-up disk."""

    stamp: Stamp = field(default_factory=lambda: Stamp(1, 1))
    completeness: Completeness = Completeness.COMPLETE
    held: bool = False
    knowable: bool = True
    tail: Tail = Tail.FULL
    written_at: float = 0.0

    @property
    def known(self) -> Known:
        if not self.knowable:
            return Known.UNKNOWN
        return Known.HELD if self.held else Known.FREE


@dataclass
class World:
    """A disk, the machine that looks at it a few times a second, and what was taken."""

    settle: Settle = field(default_factory=Settle)
    files: dict[Path, File] = field(default_factory=dict)
    now: float = 0.0
    writes: int = 0
    taken: list[Path] = field(default_factory=list)
    stalled: set[Path] = field(default_factory=set)

    def wait(self, seconds: float) -> None:
        end = self.now + seconds
        while self.now < end:
            self.now = min(max(self.settle.next_due(), self.now + 0.05), end)
            self.look()

    def look(self) -> None:
        for ripe in self.settle.ripe(self.now):
            file = self.files[ripe.path]
            if self.settle.weigh(ripe.path, file.known, file.tail, self.now):
                assert file.known is not Known.HELD, "taken while somebody is known to write it"
                assert file.completeness in WHOLE, "taken although its header says no"
                assert self.now - file.written_at >= TIMES.closed_s - 1e-9, "taken without a rest"
                if file.tail is Tail.HOLE:
                    assert self.now - file.written_at >= TIMES.zeros_s - 1e-9
                if file.completeness is Completeness.OPAQUE and not file.knowable:
                    assert self.now - file.written_at >= TIMES.unproven_s - 1e-9
                self.settle.forget(ripe.path)
                self.taken.append(ripe.path)
        self.stalled |= {stuck.path for stuck in self.settle.stuck(self.now)}
        self.settle.unexplained(self.now)

    def happen(self, event: tuple) -> None:  # type: ignore[type-arg]
        kind, *rest = event
        if kind == "wait":
            self.wait(rest[0])
            return
        path = PATHS[rest[0]]
        file = self.files.get(path)
        if kind == "write":
            file = self.files.setdefault(path, File())
            self.writes += 1
            file.stamp, file.completeness, file.written_at = Stamp(self.writes, self.writes), rest[1], self.now
            self.settle.observe(path, file.stamp, file.completeness, self.now)
        elif file is None:
            return
        elif kind == "touch" and path in self.settle:
            self.settle.observe(path, file.stamp, file.completeness, self.now, closed=rest[1])
        elif kind in ("open", "close"):
            file.held = kind == "open"
            if kind == "close" and rest[1] and path in self.settle:
                self.settle.observe(path, file.stamp, file.completeness, self.now, closed=True)
        elif kind == "unknown":
            file.knowable = rest[1]
        elif kind == "tail":
            file.tail = rest[1]
        elif kind == "delete":
            self.settle.forget(path)
            del self.files[path]
        elif kind == "rename":
            to = PATHS[1 - rest[0]]
            self.settle.forget(path)
            self.settle.forget(to)
            self.files[to] = self.files.pop(path)
            self.settle.observe(to, file.stamp, file.completeness, self.now, closed=True)
            file.written_at = self.now


@given(EVENTS)
def test_never_taken_while_a_writer_is_known_nor_without_a_rest(events: list[tuple]) -> None:  # type: ignore[type-arg]
    world = World()
    for event in events:
        world.happen(event)


@given(EVENTS)
def test_taken_after_everybody_has_let_go_and_never_twice(events: list[tuple]) -> None:  # type: ignore[type-arg]
    """Whatever came before, renames included: a whole file that is left in peace is taken, once."""
    world = World()
    for event in events:
        world.happen(event)
    waiting = [path for path in world.files if path in world.settle]
    for file in world.files.values():
        file.held = False
    world.taken.clear()
    world.wait(LONG_S)
    whole = {path for path in waiting if world.files[path].completeness in WHOLE}
    assert set(world.taken) == whole
    assert len(world.taken) == len(whole)
    assert world.stalled >= {path for path in waiting if path not in whole}


@given(EVENTS)
def test_what_is_held_for_good_is_reported_and_stays(events: list[tuple]) -> None:  # type: ignore[type-arg]
    world = World()
    for event in events:
        world.happen(event)
    waiting = [path for path in world.files if path in world.settle]
    for file in world.files.values():
        file.held = file.knowable = True
    world.taken.clear()
    world.wait(LONG_S)
    assert not world.taken
    assert world.stalled >= set(waiting)
    assert all(path in world.settle for path in waiting)


@given(EVENTS, st.floats(0.05, 30.0))
def test_nothing_is_due_before_next_due(events: list[tuple], ahead: float) -> None:  # type: ignore[type-arg]
    """A caller that sleeps until `next_due` misses nothing."""
    world = World()
    for event in events:
        world.happen(event)
    world.look()
    due = world.settle.next_due()
    before = min(world.now + ahead, due - 1e-6)
    if before > world.now:
        assert not world.settle.ripe(before)
        assert not world.settle.stuck(before)
        assert not world.settle.unexplained(before)
