"""The way to an engine, wherever it runs: four methods that the supervisor needs, and their local implementation."""

import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from os import cpu_count
from pathlib import Path
from typing import Protocol

from dawbridge.config.cluster import ClusterSettings
from dawbridge.engine.process.messages import EnginePipe, FromEngine, Quit, ToEngine


class EngineLink(Protocol):
    """One running engine, from its start to its end. A pipe to a process is one; a cluster could be another."""

    def send(self, message: ToEngine) -> None:
        """Deliver a message without waiting for an answer; a dead engine is reported by `receive`, not here."""

    def receive(self, timeout_s: float) -> list[FromEngine]:
        """Return the messages that have arrived, after waiting for the first at most `timeout_s` seconds.

        Raises `EOFError` if the engine is gone and everything that it sent has been returned.
        """

    def waitables(self) -> list[Connection]:
        """Return what `multiprocessing.connection.wait` can wait on until `receive` has something to return."""

    def stop(self, patience_s: float) -> str:
        """End the engine, by force if it does not end itself in time; return how it ended, in words."""


class PipeLink:
    """An engine in a process of this computer, at the other end of a pipe."""

    def __init__(self, process: BaseProcess, pipe: Connection) -> None:
        self.process = process
        self._pipe = pipe

    def send(self, message: ToEngine) -> None:
        """Deliver a message; a dead process is reported by `receive`."""
        with suppress(OSError):
            self._pipe.send(message)

    def receive(self, timeout_s: float) -> list[FromEngine]:
        """Return the messages that have arrived. Raises `EOFError` if the process is gone."""
        messages: list[FromEngine] = []
        try:
            if wait([self._pipe], timeout_s):
                while self._pipe.poll():
                    messages.append(self._pipe.recv())
        except OSError as error:
            if not messages:
                raise EOFError(str(error)) from error
        except EOFError:
            if not messages:
                raise
        return messages

    def waitables(self) -> list[Connection]:
        """Return this end of the pipe."""
        return [self._pipe]

    def stop(self, patience_s: float) -> str:
        """Ask the process to end, wait for it, and kill it if it does not."""
        self.send(Quit())
        self.process.join(patience_s)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self._pipe.close()
        return f"exit code {self.process.exitcode}"


def start_process(model: str, device: str, cache: Path, cluster: ClusterSettings | None = None) -> PipeLink:
    """Start an engine in a new process, which keeps its analyses in the folder `cache`, and may ask a cluster."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(
        target=_serve, args=(theirs, model, device, cache, cluster), name="dawbridge-engine", daemon=True
    )
    process.start()
    theirs.close()
    return PipeLink(process, ours)


def _serve(pipe: EnginePipe, model: str, device: str, cache: Path, cluster: ClusterSettings | None) -> None:
    """Run the engine: the body of the new process, and the only one that loads torch."""
    from dawbridge.engine.process.worker import serve

    threads = cpu_count() or 1
    with ThreadPoolExecutor(threads, "render") as executor:
        serve(pipe, model, device, cache, executor, threads, cluster)
