import threading

import pytest

from dawbridge.errors import ControlError
from dawbridge.events import MidiLearned, Notice
from dawbridge.surfaces.midi import ports as module
from dawbridge.surfaces.midi.binder import MidiBinder
from dawbridge.surfaces.midi.bindings import Binding
from dawbridge.surfaces.midi.events import Kind
from dawbridge.surfaces.midi.halves import PAIR_WAIT_S
from dawbridge.surfaces.midi.ports import MidiPorts

NANO, LATER, LAUNCHPAD = "nano:nano 20:0", "nano:nano 31:0", "Launchpad:Launchpad 24:0"
CC = 0xB0


class Machine:
    """A MIDI system whose devices come and go at the test's word."""

    def __init__(self):
        self.devices, self.receive, self.sent = [], {}, {}
        self.refuses, self.opened, self.closed, self.broken = 0, [], [], False

    def inputs(self):
        if self.broken:
            raise OSError("the system is gone")
        return list(self.devices)

    outputs = inputs

    def open_input(self, index, receive):
        name = self.devices[index]
        if self.refuses:
            self.refuses -= 1
            raise OSError("busy")
        self.opened.append(name)
        self.receive[name] = receive
        return _Open(self, name)

    def open_output(self, index):
        return _Open(self, self.devices[index])

    def open_virtual(self, receive):
        if self.refuses:
            raise OSError("not on this system")
        self.receive["dawbridge"] = receive
        return _Open(self, "dawbridge")

    def close(self):
        self.closed.append("system")


class _Open:
    def __init__(self, machine, name):
        self.machine, self.name = machine, name

    def send(self, message):
        if self.machine.broken:
            raise OSError("pulled out")
        self.machine.sent.setdefault(self.name, []).append(list(message))

    def close(self):
        self.machine.closed.append(self.name)


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def machine(monkeypatch):
    machine = Machine()
    monkeypatch.setattr(module, "open_system", lambda api: machine)
    return machine


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def midi(desk, machine, clock):
    return lambda **more: MidiPorts(desk.store, desk.deck, desk.bus, clock=clock, **more)


def texts(desk):
    return [event.text for event in desk.said if isinstance(event, Notice)]


def later(ports, clock, seconds):
    clock.now += seconds
    ports.step(0)


def test_no_midi_is_one_notice_and_quiet_calls(desk, monkeypatch):
    def refuse(api):
        raise ControlError("no MIDI: nothing here")

    monkeypatch.setattr(module, "open_system", refuse)
    ports = MidiPorts(desk.store, desk.deck, desk.bus)
    assert not ports.available
    assert ports.names == ()
    ports.step()
    ports.close()
    assert desk.said == [Notice("no MIDI: nothing here")]


def test_the_virtual_port_alone(desk, machine, midi):
    machine.devices = [NANO]
    ports = midi()
    assert ports.available
    assert ports.names == ("dawbridge",)
    machine.receive["dawbridge"]([CC, 20, 0])
    assert desk.store.get("mask_strength") == 1
    ports.step(0)
    assert desk.store.get("mask_strength") == 0
    assert desk.said == []


def test_no_virtual_port_is_a_notice(desk, machine, midi):
    machine.refuses = 1
    assert midi().names == ()
    assert texts(desk) == ["no virtual MIDI port: not on this system"]


@pytest.mark.parametrize("name, names", [("NANO", ("nano:nano",)), ("all", ("nano:nano", "Launchpad:Launchpad"))])
def test_devices_by_part_of_their_name(machine, midi, name, names):
    machine.devices = [NANO, LAUNCHPAD]
    assert midi(port=name, virtual=False).names == names


def test_a_device_that_is_not_there_yet(desk, machine, midi, clock):
    ports = midi(port="nano")
    assert texts(desk) == ["no MIDI device's name contains 'nano' yet; it is opened as soon as it comes"]
    machine.devices = [NANO]
    later(ports, clock, 1.0)
    assert ports.names == ("dawbridge",)
    later(ports, clock, 1.0)
    assert ports.names == ("dawbridge", "nano:nano")
    assert texts(desk)[1:] == ["MIDI in: nano:nano"]


def test_a_device_goes_and_comes_back_under_another_number(desk, machine, midi, clock):
    machine.devices = [NANO]
    ports = midi(port="nano")
    ports.step(0)
    told = machine.sent[NANO]
    machine.devices = []
    later(ports, clock, 2.0)
    assert ports.names == ("dawbridge",)
    assert machine.closed == [NANO, NANO]
    machine.devices = [LAUNCHPAD, LATER]
    later(ports, clock, 2.0)
    assert ports.names == ("dawbridge", "nano:nano")
    ports.step(0)
    assert machine.sent[LATER] == told
    assert texts(desk) == ["MIDI device nano:nano is gone", "MIDI in: nano:nano"]


def test_a_device_that_refuses_is_asked_again(desk, machine, midi, clock):
    machine.devices, machine.refuses = [NANO], 2
    ports = midi(port="nano", virtual=False)
    for seconds, count in ((0.9, 0), (0.1, 0), (1.9, 0), (0.1, 1)):
        later(ports, clock, seconds)
        assert len(machine.opened) == count
    assert texts(desk) == [
        "MIDI input nano:nano cannot be opened: busy; it is tried again",
        "no MIDI device's name contains 'nano' yet; it is opened as soon as it comes",
        "MIDI in: nano:nano",
    ]


def test_feedback_goes_to_every_port_but_the_mover(desk, machine, midi, clock):
    machine.devices = [NANO, LAUNCHPAD]
    ports = midi(port="all")
    ports.step(0)
    machine.sent.clear()
    machine.receive[NANO]([CC, 20, 50])
    later(ports, clock, 0.5)
    later(ports, clock, 0.5)
    assert machine.sent == {"dawbridge": [[CC, 20, 50]], LAUNCHPAD: [[CC, 20, 50]]}


def test_a_broken_output_is_opened_anew(machine, midi, desk, clock):
    machine.devices = [NANO]
    ports = midi(port="nano", virtual=False)
    ports.step(0)
    machine.broken = True
    desk.store.set("mask_strength", 0.0, "osc")
    later(ports, clock, 0.1)
    machine.broken = False
    machine.sent.clear()
    later(ports, clock, 2.0)
    later(ports, clock, 0.1)
    assert [CC, 20, 0] in machine.sent[NANO]


def test_the_virtual_port_stays_open_when_nobody_takes_its_feedback(machine, midi, desk, clock):
    ports = midi()
    machine.broken = True
    ports.step(0)
    machine.receive["dawbridge"]([CC, 20, 0])
    later(ports, clock, 2.0)
    assert desk.store.get("mask_strength") == 0
    assert machine.closed == []


def test_the_second_half_that_never_comes(desk, machine, midi, clock):
    ports = midi(bindings=[Binding("mask_strength", Kind.CC14, 1)])
    machine.receive["dawbridge"]([CC, 1, 0])
    ports.step(0)
    assert desk.store.get("mask_strength") == 1
    later(ports, clock, PAIR_WAIT_S + 0.001)
    assert desk.store.get("mask_strength") == 0


def test_a_message_ends_the_wait(desk, machine, midi):
    ports = midi()
    threading.Timer(0, machine.receive["dawbridge"], ([CC, 20, 0],)).start()
    ports.step(30)
    assert desk.store.get("mask_strength") == 0


def test_a_flood_does_not_keep_step_from_its_other_work(machine, midi):
    ports = midi()
    for number in range(3 * module.MESSAGES_AT_ONCE):
        machine.receive["dawbridge"]([CC, 20, number % 128])
    ports.step(0)
    assert machine.sent["dawbridge"]
    assert not ports._heard.empty()


def test_close_closes_all_and_late_messages_are_lost(desk, machine, midi):
    machine.devices = [NANO]
    ports = midi(port="nano")
    ports.close()
    assert machine.closed == ["dawbridge", "dawbridge", NANO, NANO, "system"]
    assert not ports.available
    machine.receive[NANO]([CC, 20, 0])
    ports.step()
    assert desk.store.get("mask_strength") == 1


def test_a_device_that_a_binding_names_is_opened_and_others_do_not_turn_it(desk, machine, midi):
    machine.devices = [NANO, LAUNCHPAD]
    ports = midi(bindings=[Binding("mask_strength", Kind.CC, 7, port="NANO")])
    assert ports.names == ("dawbridge", "nano:nano")
    for name, value in (("dawbridge", 0), (NANO, 10)):
        machine.receive[name]([CC, 7, value])
        ports.step(0)
        assert desk.store.get("mask_strength") == pytest.approx(10 / 127 if name == NANO else 1)


def test_of_two_alike_the_second_can_be_meant(desk, machine, midi):
    machine.devices = ["nano:nano 20:0", "nano:nano 24:0"]
    ports = midi(virtual=False, bindings=[Binding("mask_strength", Kind.CC, 7, port="nano:nano #2")])
    assert ports.names == ("nano:nano #2",)


def test_learned_from_a_device_and_used_at_once(desk, machine, midi, clock, tmp_path):
    machine.devices = [NANO]
    ports = midi(port="nano", learning=MidiBinder(desk.bus, tmp_path / "midi.toml"))
    ports.learning.learn("band_low")
    for value in (30, 31, 33, 36, 127):
        machine.receive[NANO]([CC, 20, value])
    ports.step(0)
    assert desk.store.get("mask_strength") == 1
    assert MidiLearned("band_low", "nano:nano", 1, 20, "absolute") in desk.said
    machine.receive[NANO]([CC, 20, 127])
    ports.step(0)
    assert desk.store.get("band_low") == 500


def test_a_program_that_comes_is_told_everything_on_the_virtual_port(machine, midi, clock):
    ports = midi()
    ports.step(0)
    told = machine.sent.pop("dawbridge")
    later(ports, clock, 2.0)
    assert not machine.sent
    machine.devices = ["DAW:in 129:0"]
    later(ports, clock, 2.0)
    later(ports, clock, 0.1)
    assert machine.sent == {"dawbridge": told}


def test_the_position_is_told_with_the_port_that_it_comes_from(midi, machine):
    told, machine.devices = [], [NANO, LAUNCHPAD]
    ports = midi(port="all", place=lambda *place: told.append(place))
    machine.receive[NANO]([0xFA])
    machine.receive[LAUNCHPAD]([0xF0, 0x7F, 0x7F, 1, 1, 0x21, 0, 0, 0, 0xF7])
    ports.step(0.0)
    assert told == [(0.0, True, "clock", "nano:nano", False), (3600.0, False, "mtc", "Launchpad:Launchpad", False)]
    ports.close()
