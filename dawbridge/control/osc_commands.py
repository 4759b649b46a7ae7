"""The commands: what is not a parameter's address."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, Protocol

from dawbridge.control.deck import PresetDeck
from dawbridge.control.osc_arguments import Arguments, arity, number, pressed, text, whole
from dawbridge.control.osc_codec import Value, bundled, encode
from dawbridge.control.osc_knobs import Knobs
from dawbridge.control.osc_subscribers import DEFAULT_HZ, Address, Subscriber, Subscribers

State = Literal["idle", "busy", "paused"]


class Jobs(Protocol):
    """What OSC asks of the daemon's jobs. Called in the server's thread: each returns at once.

    A refusal is a `JobError` (or a subclass) whose `code` is `unknown_job`, `path_not_allowed`, `busy` or
    `unknown_preset`; any other code goes out as `internal`.
    """

    def submit(self, path: str, preset: str | None) -> int:
        """Queue the file at `path`, with a preset of its own or the knobs as they are; returns the job's id."""

    def cancel(self, job_id: int) -> None:
        """Stop or unqueue the job."""

    def rerender(self, job_id: int) -> None:
        """Render the job's stems again with the knobs as they are."""

    def focus(self, job_id: int) -> None:
        """Knob moves now re-render this job."""

    def accept(self, job_id: int) -> None:
        """Take a stalled file as it is."""

    def status(self) -> tuple[State, int]:
        """What the daemon does, and how many bounces wait."""


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
        deck: PresetDeck,
        jobs: Jobs,
        subscribers: Subscribers,
        pong: Callable[[], tuple[Value, ...]],
    ) -> None:
        self._knobs = knobs
        self._deck = deck
        self._jobs = jobs
        self._subscribers = subscribers
        self._pong = pong
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
                "preset/a": lambda client, arguments: self._deck.set_end("a", _name(arguments)),
                "preset/b": lambda client, arguments: self._deck.set_end("b", _name(arguments)),
                "preset/morph": self._morph,
                "job/submit": self._submit,
                "job/cancel": lambda client, arguments: self._jobs.cancel(_whole(arguments, 1)),
                "job/rerender": lambda client, arguments: self._jobs.rerender(_whole(arguments, 1)),
                "job/focus": lambda client, arguments: self._jobs.focus(_whole(arguments, 1)),
                "job/accept": lambda client, arguments: self._jobs.accept(_whole(arguments, 1)),
            }.items()
        }

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
        given = (*arguments, *(0, "", DEFAULT_HZ, 0)[len(arguments) :])
        port = whole(given[0], 0, 65535) or client.source[1]
        prefix, max_hz, lease_s = text(given[1]), whole(given[2], 1, 1000), whole(given[3], 0)
        subscriber = Subscriber((client.source[0], port), client.source, prefix, max_hz, lease_s)
        self._subscribers.add(subscriber, client.now_s)
        client.reply("/dawbridge/subscribed", (port, prefix, max_hz, lease_s))
        self._send_values(client, prefix)

    def _unsubscribe(self, client: Client, arguments: Arguments) -> None:
        arity(arguments, 0, 1, "[i port]")
        port = (whole(arguments[0], 0, 65535) if arguments else 0) or client.source[1]
        client.reply("/dawbridge/unsubscribed", (port,))
        self._subscribers.remove((client.source[0], port))

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
        self._deck.load_position(number(arguments[0]))

    def _preset_save(self, client: Client, arguments: Arguments) -> None:
        self._deck.save(_name(arguments))
        self._told(client, "/dawbridge/preset/save")

    def _preset_delete(self, client: Client, arguments: Arguments) -> None:
        self._deck.delete(_name(arguments))
        self._told(client, "/dawbridge/preset/delete")

    def _morph(self, client: Client, arguments: Arguments) -> None:
        arity(arguments, 1, 1, "f 0..1")
        self._deck.morph(number(arguments[0]))

    def _submit(self, client: Client, arguments: Arguments) -> None:
        arity(arguments, 1, 2, "s path [s preset]")
        path = text(arguments[0])
        job_id = self._jobs.submit(path, text(arguments[1]) if len(arguments) > 1 else None)
        client.reply("/dawbridge/job/submitted", (job_id, path))

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


def _name(arguments: Arguments) -> str:
    arity(arguments, 1, 1, "s name")
    return text(arguments[0])


def _whole(arguments: Arguments, low: int) -> int:
    arity(arguments, 1, 1, "i number")
    return whole(arguments[0], low)
