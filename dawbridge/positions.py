"""Knob positions that outlive the daemon: raw values in a small JSON file."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from dawbridge.presets import validate


def load(file: Path) -> tuple[dict[str, float], list[str]]:
    """Raw values by name, and what could not be used. A missing file is no problem."""
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}, []
    except (OSError, ValueError) as error:
        return {}, [f"{file}: not readable ({error}); the knobs start at their defaults"]
    if not isinstance(document, dict):
        return {}, [f"{file}: not a table of knobs; the knobs start at their defaults"]
    values, problems = validate(document)
    return values, [f"{file}: {problem}" for problem in problems]


def save(file: Path, values: Mapping[str, float]) -> None:
    """Write all of `values`, whole or not at all. Raises `OSError`."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(f".{os.getpid()}.part")
    part.write_text(json.dumps(dict(values), indent=1), encoding="utf-8")
    part.replace(file)
