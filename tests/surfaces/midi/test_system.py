import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from dawbridge.errors import ControlError
from dawbridge.surfaces.midi import system
from dawbridge.surfaces.midi.system import open_system


class RtMidiError(Exception):
    pass


class SystemError_(RtMidiError, OSError):
    pass


def rtmidi(answering=(), **more):
    """A stand-in for python-rtmidi where only the MIDI systems `answering` are there."""

    class Client:
        def __init__(self, api, name):
            if api not in answering:
                raise SystemError_(f"number {api} is not there.")
            self.api = api

        def get_ports(self):
            raise RtMidiError("lost")

    apis = {"API_LINUX_ALSA": 2, "API_UNIX_JACK": 3, "API_WINDOWS_MM": 4}
    return SimpleNamespace(
        MidiIn=Client, MidiOut=Client, RtMidiError=RtMidiError, get_compiled_api=lambda: [2, 3], **apis, **more
    )


@pytest.fixture
def installed(monkeypatch):
    return lambda module: monkeypatch.setitem(sys.modules, "rtmidi", module)


def test_without_the_extra_it_says_what_to_install(installed):
    installed(None)
    with pytest.raises(ControlError, match=r"pip install 'dawbridge\[midi\]'"):
        open_system()


def test_no_system_is_one_line_with_every_reason(installed):
    installed(rtmidi())
    with pytest.raises(ControlError, match="number 2 is not there; number 3 is not there"):
        open_system()


@pytest.mark.parametrize("answering, taken", [([2, 3], 2), ([3], 3)])
def test_the_first_that_answers_and_no_jack_server_is_started(installed, monkeypatch, answering, taken):
    monkeypatch.delenv("JACK_NO_START_SERVER", raising=False)
    installed(rtmidi(answering))
    assert open_system()._in.api == taken
    assert os.environ["JACK_NO_START_SERVER"] == "1"


def test_the_api_can_be_chosen(installed):
    installed(rtmidi([2, 3]))
    assert open_system("UNIX_JACK")._in.api == 3
    with pytest.raises(ControlError, match=r"'OSS'.*LINUX_ALSA, UNIX_JACK"):
        open_system("OSS")


def test_errors_of_the_library_become_os_errors(installed):
    installed(rtmidi([2]))
    with pytest.raises(OSError, match="lost"):
        open_system().inputs()


def test_the_libraries_chatter_is_kept_off_stderr(capfd):
    with system._quiet():
        os.write(2, b"ALSA lib seq_hw.c")
    os.write(2, b"heard")
    assert capfd.readouterr().err == "heard"


def test_importing_loads_no_midi_library():
    code = "import dawbridge.surfaces.midi.ports, sys; sys.exit(bool({'rtmidi', 'mido', 'torch'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
