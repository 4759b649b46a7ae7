"""`dawbridge trace FOLDER`: prints what happens in a folder, and why, for a bug report. Separates nothing."""

import signal
import threading
import time
from argparse import ArgumentParser, Namespace
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from dawbridge.cli.flags import add_config_flag, warn
from dawbridge.config.file import folders_of
from dawbridge.config.settings import FolderSettings
from dawbridge.files.paths import user_path
from dawbridge.files.printable import printable
from dawbridge.knobs.presets import Presets
from dawbridge.version import VERSION

if TYPE_CHECKING:
    from dawbridge.watch.folder import WatchEvent


def add_flags(parser: ArgumentParser) -> None:
    """The flags of `dawbridge trace`."""
    add = parser.add_argument
    add("folder", type=user_path, metavar="FOLDER", help="the folder that your DAW bounces into")
    add_config_flag(parser)
    add("--existing", action="store_true", help="also judge the files that are there already")
    add("--poll", action="store_true", default=None, help="scan instead of waiting for events")
    add("--seconds", type=float, metavar="S", help="end after this many seconds [Ctrl-C ends it]")


def run(options: Namespace) -> int:
    """Print every event, verdict and decision until Ctrl-C or `--seconds`. Raises `WatchError`, `ConfigError`."""
    from dawbridge.watch.making import trace

    folder = _settings(options)
    stopping = threading.Event()
    _stop_on_signals(stopping)
    lines = _Lines(folder.path, time.monotonic(), options.seconds, stopping)
    print(
        f"dawbridge {VERSION} traces {printable(str(folder.path))} (seconds since the start; nothing is separated)",
        flush=True,
    )
    for event in trace(folder, lines.tell, stopping, lines.tick):
        lines.tell("result", event.path, _in_words(event))
    return 0


class _Lines:
    """Prints, with the time, and ends the trace when its time is up."""

    def __init__(self, root: Path, begun: float, seconds: float | None, stopping: threading.Event) -> None:
        self._root, self._begun, self._seconds, self._stopping = root, begun, seconds, stopping

    def tell(self, kind: str, path: Path, text: str) -> None:
        """Print one line."""
        name = str(path.relative_to(self._root)) if path.is_relative_to(self._root) else str(path)
        passed = time.monotonic() - self._begun
        print(f"{passed:9.3f}  {kind:8}  {printable(name)}: {printable(text)}", flush=True)

    def tick(self) -> None:
        """End the trace if its time is up. Called many times a second."""
        if self._seconds is not None and time.monotonic() - self._begun >= self._seconds:
            self._stopping.set()


def _settings(options: Namespace) -> FolderSettings:
    """Return the settings that a daemon would have for this folder."""
    path = options.folder.resolve()
    own = {folder.path.resolve(): folder for folder in folders_of(options.config, Presets().check, [path], warn)}
    folder = replace(own.get(path, FolderSettings(path)), path=path)
    return replace(folder, existing=options.existing, poll=folder.poll if options.poll is None else options.poll)


def _in_words(event: "WatchEvent") -> str:
    from dawbridge.files.sightings import Settled, Stalled, Waiting
    from dawbridge.watch.folder import FolderNotice, LeftAloneNotice

    match event:
        case Settled(_, preset):
            return "settled: would be queued" + (f", in the folder {preset!r}" if preset else "")
        case Waiting(_, reason):
            return f"waiting: {reason}"
        case Stalled(_, reason):
            return f"stalled: {reason}"
        case FolderNotice() | LeftAloneNotice():
            return event.text
    return type(event).__name__.lower()


def _stop_on_signals(stopping: threading.Event) -> None:
    def handle(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handle)
