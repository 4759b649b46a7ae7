"""The user's bindings: `midi.toml` in the configuration folder, written by hand or by learning.

```toml
defaults = true                 # the standard bindings too; optional

[[binding]]
parameter = "mask_strength"     # a parameter, "preset_morph" or "preset"
cc = 7                          # or cc14, nrpn, rpn, note, program; or none = true: nothing turns it
channel = 1                     # 1..16; without it every channel
port = "nanoKONTROL"            # part of a port's name; without it every port
mode = "absolute"               # twos-complement, binary-offset, sign-magnitude: endless encoders
takeover = "pick-up"            # none, scale
center = 64                     # the control's middle, for bipolar knobs
invert = false
```

A parameter that the file names has the file's bindings alone, and a control that the file names turns nothing else.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dawbridge.config.paths import config_folder
from dawbridge.config.problem import Problem
from dawbridge.errors import ConfigError, did_you_mean
from dawbridge.surfaces.midi.bindings import DEFAULT_BINDINGS, Binding
from dawbridge.surfaces.midi.bindings_row import Row, as_toml, read_row

_HEAD = "# dawbridge's MIDI bindings. `dawbridge midi learn PARAMETER` adds to them; an edit counts at once.\n"


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
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Bindings()
    except (OSError, ValueError, RecursionError) as error:
        return Bindings(problems=(Problem("", None, f"not a readable TOML file: {error}"),))
    return _checked(document)


def learn(path: Path, binding: Binding) -> None:
    """Add `binding` in place of its parameter's and its control's others. Raises `ConfigError`."""
    _edit(path, binding.target, binding)


def forget(path: Path, target: str) -> None:
    """Take all bindings of `target` away, the standard one too. Raises `ConfigError`."""
    is_standard = any(binding.target == target for binding in DEFAULT_BINDINGS)
    _edit(path, target, None, keep=is_standard)


def _edit(path: Path, target: str, binding: Binding | None, *, keep: bool = True) -> None:
    """The text is edited, not written anew: a person's own words in it stay."""
    try:
        text = path.read_text(encoding="utf-8") if path.exists() else _HEAD
        tables = tomllib.loads(text).get("binding", [])
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} is not a readable TOML file ({error}); mend it first") from error
    blocks = _blocks(text)
    if not isinstance(tables, list) or len(blocks) != len(tables) + 1 or "binding" in tomllib.loads(blocks[0]):
        raise ConfigError(f"{path}: write each binding as a [[binding]] of its own, so that one more can be added")
    kept = [block for block, table in zip(blocks[1:], tables, strict=True) if not _replaced(table, target, binding)]
    new = [as_toml(target, binding)] if keep else []
    parts = [part.strip("\n") for part in (blocks[0], *kept, *new)]
    _write(path, "\n\n".join(part for part in parts if part) + "\n")


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


def _blocks(text: str) -> list[str]:
    """What stands before the first `[[binding]]`, then one text for each."""
    blocks = [""]
    for line in text.splitlines(keepends=True):
        if line.strip().startswith("[[binding]]"):
            blocks.append("")
        blocks[-1] += line
    return blocks


def _write(path: Path, text: str) -> None:
    """Whole or not at all. Raises `ConfigError`."""
    beside = path.with_suffix(f".{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}") from error


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
