"""The control surfaces of one run: OSC, and OSCQuery and MIDI if they are wanted and available."""

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Protocol

from dawbridge.config.settings import Settings
from dawbridge.errors import ControlError
from dawbridge.events import Bus, Notice
from dawbridge.knobs.loader import PresetLoader
from dawbridge.knobs.parameters import ParameterStore
from dawbridge.surfaces.osc.server import OscServer
from dawbridge.surfaces.targets import Jobs, Moves
from dawbridge.version import VERSION

if TYPE_CHECKING:
    from dawbridge.surfaces.midi.ports import MidiPorts


class Surface(Protocol):
    """One way to control dawbridge. It is open once it is constructed."""

    @property
    def name(self) -> str:
        """One word, for its thread."""

    def lines(self) -> Iterable[str]:
        """Where it listens, for the start-up message."""

    def serve(self, stop: threading.Event) -> None:
        """Work until `stop` is set and `close` is called. Blocks; never raises for what comes in from outside."""

    def close(self) -> None:
        """End `serve`, and free what is open. From any thread, more than once if need be."""


class Surfaces:
    """All surfaces of one run. Opened on construction; the caller runs `loops` in threads of its own."""

    def __init__(
        self, settings: Settings, store: ParameterStore, deck: PresetLoader, jobs: Jobs, moves: Moves, bus: Bus
    ) -> None:
        """Raises `ControlError` if OSC cannot listen; anything else that cannot be opened is a line on the bus."""
        self._settings, self._store, self._deck, self._bus = settings, store, deck, bus
        midi = self._open_midi(moves) if settings.midi else None
        self._all: list[Surface] = [midi] if midi and midi.available else []
        self.osc = self._open_osc(jobs, moves, midi)
        self._all.insert(0, self.osc)
        if settings.http_port:
            self._open_query(settings.http_port)

    def loops(self, stop: threading.Event) -> Iterator[tuple[str, Callable[[], None]]]:
        """Names, and what serves each surface until `stop` is set and `close` is called."""
        for surface in self._all:
            yield surface.name, lambda surface=surface: surface.serve(stop)  # type: ignore[misc]

    def lines(self) -> Iterator[str]:
        """Where they listen, for the start-up message."""
        for surface in self._all:
            yield from surface.lines()

    def close(self) -> None:
        """End the loops and close everything."""
        for surface in self._all:
            surface.close()

    end = close

    def _open_osc(self, jobs: Jobs, moves: Moves, midi: "MidiPorts | None") -> OscServer:
        settings = self._settings
        try:
            return OscServer(
                self._store, self._deck, jobs, self._bus,
                host=settings.host, port=settings.osc_port, feedback=settings.osc_feedback, version=VERSION,
                midi=midi.learning if midi and midi.available else None, moves=moves,
            )  # fmt: skip
        except ControlError:
            self.close()
            raise

    def _open_midi(self, moves: Moves) -> "MidiPorts":
        from dawbridge.surfaces.midi.binder import MidiBinder
        from dawbridge.surfaces.midi.bindings_file import bindings_path
        from dawbridge.surfaces.midi.ports import MidiPorts

        learning = MidiBinder(self._bus, bindings_path())
        port = self._settings.midi_port
        return MidiPorts(self._store, self._deck, self._bus, port=port, learning=learning, place=moves.place)

    def _open_query(self, port: int) -> None:
        from dawbridge.surfaces.midi.bindings import TARGETS
        from dawbridge.surfaces.web.oscquery import OscQueryServer

        try:
            query = OscQueryServer(
                self._store, self._deck, self._bus, self.osc.dispatcher, self.osc,
                host=self._settings.host, port=port, osc_port=self.osc.address[1], targets=TARGETS,
            )  # fmt: skip
        except ControlError as error:
            self._bus.publish(Notice(f"{error}. All else works"))
            return
        self.osc.http_port = query.address[1]
        self._all.insert(1, query)
