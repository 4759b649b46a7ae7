"""Who is subscribed and for how long, by the desk alone, with a clock that is set."""

import pytest

from dawbridge.surfaces.arguments import Refused
from dawbridge.surfaces.osc.codec import decode
from dawbridge.surfaces.osc.subscribers import SILENT_S, Subscriber, Subscribers

HERE = ("127.0.0.1", 9321)


class Desk:
    """Subscribers without a socket: `sent` has (target, addresses)."""

    def __init__(self, permanent=None, **more):
        self.sent = []
        self.subscribers = Subscribers(
            lambda names: [("/" + name, 1.0) for name in names],
            lambda datagram, target: self.sent.append((target, [message.address for message in decode(datagram)])),
            permanent,
            **more,
        )

    def flush(self, now_s):
        self.sent.clear()
        self.subscribers.flush(now_s)
        return self.sent


def test_no_more_often_than_asked():
    desk = Desk()
    desk.subscribers.add(Subscriber(HERE, HERE, max_hz=10), 0.0)
    desk.subscribers.changed("a", None, 0.0)
    assert desk.subscribers.wait_s(0.0) == 0
    assert desk.flush(0.0) == [(HERE, ["/a"])]
    assert desk.subscribers.wait_s(0.0) is None
    for now_s in (0.01, 0.02, 0.03):
        desk.subscribers.changed("a", None, now_s)
        assert desk.flush(now_s) == []
    assert desk.subscribers.wait_s(0.03) == pytest.approx(0.07)
    assert desk.flush(0.1) == [(HERE, ["/a"])]


def test_a_lease_ends_unless_its_host_pings():
    desk = Desk()
    there = ("192.0.2.7", 9000)
    for target in (HERE, there):
        desk.subscribers.add(Subscriber(target, target, lease_s=60), 0.0)
    desk.subscribers.renew(there[0], 59.0)
    assert desk.subscribers.wait_s(59.0) == 1.0
    desk.flush(60.0)
    assert [subscriber.target for subscriber in desk.subscribers] == [there]
    desk.flush(119.0)
    assert list(desk.subscribers) == []


def test_the_permanent_listeners_own_moves_wait_until_they_rest():
    desk = Desk(HERE)
    for now_s in (0.0, 0.1, 0.2):
        desk.subscribers.changed("a", ("127.0.0.1", 5000), now_s)
        assert desk.flush(now_s) == []
    assert desk.subscribers.wait_s(0.2) == pytest.approx(0.3)
    assert desk.flush(0.5) == [(HERE, ["/a"])]


def test_one_who_cannot_follow_loses_the_oldest_events():
    desk = Desk(HERE)
    for number in range(600):
        desk.subscribers.event(f"/{number}", ())
    heard = [address for _, addresses in desk.flush(0.0) for address in addresses]
    assert heard == [f"/{number}" for number in range(88, 600)]


def test_the_seventeenth_is_refused():
    desk = Desk(HERE)
    for port in range(16):
        desk.subscribers.add(Subscriber(("192.0.2.1", port), None), 0.0)
    with pytest.raises(Refused) as refused:
        desk.subscribers.add(Subscriber(("192.0.2.1", 99), None), 0.0)
    assert refused.value.code == "too_many_clients"


def full_desk():
    """Sixteen that sent something a second apart, from second 0 on."""
    desk = Desk()
    for port in range(16):
        desk.subscribers.add(Subscriber(("192.0.2.1", port), ("192.0.2.1", port)), float(port))
    return desk


def targets(desk):
    return {subscriber.target[1] for subscriber in desk.subscribers}


def test_one_that_is_refused_makes_room():
    desk = full_desk()
    desk.subscribers.refused(("192.0.2.1", 7))
    desk.subscribers.add(Subscriber(("192.0.2.1", 99), None), 16.0)
    assert targets(desk) == set(range(16)) - {7} | {99}
    assert desk.sent == [(("192.0.2.1", 7), ["/dawbridge/unsubscribed"])]


def test_the_one_that_was_silent_for_longest_makes_room_unless_all_are_alive():
    desk = full_desk()
    desk.subscribers.heard(("192.0.2.1", 0), 50.0)
    desk.subscribers.renew("192.0.2.9", 50.0)
    with pytest.raises(Refused):
        desk.subscribers.add(Subscriber(("192.0.2.1", 99), None), 1.0 + SILENT_S - 0.1)
    desk.subscribers.add(Subscriber(("192.0.2.1", 99), None), 1.0 + SILENT_S)
    assert targets(desk) == set(range(16)) - {1} | {99}


def test_one_that_is_there_again_is_not_refused_any_more():
    desk = full_desk()
    desk.subscribers.refused(("192.0.2.1", 7))
    desk.subscribers.changed("a", None, 20.0)
    desk.flush(20.0)
    with pytest.raises(Refused):
        desk.subscribers.add(Subscriber(("192.0.2.1", 99), None), 20.0)


def test_a_permanent_listener_among_other_programs_hears_them_at_once_and_not_their_errors():
    desk = Desk(HERE, is_alone=False)
    desk.subscribers.changed("a", ("127.0.0.1", 5000), 0.0)
    assert desk.flush(0.0) == [(HERE, ["/a"])]
    assert desk.subscribers.targets(("127.0.0.1", 5000)) == (("127.0.0.1", 5000),)
    assert desk.subscribers.targets(HERE) == (HERE,)
