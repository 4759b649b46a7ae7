"""The control surfaces of one run: OSC, and OSCQuery and MIDI where they are wanted and there."""

import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from dawbridge.config.settings import Settings, reach
from dawbridge.errors import ControlError
from dawbridge.events import Bus, Notice
from dawbridge.knobs.loader import PresetLoader
from dawbridge.knobs.parameters import ParameterStore
from dawbridge.surfaces.osc.protocols import Jobs, Moves
from dawbridge.surfaces.osc.server import OscServer
from dawbridge.version import VERSION

if TYPE_CHECKING:
    from dawbridge.surfaces.midi.ports import MidiPorts
    from dawbridge.surfaces.web.oscquery import OscQueryServer


class Surfaces:
    """Opened on construction; the caller runs `loops` in threads of its own."""

    def __init__(
        self, settings: Settings, store: ParameterStore, deck: PresetLoader, jobs: Jobs, moves: Moves, bus: Bus
    ) -> None:
        """Raises `ControlError` where OSC cannot listen; what else cannot be opened is a line on the bus."""
        self._settings, self._store, self._deck, self._bus = settings, store, deck, bus
        self._midi = self._open_midi(moves) if settings.midi else None
        self.osc = self._open_osc(jobs, moves)
        self._query = self._open_query(settings.http_port) if settings.http_port else None
        self.osc.http_port = self._query.address[1] if self._query else 0

    def loops(self, stopping: threading.Event) -> Iterator[tuple[str, Callable[[], None]]]:
        """Names, and what serves each surface until `stopping` is set and `end` is called."""
        yield "osc", self.osc.serve
        if self._query:
            yield "oscquery", self._query.serve
        midi = self._midi
        if midi and midi.available:

            def serve() -> None:
                while not stopping.is_set():
                    midi.step()

            yield "midi", serve

    def lines(self) -> Iterator[str]:
        """Where they listen, for the start-up message."""
        host, port = self.osc.address
        yield f"OSC on udp {host}:{port}" + reach(host)
        if self._query:
            yield f"OSCQuery on http://{self._query.address[0]}:{self._query.address[1]}"
        if self._midi and self._midi.names:
            yield f"MIDI in: {', '.join(self._midi.names)}"

    def end(self) -> None:
        """Let the loops end."""
        self.osc.close()
        if self._query:
            self._query.close()

    def close(self) -> None:
        """Close the MIDI ports, once no loop runs any more."""
        if self._midi:
            self._midi.close()

    def _open_osc(self, jobs: Jobs, moves: Moves) -> OscServer:
        settings, midi = self._settings, self._midi
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

    def _open_query(self, port: int) -> "OscQueryServer | None":
        from dawbridge.surfaces.web.oscquery import OscQueryServer

        try:
            return OscQueryServer(
                self._store, self._deck, self._bus, self.osc.commands,
                host=self._settings.host, port=port, osc_port=self.osc.address[1],
            )  # fmt: skip
        except ControlError as error:
            self._bus.publish(Notice(f"{error}. All else works"))
            return None
