"""Answers that are longer than a datagram, and clients that read them."""

import threading

import pytest

from dawbridge.surfaces.osc.client import OscClient
from dawbridge.surfaces.osc.codec import MAX_MESSAGE_BYTES, decode
from dawbridge.surfaces.osc.tcp import OscTcpServer
from tests.surfaces.osc.test_tcp import Stream

LIST = "/dawbridge/preset/list"


@pytest.fixture
def named(rig, monkeypatch):
    def have(names):
        names = tuple(names)
        monkeypatch.setattr(rig.deck.presets, "names", lambda: names)
        return [*names]

    return have


def test_a_list_longer_than_a_datagram_comes_in_several_messages_with_the_count_of_all(rig, named):
    names = named(f"preset number {number:05}" for number in range(4000))
    with OscClient(rig.address[1]) as client:
        answers = [values for address, values in client.ask(LIST) if address == LIST]
    assert len(answers) > 80_000 / MAX_MESSAGE_BYTES
    assert {values[0] for values in answers} == {4000}
    assert [name for values in answers for name in values[1:]] == names


def test_dawbridge_s_own_client_reads_as_many_arguments_as_are_sent(rig, named):
    names = named(f"{number}" for number in range(200))
    with OscClient(rig.address[1]) as client:
        assert client.ask(LIST) == [(LIST, (200, *names))]


def test_a_text_longer_than_a_datagram_is_an_error_that_says_where_it_can_be_had(rig, named):
    named(["x" * 70_000])
    with OscClient(rig.address[1]) as client:
        client.send(LIST)
        address, code, message = client.wait_for("/dawbridge/error", 10)
    assert (address, code) == (LIST, "internal")
    assert "70036 bytes" in message and "--osc-tcp" in message


def test_over_tcp_it_is_sent_whole(rig, named):
    names = named(f"preset number {number:05}" for number in range(2000))
    server = OscTcpServer(rig.osc, "127.0.0.1", 0)
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    stream = Stream(server.address)
    stream.send(LIST)
    packets = []
    while not packets:
        packets = stream._frames.feed(stream.socket.recv(65536))
    (message,) = decode(packets[0], 5000)
    assert (message.address, message.arguments) == (LIST, (2000, *names))
    stream.socket.close()
    server.close()
    thread.join(10)
