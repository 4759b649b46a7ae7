"""The MIDI commands over OSC: learn, forget, see what comes in."""

from collections.abc import Callable
from typing import Protocol

from dawbridge.events import MidiEvent, MidiForgotten, MidiHeard, MidiLearned, MidiLearnEnded
from dawbridge.surfaces.osc.arguments import Arguments, Refused, arity, number, pressed, text
from dawbridge.surfaces.osc.codec import Value, encode
from dawbridge.surfaces.osc.subscribers import Address, Subscribers

_MONITOR_S = 60.0


class Midi(Protocol):
    """What OSC asks of MIDI. Called in the server's thread: each returns at once; what comes of it is on the bus."""

    def learn(self, target: str) -> None:
        """The next control that is moved turns `target`. Raises `UnknownParameterError`."""

    def cancel(self) -> None:
        """Learn nothing after all."""

    def forget(self, target: str) -> None:
        """No control turns `target` any more. Raises `UnknownParameterError`."""

    def monitor(self, seconds: float) -> None:
        """Publish every message that comes in for so long; 0 ends it."""


class MidiCommands:
    """Learning's answers go to the subscribers, and to the one who asked last."""

    def __init__(self, midi: Midi | None, subscribers: Subscribers, send: Callable[[bytes, Address], None]) -> None:
        """`midi` is None where there is none; `send` sends one datagram."""
        self._midi, self._subscribers, self._send = midi, subscribers, send
        self._asker: Address | None = None

    def obey(self, address: str, source: Address, arguments: Arguments) -> None:
        """One of the commands below `/dawbridge/midi/`. Raises `Refused`, `UnknownParameterError`."""
        if self._midi is None:
            raise Refused("internal", "there is no MIDI here; `dawbridge doctor` says why")
        match address:
            case "midi/learn":
                self._midi.learn(_parameter(arguments))
            case "midi/forget":
                self._midi.forget(_parameter(arguments))
            case "midi/learn/cancel":
                if not pressed(arguments):
                    return
                self._midi.cancel()
            case "midi/monitor":
                arity(arguments, 0, 1, "[f seconds]")
                self._midi.monitor(max(0.0, number(arguments[0])) if arguments else _MONITOR_S)
        self._asker = source

    def tell(self, event: MidiEvent) -> None:
        """Queue an event for the subscribers; the one who asked hears at once."""
        address, values = _message(event)
        told = self._subscribers.targets(self._asker) if self._asker else ()
        for target in told:
            self._send(encode(address, values), target)
        self._subscribers.event(address, values, but=told)


def _parameter(arguments: Arguments) -> str:
    arity(arguments, 1, 1, "s parameter")
    return text(arguments[0])


def _message(event: MidiEvent) -> tuple[str, tuple[Value, ...]]:
    match event:
        case MidiLearned(parameter, port, channel, controller, mode):
            return "/dawbridge/midi/learned", (parameter, port, channel, controller, mode)
        case MidiLearnEnded(parameter, reason):
            return "/dawbridge/midi/learn/ended", (parameter, reason)
        case MidiForgotten(parameter):
            return "/dawbridge/midi/forgotten", (parameter,)
        case MidiHeard(port, data):
            return "/dawbridge/midi/heard", (port, *data[:16])


COMMANDS = ("midi/learn", "midi/learn/cancel", "midi/forget", "midi/monitor")
