"""Every error that dawbridge raises on purpose: one base class, one subclass per layer.

A message says what was given, what is allowed, and what to do next.
"""

from collections.abc import Iterable
from difflib import get_close_matches


class DawbridgeError(Exception):
    """Base of all errors that dawbridge raises on purpose.

    `code` is a short machine-readable name; it travels in `/dawbridge/error` and `/dawbridge/job/failed`.
    """

    code = "internal"


class ParameterError(DawbridgeError):
    """A parameter's name or value cannot be used."""

    code = "bad_args"


class UnknownParameterError(ParameterError):
    """No parameter has this name."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        self.name = name
        super().__init__(f"no parameter is called {name!r}{did_you_mean(name, known)}")


class NotFiniteError(ParameterError):
    """A value is NaN, infinite or no number at all."""

    code = "not_finite"

    def __init__(self, name: str, value: object, allowed: str) -> None:
        self.name, self.value = name, value
        super().__init__(f"{name}: {value!r} is not a finite number; allowed is {allowed}")


class PresetError(DawbridgeError):
    """A preset does not exist or cannot be used."""

    code = "unknown_preset"


class PresetNameError(PresetError):
    """A preset's name cannot become a file name."""

    code = "bad_name"


class AudioError(DawbridgeError):
    """An audio file or buffer cannot be read, written or separated."""

    code = "unreadable"


class DiskError(AudioError):
    """A folder or disk does not take or give a file now: full, unplugged, no permission. It passes; tried again."""

    code = "disk"


class ModelError(DawbridgeError):
    """A model is unknown, or its weights are missing or damaged."""

    code = "model"


class WatchError(DawbridgeError):
    """A folder cannot be watched."""

    code = "watch"


class PositionError(DawbridgeError):
    """A position of the playhead that cannot be."""

    code = "bad_args"

    def __init__(self, given: float, allowed: str) -> None:
        self.given, self.allowed = given, allowed
        super().__init__(f"{given:g} is not a position; allowed is {allowed}")


class JobError(DawbridgeError):
    """A job cannot be queued, run or addressed."""

    code = "unknown_job"


class JobBusyError(JobError):
    """A job is under way, so what was asked has to wait."""

    code = "busy"


class PathNotAllowedError(JobError):
    """A path lies outside the watched folders."""

    code = "path_not_allowed"


class ControlError(DawbridgeError):
    """A control surface (OSC, MIDI) cannot be opened."""

    code = "control"


class ConfigError(DawbridgeError):
    """A setting, on the command line or in a file, cannot be used."""

    code = "config"


class Cancelled(DawbridgeError):
    """The work was cancelled; nothing was published."""

    code = "cancelled"


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """`"; did you mean 'mask_depth'?"` for a near miss, else the empty string."""
    close = get_close_matches(given, list(known), n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else ""
