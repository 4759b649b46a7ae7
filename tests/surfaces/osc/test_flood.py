from dawbridge.events import Notice
from dawbridge.surfaces.osc.flood import BUDGET, ERRORS_AT_ONCE, ERRORS_HZ, FLOOD_HZ, ErrorLimit, FloodGauge
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


def test_errors_are_thinned_out_and_those_left_out_are_counted():
    limit = ErrorLimit()
    passed = [limit.passes(PATCH, 0.0) for _ in range(ERRORS_AT_ONCE + 10)]
    assert passed == [0] * ERRORS_AT_ONCE + [None] * 10
    assert limit.passes(TABLET, 0.0) == 0
    assert limit.passes(PATCH, 1 / ERRORS_HZ) == 10
    assert limit.passes(PATCH, 1 / ERRORS_HZ) is None


def test_a_flood_of_nonsense_is_answered_in_part(client):
    for _ in range(4):
        client.raw(client.bundle(*[client.message("/nowhere")] * 100))
    assert ERRORS_AT_ONCE <= len(client.synced()) < 200


def asked_for(client, message, times):
    """What a datagram with one message many times brings: without errors, and the code of the error there is."""
    client.raw(client.bundle(*[message] * times))
    heard = client.synced()
    errors = [values[1] for address, values in heard if address == "/dawbridge/error"]
    return [address for address, _ in heard if address != "/dawbridge/error"], errors


def test_one_datagram_cannot_ask_for_much(rig, client):
    answers, errors = asked_for(client, client.message("/dawbridge/preset/list"), 2000)
    assert 0 < len(answers) <= BUDGET
    assert errors == ["busy"]
    answers, errors = asked_for(client, client.message("/dawbridge/dump"), 500)
    assert 0 < answers.count("/dawbridge/dumped") < 50
    assert errors == ["busy"]
    answers, errors = asked_for(client, client.message("/" + "*" * 255, 0.5), 220)
    assert set(errors) == {"unknown_address", "busy"}
    assert client.ask("/dawbridge/ping")[0][0] == "/dawbridge/pong"
