"""Mailboxes: nothing is waited for, the newest is kept, who waits is woken."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawbridge.events import Bus, Done, JobState, Notice, Progress, QueueLength, StateChanged
from dawbridge.mailbox import Mailbox
from dawbridge.waker import Waker

PATIENCE_S = 10.0


def letter(item):
    """`a1` has the key a; `-1` has none."""
    return item[0] if item[0] != "-" else None


@given(st.lists(st.from_regex(r"\A[-abc][0-9]\Z"), max_size=40), st.integers(2, 6))
def test_what_stays_is_in_order_bounded_and_the_newest_of_each_key(items, limit):
    box = Mailbox(limit=limit)
    for item in items:
        box.put(item, letter(item))
    kept = box.drain()
    assert len(kept) <= limit
    assert box.drain() == []
    places = [max(place for place, item in enumerate(items) if item == each) for each in set(kept)]
    assert len(places) == len(set(kept))
    keyed = [letter(item) for item in kept if letter(item)]
    assert len(keyed) == len(set(keyed))
    for key in keyed:
        newest = [item for item in items if letter(item) == key][-1]
        assert newest in kept
    if len(items) <= limit:
        expected = [item for place, item in enumerate(items)
                    if not letter(item) or letter(item) not in map(letter, items[place + 1 :])]  # fmt: skip
        assert kept == expected


def test_what_can_be_had_again_goes_first():
    box = Mailbox(limit=3)
    for item in ("a1", "-1", "b1", "b2", "-2", "-3", "-4"):
        box.put(item, letter(item))
    assert box.drain() == ["-2", "-3", "-4"]
    assert box.take_lost() == 3
    assert box.take_lost() == 0


def test_wake_is_called_once_until_it_is_drained_and_under_no_lock():
    box, woken = None, []

    def wake():
        woken.append(box.drain() if len(woken) % 2 else None)

    box = Mailbox(wake)
    for item in range(3):
        if box.put(item):
            box.wake()
    assert woken == [None]
    box.drain()
    assert box.put(3)
    box.wake()
    assert woken == [None, [3]]


def test_who_waits_is_woken_by_a_thing_and_by_the_end():
    box, heard = Mailbox(), []

    def listen():
        while not box.is_closed:
            box.wait(PATIENCE_S)
            heard.extend(box.drain())

    thread = threading.Thread(target=listen)
    thread.start()
    box.put("one")
    box.put("two")
    box.close()
    assert not box.put("three")
    thread.join(PATIENCE_S)
    assert not thread.is_alive()
    heard.extend(box.drain())
    assert heard == ["one", "two"]


def test_nobody_is_waited_for():
    box = Mailbox()
    assert not box.wait(0)
    box.put(1)
    assert box.wait(0)
    box.drain()
    assert not box.wait(0)


class TestBus:
    def test_everyone_hears_everything_in_one_order(self):
        bus = Bus()
        boxes = [bus.mailbox(limit=1000) for _ in range(3)]
        threads = [
            threading.Thread(target=lambda n=n: [bus.publish(Notice(f"{n} {i}")) for i in range(100)]) for n in range(3)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        heard = [box.drain() for box in boxes]
        assert len(heard[0]) == 300
        assert heard[0] == heard[1] == heard[2]

    def test_progress_is_thinned_out_and_its_end_is_not(self):
        bus = Bus()
        box = bus.mailbox()
        bus.publish(StateChanged(1, JobState.RUNNING, "a.wav"))
        for percent in range(101):
            bus.publish(Progress(1, percent / 100))
            bus.publish(Progress(2, percent / 200))
        done = Done(1, "a", "b", 1.0)
        for event in (QueueLength(3), QueueLength(2), done):
            bus.publish(event)
        assert box.drain() == [
            StateChanged(1, JobState.RUNNING, "a.wav"),
            Progress(1, 1.0),
            Progress(2, 0.5),
            QueueLength(2),
            done,
        ]

    def test_a_listener_may_publish_while_it_is_woken(self):
        bus = Bus()
        answered = []

        def wake():
            if not answered:
                answered.append(True)
                bus.publish(Notice("heard"))

        box = bus.mailbox(wake)
        bus.publish(Notice("say"))
        assert box.drain() == [Notice("say"), Notice("heard")]

    @pytest.mark.parametrize("count", [0, 1, 5000])
    def test_one_who_never_reads_loses_the_oldest_and_stops_nobody(self, count):
        bus = Bus()
        box = bus.mailbox(limit=10)
        for number in range(count):
            bus.publish(Notice(str(number)))
        assert box.drain() == [Notice(str(number)) for number in range(max(0, count - 10), count)]


def test_a_waker_knows_whether_anybody_woke():
    waker = Waker()
    assert not waker.woken
    waker.wake()
    assert waker.woken
    waker.drain()
    assert not waker.woken
    waker.close()
