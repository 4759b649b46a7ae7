"""The machine's MIDI system, as far as dawbridge needs it: python-rtmidi, imported only when it is opened."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

from dawbridge.errors import ControlError
from dawbridge.surfaces.midi.names import CLIENT

Receive = Callable[[Sequence[int]], None]
"""Called with each message's bytes in a native thread. It must return at once."""


class Opened(Protocol):
    """An open port."""

    def send(self, message: Sequence[int]) -> None:
        """Send one message; for outputs only. Raises `OSError`."""

    def close(self) -> None:
        """Close it. Never raises."""


class MidiSystem(Protocol):
    """The system's ports and our own. All methods raise `OSError` if the system refuses."""

    def inputs(self) -> list[str]:
        """Names of ports that can be heard, in the order of their indices."""

    def outputs(self) -> list[str]:
        """Names of ports that can be sent to."""

    def open_input(self, index: int, receive: Receive) -> Opened:
        """Hear input number `index`."""

    def open_output(self, index: int) -> Opened:
        """Send to output number `index`."""

    def open_virtual(self, receive: Receive) -> Opened:
        """Make a port pair of our own; the result sends to its output."""

    def close(self) -> None:
        """Leave the MIDI system. Never raises."""


def open_system(api: str = "") -> MidiSystem:
    """Open the MIDI system that rtmidi calls `api`; if empty, the first that answers: on Linux ALSA, then JACK.

    No JACK server is started for it. Raises `ControlError` if python-rtmidi or a MIDI system is missing.
    """
    try:
        import rtmidi
    except ImportError:
        raise ControlError("no MIDI: python-rtmidi is not installed; pip install 'dawbridge[midi]'") from None
    apis = _apis(rtmidi, api)
    os.environ.setdefault("JACK_NO_START_SERVER", "1")
    reasons = []
    for number in apis:
        try:
            with _quiet(), _as_os_error(rtmidi):
                return RtMidiSystem(rtmidi, number)
        except OSError as error:
            reasons.append(str(error).rstrip(". "))
    raise ControlError(f"no MIDI: {'; '.join(reasons)}. All else works")


def _apis(rtmidi: Any, api: str) -> list[int]:
    compiled: list[int] = rtmidi.get_compiled_api()
    names = {name.removeprefix("API_"): value for name, value in vars(rtmidi).items() if name.startswith("API_")}
    known = {name: value for name, value in names.items() if value in compiled}
    if api and api not in known:
        raise ControlError(f"no MIDI: this machine has no MIDI system {api!r}; allowed are {', '.join(sorted(known))}")
    return [known[api]] if api else compiled


class RtMidiSystem:
    """python-rtmidi. One input and one output client live as long as this object: they list ports, and are our pair."""

    def __init__(self, rtmidi: Any, api: int) -> None:
        """Raises `OSError` if the system is missing."""
        self._rtmidi, self._api = rtmidi, api
        self._in = rtmidi.MidiIn(api, name=CLIENT)
        self._out = rtmidi.MidiOut(api, name=CLIENT)

    def inputs(self) -> list[str]:
        with _as_os_error(self._rtmidi):
            return list(self._in.get_ports())

    def outputs(self) -> list[str]:
        with _as_os_error(self._rtmidi):
            return list(self._out.get_ports())

    def open_input(self, index: int, receive: Receive) -> Opened:
        with _as_os_error(self._rtmidi):
            client = self._rtmidi.MidiIn(self._api, name=CLIENT)
            client.set_callback(lambda message, _: receive(message[0]))
            client.ignore_types(sysex=False, timing=False, active_sense=True)
            client.open_port(index, name="in")
        return _RtMidiPort(self._rtmidi, client, client.delete)

    def open_output(self, index: int) -> Opened:
        with _as_os_error(self._rtmidi):
            client = self._rtmidi.MidiOut(self._api, name=CLIENT)
            client.open_port(index, name="out")
        return _RtMidiPort(self._rtmidi, client, client.delete)

    def open_virtual(self, receive: Receive) -> Opened:
        if self._api == self._rtmidi.API_WINDOWS_MM:
            raise OSError("Windows has no virtual MIDI ports; make one with loopMIDI and name it with --midi-port")
        short = self._api in (self._rtmidi.API_LINUX_ALSA, self._rtmidi.API_UNIX_JACK)  # the client's name is shown too
        with _as_os_error(self._rtmidi):
            self._in.set_callback(lambda message, _: receive(message[0]))
            self._in.ignore_types(sysex=False, timing=False, active_sense=True)
            self._in.open_virtual_port("in" if short else CLIENT)
            self._out.open_virtual_port("out" if short else CLIENT)
        return _RtMidiPort(self._rtmidi, self._out, self._close_virtual)

    def close(self) -> None:
        self._in.delete()
        self._out.delete()

    def _close_virtual(self) -> None:
        with suppress(self._rtmidi.RtMidiError, OSError):
            self._in.close_port()
            self._out.close_port()


class _RtMidiPort:
    def __init__(self, rtmidi: Any, client: Any, close: Callable[[], None]) -> None:
        self._rtmidi, self._client, self.close = rtmidi, client, close

    def send(self, message: Sequence[int]) -> None:
        with _as_os_error(self._rtmidi):
            self._client.send_message(message)


@contextmanager
def _as_os_error(rtmidi: Any) -> Iterator[None]:
    try:
        yield
    except OSError:
        raise
    except (rtmidi.RtMidiError, ValueError, RuntimeError) as error:
        raise OSError(str(error)) from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the C stderr, to which ALSA's and JACK's libraries write that they are missing."""
    try:
        kept = os.dup(2)
    except OSError:  # no stderr at all
        yield
        return
    if sys.stderr:
        sys.stderr.flush()
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
