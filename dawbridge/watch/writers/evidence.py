"""What can be known about a file's writers."""

from dataclasses import dataclass
from enum import StrEnum


class Known(StrEnum):
    """Whether a process has a file open for writing."""

    HELD = "held"
    """At least one has."""
    FREE = "free"
    """None has, and that is certain."""
    UNKNOWN = "unknown"
    """The system does not tell: a network drive, another user's file, a container."""


@dataclass(frozen=True, slots=True)
class Writer:
    """A process that has a file open for writing."""

    program: str
    pid: int

    def __str__(self) -> str:
        return f"{self.program} (pid {self.pid})"


@dataclass(frozen=True, slots=True)
class Evidence:
    """An answer about one file."""

    known: Known
    writers: tuple[Writer, ...] = ()
    """The processes, as far as they can be named; may be empty although the file is held."""


UNKNOWN = Evidence(Known.UNKNOWN)
"""Nothing can be said."""
FREE = Evidence(Known.FREE)
"""Nobody writes."""
