"""The parameters' addresses: set, query, `/raw`, `/str`, `/delta`."""

from collections.abc import Callable, Iterable

from dawbridge.commands import Value
from dawbridge.knobs.faces import FACES
from dawbridge.knobs.parameters import TABLE, Parameter, ParameterStore
from dawbridge.surfaces.arguments import Arguments, Refused, arity, number
from dawbridge.surfaces.osc.patterns import matching

Reply = Callable[[str, Iterable[Value]], None]
"""Sends one message to the sender."""

READABLE = tuple(face.suffix for face in FACES if face.readable)
"""What can be read below a parameter's address: position 0..1, the unit's value, text."""

IsEcho = Callable[[str, float], bool]
"""Whether a parameter's position is what its sender was just told, rounded."""


class Knobs:
    """Collects what one datagram sets, so that a bundle is applied at once (`apply`)."""

    def __init__(self, store: ParameterStore) -> None:
        self._store = store
        self._routes = {row.address + face.suffix: (row, face.suffix) for row in TABLE for face in FACES}
        self._pending: dict[str, float] = {}
        self._to_echo: dict[str, None] = {}

    def knows(self, address: str) -> bool:
        """Whether it is a parameter's address, or one below it."""
        return address in self._routes

    def matching(self, pattern: str) -> list[str]:
        """The parameter addresses that an OSC pattern fits. Patterns reach parameters only, never commands."""
        return matching(pattern, self._routes)

    def handle(
        self, address: str, arguments: Arguments, reply: Reply, origin: str, is_echo: IsEcho = lambda *_: False
    ) -> None:
        """Obey one message. Raises `Refused`, or `ParameterError`, with nothing set by this message."""
        row, face = self._routes[address]
        if face == "/delta":
            arity(arguments, 1, 1, "a step of -1..1")
            self._turn(row, number(arguments[0]))
        elif not arguments:
            self.apply(origin, reply)
            reply(address, (self._face(row, face),))
        elif face == "/str":
            raise Refused("read_only", f"text goes out here; set the value at {row.address} or {row.address}/raw")
        else:
            arity(arguments, 1, 1, "one number, or nothing for a query")
            self._set(row, face, number(arguments[0]), is_echo)

    def apply(self, origin: str, reply: Reply) -> None:
        """Set what was collected; tell the sender what was clamped, and what a step led to."""
        pending, self._pending = self._pending, {}
        to_echo, self._to_echo = self._to_echo, {}
        if pending:
            self._store.update(pending, origin)
        for name in to_echo:
            for address, value in self.values((name,)):
                reply(address, (value,))

    def values(self, names: Iterable[str] | None = None) -> list[tuple[str, Value]]:
        """Position, unit's value and text of the parameters `names` (None: all), as addresses and values."""
        wanted = None if names is None else set(names)
        rows = [row for row in TABLE if wanted is None or row.name in wanted]
        return [(row.address + face, self._face(row, face)) for row in rows for face in READABLE]

    def value(self, address: str) -> Value:
        """The value at a parameter's address or face."""
        return self._face(*self._routes[address])

    def position(self, name: str) -> float:
        """Knob position 0..1 of a parameter."""
        return self._store.normalized(name)

    def _face(self, row: Parameter, face: str) -> Value:
        raw = self._store.get(row.name)
        if face == "/str":
            return row.display(raw)
        return raw if face == "/raw" else row.normalize(raw)

    def _set(self, row: Parameter, face: str, given: float, is_echo: IsEcho) -> None:
        value = row.clamp(given) if face == "/raw" else row.denormalize(given)
        if row.name not in self._pending and is_echo(row.name, row.normalize(value)):
            return
        self._pending[row.name] = value
        low, high = (row.low, row.high) if face == "/raw" else (0.0, 1.0)
        if low <= given <= high:
            return
        self._to_echo[row.name] = None
        if face == "":
            unit = f", {row.unit} at {row.address}/raw" if row.unit else ""
            raise Refused("bad_args", f"{given:g} was clamped: 0..1 here{unit}")

    def _turn(self, row: Parameter, step: float) -> None:
        here = row.normalize(self._pending.get(row.name, self._store.get(row.name)))
        self._pending[row.name] = row.denormalize(row.turned(here, step))
        self._to_echo[row.name] = None
