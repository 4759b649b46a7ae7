import sys

import pytest

from dawbridge.surfaces.midi.names import ports, wanted

linux = pytest.mark.skipif(sys.platform == "win32", reason="names of ALSA")

ALSA = [
    "Midi Through:Midi Through Port-0 14:0",
    "nanoKONTROL2:nanoKONTROL2 MIDI 1 20:0",
    "dawbridge:out 128:0",
    "nanoKONTROL2:nanoKONTROL2 MIDI 1 24:0",
    "Launchpad Mini:Launchpad Mini MIDI 2 28:1",
]


@linux
def test_the_changing_numbers_are_cut_off_and_twins_are_numbered():
    assert [(port.index, port.label) for port in ports(ALSA)] == [
        (0, "Midi Through:Midi Through Port-0"),
        (1, "nanoKONTROL2:nanoKONTROL2 MIDI 1"),
        (3, "nanoKONTROL2:nanoKONTROL2 MIDI 1 #2"),
        (4, "Launchpad Mini:Launchpad Mini MIDI 2"),
    ]


@pytest.mark.parametrize("own", ["dawbridge:in", "dawbridge-02:out", "dawbridge"])
def test_own_ports_are_not_devices(own):
    assert ports([own]) == []


def test_anothers_port_with_our_name_in_it_is_one():
    assert len(ports(["dawbridge remote:out", "my dawbridge:in"])) == 2


@linux
@pytest.mark.parametrize(
    "name, count", [(None, 0), ("all", 3), ("ALL", 3), ("nanokontrol", 2), ("launch", 1), ("through", 1), ("x", 0)]
)
def test_wanted(name, count):
    assert sum(wanted(port, name) for port in ports(ALSA)) == count


def test_input_and_output_of_a_jack_device_belong_together():
    (capture,), (playback,) = ports(["system:midi_capture_1"]), ports(["system:midi_playback_1"])
    assert capture.device == playback.device
