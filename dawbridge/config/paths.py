"""Where dawbridge keeps its things, and the settings of a run."""

import os
from collections.abc import Callable
from pathlib import Path

import platformdirs

HOME_VARIABLE = "DAWBRIDGE_HOME"
"""Environment variable: one folder for configuration, state and cache together (a portable or a test set-up)."""


def config_folder() -> Path:
    """The user's presets and bindings."""
    return _folder("config", platformdirs.user_config_path)


def state_folder() -> Path:
    """Knob positions and the ledger of jobs."""
    return _folder("state", platformdirs.user_state_path)


def cache_folder() -> Path:
    """Analyses: can be deleted at any time, and are made again when needed."""
    return _folder("cache", platformdirs.user_cache_path)


def _folder(kind: str, standard: Callable[..., Path]) -> Path:
    home = os.environ.get(HOME_VARIABLE)
    return Path(home).expanduser() / kind if home else standard("dawbridge", appauthor=False)
