"""`dawbridge doctor`: checks this computer; each line is ok, or says what to do."""

import platform
import shutil
import socket
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

from dawbridge.config import file as configuration
from dawbridge.config.file import config_file
from dawbridge.config.paths import cache_folder, config_folder, engine_log_path, state_folder
from dawbridge.config.settings import OSC_PORT
from dawbridge.errors import ControlError, DawbridgeError
from dawbridge.estimators import DEFAULT_MODEL, find_model, model_names, provider_problems
from dawbridge.files.paths import user_path
from dawbridge.files.presence import gone
from dawbridge.files.printable import printable
from dawbridge.files.stamp import stamp_of
from dawbridge.knobs.presets import Presets
from dawbridge.version import VERSION

PACKAGES = ("torch", "numpy", "soundfile", "soxr", "librosa", "tomlkit", "watchdog", "python-osc", "mido")


WORST_DIFFERENCE_DB = -45.0
"""Largest difference between a device and the processor that is not heard."""


class Line(NamedTuple):
    """One finding. If `ok` is false, `text` says what to do."""

    ok: bool
    name: str
    text: str
    optional: bool = False


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
    yield from (_package(name) for name in PACKAGES)
    yield _presets()
    yield _configuration()
    yield from (_folder(name, path) for name, path in _own_folders())
    yield _engine_log()
    if options.folder:
        yield _watched(options.folder)
    yield _port(options.osc_port)
    yield _midi()
    ffmpeg = shutil.which("ffmpeg")
    yield Line(bool(ffmpeg), "ffmpeg", ffmpeg or "not installed: M4A and video cannot be read; all else can", True)
    yield from _models()
    yield from _engine(options.model)


def _package(name: str) -> Line:
    try:
        return Line(True, name, version(name))
    except PackageNotFoundError:
        return Line(False, name, f"missing; pip install {name}")


def _presets() -> Line:
    presets = Presets().list()
    wrong = [f"{preset.path}: {problem}" for preset in presets for problem in preset.problems]
    return Line(not wrong, "presets", "; ".join(wrong) or f"{len(presets)} can be used")


def _configuration() -> Line:
    file = config_file()
    if gone(file):
        return Line(False, file.name, f"no {file}: folders are named on the command line", optional=True)
    folders, mistakes = configuration.read(file, Presets().check)
    missing = [f"{folder.path} does not exist" for folder in folders if not folder.path.is_dir()]
    wrong = "; ".join([*map(str, mistakes), *missing])
    return Line(not wrong, file.name, f"{file}: {wrong or f'{len(folders)} folders'}")


def _own_folders() -> tuple[tuple[str, Path], ...]:
    return (("settings", config_folder()), ("state", state_folder()), ("cache", cache_folder()))


def _folder(name: str, path: Path) -> Line:
    probe = path / ".dawbridge-writable"
    try:
        path.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        return Line(False, name, f"{path} is not writable ({error.strerror}); make it so, or set DAWBRIDGE_HOME")
    free_gb = shutil.disk_usage(path).free / 1e9
    return Line(free_gb > 1, name, f"{path}, {free_gb:.0f} GB free" + ("" if free_gb > 1 else "; make room"))


def _watched(folder: Path) -> Line:
    if not folder.is_dir():
        return Line(False, "folder", f"{folder} is not a folder; make it first: mkdir -p '{folder}'")
    return _folder("folder", folder)


def _port(port: int) -> Line:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return Line(False, "OSC port", f"{port} is in use (by a running dawbridge?); choose another: --osc-port")
    return Line(True, "OSC port", f"{port} is free")


def _midi() -> Line:
    from dawbridge.surfaces.midi.system import open_system

    try:
        system = open_system()
    except ControlError as error:
        return Line(False, "MIDI", str(error), True)
    try:
        names = system.inputs()
    except OSError as error:
        return Line(False, "MIDI", f"ports cannot be listed ({error}); OSC works all the same", True)
    finally:
        system.close()
    return Line(True, "MIDI", ", ".join(names) or "no device is connected; the virtual port works")


def _engine_log() -> Line:
    path = engine_log_path()
    stamp = stamp_of(path)
    if stamp is None:
        return Line(True, "engine log", f"no errors in dawbridge so far; {path} would have their details")
    last = datetime.fromtimestamp(stamp.modified_ns / 1e9)
    return Line(True, "engine log", f"{path} has the details of errors in dawbridge, the last on {last:%Y-%m-%d %H:%M}")


def _models() -> Iterator[Line]:
    """Models and providers of models that cannot be used here."""
    for problem in provider_problems():
        yield Line(False, "models", problem, optional=True)
    for name in model_names():
        try:
            problem = find_model(name).problem
        except DawbridgeError as error:
            problem = str(error)
        if problem:
            yield Line(False, name, problem, optional=True)


def _engine(model: str) -> Iterator[Line]:
    from dawbridge.engine.estimate import Engine, pick_device

    device = pick_device("auto")
    try:
        engine = Engine(model, device)
        engine.warm()
        yield Line(True, "model", f"{model}, SHA-256 {engine.hash[:16]}")
        yield _device(device, max(analyser.difference_db() for _, analyser in engine.parts))
    except (DawbridgeError, RuntimeError, MemoryError) as error:
        yield Line(False, "model", f"{error}" or "not enough memory")


def _device(device: str, difference_db: float) -> Line:
    """What the device makes of a segment, against the processor."""
    if device == "cpu":
        return Line(True, "device", "the processor; torch sees no graphics card")
    heard = f"{device}; its result differs from the processor's by {difference_db:.0f} dB"
    if difference_db <= WORST_DIFFERENCE_DB:
        return Line(True, "device", heard)
    return Line(False, "device", f"{heard}, which is too much: update its driver and torch, or use --device cpu")
