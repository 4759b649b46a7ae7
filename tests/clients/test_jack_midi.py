"""MIDI for real: a JACK server without a sound card, and other people's programs that send to dawbridge over it."""

import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

from dawbridge.events import Bus, Notice
from dawbridge.knobs.loader import PresetLoader
from dawbridge.knobs.parameters import ParameterStore
from dawbridge.knobs.presets import Presets
from dawbridge.surfaces.midi.bindings import DEFAULT_BINDINGS, Binding
from dawbridge.surfaces.midi.events import Kind
from dawbridge.surfaces.midi.ports import MidiPorts
from tests.clients.jack import CC_7_SWEEPS, PATIENCE_S, SERVER, jack_ports, send_cc, wait_until
from tests.listening import Heard

pytestmark = pytest.mark.usefixtures("jack")


@pytest.fixture
def desk():
    store, bus = ParameterStore(), Bus()
    said = Heard(bus.mailbox())
    made = []

    def open_ports(**more):
        made.append(MidiPorts(store, PresetLoader(Presets(), store, bus), bus, api="UNIX_JACK", **more))
        return made[-1]

    yield SimpleNamespace(store=store, said=said, open=open_ports)
    for ports in made:
        ports.close()


def test_the_virtual_ports_are_there(desk):
    assert desk.open().names == ("dawbridge",)
    ports = jack_ports()
    assert "dawbridge:in" in ports
    assert any(port.startswith("dawbridge") and port.endswith(":out") for port in ports)
    assert desk.said == []


def test_csound_turns_a_knob(desk, start, tmp_path):
    ports = desk.open()
    csound = send_cc(start, tmp_path)
    wait_until(lambda: desk.store.get("mask_strength") == pytest.approx(32 / 127), ports.step)
    csound.kill()


def test_a_sequencers_notes_are_buttons(desk, start):
    ports = desk.open(bindings=[Binding("live_enable", Kind.NOTE, 60)])
    changes = Heard(desk.store.mailbox(), flat=True)
    sequencer = start("jack_midiseq", "sequencer", "4800", "0", "60", "2400")
    wait_until(lambda: subprocess.run(["jack_connect", "sequencer:out", "dawbridge:in"]).returncode == 0)
    wait_until(lambda: [change.value for change in changes[:3]] == [0, 1, 0], ports.step)
    sequencer.kill()
    sequencer.wait()


def test_clock_turns_nothing_and_notes_beside_it_still_do(desk, start):
    import rtmidi

    ports = desk.open(bindings=[*DEFAULT_BINDINGS, Binding("live_enable", Kind.NOTE, 60)])
    changes, heard = Heard(desk.store.mailbox(), flat=True), []
    ear = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name="ear")
    ear.ignore_types(timing=False)
    ear.set_callback(lambda message, _: heard.append(message[0][0]))
    ear.open_virtual_port("in")
    clock = start("jack_midi_clock", "-b", "240", "-B", "-P", "dawbridge:in", "ear:in")
    wait_until(lambda: "jack_midi_clock:mclk_out" in jack_ports())
    transport = subprocess.Popen(["jack_transport"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    transport.stdin.write("play\n")
    transport.stdin.flush()
    wait_until(lambda: heard.count(0xF8) > 100, ports.step)
    assert changes == []
    sequencer = start("jack_midiseq", "sequencer2", "4800", "0", "60", "2400")
    wait_until(lambda: subprocess.run(["jack_connect", "sequencer2:out", "dawbridge:in"]).returncode == 0)
    wait_until(lambda: [change.value for change in changes[:3]] == [0, 1, 0], ports.step)
    assert {change.name for change in changes} == {"live_enable"}
    transport.communicate("stop\nquit\n", PATIENCE_S)
    ear.delete()
    for program in (clock, sequencer):
        program.terminate()
        program.wait()


def test_a_device_that_comes_and_goes(desk, start):
    skipped = [0.0]
    ports = desk.open(port="plugged", clock=lambda: time.monotonic() + skipped[0])

    def work():
        skipped[0] += 1.0
        ports.step()

    device = start("jack_midiseq", "plugged", "4800", "0", "60", "2400")
    wait_until(lambda: ports.names == ("dawbridge", "plugged:out"), work)
    device.terminate()
    device.wait()
    wait_until(lambda: ports.names == ("dawbridge",), work)
    assert desk.said[1:] == [Notice("MIDI in: plugged:out"), Notice("MIDI device plugged:out is gone")]


def test_feedback_reaches_another_client(desk):
    import rtmidi

    ports = desk.open(bindings=DEFAULT_BINDINGS[:1])
    ports.step(0)
    listener = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name="listener")
    heard = []
    listener.set_callback(lambda message, _: heard.append(message[0]))
    listener.open_port(next(index for index, name in enumerate(listener.get_ports()) if name.endswith(":out")))
    desk.store.set("mask_strength", 0.25, "osc")
    wait_until(lambda: heard, ports.step)
    listener.delete()
    assert heard == [[0xB0, 20, 32]]


def test_csound_turns_a_knob_of_the_daemon(daemon, start, tmp_path):
    csound = send_cc(start, tmp_path)
    value = 1.0
    while value == 1.0:
        (value,) = daemon.heard.wait_for("/dawbridge/mask/strength", PATIENCE_S)
    csound.kill()
    assert value == pytest.approx(32 / 127)


def test_a_control_of_csound_is_learned_over_osc_and_turns_the_knob(daemon, start, tmp_path):
    heard = daemon.heard
    daemon.send("/dawbridge/midi/learn", "band_low")
    csound = send_cc(start, tmp_path, CC_7_SWEEPS)
    assert heard.wait_for("/dawbridge/midi/learned", PATIENCE_S) == ("band_low", "dawbridge", 1, 7, "absolute")
    seen = {heard.wait_for("/dawbridge/band/low", PATIENCE_S) for _ in range(10)}
    csound.kill()
    csound.wait()
    assert len(seen) > 5
    command = [sys.executable, "-m", "dawbridge", "midi", "bindings"]
    listed = subprocess.run(command, env=daemon.environment, capture_output=True, text=True)
    assert "band_low             cc 7, channel 1, any port, absolute" in listed.stdout


def test_without_a_server_it_is_one_line_at_once(monkeypatch):
    monkeypatch.setenv("JACK_DEFAULT_SERVER", f"{SERVER}-nobody")
    bus, store = Bus(), ParameterStore()
    said = Heard(bus.mailbox())
    before = time.monotonic()
    ports = MidiPorts(store, PresetLoader(Presets(), store, bus), bus, api="UNIX_JACK")
    assert time.monotonic() - before < PATIENCE_S
    assert not ports.available
    assert [event.text.partition(":")[0] for event in said] == ["no MIDI"]
