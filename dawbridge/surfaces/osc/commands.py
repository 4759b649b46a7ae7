"""The commands: what is not a parameter's address."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from dawbridge.knobs.loader import PresetLoader
from dawbridge.surfaces.osc.arguments import (
    Arguments,
    Refused,
    arity,
    in_reach,
    listening_port,
    number,
    pressed,
    text,
    whole,
)
from dawbridge.surfaces.osc.codec import Value, bundled, encode
from dawbridge.surfaces.osc.knobs import Knobs
from dawbridge.surfaces.osc.midi import COMMANDS as MIDI_COMMANDS
from dawbridge.surfaces.osc.midi import MidiCommands
from dawbridge.surfaces.osc.protocols import Jobs, Moves
from dawbridge.surfaces.osc.subscribers import DEFAULT_HZ, Address, Subscriber, Subscribers


@dataclass(frozen=True, slots=True)
class Client:
    """Who sent the message at hand, and how to answer."""

    source: Address
    send: Callable[[Iterable[bytes]], None]
    """Sends datagrams to the source, and to the port where it listens."""
    now_s: float
    """When the datagram at hand came."""

    def reply(self, address: str, values: Iterable[Value] = ()) -> None:
        """Send one message."""
        self.send((encode(address, values),))


Handler = Callable[[Client, Arguments], None]


class Commands:
    """Every command's address and what it does. Handlers raise `DawbridgeError`; its code goes to the client."""

    def __init__(
        self,
        knobs: Knobs,
        deck: PresetLoader,
        jobs: Jobs,
        subscribers: Subscribers,
        pong: Callable[[], tuple[Value, ...]],
        is_ours: Callable[[Address], bool],
        midi: MidiCommands,
        moves: Moves | None = None,
    ) -> None:
        """`pong` gives version and ports; `is_ours` says whether an address is the server's own."""
        self._knobs = knobs
        self._deck = deck
        self._jobs = jobs
        self._subscribers = subscribers
        self._pong = pong
        self._is_ours = is_ours
        self._handlers: dict[str, Handler] = {"/ping": self._renew} | {
            "/dawbridge/" + name: handler
            for name, handler in {
                "ping": self._on_press(self._ping),
                "subscribe": self._subscribe,
                "unsubscribe": self._unsubscribe,
                "dump": self._on_press(self._dump),
                "sync": self._sync,
                "preset": self._preset,
                "preset/index": self._preset_index,
                "preset/fader": self._preset_fader,
                "preset/next": self._on_press(lambda client: self._show(client, self._deck.step(1))),
                "preset/prev": self._on_press(lambda client: self._show(client, self._deck.step(-1))),
                "preset/list": self._on_press(lambda client: client.reply(*self._list())),
                "preset/save": self._preset_save,
                "preset/delete": self._preset_delete,
                "preset/a": lambda client, arguments: self._preset_end("a", client, arguments),
                "preset/b": lambda client, arguments: self._preset_end("b", client, arguments),
                "preset/morph": self._morph,
                "job/submit": self._submit,
                "job/cancel": lambda client, arguments: self._jobs.cancel(_whole(arguments, 1)),
                "job/rerender": lambda client, arguments: self._jobs.rerender(_whole(arguments, 1)),
                "job/focus": lambda client, arguments: self._jobs.focus(_whole(arguments, 1)),
                "job/retry": lambda client, arguments: self._jobs.retry(_whole(arguments, 1)),
                "job/forget": lambda client, arguments: self._jobs.forget(_whole(arguments, 1)),
                "job/accept": lambda client, arguments: self._jobs.accept(_whole(arguments, 1)),
            }.items()
        }
        for command in MIDI_COMMANDS:
            self._handlers["/dawbridge/" + command] = lambda client, arguments, command=command: midi.obey(  # type: ignore[misc]
                command, client.source, arguments
            )
        if moves:
            self._handlers |= _automation(moves)

    def find(self, address: str) -> Handler | None:
        """The handler of an address, if it is a command's."""
        if address.startswith("/dawbridge/preset/load/"):
            name = address.removeprefix("/dawbridge/preset/load/").replace("%20", " ")
            return self._on_press(lambda client: self._show(client, self._deck.load(name)))
        return self._handlers.get(address)

    @property
    def addresses(self) -> tuple[str, ...]:
        """All of them, for "did you mean" and the reference page."""
        return tuple(self._handlers)

    @staticmethod
    def _on_press(action: Callable[[Client], object]) -> Handler:
        def handler(client: Client, arguments: Arguments) -> None:
            if pressed(arguments):
                action(client)

        return handler

    def _ping(self, client: Client) -> None:
        client.reply("/dawbridge/pong", (*self._pong(), *self._jobs.status()))

    def _renew(self, client: Client, arguments: Arguments) -> None:
        self._subscribers.renew(client.source[0], client.now_s)

    def _subscribe(self, client: Client, arguments: Arguments) -> None:
        arity(arguments, 0, 4, "[i port] [s prefix] [i max_hz] [i lease_s]")
        port = listening_port(arguments, client.source[1])
        if port is None:
            return
        given = (*arguments[1:], *("", DEFAULT_HZ, 0)[max(0, len(arguments) - 1) :])
        prefix, max_hz, lease_s = text(given[0]), whole(given[1], 1, 1000), whole(given[2], 0)
        target = (client.source[0], port)
        if self._is_ours(target):
            raise Refused("bad_args", f"{port} is dawbridge's own port; name the one that you listen on")
        self._subscribers.add(Subscriber(target, client.source, prefix, max_hz, lease_s), client.now_s)
        client.reply("/dawbridge/subscribed", (port, prefix, max_hz, lease_s))
        self._send_values(client, prefix)

    def _unsubscribe(self, client: Client, arguments: Arguments) -> None:
        arity(arguments, 0, 1, "[i port]")
        port = listening_port(arguments, client.source[1])
        if port is None:
            return
        client.reply("/dawbridge/unsubscribed", (port,))
        self._subscribers.remove((client.source[0], port))
        if port == client.source[1]:
            self._subscribers.remove_own(client.source)

    def _dump(self, client: Client) -> None:
        client.reply("/dawbridge/dumped", (self._send_values(client),))

    def _sync(self, client: Client, arguments: Arguments) -> None:
        client.reply("/dawbridge/synced", (_whole(arguments, -(2**31)),))

    def _preset(self, client: Client, arguments: Arguments) -> None:
        if arguments:
            self._show(client, self._deck.load(_name(arguments)))
        else:
            client.reply("/dawbridge/preset", (self._deck.current,))

    def _preset_index(self, client: Client, arguments: Arguments) -> None:
        if arguments:
            self._show(client, self._deck.load_index(_whole(arguments, 1)))
        else:
            client.reply("/dawbridge/preset/index", (self._deck.index,))

    def _preset_fader(self, client: Client, arguments: Arguments) -> None:
        arity(arguments, 1, 1, "f 0..1")
        position = number(arguments[0])
        self._deck.load_position(position)
        in_reach(position)

    def _preset_end(self, end: str, client: Client, arguments: Arguments) -> None:
        address = f"/dawbridge/preset/{end}"
        if arguments:
            self._deck.set_end(end, _name(arguments))
            self._tell_others(client, address, self._deck.end(end))
        else:
            client.reply(address, (self._deck.end(end),))

    def _preset_save(self, client: Client, arguments: Arguments) -> None:
        self._deck.save(_name(arguments))
        self._told(client, "/dawbridge/preset/save")

    def _preset_delete(self, client: Client, arguments: Arguments) -> None:
        self._deck.delete(_name(arguments))
        self._told(client, "/dawbridge/preset/delete")

    def _morph(self, client: Client, arguments: Arguments) -> None:
        """A parameter like any other: queried, clamped, told to the others."""
        arity(arguments, 0, 1, "f 0..1, or nothing for a query")
        address = "/dawbridge/preset/morph"
        position = number(arguments[0]) if arguments else None
        if position is not None:
            self._deck.morph(position, f"osc:{client.source[0]}:{client.source[1]}")
        if position != self._deck.position:
            client.reply(address, (self._deck.position,))
        in_reach(position or 0.0)

    def _submit(self, client: Client, arguments: Arguments) -> None:
        arity(arguments, 1, 2, "s path [s preset]")
        path = text(arguments[0])
        job_id = self._jobs.submit(path, text(arguments[1]) if len(arguments) > 1 else None)
        client.reply("/dawbridge/job/submitted", (job_id, path))

    def _tell_others(self, client: Client, address: str, value: Value) -> None:
        self._subscribers.event(address, (value,), key=address, but=self._subscribers.targets(client.source))

    def _told(self, client: Client, command: str) -> None:
        client.reply("/dawbridge/done", (command,))
        self._subscribers.event(*self._list())

    def _list(self) -> tuple[str, tuple[Value, ...]]:
        names = self._deck.presets.names()
        return "/dawbridge/preset/list", (len(names), *names)

    def _show(self, client: Client, preset: object) -> None:
        """All values to one who loaded a preset and is not told anyway."""
        if client.source not in (subscriber.source for subscriber in self._subscribers):
            self._send_values(client)

    def _send_values(self, client: Client, prefix: str = "") -> int:
        values = [(address, value) for address, value in self._knobs.values() if address.startswith(prefix)]
        client.send(bundled(encode(address, (value,)) for address, value in values))
        return len(values)


def _automation(moves: Moves) -> dict[str, Handler]:
    """Record, stop, clear, and where the playhead is."""

    def transport(client: Client, arguments: Arguments) -> None:
        arity(arguments, 1, 2, "f seconds [i playing]")
        seconds = number(arguments[0])
        if seconds < 0:
            raise Refused("bad_args", f"{seconds:g} s lies ahead of the bounce's start; wanted: 0 or more")
        moves.place(seconds, len(arguments) < 2 or number(arguments[1]) != 0)

    press = Commands._on_press
    return {
        "/dawbridge/automation/record": press(lambda _: moves.record()),
        "/dawbridge/automation/stop": press(lambda _: moves.stop()),
        "/dawbridge/automation/clear": press(lambda _: moves.clear()),
        "/dawbridge/transport": transport,
    }


def _name(arguments: Arguments) -> str:
    arity(arguments, 1, 1, "s name")
    return text(arguments[0])


def _whole(arguments: Arguments, low: int) -> int:
    arity(arguments, 1, 1, "i number")
    return whole(arguments[0], low)
