"""`dawbridge.toml`: the watched folders, each with settings of its own. All mistakes are told at once.

```toml
[[folder]]
path = "~/Bounces"          # the only key that is needed
preset = "karaoke"          # else the knobs as they are
output = "separated"        # a folder or a template, as --output
format = "wav24"            # as --format
existing = true             # at the first watch, take what lies there already
accept_streamed = true      # take files whose header a pipe never completed
poll = true                 # scan instead of waiting for events (network drives); false: never; left out: decide
times = { closed_s = 0.5, unclosed_s = 2.0, opaque_s = 5.0, stalled_s = 60.0, streamed_s = 15.0,
          poll_s = 1.0, rescan_s = 30.0 }
```
"""

import math
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dawbridge.audio.files import StemFormat
from dawbridge.config.paths import config_folder
from dawbridge.config.settings import FolderSettings
from dawbridge.errors import ConfigError, DawbridgeError, did_you_mean
from dawbridge.files.output import Output
from dawbridge.knobs.presets import Presets
from dawbridge.watch.settle import SettleTimes

LONGEST_S = 86_400.0
TIMES = ("closed_s", "unclosed_s", "opaque_s", "stalled_s", "streamed_s", "poll_s", "rescan_s")
_OWN_TIMES = ("poll_s", "rescan_s")
"""Of the watch, not of the settling."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: which key, what stood there, and what is allowed or meant."""

    key: str
    value: object
    advice: str

    def __str__(self) -> str:
        return f"{self.key} = {self.value!r}: {self.advice}" if self.key else self.advice


class _Refused(Exception):
    """A value that cannot be used; the text says what is allowed."""


def config_file() -> Path:
    """Where the file is looked for without `--config`."""
    return config_folder() / "dawbridge.toml"


def folders_of(file: Path | None) -> tuple[FolderSettings, ...]:
    """The folders of `file`, or of the usual file, which may be missing. Raises `ConfigError` with every mistake."""
    where = file or config_file()
    if file is None and not where.exists():
        return ()
    folders, mistakes = read(where)
    if mistakes:
        lines = "".join(f"\n  {mistake}" for mistake in mistakes)
        raise ConfigError(f"{where} cannot be used:{lines}")
    return folders


def read(file: Path) -> tuple[tuple[FolderSettings, ...], list[Problem]]:
    """What can be used, and every mistake. Never raises for what stands in the file."""
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        return (), [Problem("", None, f"not a readable TOML file: {error}")]
    mistakes = [
        Problem(key, value, f"no such key{did_you_mean(key, ('folder',))}; allowed is [[folder]]")
        for key, value in document.items()
        if key != "folder"
    ]
    tables = document.get("folder", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        return (), [*mistakes, Problem("folder", tables, "a list of tables is wanted: [[folder]], twice the brackets")]
    folders = []
    for number, table in enumerate(tables, 1):
        folder, wrong = _folder(table, f"folder {number}")
        mistakes += wrong
        folders += [folder] if folder else []
    return tuple(folders), mistakes + _twice(folders)


def _folder(table: Mapping[str, object], where: str) -> tuple[FolderSettings | None, list[Problem]]:
    """One table. Where it has mistakes, there is no folder."""
    values: dict[str, Any] = {}
    mistakes = []
    for key, given in table.items():
        if key not in _CHECKS:
            known = ", ".join(_CHECKS)
            mistakes.append(
                Problem(f"{where}: {key}", given, f"no such key{did_you_mean(key, _CHECKS)}; allowed are {known}")
            )
        elif key == "times":
            times, wrong = _times(given, f"{where}: times")
            values |= times
            mistakes += wrong
        else:
            try:
                values[key] = _CHECKS[key](given)
            except (_Refused, DawbridgeError) as error:
                mistakes.append(Problem(f"{where}: {key}", given, str(error)))
    if "path" not in table:
        mistakes.append(Problem(f"{where}: path", "", "is missing; the folder that your DAW bounces into"))
    return (None if mistakes else FolderSettings(**values)), mistakes


def _times(given: object, where: str) -> tuple[dict[str, object], list[Problem]]:
    if not isinstance(given, dict):
        return {}, [Problem(where, given, "a table of seconds is wanted: { closed_s = 0.5 }")]
    mistakes: list[Problem] = []
    good: dict[str, Any] = {}
    for key, value in given.items():
        if key not in TIMES:
            advice = f"no such key{did_you_mean(key, TIMES)}; allowed are {', '.join(TIMES)}"
            mistakes.append(Problem(f"{where}.{key}", value, advice))
        elif not _is_number(value) or not 0.05 <= value <= LONGEST_S:
            mistakes.append(Problem(f"{where}.{key}", value, f"allowed is 0.05..{LONGEST_S:.0f} seconds"))
        else:
            good[key] = float(value)
    own: dict[str, object] = {key: good.pop(key) for key in _OWN_TIMES if key in good}
    return {"times": SettleTimes(**good), **own}, mistakes


def _twice(folders: list[FolderSettings]) -> list[Problem]:
    seen: set[Path] = set()
    mistakes = []
    for folder in folders:
        path = folder.path.resolve()
        if path in seen:
            mistakes.append(Problem("folder: path", str(folder.path), "is there twice; one [[folder]] each"))
        seen.add(path)
    return mistakes


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise _Refused("a text is wanted, in quotes")
    return value


def _switch(value: object) -> bool:
    if not isinstance(value, bool):
        raise _Refused("allowed are true and false, without quotes")
    return value


def _path(value: object) -> Path:
    path = Path(_text(value)).expanduser()
    if not path.is_absolute():
        raise _Refused("an absolute path is wanted, or one that begins with ~/")
    return path


def _preset(value: object) -> str:
    return Presets().load(_text(value)).name


_CHECKS: dict[str, Callable[[object], object]] = {
    "path": _path,
    "preset": _preset,
    "output": lambda value: Output(_text(value)),
    "format": lambda value: StemFormat.parse(_text(value)),
    "existing": _switch,
    "accept_streamed": _switch,
    "poll": _switch,
    "times": lambda value: value,
}
