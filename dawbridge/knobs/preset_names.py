"""Names of presets: what can be one, whose it is if two files claim it, and which file a new preset gets."""

import re
from collections.abc import Mapping
from pathlib import Path

from dawbridge.errors import PresetNameError
from dawbridge.files.devices import is_device

NAME = re.compile(r"[A-Za-z0-9_-](?:[A-Za-z0-9 _-]{0,38}[A-Za-z0-9_-])?")


def check_name(name: str) -> str:
    """Return `name` if it can become a file name on any system. Raises `PresetNameError`."""
    if NAME.fullmatch(name) and not is_device(name):
        return name
    raise PresetNameError(
        f"{name[:60]!r} cannot be a preset's name; allowed are 1 to 40 letters A-Z a-z, digits, spaces, _ and -, "
        "no space at either end, no reserved device name"
    )


def distinct(names: Mapping[Path, str]) -> dict[Path, str]:
    """Files of one folder and the names that they give themselves, so that each name is one file's.

    ```
    file     name in it      goes by
    a.toml   b               a          b.toml is called so itself
    b.toml                   b
    ```
    """
    found = dict(names)
    while True:
        holders: dict[str, Path] = {}
        for path in sorted(found, key=lambda path: path.stem != found[path]):  # who is called so comes first
            holders.setdefault(found[path], path)
        losers = [path for path, name in found.items() if holders[name] != path]
        if not losers:
            return found
        found |= {path: path.stem for path in losers}


def free_file(folder: Path, name: str) -> Path:
    """Where to write a new preset: in no other preset's place, even if upper and lower case are the same there."""
    taken = {path.name.casefold() for path in folder.glob("*")}
    names = (f"{name}.toml", *(f"{name} {number}.toml" for number in range(2, len(taken) + 3)))
    return folder / next(file for file in names if file.casefold() not in taken)
