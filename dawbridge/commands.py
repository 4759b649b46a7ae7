"""The command table: every OSC address that is not a parameter's, written once.

OSC dispatch and its refusals, OSCQuery's types, ranges and values, `dawbridge osc`, `dawbridge jobs` and docs/osc.md
all come out of `COMMANDS` and `EVENTS`. A new command is one row and the method that it names.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from dawbridge.events import (
    Done,
    Failed,
    JobForgotten,
    JobInfo,
    MidiForgotten,
    MidiHeard,
    MidiLearned,
    MidiLearnEnded,
    PresetEndChosen,
    PresetLoaded,
    PresetMorphed,
    PresetsChanged,
    Progress,
    QueueLength,
    StateChanged,
)

Value = float | int | str
"""What is sent: Pd, JUCE and openFrameworks between them read no types other than f, i and s."""

CODES = frozenset(
    (
        "unknown_address",
        "bad_args",
        "not_finite",
        "read_only",
        "unknown_preset",
        "bad_name",
        "unknown_job",
        "path_not_allowed",
        "busy",
        "too_many_clients",
        "internal",
    )
)
"""The closed list of codes in `/dawbridge/error`."""


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a command, or one value of a message that is sent."""

    name: str
    type: Literal["i", "f", "s"]
    low: float | None = None
    high: float | None = None
    unit: str = ""
    default: Value | None = None
    """Value used if the argument is left out; None: it is required."""
    choices: Literal["", "presets", "targets"] = ""
    """What a text can be: the name of a preset, or something that a MIDI control can be bound to."""
    clamped: bool = False
    """A value outside the range is clamped and reported, as a fader's is, instead of refused."""
    rest: bool = False
    """Any number of values of this type."""
    attribute: str = ""
    """Attribute of the event that holds the value, if it has another name."""

    @property
    def allowed(self) -> str:
        """The range in words: `0..1`, `1 or more`; empty if there is none."""
        unit = f" {self.unit}" if self.unit else ""
        if self.low is None or self.high is None:
            return "" if self.low is None else f"{self.low:g} or more{unit}"
        return f"{self.low:g}..{self.high:g}{unit}"

    @property
    def words(self) -> str:
        """`s path`, `[i max_hz = 30]`, `f position 0..1`."""
        span = f" {self.allowed}" if self.clamped else ""
        text = f"{self.type} {self.name}{span}{' ...' if self.rest else ''}"
        if self.default is None:
            return text
        return f"[{text} = {self.default}]" if self.default not in ("", -1) else f"[{text}]"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message that dawbridge sends: an answer to a command, or an event for the subscribers."""

    address: str
    help: str
    fields: tuple[Argument, ...] = ()
    event: type | None = None
    """Event of the bus that it reports; its attributes give the fields."""
    only: tuple[str, str] | None = None
    """Attribute and its value, if only such an event is reported here."""
    newest: int | None = None
    """Of waiting messages that agree in this many first fields, only the newest is sent; None: all are."""

    @property
    def words(self) -> str:
        """Types and names of its values."""
        return ", ".join(field.words for field in self.fields)


DONE = Outgoing("/dawbridge/done", "a command was obeyed", (Argument("address", "s"),))
"""Answers every command that has no answer of its own."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command. An address that ends in `/<name>` takes the rest of the address as its one argument."""

    address: str
    call: str | Callable[..., object]
    """Target and method, `"jobs.cancel"`, or a function of the targets. It gets `bound`, then the arguments."""
    help: str
    arguments: tuple[Argument, ...] = ()
    reply: Outgoing | None = DONE
    """Sent after the call. Its fields come from what was returned, in order, then from the arguments by name."""
    reads: str = ""
    """Target and attribute (a method, if there is `bound`) whose value or values answer the address without arguments."""
    bound: tuple[str | int, ...] = ()
    """First arguments of the method, the same for every call."""
    button: bool = False
    """A lone 0 is a button's release, and a lone 1 a press without arguments."""
    lenient: bool = False
    """Any arguments are accepted, and none is looked at."""
    with_origin: bool = False
    """The method is told who sent the command, as `origin`."""
    shows_values: bool = False
    """All values are sent to a client that is no subscriber, since any of them may have changed."""
    asks: bool = False
    """What comes of it later is sent to the client that asked last, even if it is no subscriber."""
    cost: int = 1
    """Work that it causes, in units of setting one knob."""

    @property
    def is_state(self) -> bool:
        """It can only be read; its arguments are what it reads. Subscribers are told when it changes."""
        return not self.call

    @property
    def is_button(self) -> bool:
        """It can be sent by a button: it needs no argument."""
        return (not self.is_state and self.button) or not (self.arguments or self.lenient or self.path_argument)

    @property
    def path_argument(self) -> bool:
        """Its argument is the last part of the address."""
        return self.address.endswith("/<name>")

    @property
    def types(self) -> str:
        """OSC type tags of its arguments: `"is"`."""
        return "".join(argument.type for argument in self.arguments)

    @property
    def words(self) -> str:
        """The arguments in words, as a refusal and the reference page have them: `s path [s preset]`."""
        if self.lenient:
            return "any"
        if self.is_state:
            return "nothing"
        return " ".join(argument.words for argument in self.arguments) + (", or nothing" if self.reads else "")

    @property
    def effect(self) -> str:
        """Help, and what it answers if not the usual `/dawbridge/done`."""
        if self.is_state:
            return f"{self.help}; `{self.address}` {' '.join(argument.words for argument in self.arguments)}"
        if self.reply is None or self.reply.address == DONE.address:
            return self.help
        return f"{self.help}; `{self.reply.address}` {self.reply.words}".rstrip()


def _i(name: str, low: float | None = None, high: float | None = None, **more: object) -> Argument:
    return Argument(name, "i", low, high, **more)  # type: ignore[arg-type]


def _f(name: str, low: float | None = None, high: float | None = None, **more: object) -> Argument:
    return Argument(name, "f", low, high, **more)  # type: ignore[arg-type]


def _s(name: str, **more: object) -> Argument:
    return Argument(name, "s", **more)  # type: ignore[arg-type]


_DAY_S = 86_400
"""The highest position, in seconds."""
_JOB = (_i("id", 1),)
_PRESET = (_s("name", choices="presets"),)
_TARGET = (_s("parameter", choices="targets"),)
_POSITION = (_f("position", 0, 1, clamped=True),)
_PORT = _i("port", 0, 65535, default=-1)
_LISTED = (_i("count"), _s("name", rest=True))
_SUBSCRIBED = (_i("port"), _s("prefix"), _i("max_hz"), _i("lease_s"))
_PONG = (_s("version"), _i("osc_port"), _i("http_port"), _s("state"), _i("queued"))

COMMANDS: tuple[Command, ...] = (
    Command("/dawbridge/ping", "client.ping", "answer that dawbridge is there; state is idle, busy or paused", reply=Outgoing("/dawbridge/pong", "answers a ping", _PONG)),
    Command("/ping", "client.renew", "renew the leases of this host's subscribers; nothing comes back", reply=None, lenient=True),
    Command("/dawbridge/subscribe", "client.subscribe", "send every value, then every change and event, to this port of the sender (no port: the one it sends from)", (_PORT, _s("prefix", default=""), _i("max_hz", 1, 1000, default=30), _i("lease_s", 0, default=0)), button=True, reply=Outgoing("/dawbridge/subscribed", "answers a subscription", _SUBSCRIBED), cost=32),
    Command("/dawbridge/unsubscribe", "client.unsubscribe", "send nothing more to this port", (_PORT,), button=True, reply=Outgoing("/dawbridge/unsubscribed", "answers the end of a subscription", (_i("port"),))),
    Command("/dawbridge/dump", "client.dump", "send every value once", reply=Outgoing("/dawbridge/dumped", "follows the last value of a dump", (_i("count"),)), cost=32),
    Command("/dawbridge/sync", "client.sync", "answer after everything that this client sent before was obeyed", (_i("id"),), reply=Outgoing("/dawbridge/synced", "answers a sync", (_i("id"),))),
    Command("/dawbridge/preset", "presets.load", "load a preset; without an argument: which one is loaded", _PRESET, reads="presets.current", shows_values=True, cost=8),
    Command("/dawbridge/preset/index", "presets.load_index", "load a preset by its number; Program Change n on the wire is number n + 1", (_i("number", 1),), reads="presets.index", shows_values=True, cost=8),
    Command("/dawbridge/preset/load/<name>", "presets.load", "load a preset with a button; `%20` stands for a space", _PRESET, shows_values=True, cost=8),
    Command("/dawbridge/preset/next", "presets.step", "load the next preset; after the last comes the first", bound=(1,), shows_values=True, cost=8),
    Command("/dawbridge/preset/prev", "presets.step", "load the preset before", bound=(-1,), shows_values=True, cost=8),
    Command("/dawbridge/preset/fader", "presets.load_position", "load presets with a fader, the whole list over its way", _POSITION, reply=None, cost=8),
    Command("/dawbridge/preset/list", "presets.listed", "list the presets", reply=Outgoing("/dawbridge/preset/list", "the presets; sent too after one was saved or deleted", _LISTED, PresetsChanged), cost=8),
    Command("/dawbridge/preset/a", "presets.set_end", "choose the preset at the low end of the morph", _PRESET, reads="presets.end", bound=("a",), with_origin=True, cost=8),
    Command("/dawbridge/preset/b", "presets.set_end", "choose the preset at the high end of the morph", _PRESET, reads="presets.end", bound=("b",), with_origin=True, cost=8),
    Command("/dawbridge/preset/morph", "presets.morph", "turn all knobs between preset a and preset b", _POSITION, reply=None, reads="presets.position", with_origin=True),
    Command("/dawbridge/preset/save", "presets.save", "keep the knobs as a preset of your own", (_s("name"),), cost=8),
    Command("/dawbridge/preset/delete", "presets.delete", "delete a preset of your own", _PRESET, cost=8),
    Command("/dawbridge/job/submit", "jobs.submit", "separate a file inside a watched folder", (_s("path"), _s("preset", choices="presets", default="")), reply=Outgoing("/dawbridge/job/submitted", "answers a submission", (_i("id"), _s("path"))), cost=8),
    Command("/dawbridge/job/cancel", "jobs.cancel", "stop a job or take it out of the queue", _JOB),
    Command("/dawbridge/job/rerender", "jobs.rerender", "render a job's stems again with the knobs as they are", _JOB),
    Command("/dawbridge/job/focus", "jobs.focus", "knob moves now re-render this job's bounce", _JOB),
    Command("/dawbridge/job/retry", "jobs.retry", "do a failed, cancelled or done job once more, as its file is now", _JOB),
    Command("/dawbridge/job/forget", "jobs.forget", "remove a job from the history; its file counts as new", _JOB),
    Command("/dawbridge/job/accept", "jobs.accept", "take a stalled file as it is", _JOB),
    Command("/dawbridge/job/info", "jobs.info", "tempo and key of a bounce", _JOB, reply=Outgoing("/dawbridge/job/info", "tempo and key of a bounce, sent too as soon as they are known; 0 or empty if not sure, or not known yet", (_i("id", attribute="job_id"), _f("bpm"), _s("key"), _s("camelot")), JobInfo)),
    Command("/dawbridge/job/accept/last", "overview.accept", "take the file that stalled last as it is"),
    Command("/dawbridge/job/focus/next", "overview.focus_step", "focus the next done bounce; after the last comes the first", bound=(1,)),
    Command("/dawbridge/job/focus/prev", "overview.focus_step", "focus the done bounce before", bound=(-1,)),
    Command("/dawbridge/queue", "", "how many bounces wait", (_i("length"),), reads="overview.queue"),
    Command("/dawbridge/focus", "", "the bounce that knob moves re-render (id 0: none), and its stems", (_i("id"), _s("name"), _s("acapella"), _s("instrumental")), reads="overview.focus"),
    Command("/dawbridge/preset/changed", "", "1 if a knob was turned since the preset was loaded", (_i("changed"),), reads="presets.is_changed"),
    Command("/dawbridge/automation/recording", "", "1 while knob moves are recorded", (_i("recording"),), reads="overview.recording"),
    Command("/dawbridge/midi/learning", "", "what the next control that moves is bound to; empty: nothing is learned", (_s("parameter"),), reads="overview.learning"),
    Command("/dawbridge/automation/record", "automation.record", "keep knob moves against the position, for the bounce in focus; refused as `busy` while that is done already"),
    Command("/dawbridge/automation/stop", "automation.stop", "stop recording and render the moves into the bounce that was in focus at the start; a take before the first bounce waits for it (id 0)", reply=Outgoing("/dawbridge/automation/stopped", "answers the end of a recording: whose take it is, and what it moves", (_i("id"), _s("take")))),
    Command("/dawbridge/automation/clear", "automation.clear", "the focused bounce follows the knobs alone again; a recording goes on"),
    Command("/dawbridge/automation/undo", "automation.undo", "take back the focused bounce's last take, or what else changed its automation"),
    Command("/dawbridge/automation/redo", "automation.redo", "do again what was undone"),
    Command("/dawbridge/take/list", "automation.takes", "list the focused bounce's takes, each with its number, its time and its knobs", reply=Outgoing("/dawbridge/take/list", "answers with the takes", (_i("count"), _s("take", rest=True))), cost=8),
    Command("/dawbridge/take/use", "automation.use_take", "lay a take over the focused bounce's automation again, where it was played", (_i("number", 1),)),
    Command("/dawbridge/take/delete", "automation.delete_take", "delete a take; the automation stays as it is", (_i("number", 1),)),
    Command("/dawbridge/position", "", "the playhead (-1: nobody says), 1 if it moves, and who says so: mtc or clock with the name of the MIDI port, transport, or nobody for 2 s", (_f("seconds"), _i("playing"), _s("source")), reads="overview.position"),
    Command("/dawbridge/position/zero", "automation.set_zero", "say at which position a bounce starts; -1: at the time reference that it carries, else at time code's whole hour; -2: where it is heard playing next", (_f("seconds", -2, _DAY_S, unit="s"),), reads="overview.zero"),
    Command("/dawbridge/transport", "automation.place", "report the position, if neither MIDI clock nor MTC gives it", (_f("seconds", 0, _DAY_S, unit="s"), _i("playing", default=1)), reply=None),
    Command("/dawbridge/midi/learn", "midi.learn", "bind the next control that moves within 10 s", _TARGET, reply=Outgoing("/dawbridge/midi/learning", "a control is waited for", (_s("parameter"),)), asks=True),
    Command("/dawbridge/midi/learn/cancel", "midi.cancel", "learn nothing after all", asks=True),
    Command("/dawbridge/midi/forget", "midi.forget", "unbind every control of a parameter", _TARGET, asks=True),
    Command("/dawbridge/midi/monitor", "midi.monitor", "report every MIDI message that comes in for this long; 0 ends it", (_f("seconds", 0, unit="s", default=60),), asks=True),
)  # fmt: skip

EVENTS: tuple[Outgoing, ...] = (
    Outgoing("/dawbridge/startup", "dawbridge has started", (_s("version"),)),
    Outgoing("/dawbridge/job/state", "settling, queued, running, done, failed, cancelled or stalled", (_i("id", attribute="job_id"), _s("state"), _s("file")), StateChanged),
    Outgoing("/dawbridge/job/progress", "at most ten times a second; ends with 1.0; left_s: how long it will still take, -1 if not known yet", (_i("id", attribute="job_id"), _f("fraction", 0, 1, clamped=True), _f("left_s")), Progress, newest=1),
    Outgoing("/dawbridge/job/done", "the stems are on disk", (_i("id", attribute="job_id"), _s("acapella"), _s("instrumental"), _f("seconds")), Done),
    Outgoing("/dawbridge/job/failed", "what failed and what to do about it", (_i("id", attribute="job_id"), _s("code"), _s("message")), Failed),
    Outgoing("/dawbridge/job/forgotten", "the job was removed; its file counts as new", (_i("id", attribute="job_id"),), JobForgotten),
    Outgoing("/dawbridge/queue", "how many bounces wait", (_i("length"),), QueueLength),
    Outgoing("/dawbridge/preset", "a preset was loaded", (_s("name"),), PresetLoaded),
    Outgoing("/dawbridge/preset/index", "its number, from 1", (_i("index"),), PresetLoaded),
    Outgoing("/dawbridge/preset/a", "the preset at the low end of the morph was chosen", (_s("name"),), PresetEndChosen, only=("end", "a"), newest=0),
    Outgoing("/dawbridge/preset/b", "the preset at the high end of the morph was chosen", (_s("name"),), PresetEndChosen, only=("end", "b"), newest=0),
    Outgoing("/dawbridge/preset/morph", "all knobs were turned between preset a and preset b", (_f("position"),), PresetMorphed, newest=0),
    Outgoing("/dawbridge/midi/learned", "channel is 1..16; cc is the note or the program for such a control", (_s("parameter"), _s("port"), _i("channel"), _i("cc", attribute="number"), _s("mode")), MidiLearned),
    Outgoing("/dawbridge/midi/learn/ended", "learning came to nothing", (_s("parameter"), _s("reason")), MidiLearnEnded),
    Outgoing("/dawbridge/midi/forgotten", "no control turns the parameter any more", (_s("parameter"),), MidiForgotten),
    Outgoing("/dawbridge/midi/heard", "one MIDI message, while they are monitored", (_s("port"), _i("byte", rest=True, attribute="data")), MidiHeard),
    Outgoing("/dawbridge/error", "what was wrong with a message; also sent to its sender at once", (_s("address"), _s("code"), _s("message"))),
)  # fmt: skip
"""What subscribers receive besides values."""


def replies() -> tuple[Outgoing, ...]:
    """What answers a command and is sent to its sender alone, each address once."""
    events = {row.address for row in EVENTS}
    found = {row.reply.address: row.reply for row in COMMANDS if row.reply}
    return tuple(reply for address, reply in found.items() if address not in events)


def only_outgoing() -> frozenset[str]:
    """Addresses that are only ever sent. One that comes in is a mirror's and is passed over: no answer, no echo."""
    taken = {row.address for row in COMMANDS if not row.is_state}
    return frozenset(row.address for row in (*EVENTS, *replies()) if row.address not in taken)
