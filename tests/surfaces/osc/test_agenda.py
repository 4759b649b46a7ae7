"""Bundles with a time."""

from dawbridge.surfaces.osc.agenda import AHEAD_S, MAX_BYTES, Agenda
from dawbridge.surfaces.osc.codec import due_s, encode

NOW_S = 1_800_000_000.0
HERE = ("127.0.0.1", 9000)


def bundle(at_s, address="/a", pad=0):
    message = encode(address) + bytes(pad)
    return (
        b"#bundle\0" + round((at_s + 2208988800) * 2**32).to_bytes(8, "big") + len(message).to_bytes(4, "big") + message
    )


class Clock:
    now_s = NOW_S

    def __call__(self):
        return self.now_s


def test_the_time_of_a_bundle_is_read():
    assert abs(due_s(bundle(NOW_S + 0.25)) - NOW_S - 0.25) < 1e-6
    assert due_s(encode("/a")) == due_s(b"#bundle\0" + b"\0" * 7 + b"\1") == due_s(b"#bundle\0") == 0.0


def test_what_lies_ahead_waits_and_comes_in_the_order_of_its_time():
    clock = Clock()
    agenda = Agenda(clock)
    late, soon, same = (bundle(NOW_S + ahead, address) for ahead, address in ((0.2, "/l"), (0.1, "/s"), (0.1, "/t")))
    assert agenda.wait_s() is None
    assert all(agenda.keeps(datagram, HERE) for datagram in (late, soon, same))
    assert abs(agenda.wait_s() - 0.1) < 1e-6
    assert list(agenda.due()) == []
    clock.now_s += 0.15
    assert list(agenda.due()) == [(soon, HERE), (same, HERE)]
    clock.now_s += 0.1
    assert list(agenda.due()) == [(late, HERE)]


def test_the_past_a_wrong_clock_and_too_much_are_obeyed_at_once():
    agenda = Agenda(Clock())
    assert not agenda.keeps(encode("/a"), HERE)
    assert not agenda.keeps(bundle(NOW_S - 1), HERE)
    assert not agenda.keeps(bundle(NOW_S + AHEAD_S + 1), HERE)
    assert agenda.keeps(bundle(NOW_S + 1, pad=MAX_BYTES // 2), HERE)
    assert not agenda.keeps(bundle(NOW_S + 1, pad=MAX_BYTES // 2), HERE)


def test_over_a_socket_it_waits_for_its_time(idle_rig):
    clock = Clock()
    client = idle_rig.serve(wall_clock=clock).client()
    client.raw(bundle(NOW_S + 5, "/dawbridge/ping"))
    assert client.synced() == []  # a sync does not wait for it
    clock.now_s += 5
    client.send("/dawbridge/sync", 99)
    assert client.wait_for("/dawbridge/pong")


def test_a_clock_that_is_put_back_holds_nothing_up():
    clock = Clock()
    agenda = Agenda(clock)
    agenda.keeps(bundle(NOW_S + 1), HERE)
    clock.now_s -= 3600.0
    assert agenda.wait_s() == 0.0
    assert [source for _, source in agenda.due()] == [HERE]
