"""OSC over TCP, with real connections to a real server."""

import socket
import threading

import pytest

from dawbridge.errors import ControlError
from dawbridge.surfaces.osc.codec import decode, encode
from dawbridge.surfaces.osc.slip import Frames, frame
from dawbridge.surfaces.osc.tcp import MAX_CLIENTS, OscTcpServer

PATIENCE_S = 10
STRENGTH = "/dawbridge/mask/strength"


class Stream:
    """A client with a connection."""

    def __init__(self, address):
        self.socket = socket.create_connection(address, PATIENCE_S)
        self._frames, self._waiting = Frames(), []

    def send(self, address, *values):
        self.socket.sendall(frame(encode(address, values)))

    def heard(self):
        """The next message; None where the connection has ended."""
        while not self._waiting:
            piece = self.socket.recv(65536)
            if not piece:
                return None
            self._waiting += [message for packet in self._frames.feed(piece) for message in decode(packet)]
        message = self._waiting.pop(0)
        return message.address, message.arguments

    def wait_for(self, address):
        while (heard := self.heard())[0] != address:
            pass
        return heard[1]


@pytest.fixture
def tcp(rig):
    server = OscTcpServer(rig.osc, "127.0.0.1", 0)
    thread = threading.Thread(target=server.serve)
    thread.start()
    yield server
    server.close()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()


@pytest.fixture
def connect(tcp):
    streams = []

    def open_stream():
        streams.append(Stream(tcp.address))
        return streams[-1]

    yield open_stream
    for stream in streams:
        stream.socket.close()


def test_it_sets_asks_and_is_told(rig, connect):
    stream, client = connect(), rig.client()
    stream.send(STRENGTH, 0.5)
    stream.send(STRENGTH)
    assert stream.wait_for(STRENGTH) == (0.5,)
    stream.send("/dawbridge/subscribe", 9000)  # whatever port it names: its connection is where it listens
    assert stream.wait_for("/dawbridge/subscribed")[0] == stream.socket.getsockname()[1]
    client.send("/dawbridge/mask/depth", 0.25)
    while stream.wait_for("/dawbridge/mask/depth") != (0.25,):
        pass
    stream.send("/nowhere")
    assert stream.wait_for("/dawbridge/error")[1] == "unknown_address"


def test_one_that_ends_is_no_subscriber_any_more(rig, connect):
    stream = connect()
    stream.send("/dawbridge/subscribe")
    stream.wait_for("/dawbridge/subscribed")
    stream.socket.close()
    client = rig.client()
    for _ in range(1000):
        client.synced()
        if not list(rig.osc._subscribers):
            return
    raise AssertionError("it is still subscribed")


def test_what_is_no_slip_ends_the_connection_and_no_other(connect):
    bad, good = connect(), connect()
    bad.socket.sendall(frame(encode("/dawbridge/mask/depth", (0.25,))) + b"\xdb\x01\xc0")
    assert bad.heard()[1][1] == "bad_args"
    assert bad.heard() is None
    good.send("/dawbridge/mask/depth")
    assert good.heard() == ("/dawbridge/mask/depth", (0.25,))  # what came before it counts
    good.send(STRENGTH)
    assert good.heard() == (STRENGTH, (1.0,))


def test_one_too_many_is_closed(connect):
    streams = [connect() for _ in range(MAX_CLIENTS)]
    for stream in streams:
        stream.send(STRENGTH)
        stream.wait_for(STRENGTH)
    late = connect()
    assert late.heard()[1][1] == "too_many_clients"
    assert late.heard() is None


def test_a_stream_with_lengths_is_refused_with_what_is_wanted(connect):
    stream, packet = connect(), encode(STRENGTH, (0.5,))
    stream.socket.sendall(len(packet).to_bytes(4, "big") + packet)
    assert "send SLIP frames" in stream.heard()[1][2]
    assert stream.heard() is None


def test_one_that_does_not_read_holds_up_nobody(rig, connect):
    deaf, client = connect(), rig.client()
    for _ in range(2000):
        deaf.send("/dawbridge/dump")
    assert client.ask("/dawbridge/ping")[0][0] == "/dawbridge/pong"


def test_a_port_in_use_is_said(rig, tcp):
    with pytest.raises(ControlError, match="--osc-tcp"):
        OscTcpServer(rig.osc, "127.0.0.1", tcp.address[1])


def test_closed_before_it_served_the_port_is_free(rig):
    server = OscTcpServer(rig.osc, "127.0.0.1", 0)
    server.close()
    server.serve()
    OscTcpServer(rig.osc, "127.0.0.1", server.address[1]).close()
