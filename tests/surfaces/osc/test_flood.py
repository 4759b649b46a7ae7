from dawbridge.events import Notice
from dawbridge.surfaces.osc.flood import FLOOD_HZ, FloodGauge
from tests.listening import Heard

PATCH, TABLET = ("10.0.0.2", 5000), ("10.0.0.3", 9000)


def gauge():
    said = []
    return FloodGauge(said.append), said


def send(made, source, count, begin_s):
    for number in range(count):
        made.count(source, begin_s + number / count * 0.999)


def test_the_busiest_sender_is_named_once_a_second_while_it_lasts():
    made, said = gauge()
    for second in range(3):
        send(made, PATCH, 2 * FLOOD_HZ, float(second))
        send(made, TABLET, 10, second + 0.999)
    made.count(TABLET, 3.0)
    assert len(said) == 3
    assert all(f"{2 * FLOOD_HZ} messages in 1.0 s from 10.0.0.2:5000" in text for text in said[1:])


def test_a_performer_is_no_flood():
    made, said = gauge()
    for second in range(5):
        send(made, TABLET, FLOOD_HZ // 2, float(second))
    assert said == []


def test_a_burst_after_a_rest_is_counted_over_the_time_that_passed():
    made, said = gauge()
    send(made, PATCH, FLOOD_HZ + 1, 0.0)
    made.count(PATCH, 60.0)
    assert said == []


def test_the_server_says_it_on_the_bus(idle_rig):
    heard, now = Heard(idle_rig.bus.mailbox()), [10.0]
    client = idle_rig.serve(clock=lambda: now[0]).client()
    for number in range(FLOOD_HZ + 1):
        client.send("/dawbridge/mask/strength", 0.5)
        if number % 50 == 0:
            client.synced()
    client.synced()
    now[0] = 11.0
    client.synced()
    (notice,) = [event for event in heard if isinstance(event, Notice)]
    assert f"from 127.0.0.1:{client.port}" in notice.text
