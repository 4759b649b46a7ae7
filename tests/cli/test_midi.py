"""`dawbridge midi`; the MIDI system is one of the test's own, the OSC port is real."""

import threading

import pytest

from dawbridge.cli.main import main
from dawbridge.errors import ControlError
from dawbridge.events import Bus
from dawbridge.knobs.loader import PresetLoader
from dawbridge.knobs.parameters import ParameterStore
from dawbridge.knobs.presets import Presets
from dawbridge.surfaces.midi import bindings_file, ports, system
from dawbridge.surfaces.midi.binder import MidiBinder
from dawbridge.surfaces.midi.bindings import Binding
from dawbridge.surfaces.midi.events import Kind
from dawbridge.surfaces.midi.names import VIRTUAL
from dawbridge.surfaces.osc.server import OscServer

NOBODY = ["--osc-port", "9"]
SWEEP = [[0xB0, 7, value] for value in (30, 33, 36, 40)]


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("DAWBRIDGE_HOME", str(tmp_path))
    return tmp_path


class Machine:
    """One device, which sends `messages` as soon as it is opened."""

    def __init__(self, messages=()):
        self.messages, self.closed = messages, False

    def inputs(self):
        return ["nano:nano 20:0"]

    outputs = inputs

    def open_input(self, index, receive):
        for message in self.messages:
            receive(message)
        return self

    def open_output(self, index):
        return self

    def open_virtual(self, receive):
        raise OSError("not here")

    def send(self, message):
        pass

    def close(self):
        self.closed = True


@pytest.fixture
def machine(monkeypatch):
    def give(*messages):
        made = Machine(messages)
        for module in (ports, system):
            monkeypatch.setattr(module, "open_system", lambda api="": made)
        return made

    return give


def test_ports(machine, capsys):
    made = machine()
    assert main(["midi", "ports"]) == 0
    assert capsys.readouterr().out == "in:\n  nano:nano\nout:\n  nano:nano\n"
    assert made.closed


def test_no_midi_is_one_line(monkeypatch, capsys):
    def refuse(api=""):
        raise ControlError("no MIDI: nothing here")

    for module in (ports, system):
        monkeypatch.setattr(module, "open_system", refuse)
    for words in (["ports"], ["learn", "mask_strength", *NOBODY], ["monitor", *NOBODY]):
        assert main(["midi", *words]) == 1
        assert capsys.readouterr().err == "dawbridge: no MIDI: nothing here\n"


def test_bindings_with_their_problems(home, capsys):
    assert main(["midi", "bindings"]) == 0
    assert "mask_strength        cc 20, any channel" in capsys.readouterr().out
    path = bindings_file.bindings_path()
    path.parent.mkdir()
    path.write_text('[[binding]]\nparameter = "band_low"\ncc = 9\nchannel = 3\ncenter = 64\ninvert = true\n[x]\n')
    assert main(["midi", "bindings"]) == 1
    shown = capsys.readouterr().out
    assert "cc 9, channel 3, any port, absolute, pick-up, inverted, centre 64" in shown
    assert "no such key" in shown


def test_learned_without_a_daemon(machine, capsys):
    made = machine(*SWEEP)
    assert main(["midi", "learn", "band_low", *NOBODY]) == 0
    assert capsys.readouterr().out.splitlines()[1] == "band_low: nano:nano, channel 1, number 7, absolute"
    (row,) = bindings_file.read(bindings_file.bindings_path()).rows
    assert row.binding == Binding("band_low", Kind.CC, 7, 0, port="nano:nano")
    assert made.closed
    assert main(["midi", "forget", "band_low"]) == 0
    assert bindings_file.read(bindings_file.bindings_path()).rows == ()


def test_monitored_without_a_daemon(machine, capsys):
    machine([0xB2, 7, 64], [0x9F, 60, 100], [0xC0, 5], [0xF0, 1, 0xF7], [0xF8])
    assert main(["midi", "monitor", "--seconds", "0.3", *NOBODY]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [
        "nano:nano: channel 3 cc 7 = 64", "nano:nano: channel 16 note 60 = 100", "nano:nano: channel 1 program 5",
        "nano:nano: F0 01 F7",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["learn"], "which parameter"),
        (["forget", "mask_strenght"], "did you mean 'mask_strength'"),
        (["learn", "mask_strenght"], "did you mean 'mask_strength'"),
    ],
)
def test_mistakes(words, said, capsys):
    assert main(["midi", *words]) in (1, 2)
    assert said in capsys.readouterr().err


class Obliging(MidiBinder):
    """As soon as it is asked, somebody moves a fader."""

    def learn(self, target):
        super().learn(target)
        self.step(0.0)
        for message in SWEEP if target != "mask_depth" else []:
            self.takes(VIRTUAL, message, 1.0)
        self.step(20.0)

    def monitor(self, seconds):
        super().monitor(seconds)
        self.takes(VIRTUAL, [0xB0, 7, 1], 1.0)


@pytest.fixture
def serve(home):
    servers = []

    def serve(learns=True):
        store, bus = ParameterStore(), Bus()
        deck = PresetLoader(Presets(), store, bus)
        learning = Obliging(bus, bindings_file.bindings_path()) if learns else None
        server = OscServer(store, deck, Jobs(), bus, port=0, midi=learning)
        thread = threading.Thread(target=server.serve)
        thread.start()
        servers.append((server, thread))
        return ["--osc-port", str(server.address[1])]

    yield serve
    for server, thread in servers:
        server.close()
        thread.join()


class Jobs:
    def status(self):
        return "idle", 0

    def focused(self):
        return 0, "", "", ""


def test_learned_by_a_running_daemon(serve, capsys):
    where = serve()
    assert main(["midi", "learn", "mask_strength", *where]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].startswith("the running dawbridge learns")
    assert shown[1] == "mask_strength: dawbridge, channel 1, number 7, absolute"
    assert main(["midi", "learn", "mask_depth", *where]) == 1
    assert "nothing came that is clear" in capsys.readouterr().err


def test_monitored_by_a_running_daemon(serve, capsys):
    assert main(["midi", "monitor", "--seconds", "0.3", *serve()]) == 0
    assert "dawbridge: channel 1 cc 7 = 1" in capsys.readouterr().out


def test_a_daemon_without_midi_says_so(serve, capsys):
    where = serve(learns=False)
    for words in (["learn", "mask_strength"], ["monitor"]):
        assert main(["midi", *words, *where]) == 1
        assert "MIDI is not available" in capsys.readouterr().err
