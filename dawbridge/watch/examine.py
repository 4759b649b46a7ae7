"""The last look at a file that is ready: can it be read, and is it a stem of our own? Runs outside the main loop.

It may take long: a format that only ffmpeg reads is decoded, a stem of ours is hashed.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dawbridge.audio.containers.base import Completeness
from dawbridge.audio.containers.table import completeness
from dawbridge.audio.source import open_source
from dawbridge.errors import AudioError, Cancelled
from dawbridge.watch.own import has_mark, is_own_stem


@dataclass(frozen=True, slots=True)
class Examined:
    """What the look found."""

    trouble: str = ""
    """Why the file cannot be read; empty if it can."""
    busy: bool = False
    """It cannot be opened now, which may pass by itself."""
    own: bool = False
    """It is a stem that dawbridge wrote."""


def examine(path: Path, accepted: bool, stopping: threading.Event) -> Examined:
    """Open the file and read of it what tells whether it is whole. Never raises.

    `accepted`: it is wanted as it is. Ends early, with a file that is busy, when `stopping` is set.
    """

    def heed() -> None:
        if stopping.is_set():
            raise Cancelled(f"{path}: not looked at")

    try:
        heed()
        with open_source(path, heed) as source:
            if source.info.container == "FLAC" and not accepted:
                source.read(source.info.frames - 1, 1)  # a copy that was cut off has the whole length in its header
            is_marked = not accepted and has_mark(source.opened.blob, source.opened.found)
    except Cancelled:
        return Examined("not looked at", busy=True)
    except AudioError as error:
        return Examined(str(error), completeness(path) is Completeness.UNREADABLE)
    except Exception as error:  # a library's bug must end neither the thread nor the watch
        return Examined(f"{path}: cannot be looked at ({type(error).__name__}: {error}); bounce it again")
    return Examined(own=is_marked and is_own_stem(path))


class Inline(Executor):
    """Does what is submitted at once, in the thread that submits it."""

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Call it; the future is done when this returns."""
        future: Future[Any] = Future()
        try:
            future.set_result(function(*args, **kwargs))
        except BaseException as error:
            future.set_exception(error)
        return future
