"""Which daemons run, and where they listen: small files in the state folder, so that other commands find them."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dawbridge.config.paths import state_folder


@dataclass(frozen=True, slots=True)
class Running:
    """A daemon as it announced itself. It may be dead by now: only its answer counts."""

    host: str
    port: int
    roots: tuple[Path, ...]


def announce(address: tuple[str, int], roots: Sequence[Path]) -> None:
    """Say that this process listens at `address` and watches `roots`. A disk that refuses is passed over."""
    file = _file(address[1])
    text = json.dumps({"host": address[0], "port": address[1], "roots": [str(root) for root in roots]})
    part = file.with_suffix(f".{os.getpid()}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="utf-8", errors="surrogateescape")
        part.replace(file)
    except OSError:
        return


def withdraw(address: tuple[str, int]) -> None:
    """Say that it ends."""
    try:
        _file(address[1]).unlink(missing_ok=True)
    except OSError:
        return


def announced() -> list[Running]:
    """All that announced themselves and did not end in order."""
    found = []
    for file in sorted(_folder().glob("*.json")):
        try:
            document = json.loads(file.read_text(encoding="utf-8", errors="surrogateescape"))
            roots = tuple(Path(root) for root in document["roots"])
            found.append(Running(str(document["host"]), int(document["port"]), roots))
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return found


def _folder() -> Path:
    return state_folder() / "daemons"


def _file(port: int) -> Path:
    return _folder() / f"{port}.json"
