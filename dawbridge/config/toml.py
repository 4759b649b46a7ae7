"""Reading TOML files that users write, whatever they hold, and editing them so that comments stay."""

import tomllib
from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import Any, TypeVar

from dawbridge.config.problem import Problem
from dawbridge.files.presence import gone
from dawbridge.files.small import read_small

Document = TypeVar("Document")


def read_toml(path: Path) -> dict[str, Any] | Problem:
    """The document in `path`, or why it cannot be read, in one line. Never blocks and never raises."""
    return _read(path, tomllib.loads)


def edited_toml(path: Path, edit: Callable[[MutableMapping[str, Any]], None]) -> str | Problem:
    """What is to be written to `path`, after `edit` changed its document; the user's comments and layout stay.

    The document is empty if there is no file yet; a file that cannot be read is a problem. Raises what `edit` raises.
    """
    import tomlkit

    document = tomlkit.document() if gone(path) else _read(path, tomlkit.parse)
    if isinstance(document, Problem):
        return document
    edit(document)
    return tomlkit.dumps(document)


def _read(path: Path, parse: Callable[[str], Document]) -> Document | Problem:
    try:
        return parse(read_small(path).decode("utf-8-sig"))
    except RecursionError:
        reason = "it is nested too deeply"
    except OSError as error:
        reason = error.strerror or str(error)
    except ValueError as error:  # TOML or UTF-8 that is wrong, or a path that no file can have
        reason = str(error)
    return Problem("", None, f"not a readable TOML file: {reason}")
