"""The settle machine: no clock, no disk, only times and facts that are passed in."""

from pathlib import Path

import pytest

from dawbridge.audio.containers.base import Completeness
from dawbridge.files.stamp import Stamp
from dawbridge.watch.settle import Settle, SettleTimes

FILE = Path("bounce.wav")
ONE, TWO = Stamp(100, 1), Stamp(200, 2)


def ripe_at(settle: Settle, now: float) -> bool:
    return bool(settle.ripe(now))


@pytest.mark.parametrize(
    ("completeness", "closed", "quiet_s"),
    [
        (Completeness.COMPLETE, True, 0.5),
        (Completeness.COMPLETE, False, 2.0),
        (Completeness.OPAQUE, True, 5.0),
        (Completeness.OPAQUE, False, 5.0),
    ],
)
def test_quiet_that_each_completeness_needs(completeness: Completeness, closed: bool, quiet_s: float) -> None:
    settle = Settle()
    assert settle.observe(FILE, ONE, completeness, 10.0, closed)
    assert not ripe_at(settle, 10.0 + quiet_s - 0.01)
    assert ripe_at(settle, 10.0 + quiet_s)


def test_a_change_starts_the_quiet_over_and_takes_the_close_back() -> None:
    settle = Settle()
    settle.observe(FILE, ONE, Completeness.COMPLETE, 0.0, closed=True)
    assert not settle.observe(FILE, TWO, Completeness.COMPLETE, 0.4)
    assert not ripe_at(settle, 2.3)
    assert ripe_at(settle, 2.4)


def test_a_close_that_comes_after_the_look_counts() -> None:
    settle = Settle()
    settle.observe(FILE, ONE, Completeness.COMPLETE, 0.0)
    settle.observe(FILE, ONE, Completeness.COMPLETE, 0.2, closed=True)
    settle.observe(FILE, ONE, Completeness.COMPLETE, 0.4)
    assert ripe_at(settle, 0.5)


def test_a_header_patched_without_a_trace_starts_the_quiet_over() -> None:
    settle = Settle()
    settle.observe(FILE, ONE, Completeness.PLACEHOLDER, 0.0)
    settle.observe(FILE, ONE, Completeness.COMPLETE, 3.0, closed=True)
    assert not ripe_at(settle, 3.4)
    assert ripe_at(settle, 3.5)


@pytest.mark.parametrize(
    "completeness",
    [Completeness.OPEN, Completeness.PLACEHOLDER, Completeness.STREAMED, Completeness.FOREIGN, Completeness.UNREADABLE],
)
def test_what_is_not_whole_never_settles_and_stalls_once(completeness: Completeness) -> None:
    settle = Settle()
    settle.observe(FILE, ONE, completeness, 0.0)
    assert not ripe_at(settle, 1e9)
    assert settle.stuck(59.9) == []
    assert [stuck.path for stuck in settle.stuck(60.0)] == [FILE]
    assert settle.stuck(1000.0) == [] and FILE in settle
    settle.observe(FILE, TWO, Completeness.COMPLETE, 1001.0)
    assert ripe_at(settle, 1003.0)


def test_a_long_render_is_not_stalled_while_it_grows() -> None:
    settle = Settle()
    for second in range(0, 600, 10):
        settle.observe(FILE, Stamp(second, second), Completeness.PLACEHOLDER, float(second))
        assert settle.stuck(float(second)) == []


def test_accept_takes_it_as_it_is() -> None:
    settle = Settle()
    settle.observe(FILE, ONE, Completeness.OPEN, 0.0)
    settle.accept(FILE)
    assert ripe_at(settle, 0.0)
    with pytest.raises(KeyError):
        settle.accept(Path("other.wav"))


def test_streams_settle_only_where_they_are_expected() -> None:
    settle = Settle(SettleTimes(accept_streamed=True))
    settle.observe(FILE, ONE, Completeness.STREAMED, 0.0)
    assert not ripe_at(settle, 14.9)
    assert ripe_at(settle, 15.0)
    settle.observe(FILE, ONE, Completeness.PLACEHOLDER, 15.0)
    assert not ripe_at(settle, 1e9)


def test_polled_folders_wait_two_polls() -> None:
    settle = Settle(poll_s=3.0)
    settle.observe(FILE, ONE, Completeness.COMPLETE, 0.0, closed=True)
    assert not ripe_at(settle, 5.9)
    assert ripe_at(settle, 6.0)


def test_busy_starts_over_and_trouble_waits_for_a_change() -> None:
    settle = Settle()
    settle.observe(FILE, ONE, Completeness.COMPLETE, 0.0)
    settle.restart(FILE, 2.0)
    assert not ripe_at(settle, 3.9) and ripe_at(settle, 4.0)
    settle.restart(FILE, 4.0, "no such codec")
    assert not ripe_at(settle, 63.9)
    assert [stuck.trouble for stuck in settle.stuck(64.0)] == ["no such codec"]
    settle.observe(FILE, TWO, Completeness.COMPLETE, 70.0)
    assert ripe_at(settle, 72.0)


def test_forget() -> None:
    settle = Settle()
    settle.observe(FILE, ONE, Completeness.COMPLETE, 0.0)
    assert settle.forget(FILE) and not settle.forget(FILE)
    assert not ripe_at(settle, 100.0) and list(settle) == []
