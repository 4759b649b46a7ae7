"""Whether what dawbridge needs on this computer is there: each finding says what it is, or what to do.

`dawbridge doctor` prints them, and the page shows them.
"""

import shutil
from collections.abc import Iterator
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

from dawbridge.config import file as configuration
from dawbridge.config.file import config_file
from dawbridge.config.paths import cache_folder, config_folder, engine_log_path, state_folder
from dawbridge.errors import ControlError, DawbridgeError
from dawbridge.estimators import find_model, model_names, provider_problems
from dawbridge.files.presence import gone
from dawbridge.files.stamp import stamp_of
from dawbridge.knobs.presets import Presets

PACKAGES = ("torch", "numpy", "soundfile", "soxr", "librosa", "tomlkit", "watchdog", "python-osc", "mido")


class Line(NamedTuple):
    """One finding. If `ok` is false, `text` says what to do."""

    ok: bool
    name: str
    text: str
    optional: bool = False


def standing() -> Iterator[Line]:
    """Packages, presets, settings, folders of dawbridge's own, and its log."""
    yield from (_package(name) for name in PACKAGES)
    yield _presets()
    yield _configuration()
    yield from (room(name, path) for name, path in _own_folders())
    yield _engine_log()


def ffmpeg() -> Line:
    """Whether ffmpeg is there, which reads what libsndfile does not."""
    found = shutil.which("ffmpeg")
    return Line(bool(found), "ffmpeg", found or "not installed: M4A and video cannot be read; all else can", True)


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


def room(name: str, path: Path) -> Line:
    """Whether a folder can be written to, and how much room it has."""
    probe = path / ".dawbridge-writable"
    try:
        path.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        return Line(False, name, f"{path} is not writable ({error.strerror}); make it so, or set DAWBRIDGE_HOME")
    free_gb = shutil.disk_usage(path).free / 1e9
    return Line(free_gb > 1, name, f"{path}, {free_gb:.0f} GB free" + ("" if free_gb > 1 else "; make room"))


def _engine_log() -> Line:
    path = engine_log_path()
    stamp = stamp_of(path)
    if stamp is None:
        return Line(True, "engine log", f"no errors in dawbridge so far; {path} would have their details")
    last = datetime.fromtimestamp(stamp.modified_ns / 1e9)
    return Line(True, "engine log", f"{path} has the details of errors in dawbridge, the last on {last:%Y-%m-%d %H:%M}")


def midi() -> Line:
    """MIDI devices."""
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


def models() -> Iterator[Line]:
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
