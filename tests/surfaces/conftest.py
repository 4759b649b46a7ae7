"""A real OSC server on loopback with a real board behind it, and clients that have a socket each."""

import contextlib
import socket
import struct
import threading

import pytest
from pythonosc.osc_bundle import OscBundle
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

from dawbridge.events import Bus
from dawbridge.knobs.loader import PresetLoader
from dawbridge.knobs.parameters import ParameterStore
from dawbridge.knobs.presets import Presets
from dawbridge.surfaces.osc.server import OscServer
from dawbridge.surfaces.web.server import WebServer
from tests.jobs_rig import JobsRig

PATIENCE_S = 10.0


def message(address, *arguments, tags=None):
    """One datagram. Arguments are tagged by python-osc, or by `tags`: `"sif"`."""
    builder = OscMessageBuilder(address)
    for place, argument in enumerate(arguments):
        builder.add_arg(argument, tags[place] if tags else None)
    return builder.build().dgram


def bundle(*datagrams, time=1):
    """One bundle of encoded messages or bundles, written by hand."""
    elements = b"".join(struct.pack(">i", len(datagram)) + datagram for datagram in datagrams)
    return b"#bundle\0" + struct.pack(">Q", time) + elements


def flat(datagram):
    """`(address, arguments)` of all messages in a datagram, as python-osc reads them."""
    if not OscBundle.dgram_is_bundle(datagram):
        read = OscMessage(datagram)
        return [(read.address, tuple(read.params))]
    return [heard for element in OscBundle(datagram) for heard in flat(element.dgram)]


class Client:
    """A program with one UDP socket. Whatever it waits for comes within `PATIENCE_S`, or the test fails."""

    message, bundle, read = staticmethod(message), staticmethod(bundle), staticmethod(flat)

    def __init__(self, server_address):
        self._server = server_address
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self._socket.settimeout(PATIENCE_S)
        self._socket.bind(("127.0.0.1", 0))
        self._syncs = 0
        self._waiting = []

    @property
    def port(self):
        return self._socket.getsockname()[1]

    def raw(self, datagram):
        self._socket.sendto(datagram, self._server)

    def send(self, address, *arguments, tags=None):
        self.raw(message(address, *arguments, tags=tags))

    def datagram(self):
        """The next datagram, and that it came from the listening socket."""
        datagram, source = self._socket.recvfrom(65535)
        assert source == self._server
        return datagram

    def heard(self):
        """The next message."""
        while not self._waiting:
            self._waiting = flat(self.datagram())
        return self._waiting.pop(0)

    def wait_for(self, address, *arguments):
        """The arguments of the next message to `address` (that begin with `arguments`)."""
        while True:
            heard, values = self.heard()
            if heard == address and values[: len(arguments)] == arguments:
                return values

    def synced(self):
        """All that came before the server had done everything so far."""
        self._syncs += 1
        self.send("/dawbridge/sync", self._syncs)
        messages = []
        while (heard := self.heard()) != ("/dawbridge/synced", (self._syncs,)):
            messages.append(heard)
        return messages

    def ask(self, address, *arguments, tags=None):
        """Everything that one message brings back."""
        self.send(address, *arguments, tags=tags)
        return self.synced()

    def error(self):
        """Address and code of what was synced, where it is one error and nothing else."""
        ((address, (where, code, text)),) = self.synced()
        assert address == "/dawbridge/error"
        assert text
        return where, code

    def refused(self, address, *arguments, tags=None):
        """The code with which a message is refused."""
        self.send(address, *arguments, tags=tags)
        where, code = self.error()
        assert where == address
        return code

    def subscribe(self, *arguments):
        """Be a subscriber, with all that this brings read."""
        self.send("/dawbridge/subscribe", *arguments)
        self.wait_for("/dawbridge/subscribed")
        self.synced()
        return self

    def forget(self):
        """Throw away what has come."""
        self._waiting.clear()
        self._socket.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                self._socket.recv(65535)
        self._socket.settimeout(PATIENCE_S)

    def close(self):
        self._socket.close()


class Rig:
    """Server, store, deck, board and bus."""

    def __init__(self, folder):
        self.root = folder / "bounces"
        self.root.mkdir()
        self.store, self.bus = ParameterStore(clock=lambda: 0.0), Bus()
        presets = Presets(user=folder / "presets")
        self.deck = PresetLoader(presets, self.store, self.bus)
        self.jobs = JobsRig(self.root, folder, lambda: 0.0, store=self.store, bus=self.bus, presets=presets).pump()
        self._clients, self._server, self._thread = [], None, None

    def serve(self, **options):
        options.setdefault("moves", self.jobs.loop.automation)
        self._server = OscServer(self.store, self.deck, self.jobs.jobs, self.bus, port=0, version="1.2.3", **options)
        self._thread = threading.Thread(target=self._server.serve)
        self._thread.start()
        return self

    @property
    def osc(self):
        """The server."""
        return self._server

    def query(self, port=0, **options):
        """A web server beside it."""
        return WebServer(
            self.store, self.deck, self.bus, self.osc.dispatcher, self.osc,
            host="127.0.0.1", port=port, osc_port=self.address[1], **options,
        )  # fmt: skip

    @property
    def address(self):
        return self._server.address

    def client(self):
        self._clients.append(Client(self._server.address))
        return self._clients[-1]

    def bounce(self, name="song.wav"):
        path = self.root / name
        path.write_bytes(b"audio")
        return path

    def close(self):
        if self._server:
            self._server.close()
            self._thread.join(PATIENCE_S)
            assert not self._thread.is_alive(), "the server does not end"
        for client in self._clients:
            client.close()
        self.jobs.close()


@pytest.fixture
def idle_rig(tmp_path):
    """Not serving yet."""
    rig = Rig(tmp_path)
    yield rig
    rig.close()


@pytest.fixture
def rig(idle_rig):
    return idle_rig.serve()


@pytest.fixture
def client(rig):
    return rig.client()
