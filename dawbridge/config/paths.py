"""Where dawbridge keeps its settings, its state and its cache. Each raises `ConfigError` for a home that cannot be."""

import os
from collections.abc import Callable
from pathlib import Path

from dawbridge.files.paths import user_path

HOME_VARIABLE = "DAWBRIDGE_HOME"
"""Environment variable: one folder for settings, state and cache together (a portable or a test set-up)."""


def config_folder() -> Path:
    """The user's presets, bindings and settings."""
    return _folder("config")


def state_folder() -> Path:
    """The knobs' positions and the ledger of jobs."""
    return _folder("state")


def engine_log_path() -> Path:
    """Return the log in which unexpected errors of the engine are kept with their tracebacks."""
    return state_folder() / "engine.log"


def daemon_log_path() -> Path:
    """Return the log of a running daemon: its own tracebacks, and what libraries write past it."""
    return state_folder() / "daemon.log"


def cache_folder() -> Path:
    """The analyses. It can be deleted at any time; they are made again when they are needed."""
    return _folder("cache")


def _folder(kind: str) -> Path:
    home = os.environ.get(HOME_VARIABLE)
    if home:
        return user_path(home) / kind
    import platformdirs  # only if the home is not given: `make gpu` runs without it

    standard: Callable[..., Path] = getattr(platformdirs, f"user_{kind}_path")
    return standard("dawbridge", appauthor=False)
