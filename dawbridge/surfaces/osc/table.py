"""The addresses in words: for `dawbridge osc` and the reference page. The parameters' come from their own table."""

from collections.abc import Iterator
from typing import NamedTuple

from dawbridge.events import Bus
from dawbridge.knobs.loader import PresetLoader
from dawbridge.knobs.parameters import ParameterStore
from dawbridge.knobs.presets import Presets
from dawbridge.surfaces.osc.commands import Commands
from dawbridge.surfaces.osc.events import OUTGOING
from dawbridge.surfaces.osc.knobs import Knobs
from dawbridge.surfaces.osc.midi import MidiCommands
from dawbridge.surfaces.osc.subscribers import Subscribers


class Row(NamedTuple):
    """One address: what it takes (or brings) and what comes of it."""

    address: str
    arguments: str
    effect: str


FACES = (
    Row("", "f 0..1, or nothing", "set the knob's position; without an argument: ask for it"),
    Row("/raw", "f dB, Hz, ..., or nothing", "the same in the parameter's own unit"),
    Row("/str", "nothing", "ask for the value as text"),
    Row("/delta", "f -1..1", "turn by a step, for endless encoders"),
)
"""What hangs below a parameter's address."""

_COMMANDS = (
    Row("/dawbridge/ping", "", "`/dawbridge/pong` s version, i osc_port, i http_port, s idle, busy or paused, i queued"),
    Row("/ping", "any", "nothing comes back; renews this host's leases"),
    Row("/dawbridge/subscribe", "[i port] [s prefix] [i max_hz = 30] [i lease_s = 0]", "`/dawbridge/subscribed` with the same, then every value, then every change and event; no port: where the message came from"),
    Row("/dawbridge/unsubscribe", "[i port]", "`/dawbridge/unsubscribed` i port"),
    Row("/dawbridge/dump", "", "every value, then `/dawbridge/dumped` i count"),
    Row("/dawbridge/sync", "i id", "`/dawbridge/synced` i id, after all that came before was done"),
    Row("/dawbridge/preset", "s name, or nothing", "load a preset; without an argument: which one is on"),
    Row("/dawbridge/preset/index", "i number, or nothing", "load by number, from 1; Program Change n on the wire is number n + 1"),
    Row("/dawbridge/preset/load/<name>", "", "load a preset with a button; `%20` for a space"),
    Row("/dawbridge/preset/next", "", "the next preset, round the end"),
    Row("/dawbridge/preset/prev", "", "the one before"),
    Row("/dawbridge/preset/fader", "f 0..1", "the whole list on one fader"),
    Row("/dawbridge/preset/list", "", "`/dawbridge/preset/list` i count, s name ..."),
    Row("/dawbridge/preset/a", "s name, or nothing", "the preset at the low end of the morph"),
    Row("/dawbridge/preset/b", "s name, or nothing", "the preset at its high end"),
    Row("/dawbridge/preset/morph", "f 0..1, or nothing", "all knobs between preset a and preset b"),
    Row("/dawbridge/preset/save", "s name", "keep the knobs as a preset of your own; `/dawbridge/done`, then the list"),
    Row("/dawbridge/preset/delete", "s name", "delete one of your own; `/dawbridge/done`, then the list"),
    Row("/dawbridge/job/submit", "s path [s preset]", "separate a file inside a watched folder; `/dawbridge/job/submitted` i id, s path"),
    Row("/dawbridge/job/cancel", "i id", "stop or unqueue it"),
    Row("/dawbridge/job/rerender", "i id", "render its stems again with the knobs as they are"),
    Row("/dawbridge/job/focus", "i id", "knob moves now re-render this bounce"),
    Row("/dawbridge/job/retry", "i id", "do a failed, cancelled or done job once more, as its file is now"),
    Row("/dawbridge/job/forget", "i id", "remove it from the history; its file is taken as new"),
    Row("/dawbridge/job/accept", "i id", "take a stalled file as it is"),
    Row("/dawbridge/automation/record", "", "keep knob moves against the position"),
    Row("/dawbridge/automation/stop", "", "stop recording; the moves are rendered into the focused bounce"),
    Row("/dawbridge/automation/clear", "", "forget the recorded moves"),
    Row("/dawbridge/transport", "f seconds [i playing]", "the position, where neither MIDI clock nor MTC gives it"),
    Row("/dawbridge/midi/learn", "s parameter", "the next control that moves turns it (10 s); then `/dawbridge/midi/learned`"),
    Row("/dawbridge/midi/learn/cancel", "", "learn nothing after all"),
    Row("/dawbridge/midi/forget", "s parameter", "no control turns it any more; `/dawbridge/midi/forgotten` s parameter"),
    Row("/dawbridge/midi/monitor", "[f seconds = 60]", "`/dawbridge/midi/heard` for every MIDI message that comes in; 0 ends it"),
)  # fmt: skip

EVENTS = (
    Row("/dawbridge/startup", "s version", "dawbridge has started"),
    Row("/dawbridge/job/state", "i id, s state, s file", "settling, queued, running, done, failed, cancelled or stalled"),
    Row("/dawbridge/job/progress", "i id, f 0..1", "at most ten times a second; ends with 1.0"),
    Row("/dawbridge/job/done", "i id, s acapella, s instrumental, f seconds", "the stems are on disk"),
    Row("/dawbridge/job/failed", "i id, s code, s message", "what to do about it"),
    Row("/dawbridge/queue", "i length", "so many bounces wait"),
    Row("/dawbridge/preset", "s name", "a preset was loaded; with `/dawbridge/preset/index` i number"),
    Row("/dawbridge/preset/list", "i count, s name ...", "a preset was saved or deleted"),
    Row("/dawbridge/midi/learned", "s parameter, s port, i channel, i cc, s mode", "channel 1..16; cc is the note or program where it is one"),
    Row("/dawbridge/midi/learn/ended", "s parameter, s reason", "learning came to nothing"),
    Row("/dawbridge/midi/forgotten", "s parameter", "no control turns it any more"),
    Row("/dawbridge/midi/heard", "s port, i byte ...", "while monitored: one MIDI message"),
    Row("/dawbridge/error", "s address, s code, s message", "what was wrong with a message; also straight to its sender"),
)  # fmt: skip
"""What subscribers hear beside values."""


def commands() -> Iterator[Row]:
    """All commands that there are."""
    there = command_addresses()
    return (row for row in _COMMANDS if row.address in there or row.address.endswith(">"))


def command_addresses() -> frozenset[str]:
    """The commands' addresses as the server has them."""
    store, bus = ParameterStore(), Bus()
    knobs = Knobs(store)
    nobody = Subscribers(knobs.values, lambda _datagram, _target: None, None)
    midi = MidiCommands(None, nobody, lambda _datagram, _target: None)
    jobs, moves = None, object()  # never asked: the commands are only counted
    deck = PresetLoader(Presets(), store, bus)
    return frozenset(Commands(knobs, deck, jobs, nobody, tuple, lambda _: False, midi, moves).addresses)  # type: ignore[arg-type]


def undescribed() -> frozenset[str]:
    """Addresses without a row; a test keeps it empty."""
    said = " ".join(" ".join(row) for row in (*_COMMANDS, *EVENTS))
    return frozenset(address for address in command_addresses() | OUTGOING if address not in said)
