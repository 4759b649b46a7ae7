"""`dawbridge.toml`: the watched folders, each with settings of its own.

All mistakes are reported at once, and what is right counts.

```toml
[[folder]]
path = "~/Bounces"          # the only key that is needed
preset = "karaoke"          # if left out: the knobs as they are
output = "separated"        # a folder or a template, as for --output
format = "wav24"            # as for --format
dawproject = true           # a project for Bitwig, Cubase and Studio One beside the stems, as for --dawproject
existing = true             # at the first watch, take the bounces that are there already
accept_streamed = true      # take files whose header a pipe never completed
poll = true                 # scan instead of waiting for events (network drives); false: never; left out: decide
ignore = ["*.draft.wav"]    # names, or paths inside the folder, that are left alone besides those that always are
take = ["*.bak"]            # names, or paths inside the folder, that are taken although a rule leaves them alone
projects = true             # also take what is in a DAW project's own folders (Samples/Recorded, Audio Files)
times = { closed_s = 0.5, unclosed_s = 2.0, opaque_s = 5.0, unproven_s = 15.0, zeros_s = 30.0, explained_s = 5.0,
          stalled_s = 60.0, streamed_s = 15.0, poll_s = 1.0, rescan_s = 30.0 }

[cluster]                   # other computers that estimate (docs/cluster.md)
address = "tls://host:8786"
ca = "~/.dawbridge/ca.pem"  # with tls all three
certificate = "~/.dawbridge/me.pem"
key = "~/.dawbridge/me-key.pem"
without = "local"           # if it cannot be reached: estimate here; "wait": wait until it is back
```
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeGuard

from dawbridge.config.cluster import ClusterSettings, read_cluster
from dawbridge.config.paths import config_folder
from dawbridge.config.problem import Problem
from dawbridge.config.settings import FolderSettings
from dawbridge.config.settle_times import SettleTimes
from dawbridge.config.stem_format import StemFormat
from dawbridge.config.toml import read_toml
from dawbridge.errors import ConfigError, DawbridgeError, did_you_mean
from dawbridge.files.output import Output
from dawbridge.files.paths import user_path
from dawbridge.files.presence import gone

CheckPreset = Callable[[str], object]
"""Raises `DawbridgeError` for the name of a preset that does not exist or cannot be used."""

LONGEST_S = 86_400.0
TIMES = (
    "closed_s", "unclosed_s", "opaque_s", "unproven_s", "zeros_s", "explained_s", "stalled_s", "streamed_s", "poll_s",
    "rescan_s",
)  # fmt: skip
_TABLES = ("folder", "cluster")
_OWN_TIMES = ("poll_s", "rescan_s")
"""Those of the watch itself, not of the settling."""


class _Refused(Exception):
    """A value that cannot be used; the text says what is allowed."""


def config_file() -> Path:
    """Return where the file is looked for without `--config`."""
    return config_folder() / "dawbridge.toml"


def folders_of(
    file: Path | None,
    check_preset: CheckPreset,
    named: Sequence[Path] = (),
    say: Callable[[str], None] = lambda _: None,
) -> tuple[FolderSettings, ...]:
    """Return the folders of `file`, or of the usual file, which may be missing.

    What is right counts: a table with a mistake is left out, and `say` is given a line for each mistake. Raises
    `ConfigError` with every mistake if nothing is left of the folders that are wanted: the `named` ones, or else all.
    """
    where = file or config_file()
    if file is None and gone(where):
        return ()
    folders, mistakes = read(where, check_preset)
    refused = _refused(where, folders) if mistakes else set()
    is_damaged = file is not None and isinstance(read_toml(where), Problem)  # a file that was named has to be right
    if mistakes and (is_damaged or refused & {path.resolve() for path in named} or not (folders or named)):
        lines = "".join(f"\n  {mistake}" for mistake in mistakes)
        raise ConfigError(f"{where} cannot be used:{lines}")
    for mistake in mistakes:
        say(f"{where}: {mistake}; what it is in is left out, the rest counts")
    return folders


def _refused(file: Path, folders: Sequence[FolderSettings]) -> set[Path]:
    """Folders that a file names in tables with mistakes."""
    document = read_toml(file)
    tables = document.get("folder", []) if not isinstance(document, Problem) else []
    found = set()
    for table in tables if isinstance(tables, list) else ():
        with suppress(_Refused, DawbridgeError, OSError, RuntimeError):
            if isinstance(table, dict):
                found.add(_path(table.get("path")).resolve())
    return found - {folder.path.resolve() for folder in folders}


def cluster_of(file: Path | None) -> ClusterSettings | None:
    """Return the cluster of `file`, or of the usual file; None if it has none. `folders_of` reports what is wrong."""
    where = file or config_file()
    document = {} if file is None and gone(where) else read_toml(where)
    if isinstance(document, Problem) or "cluster" not in document:
        return None
    return read_cluster(document["cluster"])[0]


def read(file: Path, check_preset: CheckPreset) -> tuple[tuple[FolderSettings, ...], list[Problem]]:
    """Return what can be used, and every mistake. Never raises, whatever the file holds or is."""
    document = read_toml(file)
    if isinstance(document, Problem):
        return (), [document]
    mistakes = [
        Problem(key, value, f"no such key{did_you_mean(key, _TABLES)}; allowed are [[folder]] and [cluster]")
        for key, value in document.items()
        if key not in _TABLES
    ]
    if "cluster" in document:
        mistakes += read_cluster(document["cluster"])[1]
    tables = document.get("folder", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        return (), [*mistakes, Problem("folder", tables, "must be a list of tables: [[folder]], with two brackets")]
    folders = []
    for number, table in enumerate(tables, 1):
        folder, wrong = _folder(table, f"folder {number}", check_preset)
        mistakes += wrong
        folders += [folder] if folder else []
    once = {folder.path.resolve(): folder for folder in reversed(folders)}
    return tuple(reversed(once.values())), mistakes + _duplicates(folders)


def _folder(
    table: Mapping[str, object], where: str, check_preset: CheckPreset
) -> tuple[FolderSettings | None, list[Problem]]:
    """One table. If it has mistakes, there is no folder."""
    values: dict[str, Any] = {}
    mistakes = []
    for key, given in table.items():
        if key not in _CHECKS:
            advice = f"no such key{did_you_mean(key, _CHECKS)}; allowed are {', '.join(_CHECKS)}"
            mistakes.append(Problem(f"{where}: {key}", given, advice))
        elif key == "times":
            times, wrong = _times(given, f"{where}: times")
            values |= times
            mistakes += wrong
        else:
            try:
                values[key] = _CHECKS[key](given)
                if key == "preset":
                    check_preset(values[key])
            except (_Refused, DawbridgeError) as error:
                mistakes.append(Problem(f"{where}: {key}", given, str(error)))
    if "path" not in table:
        mistakes.append(Problem(f"{where}: path", "", "is missing; name the folder that your DAW bounces into"))
    return (None if mistakes else FolderSettings(**values)), mistakes


def _times(given: object, where: str) -> tuple[dict[str, object], list[Problem]]:
    if not isinstance(given, dict):
        return {}, [Problem(where, given, "must be a table of seconds: { closed_s = 0.5 }")]
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


def _duplicates(folders: Sequence[FolderSettings]) -> list[Problem]:
    seen: set[Path] = set()
    mistakes = []
    for folder in folders:
        path = folder.path.resolve()
        if path in seen:
            mistakes.append(Problem("folder: path", str(folder.path), "appears twice; write one [[folder]] for each"))
        seen.add(path)
    return mistakes


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise _Refused("must be a text, in quotes")
    return value


def _switch(value: object) -> bool:
    if not isinstance(value, bool):
        raise _Refused("allowed are true and false, without quotes")
    return value


def _path(value: object) -> Path:
    path = user_path(_text(value))
    if not path.is_absolute():
        raise _Refused("must be an absolute path, or one that begins with ~/")
    return path


def _patterns(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) and one.strip("/ ") for one in value):
        raise _Refused('must be a list of patterns, in quotes: ["*.foo", "Drafts/*"]')
    return tuple(value)


_CHECKS: dict[str, Callable[[object], object]] = {
    "path": _path,
    "preset": _text,
    "output": lambda value: Output(_text(value)),
    "format": lambda value: StemFormat.parse(_text(value)),
    "dawproject": _switch,
    "existing": _switch,
    "accept_streamed": _switch,
    "poll": _switch,
    "ignore": _patterns,
    "take": _patterns,
    "projects": _switch,
    "times": lambda value: value,
}
