"""From a command's address and arguments to the method that its row of the table names, and back to its answer."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, Protocol

from dawbridge.commands import COMMANDS, DONE, Command, Value
from dawbridge.surfaces.arguments import Arguments, Checked, Refused, checked

_ABSENT = {"midi": "MIDI is not available; `dawbridge doctor` says why"}


class Caller(Protocol):
    """Whoever sent a command: an OSC client, a MIDI control, a page."""

    @property
    def origin(self) -> str:
        """Who it is, as in a `Change`: `"osc:127.0.0.1:9000"`."""

    def reply(self, address: str, values: Iterable[Value] = ()) -> None:
        """Send one message back."""

    def defer(self, request: "Future[object]", finish: Callable[[object], None]) -> None:
        """Call `finish` with the result of `request` in the caller's own thread, or report its error."""

    def finished(self, row: Command) -> None:
        """`row` was obeyed and answered."""


class Dispatcher:
    """The commands of a table, over the objects that do them."""

    def __init__(self, targets: Mapping[str, object], commands: Sequence[Command] = COMMANDS) -> None:
        """`targets` by the names ahead of the dot in `Command.call`; None for one that is not available here."""
        self._targets = targets
        self.commands = tuple(commands)
        self._by_address = {row.address: row for row in commands}
        self._readable = tuple(row for row in commands if row.reads)
        self._states = tuple(row for row in self._readable if row.is_state)
        self._by_prefix = {row.address.removesuffix("<name>"): row for row in commands if row.path_argument}

    def find(self, address: str) -> Command | None:
        """The command at `address`, if there is one."""
        row = self._by_address.get(address)
        if row and not row.path_argument:
            return row
        return next((row for prefix, row in self._by_prefix.items() if address.startswith(prefix)), None)

    def obey(self, row: Command, address: str, arguments: Arguments, caller: Caller) -> None:
        """Do what `row` says. Raises `DawbridgeError`; a request that is not done at once is deferred."""
        if row.reads and not arguments:
            caller.reply(row.address, self.read(row))
            return
        if row.is_state:  # what a mirror sends back
            return
        found = self._path_checked(row, address, arguments) if row.path_argument else checked(row, arguments)
        if found is None:
            return
        result = self._call(row, found.values, caller)
        if isinstance(result, Future):
            caller.defer(result, lambda value: self._answer(row, address, found, value, caller))
        else:
            self._answer(row, address, found, result, caller)

    def read(self, row: Command) -> tuple[Value, ...]:
        """The values at a readable command's address."""
        found = self._attribute(row.reads)
        value = found(*row.bound) if callable(found) else found
        return value if isinstance(value, tuple) else (value,)

    def state(self, *, only_states: bool = False) -> dict[str, tuple[Value, ...]]:
        """The values of all readable commands by address, or of those alone that can only be read."""
        return {row.address: self.read(row) for row in (self._states if only_states else self._readable)}

    def _path_checked(self, row: Command, address: str, arguments: Arguments) -> Checked | None:
        button = Command(row.address.removesuffix("/<name>"), row.call, row.help)
        pressed = checked(button, arguments)
        name = address.removeprefix(row.address.removesuffix("<name>")).replace("%20", " ")
        return pressed and checked(Command("", row.call, row.help, row.arguments), (name,))

    def _call(self, row: Command, values: tuple[Value, ...], caller: Caller) -> object:
        more = {"origin": caller.origin} if row.with_origin else {}
        if not isinstance(row.call, str):
            return row.call(self._targets, *row.bound, *values, **more)
        if row.call.startswith("client."):
            return getattr(caller, row.call.removeprefix("client."))(*row.bound, *values, **more)
        return self._attribute(row.call)(*row.bound, *values, **more)

    def _attribute(self, path: str) -> Any:
        name, _, attribute = path.partition(".")
        target = self._targets.get(name)
        if target is None:
            raise Refused("internal", _ABSENT.get(name, f"{name} is not available here"))
        return getattr(target, attribute)

    def _answer(self, row: Command, address: str, given: Checked, result: object, caller: Caller) -> None:
        if row.reply:
            caller.reply(row.reply.address, _reply_values(row, address, given, result))
        if given.complaint and row.reads:
            caller.reply(row.address, self.read(row))
        caller.finished(row)
        if given.complaint:
            raise Refused("bad_args", given.complaint)


def _reply_values(row: Command, address: str, given: Checked, result: object) -> tuple[Value, ...]:
    """What was returned, in the order of the reply's fields; the fields after it by the names of the arguments."""
    if row.reply is None or row.reply == DONE:
        return (address,)
    returned = () if result is None else result if isinstance(result, tuple) else (result,)
    named = {argument.name: value for argument, value in zip(row.arguments, given.values, strict=True)}
    rest = (named[field.name] for field in row.reply.fields[len(returned) :] if not field.rest)
    return (*returned, *rest)
