"""Which daemons run, and where they listen: small files in the state folder, so that other commands find them."""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from dawbridge.config.paths import state_folder
from dawbridge.files.small import read_small, write_whole


@dataclass(frozen=True, slots=True)
class Running:
    """A daemon as it announced itself. It may have died since: only its answer proves that it runs."""

    host: str
    port: int
    roots: tuple[Path, ...]


def announce(address: tuple[str, int], roots: Sequence[Path]) -> None:
    """Record that this process listens at `address` and watches `roots`, unless the disk refuses."""
    file = _file(address[1])
    text = json.dumps({"host": address[0], "port": address[1], "roots": [str(root) for root in roots]})
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, text.encode("utf-8", "surrogateescape"))


def withdraw(address: tuple[str, int]) -> None:
    """Record that it ends."""
    with suppress(OSError):
        _file(address[1]).unlink(missing_ok=True)


def announced() -> list[Running]:
    """All that announced themselves and did not withdraw. Files that are damaged, or are no files, are passed over."""
    found = []
    for file in sorted(_folder().glob("*.json")):
        try:
            document = json.loads(read_small(file).decode("utf-8", "surrogateescape"))
            roots = tuple(Path(root) for root in document["roots"])
            found.append(Running(str(document["host"]), int(document["port"]), roots))
        except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
            continue
    return found


def _folder() -> Path:
    return state_folder() / "daemons"


def _file(port: int) -> Path:
    return _folder() / f"{port}.json"
