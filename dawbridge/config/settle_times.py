"""How long a file must have been quiet before it is taken for finished."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SettleTimes:
    """How long a file must have been quiet, in seconds."""

    closed_s: float = 0.5
    """Whole by its header, after its writer closed it or it was moved into place."""
    unclosed_s: float = 2.0
    """Whole by its header, without that hint."""
    opaque_s: float = 5.0
    """Formats that do not say their length (MP3, Ogg, M4A), if nobody has the file open for writing."""
    unproven_s: float = 15.0
    """The same, if the system does not tell whether somebody has."""
    zeros_s: float = 30.0
    """Whole by its header, and its end is zeros that may still have to be filled."""
    explained_s: float = 5.0
    """Still open in another program, or waited for longer than usual: after this the user is told why, once."""
    stalled_s: float = 60.0
    """Not whole, or still open in another program: after this it is reported once as stalled."""
    streamed_s: float = 15.0
    """With `accept_streamed`: headers that a pipe never patches."""
    accept_streamed: bool = False
    """Take files whose header says 0xFFFFFFFF or 0x7FFFF000, as writers into a pipe leave them."""
