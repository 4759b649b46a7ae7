"""Presets: TOML files with raw parameter values, shipped with dawbridge or saved by the user.

A preset is a whole setting: the sound parameters that it does not name (stages analysis and render) return to their
defaults. Control-stage parameters (`live_enable`, `watch_enable`) stay as they are unless it names them.

```toml
name = "karaoke"                 # optional; else the file's stem
description = "what it is for"   # optional
[parameters]
mask_floor = -80.0               # raw units: dB, Hz, 0..1; switches 0, 1, true or false
```
"""

from collections.abc import Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from dawbridge.config.paths import config_folder
from dawbridge.config.problem import Problem, in_words
from dawbridge.config.toml import edited_toml, read_toml
from dawbridge.errors import PresetError, did_you_mean
from dawbridge.files.small import write_whole
from dawbridge.files.stamp import Stamp, stamp_of
from dawbridge.knobs.parameters import DEFAULTS, PARAMETERS, Curve, Stage
from dawbridge.knobs.preset_names import NAME, check_name, distinct, free_file

_KEYS = ("name", "description", "parameters")


class PresetReadOnlyError(PresetError):
    """A shipped preset cannot be deleted."""

    code = "read_only"


@dataclass(frozen=True, slots=True)
class Preset:
    """One preset as its file describes it."""

    name: str
    description: str
    values: Mapping[str, float]
    """The raw values that the file names, checked."""
    path: Path
    shipped: bool
    """Whether it came with dawbridge, as opposed to being the user's own."""
    meant: str = ""
    """The name that its file gives, if another preset has it."""
    problems: tuple[Problem, ...] = ()
    """What is wrong with the file; `Presets.load` refuses a preset that has any."""

    @property
    def setting(self) -> dict[str, float]:
        """Raw values to set: all sound parameters, and the control-stage ones that the preset names."""
        sound = {name: raw for name, raw in DEFAULTS.items() if PARAMETERS[name].stage is not Stage.CONTROL}
        return {**sound, **self.values}


def validate(parameters: Mapping[str, object]) -> tuple[dict[str, float], list[Problem]]:
    """Check raw parameter values that a file gives; return those that can be used, and every mistake at once.

    Unlike a knob's value, a file's is not clamped: one outside the range is a problem.
    """
    values: dict[str, float] = {}
    problems: list[Problem] = []
    for key, given in parameters.items():
        checked = _check(key, given)
        if isinstance(checked, Problem):
            problems.append(checked)
        else:
            values[key] = checked
    return values, problems


def shipped_folder() -> Path:
    """The wheel's `dawbridge/presets`, or the checkout's `presets/` in an editable install."""
    package = Path(__file__).parent.parent
    inside = package / "presets"
    return inside if inside.is_dir() else package.parent / "presets"


def user_folder() -> Path:
    """`config_folder()/presets`; it may not exist yet."""
    return config_folder() / "presets"


class Presets:
    """The shipped presets and the user's own: shipped ones first, both in the order of their file names.

    A user's preset with the name of a shipped one takes its place and its number. Of two files in a folder that give
    themselves the same name, the one that is called so keeps it; the other goes by its file's. A file that was edited
    is read again at the next call, so that an edit counts at once. Numbers start at 1.
    """

    def __init__(
        self, shipped: Path | None = None, user: Path | None = None, say: Callable[[str], None] = lambda _: None
    ) -> None:
        """`say` is given a line, once, about names that are taken or differ by case alone. From any thread."""
        self._shipped = shipped
        self._user = user
        self._say = say
        self._said: frozenset[str] = frozenset()

    def list(self) -> tuple[Preset, ...]:
        """All presets in order, the damaged ones too (see `Preset.problems`)."""
        found: dict[str, Preset] = {}
        for folder, shipped in ((self._shipped or shipped_folder(), True), (self._user or user_folder(), False)):
            read_now = [_read_again(path, shipped, stamp_of(path)) for path in sorted(folder.glob("*.toml"))]
            names = distinct({preset.path: preset.name for preset in read_now})
            found |= {names[preset.path]: _called(preset, names[preset.path]) for preset in read_now}
        self._mention(found.values())
        return tuple(found.values())

    def names(self) -> tuple[str, ...]:
        """The names in order."""
        return tuple(preset.name for preset in self.list())

    def check(self, name: str) -> None:
        """Raises `PresetError` unless the preset called `name` can be loaded."""
        self.load(name)

    def load(self, name: str) -> Preset:
        """The preset called `name`. Raises `PresetError` for an unknown name or a file with problems."""
        return _usable(self._find(name))

    def at(self, index: int) -> Preset:
        """Preset number `index` (1 or more). Raises `PresetError`."""
        presets = self.list()
        if not 1 <= index <= len(presets):
            raise PresetError(f"there is no preset number {index}; there are 1..{len(presets)}")
        return _usable(presets[index - 1])

    def index(self, name: str) -> int:
        """The number of the preset called `name`, from 1. Raises `PresetError`."""
        return self.names().index(self._find(name).name) + 1

    def save(self, name: str, values: Mapping[str, float], description: str = "") -> Preset:
        """Write the sound parameters among `values` (raw) as the user's preset `name`, in place of an older one.

        Comments in the older file stay. Raises `PresetNameError`, or `PresetError` for values that cannot be used or a
        folder that cannot be written.
        """
        check_name(name)
        sound = {key: raw for key, raw in values.items() if _is_sound(key)}
        _, problems = validate(sound)
        if problems:
            raise PresetError(f"preset {name!r} was not saved: {in_words(problems)}")
        own = [preset for preset in self.list() if preset.name == name and not preset.shipped]
        path = own[0].path if own else free_file(self._user or user_folder(), name)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.is_symlink():  # whoever asks over OSC must not write where the link leads
                path.unlink()
            text = edited_toml(path, lambda document: _fill(document, name, description, sound))
            if isinstance(text, Problem):
                raise PresetError(f"preset {name!r} was not saved: {path}: {text}; mend the file or move it away")
            write_whole(path, text)
        except OSError as error:
            raise PresetError(f"preset {name!r} was not saved: {path}: {error.strerror}") from error
        return read(path, shipped=False)

    def delete(self, name: str) -> None:
        """Delete the user's preset `name`; a shipped one that it replaced comes back.

        Raises `PresetNameError`, `PresetError`, or `PresetReadOnlyError` for a shipped preset.
        """
        check_name(name)
        preset = self._find(name)
        if preset.shipped:
            raise PresetReadOnlyError(f"{name!r} is shipped with dawbridge and cannot be deleted")
        try:
            preset.path.unlink()
        except OSError as error:
            raise PresetError(f"preset {name!r} was not deleted: {preset.path}: {error.strerror}") from error

    def _mention(self, presets: Iterable[Preset]) -> None:
        """Report, once, what may be mistaken for something else."""
        lines, by_name = set(), dict[str, Preset]()
        for preset in presets:
            other = by_name.setdefault(preset.name.casefold(), preset)
            if preset.meant:
                lines.add(f"{preset.path}: another preset is called {preset.meant!r}; this one goes by {preset.name!r}")
            if other is not preset:
                lines.add(f"presets {other.name!r} and {preset.name!r} ({preset.path}) differ by case alone")
        for line in sorted(lines - self._said):
            self._say(line)
        self._said |= lines

    def _find(self, name: str) -> Preset:
        presets = {preset.name: preset for preset in self.list()}
        if name not in presets:
            known = ", ".join(presets) or "none"
            raise PresetError(f"no preset is called {name[:60]!r}{did_you_mean(name, presets)}; there are: {known}")
        return presets[name]


def _called(preset: Preset, name: str) -> Preset:
    return preset if preset.name == name else replace(preset, name=name, meant=preset.name)


@lru_cache(maxsize=1024)
def _read_again(path: Path, shipped: bool, _stamp: Stamp | None) -> Preset:
    """What `read` gave last, as long as the file was not touched: a list of presets is asked for often."""
    return read(path, shipped=shipped)


def read(path: Path, *, shipped: bool) -> Preset:
    """Read one file. Never raises, whatever the file holds or is: mistakes are in `problems`."""
    document = read_toml(path)
    if isinstance(document, Problem):
        return Preset(path.stem, "", {}, path, shipped, problems=(document,))
    problems = [
        Problem(key, given, f"no such key{did_you_mean(key, (*_KEYS, *PARAMETERS))}; allowed are {', '.join(_KEYS)}")
        for key, given in document.items()
        if key not in _KEYS
    ]
    name, description, table = (
        document.get(key, default) for key, default in zip(_KEYS, (path.stem, "", {}), strict=True)
    )
    if not isinstance(name, str) or not NAME.fullmatch(name):
        problems.append(Problem("name", name, "allowed are 1 to 40 letters, digits, spaces, _ and -"))
        name = path.stem
    if not isinstance(description, str):
        problems.append(Problem("description", description, "must be a text, in quotes"))
    if not isinstance(table, dict):
        problems.append(Problem("parameters", table, "must be a table: [parameters]"))
        table = {}
    values, wrong = validate(table)
    return Preset(name, str(description), values, path, shipped, problems=(*problems, *wrong))


def _check(key: str, given: object) -> float | Problem:
    row = PARAMETERS.get(key)
    if row is None:
        return Problem(key, given, f"no parameter is called {key!r}{did_you_mean(key, PARAMETERS)}")
    switch = row.curve is Curve.SWITCH
    if not isinstance(given, int | float) or (isinstance(given, bool) and not switch):
        return Problem(key, given, f"not a number; allowed is {row.allowed}")
    stepped = switch or row.curve is Curve.STEPS
    if not row.low <= given <= row.high or (stepped and given != int(given)):  # NaN is in no range
        return Problem(key, given, f"allowed is {row.allowed}")
    return float(given)


def _is_sound(name: str) -> bool:
    return name not in PARAMETERS or PARAMETERS[name].stage is not Stage.CONTROL


def _usable(preset: Preset) -> Preset:
    if preset.problems:
        raise PresetError(f"preset {preset.name!r} ({preset.path}) cannot be used: {in_words(preset.problems)}")
    return preset


def _fill(document: MutableMapping[str, Any], name: str, description: str, values: Mapping[str, float]) -> None:
    """Set name, description and all `values`; what the preset named before and does not name now goes."""
    document["name"] = name
    document["description"] = "".join(character for character in description if character.isprintable())
    if not isinstance(document.get("parameters"), MutableMapping):
        document.pop("parameters", None)
        document["parameters"] = {}
    parameters = document["parameters"]
    for key in [key for key in parameters if key not in values]:
        del parameters[key]
    for key, raw in values.items():
        parameters[key] = float(raw)
