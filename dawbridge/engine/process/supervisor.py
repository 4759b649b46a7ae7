"""Looks after the engine's process: talks to it, notices its death, has it started anew, patiently."""

import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from dawbridge.engine.process.messages import FromEngine, Quit

PATIENCE_S = 5.0
PAUSES_S = (0.0, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Wait ahead of the first, second, … start in a row of an engine that dies before it is ready; then the last."""
HOPELESS = 3
"""So many deaths in a row, none of them ready in between."""


class Supervisor:
    """One engine after the other. `start` is the daemon's: it makes a process and the pipe to it."""

    def __init__(self, start: Callable[[], tuple[BaseProcess, Connection]], clock: Callable[[], float]) -> None:
        self._start, self._clock = start, clock
        self._process, self._pipe = start()
        self._deaths = 0
        self._dead = False
        self._again_at = 0.0
        self.ended = ""
        """How the last one ended."""

    @property
    def process(self) -> BaseProcess:
        """The engine's process."""
        return self._process

    @property
    def hopeless(self) -> bool:
        """It does not even start."""
        return self._deaths >= HOPELESS

    @property
    def remedy(self) -> str:
        """What is done about its end, in words."""
        pause = self._pause()
        return f"it is started again in {pause:g} s; dawbridge doctor says more" if pause else "it is started anew"

    def is_well(self) -> None:
        """It said that it is ready."""
        self._deaths = 0

    def send(self, message: object) -> None:
        """Tell the engine; a dead one is noticed by `receive`."""
        with suppress(OSError):
            self._pipe.send(message)

    def receive(self, timeout_s: float) -> list[FromEngine] | None:
        """What it said, waiting at most `timeout_s`; None, once, where it died."""
        if self._dead:
            if self._clock() < self._again_at:
                threading.Event().wait(timeout_s)
                return []
            self._process, self._pipe = self._start()
            self._dead = False
        if not wait([self._pipe], timeout_s):
            return []
        messages: list[FromEngine] = []
        try:
            while self._pipe.poll():
                messages.append(self._pipe.recv())
        except (EOFError, OSError):
            if not messages:
                self._bury()
                return None
        return messages

    def stop(self) -> None:
        """End it, by force where it does not listen."""
        if self._dead:
            return
        self.send(Quit())
        self._process.join(PATIENCE_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._pipe.close()

    def _bury(self) -> None:
        self._process.join(PATIENCE_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self.ended = f"exit code {self._process.exitcode}"
        self._pipe.close()
        self._deaths += 1
        self._again_at = self._clock() + self._pause()
        self._dead = True

    def _pause(self) -> float:
        return PAUSES_S[min(self._deaths, len(PAUSES_S)) - 1] if self._deaths else 0.0
