"""Keeps an engine running: passes messages to it, notices its death, and starts the next one, ever more patiently."""

import threading
from collections.abc import Callable
from multiprocessing.connection import Connection

from dawbridge.engine.process.link import EngineLink
from dawbridge.engine.process.messages import FromEngine, ToEngine

PATIENCE_S = 5.0
"""How long an engine may take to end itself before it is killed, in seconds."""
PAUSES_S = (0.0, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Waits before the first, second, … restart in a row of an engine that dies before it is ready; then the last."""
HOPELESS = 3
"""Number of deaths in a row, with none ready in between, after which an engine counts as unable to start."""


class Supervisor:
    """Runs one engine after the other; `start` starts one and returns the link to it."""

    def __init__(self, start: Callable[[], EngineLink], clock: Callable[[], float]) -> None:
        self._start, self._clock = start, clock
        self._link: EngineLink | None = start()
        self._deaths = 0
        self._again_at = 0.0
        self.ended = ""
        """How the last engine ended, in words."""

    @property
    def hopeless(self) -> bool:
        """Whether the engine does not even start."""
        return self._deaths >= HOPELESS

    @property
    def remedy(self) -> str:
        """What is being done about the engine's end, in words."""
        pause = self._pause()
        return f"it is started again in {pause:g} s; dawbridge doctor says more" if pause else "it is started again"

    def is_well(self) -> None:
        """Note that the engine has reported that it is ready."""
        self._deaths = 0

    def send(self, message: ToEngine) -> None:
        """Pass a message to the engine; nothing happens while none is running."""
        if self._link is not None:
            self._link.send(message)

    def waitables(self) -> list[Connection]:
        """Return what a loop can wait on beside its own inbox; nothing while no engine is running."""
        return self._link.waitables() if self._link is not None else []

    def receive(self, timeout_s: float) -> list[FromEngine] | None:
        """Return what the engine sent, waiting at most `timeout_s`; None, once, after it died.

        The next engine is started by the first call after the pause that follows a death.
        """
        if self._link is None:
            if self._clock() < self._again_at:
                threading.Event().wait(timeout_s)
                return []
            self._link = self._start()
        try:
            return self._link.receive(timeout_s)
        except EOFError:
            self._bury(self._link)
            return None

    def stop(self) -> None:
        """End the engine, by force if it does not listen."""
        if self._link is not None:
            self._link.stop(PATIENCE_S)
            self._link = None

    def _bury(self, link: EngineLink) -> None:
        self.ended = link.stop(PATIENCE_S)
        self._link = None
        self._deaths += 1
        self._again_at = self._clock() + self._pause()

    def _pause(self) -> float:
        return PAUSES_S[min(self._deaths, len(PAUSES_S)) - 1] if self._deaths else 0.0
