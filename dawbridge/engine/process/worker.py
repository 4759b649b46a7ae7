"""The engine's side of the pipe: a process that owns the model, takes one task at a time and can be cancelled.

It is a process of its own so that OSC, MIDI and the watch answer within milliseconds while all cores separate, and
so that a crash of the engine is one failed bounce.
"""

import ctypes
import logging
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress
from pathlib import Path

from dawbridge.audio.files import WriteReport, content_hash, open_source
from dawbridge.config.cluster import ClusterSettings
from dawbridge.engine import memory
from dawbridge.engine.analysis import AnalysisCache
from dawbridge.engine.estimate import Engine
from dawbridge.engine.job import SeparationJob
from dawbridge.engine.log import log_failure
from dawbridge.engine.music import TempoKey
from dawbridge.engine.process.messages import (
    Describe,
    Described,
    EnginePipe,
    Finished,
    Identified,
    Identify,
    Quit,
    Ready,
    Said,
    Task,
    TaskProgress,
)
from dawbridge.engine.project import write_beside
from dawbridge.engine.render import prepare
from dawbridge.engine.resident import ResidentRenderer
from dawbridge.engine.separate import separate
from dawbridge.engine.tempo_key import of_file
from dawbridge.errors import Cancelled, DawbridgeError

_LOG = logging.getLogger(__name__)

REST_S = 2.0
"""Once nothing was asked for so long, what was written in a hurry is made durable, and free memory given back."""


def serve(
    connection: EnginePipe, model: str, device: str, cache: Path, executor: Executor | None = None, threads: int = 1,
    cluster: ClusterSettings | None = None,
) -> None:  # fmt: skip
    """Run tasks until told to quit or the other side is gone. The body of the engine's process.

    `executor` has so many `threads` for the renders; None: they take turns with everything else.
    """
    _die_with_the_daemon()
    memory.reuse_freed_blocks()
    for number in (signal.SIGINT, signal.SIGTERM):  # the daemon handles them; where it is gone, the pipe ends
        signal.signal(number, signal.SIG_IGN)
    try:
        _Worker(connection, model, device, cache, ResidentRenderer(executor, threads), cluster).run()
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return  # the daemon is gone


def _die_with_the_daemon() -> None:
    """On Linux a killed daemon takes its engine along at once, so that no stem appears beside the next one's.

    Elsewhere the engine ends as soon as it looks at its pipe. Source: prctl(2), PR_SET_PDEATHSIG.
    """
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class _Worker:
    def __init__(
        self, connection: EnginePipe, model: str, device: str, cache: Path, resident: ResidentRenderer,
        cluster: ClusterSettings | None = None,
    ) -> None:  # fmt: skip
        self._connection = connection
        self._cache = AnalysisCache(cache)
        self._engine = Engine(model, device, self._heed, cluster, lambda text: connection.send(Said(text)))
        self._resident = resident
        self._quitting = False
        self._stale_projects: dict[Path, tuple[SeparationJob, WriteReport]] = {}
        """Projects whose stems a turned knob has replaced, by their bounces."""

    def run(self) -> None:
        self._connection.send(self._warm())
        threading.Thread(target=prepare, name="compile the knobs", daemon=True).start()
        try:
            while not self._quitting:
                if not self._connection.poll(REST_S):
                    self._resident.flush(self._connection.poll)
                    self._renew_projects(self._connection.poll)
                    memory.release()
                message = self._connection.recv()
                if isinstance(message, Quit):
                    return
                if isinstance(message, Task):
                    self._connection.send(self._do(message))
                    self._resident.let_go()
                elif isinstance(message, Identify):
                    self._connection.send(self._identify(message))
                elif isinstance(message, Describe):
                    self._connection.send(self._describe(message))
        finally:
            self._resident.flush()
            self._renew_projects()

    def _warm(self) -> Ready:
        try:
            self._engine.warm()
            return Ready(self._engine.device, self._engine.hash)
        except DawbridgeError as error:
            return Ready(self._engine.device, "", str(error))
        except MemoryError:
            return Ready(self._engine.device, "", "not enough memory for the model; close something")
        except Exception as error:
            return Ready(self._engine.device, "", log_failure(f"while loading {self._engine.model}", error))

    def _heed(self) -> None:
        """Raises `Cancelled` where the daemon wants the engine to stop what it does."""
        if self._connection.poll():
            self._quitting = isinstance(self._connection.recv(), Quit)
            raise Cancelled("cancelled")

    def _do(self, task: Task) -> Finished:
        def progress(fraction: float) -> None:
            self._heed()
            self._connection.send(TaskProgress(task.job_id, fraction))

        try:
            outcome = separate(task.job, self._engine, self._cache, progress, self._resident)
            if task.job.dawproject and task.job.live and outcome.report:
                self._stale_projects[task.job.source] = task.job, outcome.report
            return Finished(task.job_id, outcome)
        except DawbridgeError as error:
            return Finished(task.job_id, code=error.code, message=str(error))
        except MemoryError:
            return Finished(task.job_id, code="memory", message="not enough memory; close something, or bounce shorter")
        except (BrokenPipeError, ConnectionResetError):
            raise  # the daemon is gone
        except Exception as error:
            message = log_failure(f"while separating {task.job.source}", error)
            return Finished(task.job_id, code="internal", message=message)

    def _renew_projects(self, interrupted: Callable[[], bool] = lambda: False) -> None:
        """Write the projects of stems that turned knobs have replaced, until `interrupted`. Never raises."""
        while self._stale_projects and not interrupted():
            source, (job, report) = self._stale_projects.popitem()
            try:
                with open_source(source) as bounce:
                    notes = write_beside(job, bounce.info, report, job.tempo_key)
            except Exception as error:
                log_failure(f"while writing the project of {source}", error)
            else:
                for note in notes:
                    _LOG.warning("%s", note)

    def _identify(self, asked: Identify) -> Identified:
        try:
            return Identified(asked.job_id, content_hash(asked.source, self._heed))
        except DawbridgeError as error:
            return Identified(asked.job_id, code=error.code, message=str(error))
        except (BrokenPipeError, ConnectionResetError):
            raise  # the daemon is gone
        except Exception as error:
            message = log_failure(f"while hashing {asked.source}", error)
            return Identified(asked.job_id, code="internal", message=message)

    def _describe(self, asked: Describe) -> Described:
        try:
            return Described(asked.job_id, of_file(asked.source, self._heed))
        except Cancelled:
            return Described(asked.job_id, None)
        except DawbridgeError:
            return Described(asked.job_id, TempoKey())
        except (BrokenPipeError, ConnectionResetError):
            raise  # the daemon is gone
        except Exception as error:
            log_failure(f"while estimating tempo and key of {asked.source}", error)
            return Described(asked.job_id, TempoKey())
