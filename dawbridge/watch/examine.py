"""The last look at a file that is ready: can it be read, and is it a stem of our own? Runs outside the main loop.

It may take long: a format that only ffmpeg reads is decoded, a stem of ours is hashed.
"""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dawbridge.audio.source import open_source
from dawbridge.errors import AudioError
from dawbridge.watch.own import has_mark, is_own_stem
from dawbridge.watch.verdict import Verdict, verdict


@dataclass(frozen=True, slots=True)
class Examined:
    """What the look found."""

    trouble: str = ""
    """Why the file cannot be read; empty if it can."""
    busy: bool = False
    """It cannot be opened now, which may pass by itself."""
    own: bool = False
    """It is a stem that dawbridge wrote."""


def examine(path: Path, accepted: bool) -> Examined:
    """Open the file and read of it what tells whether it is whole. `accepted`: it is wanted as it is. Never raises."""
    try:
        with open_source(path) as source:
            if source.info.container == "FLAC" and not accepted:
                source.read(source.info.frames - 1, 1)  # a copy that was cut off has the whole length in its header
    except AudioError as error:
        return Examined(str(error), verdict(path) is Verdict.UNREADABLE)
    except Exception as error:  # a library's bug must end neither the thread nor the watch
        return Examined(f"{path}: cannot be looked at ({type(error).__name__}: {error}); bounce it again")
    return Examined(own=not accepted and has_mark(path) and is_own_stem(path))


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
