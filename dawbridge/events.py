"""What happens, told to whoever listens: OSC feedback, the progress display, the log."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class JobState(StrEnum):
    """A bounce's way through the daemon."""

    SETTLING = "settling"
    """Seen, still being written."""
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    STALLED = "stalled"
    """Its header never became whole; waits for `accept`."""


@dataclass(frozen=True, slots=True)
class StateChanged:
    """Job `job_id` (1 or more) of the file `file` is now in `state`."""

    job_id: int
    state: JobState
    file: str


@dataclass(frozen=True, slots=True)
class Progress:
    """Job `job_id` has come to `fraction` (0..1; always ends with 1.0)."""

    job_id: int
    fraction: float


@dataclass(frozen=True, slots=True)
class Done:
    """Both stems of job `job_id` stand on disk. A path is empty where that stem is switched off."""

    job_id: int
    acapella: str
    instrumental: str
    seconds: float
    """Time it took, from start to the stems in place."""
    null_db: float = float("-inf")
    """Level of acapella + instrumental - bounce, dB relative to full scale; -inf where they are equal bit for bit."""
    realtime_factor: float = 0.0
    """`seconds` over the bounce's duration."""


@dataclass(frozen=True, slots=True)
class Failed:
    """Job `job_id` failed; `code` and `message` say why and what to do."""

    job_id: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class QueueLength:
    """So many bounces wait."""

    length: int


@dataclass(frozen=True, slots=True)
class PresetLoaded:
    """Preset `name`, number `index` (1-based, by file order), was loaded."""

    index: int
    name: str


@dataclass(frozen=True, slots=True)
class Morphed:
    """The morph between two presets was moved to `position` (0..1) by `origin`."""

    position: float
    origin: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A line for the person: something that works on, but not as they may think."""

    text: str


Event = StateChanged | Progress | Done | Failed | QueueLength | PresetLoaded | Morphed | Notice


class Bus:
    """Hands each event to every listener, in the publisher's thread and in order. Listeners must return at once."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[Event], None]] = []
        self._lock = threading.RLock()

    def subscribe(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Hear of every event; the returned function ends it."""
        with self._lock:
            self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def publish(self, event: Event) -> None:
        """Tell all listeners."""
        with self._lock:
            for listener in tuple(self._listeners):
                listener(event)
