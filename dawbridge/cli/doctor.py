"""`dawbridge doctor`: checks this computer; each line is ok, or says what to do."""

import platform
import socket
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path

from dawbridge.config.settings import OSC_PORT
from dawbridge.errors import DawbridgeError
from dawbridge.estimators import DEFAULT_MODEL
from dawbridge.files.paths import user_path
from dawbridge.files.printable import printable
from dawbridge.surfaces import checks
from dawbridge.surfaces.checks import Line
from dawbridge.version import VERSION


def add_flags(parser: ArgumentParser) -> None:
    """The flags of `dawbridge doctor`."""
    add = parser.add_argument
    add("folder", nargs="?", type=user_path, metavar="FOLDER", help="also check that this folder can be watched")
    add("--osc-port", type=int, default=OSC_PORT, metavar="PORT", help=f"[{OSC_PORT}]")
    add("--model", default=DEFAULT_MODEL, help=f"[{DEFAULT_MODEL}]")


def run(options: Namespace) -> int:
    """Print all findings; 1 if something that is needed is not ok."""
    failed = False
    for line in examine(options):
        state = "ok  " if line.ok else ("none" if line.optional else "FAIL")
        failed |= not (line.ok or line.optional)
        print(f"{state}  {line.name:12}  {printable(line.text)}", flush=True)
    return 1 if failed else 0


def examine(options: Namespace) -> Iterator[Line]:
    """Yield all findings, the slow ones last."""
    yield Line(True, "dawbridge", f"{VERSION}, Python {platform.python_version()}, {platform.platform()}")
    yield from checks.standing()
    if options.folder:
        yield _watched(options.folder)
    yield _port(options.osc_port)
    yield checks.midi()
    yield checks.ffmpeg()
    yield from checks.models()
    yield from _engine(options.model)


def _watched(folder: Path) -> Line:
    if not folder.is_dir():
        return Line(False, "folder", f"{folder} is not a folder; make it first: mkdir -p '{folder}'")
    return checks.room("folder", folder)


def _port(port: int) -> Line:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return Line(False, "OSC port", f"{port} is in use (by a running dawbridge?); choose another: --osc-port")
    return Line(True, "OSC port", f"{port} is free")


def _engine(model: str) -> Iterator[Line]:
    from dawbridge.engine.estimate import Engine, pick_device

    device = pick_device("auto")
    try:
        engine = Engine(model, device)
        engine.warm()
        yield Line(True, "model", f"{model}, SHA-256 {engine.hash[:16]}")
        if engine.device != device:
            yield Line(False, "device", "; ".join(engine.notes))
            return
        yield _device(device, max(analyser.difference_db() for _, analyser in engine.parts))
    except (DawbridgeError, RuntimeError, MemoryError) as error:
        yield Line(False, "model", f"{error}" or "not enough memory")


def _device(device: str, difference_db: float) -> Line:
    """What the device makes of a segment, against the processor."""
    from dawbridge.engine.analyser import WORST_DIFFERENCE_DB

    if device == "cpu":
        return Line(True, "device", "the processor; torch sees no graphics card")
    heard = f"{device}; its result differs from the processor's by {difference_db:.0f} dB"
    if difference_db <= WORST_DIFFERENCE_DB:
        return Line(True, "device", heard)
    return Line(False, "device", f"{heard}, which is too much: update its driver and torch, or use --device cpu")
