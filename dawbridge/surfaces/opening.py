"""The control surfaces of one run: OSC; page, OSCQuery and MIDI if they are wanted and available."""

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from dawbridge.config.settings import Settings
from dawbridge.errors import ControlError
from dawbridge.events import Bus, Notice
from dawbridge.jobs.ledger import Ledger
from dawbridge.knobs.automation import Automation
from dawbridge.knobs.loader import PresetLoader
from dawbridge.knobs.parameters import ParameterStore
from dawbridge.surfaces.osc.server import OscServer
from dawbridge.surfaces.osc.tcp import OscTcpServer
from dawbridge.surfaces.targets import Jobs, Moves
from dawbridge.version import VERSION

if TYPE_CHECKING:
    from dawbridge.surfaces.midi.binder import MidiBinder
    from dawbridge.surfaces.midi.ports import MidiPorts
    from dawbridge.surfaces.midi.system import MidiSystem
    from dawbridge.surfaces.web.api.site import Site


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


@dataclass(frozen=True, slots=True)
class Home:
    """What the page shows or does that is no command."""

    ledger: Ledger
    cache: Path
    """Folder for pictures of audio."""
    automate: Callable[[Automation, int], object]
    """Gives a job an automation; returns a `Future`."""
    why_not: Callable[[Path], str]
    """Why a file in a watched folder would not be taken for a bounce; empty if it would."""


class Surfaces:
    """All surfaces of one run. Opened on construction; the caller runs `loops` in threads of its own."""

    def __init__(
        self,
        settings: Settings,
        store: ParameterStore,
        deck: PresetLoader,
        jobs: Jobs,
        moves: Moves,
        bus: Bus,
        *,
        home: "Home | None" = None,
    ) -> None:
        """Raises `ControlError` if OSC cannot listen; anything else that cannot be opened is a line on the bus.

        `home`: what the page needs besides; without it there is none.
        """
        self._home = home
        self._settings, self._store, self._deck, self._bus = settings, store, deck, bus
        system = self._midi_system() if settings.midi else None
        binder = self._binder() if system else None
        try:
            self.osc = self._open_osc(jobs, moves, binder)
        except ControlError:
            if system:
                system.close()
            raise
        self._all: list[Surface] = [self.osc]
        self.page = ""
        """The page's address; empty if there is none."""
        if settings.http_port:
            self._open_web(settings.http_port, jobs)
        if settings.osc_tcp:
            self._open_tcp(settings.osc_tcp)
        if system and binder:
            self._all.append(self._open_midi(system, binder, moves))

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

    def _open_osc(self, jobs: Jobs, moves: Moves, midi: "MidiBinder | None") -> OscServer:
        settings = self._settings
        return OscServer(
            self._store, self._deck, jobs, self._bus, midi=midi, moves=moves, version=VERSION,
            host=settings.host, port=settings.osc_port, feedback=settings.osc_feedback,
        )  # fmt: skip

    def _open_tcp(self, port: int) -> None:
        try:
            self._all.append(OscTcpServer(self.osc, self._settings.host, port))
        except ControlError as error:
            self._bus.publish(Notice(f"{error}. All else works"))

    def _midi_system(self) -> "MidiSystem | None":
        from dawbridge.surfaces.midi.system import open_system

        try:
            return open_system()
        except ControlError as error:
            self._bus.publish(Notice(str(error)))
            return None

    def _binder(self) -> "MidiBinder":
        from dawbridge.surfaces.midi.binder import MidiBinder
        from dawbridge.surfaces.midi.bindings_file import bindings_path

        return MidiBinder(self._bus, bindings_path())

    def _open_midi(self, system: "MidiSystem", binder: "MidiBinder", moves: Moves) -> "MidiPorts":
        from dawbridge.surfaces.midi.ports import MidiPorts

        return MidiPorts(
            self._store, self._deck, self._bus, port=self._settings.midi_port, learning=binder, system=system,
            place=moves.place, command=self.osc.command,
        )  # fmt: skip

    def _open_web(self, port: int, jobs: Jobs) -> None:
        from dawbridge.surfaces.midi.bindings import TARGETS
        from dawbridge.surfaces.web.server import WebServer

        try:
            server = WebServer(
                self._store, self._deck, self._bus, self.osc.dispatcher, self.osc,
                host=self._settings.host, port=port, osc_port=self.osc.address[1], targets=TARGETS,
                site=self._site(self._home, jobs) if self._home else None,
            )  # fmt: skip
        except ControlError as error:
            self._bus.publish(Notice(f"{error}. All else works"))
            return
        self.osc.http_port = server.address[1]
        self.page = server.page
        self._all.insert(0, server)

    def _site(self, home: "Home", jobs: Jobs) -> "Site":
        from dawbridge.surfaces.web.api.site import Site
        from dawbridge.surfaces.web.api.world import World

        world = World(
            home.ledger, tuple(folder.path.resolve() for folder in self._settings.folders), home.cache, jobs.status,
            home.automate, home.why_not, lambda: tuple(self.lines()), self.osc.listeners,
        )  # fmt: skip
        return Site(self._store, self._deck, self._bus, self.osc.dispatcher, world)
