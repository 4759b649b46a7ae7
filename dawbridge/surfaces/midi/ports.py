"""MIDI devices: opens and reads them, and notices when they come and go. Needs python-rtmidi (extra `midi`)."""

import queue
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from dawbridge.errors import ControlError
from dawbridge.events import Bus, Notice
from dawbridge.knobs.loader import PresetLoader
from dawbridge.knobs.parameters import ParameterStore
from dawbridge.knobs.transport import CLOCK, TIMECODE
from dawbridge.surfaces.midi.binder import MidiBinder
from dawbridge.surfaces.midi.bindings import DEFAULT_BINDINGS, Binding
from dawbridge.surfaces.midi.controls import PortControls
from dawbridge.surfaces.midi.echo import EchoFilter
from dawbridge.surfaces.midi.names import ALL, CLIENT, VIRTUAL, Port, ports, wanted
from dawbridge.surfaces.midi.opening import Opening
from dawbridge.surfaces.midi.position import PositionDecoder
from dawbridge.surfaces.midi.system import MidiSystem, Opened, open_system

SCAN_EVERY_S = 2.0
MESSAGES_AT_ONCE = 1000
"""How many messages `step` reads before it does its other work."""


Place = Callable[[float, bool, str, str, bool], object]
"""Hears of the playhead: seconds, whether it moves, `TIMECODE` or `CLOCK`, the port's name, whether backwards."""


@dataclass(slots=True)
class _Device:
    """An open input, and the output that belongs to it, if there is one."""

    surface: PortControls
    port: Port
    """`VIRTUAL` for our own."""
    input: Opened
    output: Opened | None = None
    position: PositionDecoder = field(default_factory=PositionDecoder)
    echo: EchoFilter = field(default_factory=EchoFilter)

    def close(self) -> None:
        self.input.close()
        if self.output:
            self.output.close()


class MidiPorts:
    """MIDI in and out. If the MIDI system or the extra is missing, that is one line, and calls do nothing."""

    name = "midi"

    def __init__(
        self,
        store: ParameterStore,
        deck: PresetLoader,
        bus: Bus,
        *,
        port: str | None = None,
        virtual: bool = True,
        bindings: Sequence[Binding] = DEFAULT_BINDINGS,
        learning: MidiBinder | None = None,
        api: str = "",
        clock: Callable[[], float] = time.monotonic,
        place: Place = lambda *_: None,
        command: Callable[[str], None] = lambda _: None,
        system: MidiSystem | None = None,
    ) -> None:
        """Never raises because MIDI is missing.

        `port` (`--midi-port NAME`) is part of a device's name, in any case; `"all"` means every device; None leaves
        the virtual port alone, and devices that a binding names. `learning` has the bindings and may change them;
        without it they are `bindings`, for good. `virtual` makes a port pair called `dawbridge` (ALSA, JACK,
        CoreMIDI). `api` is rtmidi's name for a MIDI system (`LINUX_ALSA`, `UNIX_JACK`, ...); empty takes the usual
        one, and `system` is one that is open already. `command` does the command at an OSC address; `clock` counts
        seconds; `place` is told where a DAW's clock or time code sees the position.
        """
        self._place, self._command = place, command
        self._serving = self._closing = False
        self._store, self._deck, self._bus = store, deck, bus
        self._wanted, self._clock = port, clock
        self.learning = learning or MidiBinder(bus, None, bindings)
        """What is bound; learns."""
        self._heard: queue.SimpleQueue[tuple[str, Sequence[int], float]] = queue.SimpleQueue()
        self._devices: dict[str, _Device] = {}
        self._opening = Opening(self._notice)
        self._system: MidiSystem | None = None
        self._scan_at_s = float("-inf")
        self._announce = False
        self._sinks: frozenset[str] = frozenset()
        self._bindings = self.learning.bindings
        try:
            self._system = system or open_system(api)
        except ControlError as error:
            self._notice(str(error))
            return
        if virtual:
            self._open_virtual(self._system)
        self._scan(self._system)
        if port is not None and not any(device.port is not VIRTUAL for device in self._devices.values()):
            what = "device is there" if port.lower() == ALL else f"device's name contains {port!r}"
            self._notice(f"no MIDI {what} yet; it is opened as soon as it comes")
        self._announce = True

    @property
    def available(self) -> bool:
        """Whether there is a MIDI system; if not, no thread is needed for `serve`."""
        return self._system is not None

    @property
    def names(self) -> tuple[str, ...]:
        """Ports that are open for input."""
        return tuple(self._devices)

    def lines(self) -> Iterable[str]:
        """Ports that are open for input."""
        if self.names:
            yield f"MIDI in: {', '.join(self.names)}"

    def serve(self, stop: threading.Event) -> None:
        """Work until `stop` is set, then close all ports. Blocks."""
        self._serving = True
        try:
            while not stop.is_set() and not self._closing:
                self.step()
        finally:
            self._release()

    def step(self, timeout_s: float = 0.05) -> None:
        """Wait up to `timeout_s` for something to do, then do it: messages, feedback, ports that came or went.

        To be called again and again in one thread. Never raises for what a device does.
        """
        if self._system is None:
            return
        with suppress(queue.Empty):
            self._hear(*self._heard.get(timeout=self._patience_s(timeout_s)))
            for _ in range(MESSAGES_AT_ONCE):
                self._hear(*self._heard.get_nowait())
        now_s = self._clock()
        self.learning.step(now_s)
        if self.learning.bindings is not self._bindings:
            self._rebind()
        for device in self._devices.values():
            device.surface.flush(now_s)
            self._tell(device, now_s)
        if now_s >= self._scan_at_s:
            self._scan(self._system)

    def close(self) -> None:
        """End `serve`, which closes the ports as it returns; close them here if it never ran."""
        self._closing = True
        if not self._serving:
            self._release()

    def _release(self) -> None:
        system, self._system = self._system, None
        for device in self._devices.values():
            device.close()
        self._devices.clear()
        if system:
            system.close()

    def _patience_s(self, timeout_s: float) -> float:
        deadline_s = min((device.surface.deadline_s for device in self._devices.values()), default=float("inf"))
        return max(0.0, min(timeout_s, deadline_s - self._clock()))

    def _hear(self, label: str, message: Sequence[int], at_s: float) -> None:
        device = self._devices.get(label)
        if device and device.echo.is_echo(message, at_s):
            return
        if device and message and message[0] >= 0xF0:
            position = device.position.feed(message, at_s)
            if position:
                kind = TIMECODE if position.is_timecode else CLOCK
                self._place(position.seconds, position.playing, kind, label, position.backwards)
        if device and not self.learning.takes(device.port, message, at_s):
            device.surface.feed(message, at_s)

    def _rebind(self) -> None:
        self._bindings = self.learning.bindings
        for device in self._devices.values():
            device.surface.rebind(self._heard_at(device.port))
        self._scan_at_s = float("-inf")  # a binding may name a device that is not open yet

    def _heard_at(self, port: Port) -> tuple[Binding, ...]:
        return tuple(binding for binding in self._bindings if binding.hears(port))

    def _tell(self, device: _Device, now_s: float) -> None:
        if device.output is None:
            return
        try:
            for message in device.surface.feedback(now_s):
                device.output.send(message)
                device.echo.sent(message, now_s)
        except OSError:
            if device.port is not VIRTUAL:  # the next scan opens it again, or finds it gone
                device.output.close()
                device.output = None

    def _open_virtual(self, system: MidiSystem) -> None:
        try:
            pair = system.open_virtual(self._receiver(CLIENT))
        except OSError as error:
            self._notice(f"no virtual MIDI port: {error}")
            return
        self._devices[CLIENT] = _Device(self._surface(VIRTUAL), VIRTUAL, pair, pair)

    def _scan(self, system: MidiSystem) -> None:
        now_s = self._clock()
        self._scan_at_s = now_s + SCAN_EVERY_S
        try:
            inputs, outputs = ports(system.inputs()), ports(system.outputs())
        except OSError:  # the MIDI system itself is gone or not ready: asked again at the next scan
            return
        self._close_gone(inputs)
        self._opening.forget_others({*map(_input_name, inputs), *map(_output_name, outputs)})
        for port in inputs:
            if self._is_wanted(port) and port.label not in self._devices:
                self._open_input(system, port, now_s)
        for device in self._devices.values():
            if device.port is not VIRTUAL and device.output is None:
                self._open_output(system, device, outputs, now_s)
        self._greet(outputs)
        self._scan_at_s = min(now_s + SCAN_EVERY_S, self._opening.again_at_s)

    def _is_wanted(self, port: Port) -> bool:
        return wanted(port, self._wanted) or any(b.port is not None and b.hears(port) for b in self._bindings)

    def _greet(self, outputs: Sequence[Port]) -> None:
        """Tell everything to a program that came since the last scan: it may have connected itself to our port."""
        sinks = frozenset(port.full for port in outputs)
        if CLIENT in self._devices and sinks - self._sinks:
            self._devices[CLIENT].surface.forget_told()
        self._sinks = sinks

    def _close_gone(self, inputs: Sequence[Port]) -> None:
        present = {(port.full, port.ordinal) for port in inputs}
        for label, device in tuple(self._devices.items()):
            if device.port is not VIRTUAL and (device.port.full, device.port.ordinal) not in present:
                device.close()
                del self._devices[label]
                self._notice(f"MIDI device {label} is gone")

    def _open_input(self, system: MidiSystem, port: Port, now_s: float) -> None:
        receive = self._receiver(port.label)
        opened = self._opening.attempt(_input_name(port), lambda: system.open_input(port.index, receive), now_s)
        if opened:
            self._devices[port.label] = _Device(self._surface(port), port, opened)
            if self._announce:
                self._notice(f"MIDI in: {port.label}")

    def _open_output(self, system: MidiSystem, device: _Device, outputs: Sequence[Port], now_s: float) -> None:
        mate = next((port for port in outputs if port.device == device.port.device), None)
        if mate:
            device.output = self._opening.attempt(_output_name(mate), lambda: system.open_output(mate.index), now_s)
            device.surface.forget_told()

    def _receiver(self, label: str) -> Callable[[Sequence[int]], None]:
        return lambda message: self._heard.put_nowait((label, message, self._clock()))

    def _surface(self, port: Port) -> PortControls:
        return PortControls(port.label, self._store, self._deck, self._heard_at(port), self._notice, self._command)

    def _notice(self, text: str) -> None:
        self._bus.publish(Notice(text))


def _input_name(port: Port) -> str:
    return f"input {port.label}"


def _output_name(port: Port) -> str:
    return f"output {port.label}"
