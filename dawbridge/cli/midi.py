"""`dawbridge midi ports | bindings | learn PARAMETER | forget PARAMETER | monitor`."""

import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable

from dawbridge.config.settings import OSC_PORT
from dawbridge.errors import ConfigError, ControlError
from dawbridge.events import Bus, Event, MidiHeard, MidiLearned, MidiLearnEnded, Notice
from dawbridge.surfaces.midi import bindings_file
from dawbridge.surfaces.midi.bindings import Binding, check_target
from dawbridge.surfaces.midi.gesture import LASTS_S, mode
from dawbridge.surfaces.osc.client import OscClient

ACTIONS = ("ports", "bindings", "learn", "forget", "monitor")
_SLACK_S = 2.0
_STEP_S = 0.1


def add_flags(parser: ArgumentParser) -> None:
    """The flags of `dawbridge midi`."""
    add = parser.add_argument
    add("action", choices=ACTIONS, metavar="ACTION", help=", ".join(ACTIONS))
    add("parameter", nargs="?", default="", metavar="PARAMETER", help="with learn and forget: mask_strength, preset_morph ...")  # fmt: skip
    add("--seconds", type=float, default=600.0, metavar="N", help="with monitor: end after this many seconds [600]")
    add("--osc-port", type=int, default=OSC_PORT, metavar="PORT", help=f"where a running dawbridge is asked [{OSC_PORT}]")  # fmt: skip


def run(options: Namespace) -> int:
    """One of `ACTIONS`. Raises `ConfigError`, `ControlError`, `UnknownParameterError`."""
    needs_name = options.action in ("learn", "forget")
    if needs_name and not options.parameter:
        raise ConfigError(
            f"midi {options.action}: which parameter or command? `dawbridge midi bindings` lists what is bound"
        )
    if needs_name:
        check_target(options.parameter)
    actions: dict[str, Callable[[Namespace], int]] = {
        "ports": _ports, "bindings": _bindings, "learn": _learn, "forget": _forget, "monitor": _monitor,
    }  # fmt: skip
    return actions[options.action](options)


def _ports(_options: Namespace) -> int:
    from dawbridge.surfaces.midi.names import ports
    from dawbridge.surfaces.midi.system import open_system

    system = open_system()
    try:
        for title, names in (("in", system.inputs()), ("out", system.outputs())):
            labels = [port.label for port in ports(names)]
            print(f"{title}:", *(labels or ["none but dawbridge's own"]), sep="\n  ")
    except OSError as error:
        raise ControlError(f"MIDI ports cannot be listed: {error}") from error
    finally:
        system.close()
    return 0


def _bindings(_options: Namespace) -> int:
    path = bindings_file.bindings_path()
    found = bindings_file.read(path)
    for binding in found.effective:
        print(_line(binding))
    for problem in found.problems:
        print(f"{path}: {problem}")
    print(f"\nyours are in {path}" + ("" if path.exists() else ", which is not there yet"))
    return 1 if found.problems else 0


def _line(binding: Binding) -> str:
    number = "any" if binding.number is None else str(binding.number)
    channel = "any channel" if binding.channel is None else f"channel {binding.channel + 1}"
    words = [f"{binding.kind} {number}", channel, binding.port or "any port", mode(binding), str(binding.takeover)]
    words += ["inverted"] if binding.inverted else []
    words += [f"centre {binding.center}"] if binding.center is not None else []
    return f"{binding.target:20} " + ", ".join(words)


def _forget(options: Namespace) -> int:
    path = bindings_file.bindings_path()
    bindings_file.forget(path, options.parameter)
    print(f"no control turns {options.parameter} any more ({path}); a running dawbridge knows within a second")
    return 0


def _learn(options: Namespace) -> int:
    with OscClient(options.osc_port) as client:
        if client.answers():
            return _learn_there(client, options.parameter)
    return _learn_here(options.parameter)


def _learn_there(client: OscClient, parameter: str) -> int:
    """Have the daemon learn, since it has the ports open."""
    print(f"the running dawbridge learns: {_ask(parameter)}", flush=True)
    client.send("/dawbridge/midi/learn", parameter)
    for address, values in client.heard(LASTS_S + _SLACK_S):
        if address == "/dawbridge/midi/learned" and values[0] == parameter:
            print(_learned(*values))
            return 0
        if address == "/dawbridge/midi/learn/ended" and values[0] == parameter:
            raise ControlError(f"{parameter}: {values[1]}")
        if address == "/dawbridge/error" and values[0] == "/dawbridge/midi/learn":
            raise ControlError(str(values[2]))
    raise ControlError("the running dawbridge does not answer any more")


def _learn_here(parameter: str) -> int:
    """Learn here, with all devices open, since no daemon runs."""
    print(f"no dawbridge runs, every MIDI device is opened: {_ask(parameter)}", flush=True)
    ended: list[MidiLearned | MidiLearnEnded] = []

    def hear(event: Event) -> None:
        if isinstance(event, MidiLearned | MidiLearnEnded):
            ended.append(event)

    _listen(hear, lambda: bool(ended), parameter)
    event = ended[0]
    if isinstance(event, MidiLearnEnded):
        raise ControlError(f"{parameter}: {event.reason}")
    print(_learned(event.parameter, event.port, event.channel, event.number, event.mode))
    return 0


def _ask(parameter: str) -> str:
    return f"move the control for {parameter}, to the right, then to the left"


def _learned(parameter: object, port: object, channel: object, number: object, how: object) -> str:
    return f"{parameter}: {port}, channel {channel}, number {number}, {how}"


def _monitor(options: Namespace) -> int:
    """Until Ctrl-C, or for `--seconds`."""
    ends_s = time.monotonic() + options.seconds
    with OscClient(options.osc_port) as client:
        if client.answers():
            print("what the running dawbridge hears; Ctrl-C ends it", flush=True)
            _monitor_there(client, options.seconds)
            return 0

    def hear(event: Event) -> None:
        if isinstance(event, MidiHeard):
            print(_message(event.port, *event.data), flush=True)

    print("no dawbridge runs, every MIDI device is opened; Ctrl-C ends it", flush=True)
    _listen(hear, lambda: time.monotonic() >= ends_s, "")
    return 0


def _monitor_there(client: OscClient, seconds: float) -> None:
    client.send("/dawbridge/midi/monitor", float(seconds))
    try:
        for address, values in client.heard(seconds):
            if address == "/dawbridge/midi/heard":
                print(_message(*values), flush=True)
            elif address == "/dawbridge/error":
                raise ControlError(str(values[2]))
    finally:
        client.send("/dawbridge/midi/monitor", 0.0)


def _message(port: object, *data: object) -> str:
    """`nano: channel 1 cc 7 = 64`."""
    numbers = [number for number in data if isinstance(number, int)]
    status, channel = numbers[0] >> 4, (numbers[0] & 15) + 1
    names = {0x8: "note off", 0x9: "note", 0xA: "aftertouch", 0xB: "cc", 0xC: "program", 0xD: "pressure", 0xE: "bend"}
    if status not in names:
        return f"{port}: " + " ".join(f"{number:02X}" for number in numbers)
    return f"{port}: channel {channel} {names[status]} " + " = ".join(map(str, numbers[1:]))


def _listen(hear: Callable[[Event], None], is_done: Callable[[], bool], parameter: str) -> None:
    """Open every port and pass on events until `is_done`. Raises `ControlError` if MIDI is missing."""
    from dawbridge.knobs.loader import PresetLoader
    from dawbridge.knobs.parameters import ParameterStore
    from dawbridge.knobs.presets import Presets
    from dawbridge.surfaces.midi.binder import MONITOR_AT_MOST_S, MidiBinder
    from dawbridge.surfaces.midi.names import ALL
    from dawbridge.surfaces.midi.ports import MidiPorts

    bus, store = Bus(), ParameterStore()
    happened = bus.mailbox()
    learning = MidiBinder(bus, bindings_file.bindings_path())
    ports = MidiPorts(store, PresetLoader(Presets(), store, bus), bus, port=ALL, learning=learning)
    if not ports.available:
        said = [event.text for event in happened.drain() if isinstance(event, Notice)]
        raise ControlError(said[-1])
    learning.learn(parameter) if parameter else learning.monitor(MONITOR_AT_MOST_S)
    try:
        while not is_done():
            ports.step(_STEP_S)
            for event in happened.drain():
                hear(event)
    finally:
        ports.close()
