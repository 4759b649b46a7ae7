"""Who hears of what, when: over real sockets, and with a clock that is turned by hand."""

import socket
import sys

import pytest

from dawbridge.commands import COMMANDS
from dawbridge.errors import ControlError
from dawbridge.events import Done, Failed, JobState, Progress, QueueLength, StateChanged
from dawbridge.knobs.parameters import TABLE
from dawbridge.surfaces.osc.codec import decode
from dawbridge.surfaces.osc.server import OscServer

STRENGTH = "/dawbridge/mask/strength"
VALUES = {row.address + face for row in TABLE for face in ("", "/raw", "/str")}
STATE = {row.address for row in COMMANDS if row.reads}
HERE = ("127.0.0.1", 9321)


def strength(value):
    """What is told of a changed `mask_strength`."""
    return [(STRENGTH, (value,)), (STRENGTH + "/raw", (value,)), (STRENGTH + "/str", (f"{value:.2f}",))]


def test_a_subscriber_gets_every_value_then_every_change_but_its_own(rig, client):
    ear = rig.client()
    ear.send("/dawbridge/subscribe")
    assert ear.wait_for("/dawbridge/subscribed") == (ear.port, "", 30, 0)
    assert {address for address, _ in ear.synced()} == VALUES | STATE
    client.send(STRENGTH, 0.5)
    assert [ear.heard() for _ in range(3)] == strength(0.5)
    ear.send(STRENGTH, 0.25)
    ear.send("/dawbridge/mask/depth", 0.25)
    client.send("/dawbridge/mask/floor", 0.5)
    assert ear.wait_for("/dawbridge/mask/floor") == (0.5,)
    assert not [address for address, _ in ear.synced() if STRENGTH in address or "depth" in address]


def test_the_origin_is_told_where_it_was_clamped(rig):
    ear = rig.client().subscribe()
    ear.send(STRENGTH, 0.5)
    assert ear.ask(STRENGTH, 3.0)[1:] == strength(1.0)


def test_changes_from_elsewhere_reach_everyone(rig):
    ear = rig.client().subscribe()
    rig.store.set("mask_strength", 0.5, "midi:fader")
    assert ear.wait_for(STRENGTH) == (0.5,)


def test_another_port_is_named_and_unsubscribed_again(rig, client):
    ear = rig.client()
    client.send("/dawbridge/subscribe", ear.port)
    assert client.wait_for("/dawbridge/subscribed") == (ear.port, "", 30, 0)
    assert ear.wait_for("/dawbridge/subscribed") == (ear.port, "", 30, 0)
    assert client.ask("/dawbridge/unsubscribe", ear.port)[-1] == ("/dawbridge/unsubscribed", (ear.port,))
    ear.wait_for("/dawbridge/unsubscribed")
    assert len(rig.client().subscribe().ask(STRENGTH, 0.5)) == 0
    assert ear.ask(STRENGTH) == [(STRENGTH, (0.5,))]


def test_unsubscribing_without_a_port_ends_what_was_asked_from_there(rig, client):
    ear, other = rig.client(), rig.client()
    client.send("/dawbridge/subscribe", ear.port)
    ear.wait_for("/dawbridge/subscribed")
    client.send("/dawbridge/unsubscribe")
    ear.wait_for("/dawbridge/unsubscribed", client.port)
    other.subscribe()
    client.send(STRENGTH, 0.5)
    assert other.wait_for(STRENGTH) == (0.5,)
    assert ear.synced() == []


def test_a_prefix_narrows(rig, client):
    ear = rig.client()
    ear.send("/dawbridge/subscribe", ear.port, "/dawbridge/mask/")
    assert ear.wait_for("/dawbridge/subscribed") == (ear.port, "/dawbridge/mask/", 30, 0)
    assert all(address.startswith("/dawbridge/mask/") for address, _ in ear.synced())
    client.send("/dawbridge/center/amount", 0.5)
    client.send("/dawbridge/mask/depth", 0.5)
    assert ear.heard()[0] == "/dawbridge/mask/depth"


def test_a_flood_is_thinned_out_and_its_last_value_always_arrives(rig, client):
    ear = rig.client().subscribe(0, "", 5)
    for step in range(1, 500):
        client.send(STRENGTH, step / 1000)
    client.synced()
    heard = []
    while not heard or heard[-1] != pytest.approx(0.499):
        heard.extend(ear.wait_for(STRENGTH))
    assert len(heard) < 50
    assert heard == sorted(heard)


def test_one_of_two_subscribers_dies(rig, client):
    dead, ear = rig.client().subscribe(), rig.client().subscribe()
    dead.close()
    for step in range(1, 6):
        client.send(STRENGTH, step / 8)
        assert ear.wait_for(STRENGTH) == (step / 8,)
    assert client.synced() == []


def test_there_is_room_for_sixteen(rig, client):
    first = rig.client().subscribe()
    for _ in range(15):
        rig.client().subscribe()
    assert client.refused("/dawbridge/subscribe") == "too_many_clients"
    first.subscribe(0, "", 10)  # other terms for one that is in
    first.ask("/dawbridge/unsubscribe")
    client.subscribe()


def test_the_servers_own_port_cannot_be_subscribed(rig, client):
    assert client.refused("/dawbridge/subscribe", rig.address[1]) == "bad_args"


def test_a_preset_is_told_to_all_once(rig, client):
    ear = rig.client().subscribe()
    client.send("/dawbridge/preset", "karaoke")
    assert ear.wait_for("/dawbridge/preset") == ("karaoke",)
    assert ear.wait_for("/dawbridge/preset/index") == (rig.deck.index,)
    client.send("/dawbridge/preset", "karaoke")  # as a mirror sends it back: nothing new
    client.send(STRENGTH, 0.375)
    addresses = []
    while (heard := ear.heard()) != (STRENGTH, (0.375,)):
        addresses.append(heard[0])
    assert addresses
    assert not {"/dawbridge/preset", "/dawbridge/preset/index"} & set(addresses)


def test_errors_reach_the_others_too(rig, client):
    ear = rig.client().subscribe()
    client.send("/nowhere")
    assert ear.wait_for("/dawbridge/error")[:2] == ("/nowhere", "unknown_address")


def test_job_events(rig):
    ear = rig.client().subscribe(0, "", 1000)
    file = "/in/Größe – ミックス\udcff.wav"
    rig.bus.publish(StateChanged(3, JobState.RUNNING, file))
    rig.bus.publish(QueueLength(2))
    for percent in range(101):
        rig.bus.publish(Progress(3, percent / 100, 0.0))
    rig.bus.publish(Done(3, "/out/a.wav", "", 1.5))
    rig.bus.publish(Failed(4, "unreadable", "no audio"))
    assert ear.heard() == ("/dawbridge/job/state", (3, "running", "/in/Größe – ミックス?.wav"))
    assert ear.heard() == ("/dawbridge/queue", (2,))
    progress = []
    while (heard := ear.heard())[0] == "/dawbridge/job/progress":
        progress.append(heard[1])
    assert progress[-1] == (3, 1.0, 0.0)
    assert len(progress) <= 5
    assert heard == ("/dawbridge/job/done", (3, "/out/a.wav", "", 1.5))
    assert ear.heard() == ("/dawbridge/job/failed", (4, "unreadable", "no audio"))


def test_permanent_feedback_begins_with_startup_and_every_value(idle_rig):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.bind(("127.0.0.1", 0))
        ear.settimeout(10)
        rig = idle_rig.serve(feedback=("localhost", ear.getsockname()[1]))
        heard = {}
        while not heard.keys() >= VALUES | {"/dawbridge/startup"}:
            datagram, source = ear.recvfrom(65535)
            heard.update({message.address: message.arguments for message in decode(datagram)})
            assert source == rig.address
        assert heard["/dawbridge/startup"] == ("1.2.3",)
        rig.client().send(STRENGTH, 0.5)  # from the same host: after a short rest
        assert decode(ear.recv(65535))[0].arguments == (0.5,)
        rig.client().ask("/dawbridge/unsubscribe", ear.getsockname()[1])  # is answered, and ends nothing
        rig.store.set("mask_strength", 0.25, "midi:fader")
        while decode(ear.recv(65535))[0].arguments != (0.25,):
            pass


def test_what_cannot_be_opened_is_said_at_once(rig):
    store, deck, board, bus = rig.store, rig.deck, rig.jobs.jobs, rig.bus
    with pytest.raises(ControlError, match="--osc-port"):
        OscServer(store, deck, board, bus, port=rig.address[1])
    with pytest.raises(ControlError, match="--host"):
        OscServer(store, deck, board, bus, host="192.0.2.1", port=0)
    with pytest.raises(ControlError, match="--osc-feedback"):
        OscServer(store, deck, board, bus, port=0, feedback=("no-such-host.invalid", 9321))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        free = probe.getsockname()[1]
    with pytest.raises(ControlError, match="listens on this port"):
        OscServer(store, deck, board, bus, port=free, feedback=("127.0.0.1", free))


def test_closed_before_it_served_the_port_is_free_again(rig):
    server = OscServer(rig.store, rig.deck, rig.jobs.jobs, rig.bus, port=0)
    server.close()
    server.close()
    server.serve()
    OscServer(rig.store, rig.deck, rig.jobs.jobs, rig.bus, port=server.address[1]).close()


def test_a_lease_of_decades_does_not_end_the_server(client):
    client.subscribe(client.port, "", 30, 2**31 - 1)
    assert client.ask("/dawbridge/ping")[0][0] == "/dawbridge/pong"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not report refused datagrams")
def test_sixteen_programs_that_ended_lock_nobody_out(rig, client):
    dead = [rig.client().subscribe() for _ in range(16)]
    for one in dead:
        one.close()
    for number in range(6):
        client.send(STRENGTH, 0.5 + 0.05 * number)  # is sent to all of them, and comes back, sooner or later
        client.synced()
        try:
            ear = rig.client().subscribe()
            break
        except TimeoutError:
            assert number < 5
    client.send(STRENGTH, 0.25)
    assert ear.wait_for(STRENGTH) == (0.25,)


@pytest.mark.parametrize("steps", [(127, 100), (127, 128), (1000, 127)])
def test_two_programs_that_send_back_what_they_hear_each_rounded_come_to_rest(rig, client, steps):
    ears = [rig.client().subscribe(0, STRENGTH, 1000) for _ in steps]
    client.send(STRENGTH, 0.3337)
    for _ in range(5):
        for ear, count in zip(ears, steps, strict=True):
            for address, (value,) in ear.synced():
                if address == STRENGTH:
                    ear.send(STRENGTH, round(value * count) / count)
        client.synced()
    assert rig.store.get("mask_strength") == pytest.approx(0.3337)


def test_a_hand_is_no_echo(rig):
    ear = rig.client().subscribe()
    rig.store.set("mask_strength", 0.5, "midi:fader")
    ear.wait_for(STRENGTH)
    ear.ask(STRENGTH, 0.52)
    assert rig.store.get("mask_strength") == pytest.approx(0.52)


def test_who_joins_is_told_what_stands(rig, client):
    client.ask("/dawbridge/preset", "karaoke")
    client.ask("/dawbridge/preset/a", "karaoke")
    ear = rig.client()
    ear.send("/dawbridge/subscribe")
    state = dict(ear.synced())
    assert state["/dawbridge/preset"] == ("karaoke",)
    assert state["/dawbridge/preset/changed"] == (0,)
    assert state["/dawbridge/preset/a"] == ("karaoke",)
    assert state["/dawbridge/focus"] == (0, "", "", "")
    assert state["/dawbridge/queue"] == (0,)
    assert state["/dawbridge/automation/recording"] == (0,)
    assert state["/dawbridge/midi/learning"] == ("",)
    client.send(STRENGTH, 0.125)
    assert ear.wait_for("/dawbridge/preset/changed") == (1,)
    client.ask("/dawbridge/preset", "karaoke")
    assert ear.wait_for("/dawbridge/preset/changed") == (0,)
    assert client.ask("/dawbridge/focus") == [("/dawbridge/focus", (0, "", "", ""))]
