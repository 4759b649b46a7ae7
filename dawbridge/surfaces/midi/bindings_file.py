"""The user's bindings: `midi.toml` in the configuration folder, written by hand or by learning.

```toml
defaults = true                 # the standard bindings too; optional

[[binding]]
parameter = "mask_strength"     # a parameter, "preset_morph" or "preset"
cc = 7                          # or cc14, nrpn, rpn, note, program; bend = true; or none = true: nothing turns it
channel = 1                     # 1..16; without it every channel
port = "nanoKONTROL"            # part of a port's name; without it every port
mode = "absolute"               # twos-complement, binary-offset, sign-magnitude: endless encoders
takeover = "pick-up"            # none, scale
center = 64                     # the control's middle, for bipolar knobs
invert = false

[[binding]]
command = "automation/record"   # a command that a button can do, or "preset/load/NAME"
mmc = 6                         # or cc, note, program
```

A parameter that the file names has no bindings but the file's, and a control that the file names turns nothing else.
"""

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dawbridge.config.paths import config_folder
from dawbridge.config.problem import Problem
from dawbridge.config.toml import edited_toml, read_toml
from dawbridge.errors import ConfigError, did_you_mean
from dawbridge.files.presence import gone
from dawbridge.files.small import write_whole
from dawbridge.surfaces.midi.bindings import DEFAULT_BINDINGS, Binding
from dawbridge.surfaces.midi.bindings_row import Row, as_table, read_row

_HEAD = "# dawbridge's MIDI bindings. `dawbridge midi learn PARAMETER` adds to them; an edit counts at once.\n\n"


@dataclass(frozen=True, slots=True)
class Bindings:
    """The file as far as it can be used, and every mistake in it."""

    rows: tuple[Row, ...] = ()
    defaults: bool = True
    problems: tuple[Problem, ...] = ()

    @property
    def effective(self) -> tuple[Binding, ...]:
        """The standard bindings that nothing here replaces, then those of the file."""
        own = tuple(row.binding for row in self.rows if row.binding)
        named = {row.target for row in self.rows}
        kept = (b for b in DEFAULT_BINDINGS if self.defaults and b.target not in named)
        return (*(b for b in kept if not any(same_control(b, mine) for mine in own)), *own)


def bindings_path() -> Path:
    """`config_folder()/midi.toml`; it may not exist yet."""
    return config_folder() / "midi.toml"


def same_control(one: Binding, other: Binding) -> bool:
    """Both are about one control of a device; every channel and every port is none in particular."""
    return (one.kind, one.number) == (other.kind, other.number)


def read(path: Path) -> Bindings:
    """The file's bindings. Never raises: mistakes are in `problems`. A missing file is an empty one."""
    if gone(path):
        return Bindings()
    document = read_toml(path)
    return Bindings(problems=(document,)) if isinstance(document, Problem) else _checked(document)


def learn(path: Path, binding: Binding) -> None:
    """Add `binding` in place of its parameter's and its control's others. Raises `ConfigError`."""
    _edit(path, binding.target, binding)


def forget(path: Path, target: str) -> None:
    """Take all bindings of `target` away, the standard one too. Raises `ConfigError`."""
    is_standard = any(binding.target == target for binding in DEFAULT_BINDINGS)
    _edit(path, target, None, keep=is_standard)


def _edit(path: Path, target: str, binding: Binding | None, *, keep: bool = True) -> None:
    """Change the document, and nothing else in the file: the user's comments stay."""

    def change(document: MutableMapping[str, Any]) -> None:
        import tomlkit
        from tomlkit.items import AoT

        tables = document.get("binding")
        if not isinstance(tables, AoT | None):
            raise ConfigError(f"{path}: write each binding as a [[binding]] of its own, so that one more can be added")
        kept = [table for table in tables or () if not _replaced(table, target, binding)]
        added = [tomlkit.item(as_table(target, binding))] if keep else []
        if tables is not None:
            del document["binding"]
        if kept or added:
            document["binding"] = tomlkit.aot()
        for table in (*kept, *added):
            document["binding"].append(table)

    text = edited_toml(path, change)
    if isinstance(text, Problem):
        raise ConfigError(f"{path}: {text}; mend it first")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text if path.exists() else _HEAD + text)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}") from error


def _replaced(table: object, target: str, binding: Binding | None) -> bool:
    row = read_row(table, []) if isinstance(table, dict) else None
    if row is None:
        return False
    if row.target == target:
        return True
    mine = row.binding
    return bool(binding and mine and same_control(binding, mine) and _overlap(binding, mine))


def _overlap(one: Binding, other: Binding) -> bool:
    channels = None in (one.channel, other.channel) or one.channel == other.channel
    return channels and (None in (one.port, other.port) or one.port == other.port)


def _checked(document: Mapping[str, object]) -> Bindings:
    problems = [
        Problem(key, given, f"no such key{did_you_mean(key, ('binding', 'defaults'))}; allowed are binding, defaults")
        for key, given in document.items()
        if key not in ("binding", "defaults")
    ]
    defaults, tables = document.get("defaults", True), document.get("binding", [])
    if not isinstance(defaults, bool):
        problems.append(Problem("defaults", defaults, "true or false is wanted"))
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        problems.append(Problem("binding", tables, "write each as a [[binding]] of its own"))
        tables = []
    rows = [read_row(table, problems, f"binding {number}") for number, table in enumerate(tables, 1)]
    return Bindings(tuple(row for row in rows if row), defaults is not False, tuple(problems))
