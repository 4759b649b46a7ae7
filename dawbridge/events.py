"""What happens, told to whoever listens: OSC feedback, the progress display, the log."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from enum import StrEnum

from dawbridge.mailbox import LIMIT, Mailbox, Mailboxes


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
    left_s: float = -1.0
    """How long it will still take, in seconds; negative if that is not known yet."""


@dataclass(frozen=True, slots=True)
class JobInfo:
    """Tempo and key of job `job_id`'s bounce were estimated."""

    job_id: int
    bpm: float
    """0 if it is not sure."""
    key: str
    """`Am`, `F#m`, `Bb`; empty if it is not sure."""
    camelot: str
    """The key's place on the Camelot wheel: `8A`."""


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
    claim: str = "sum equals the bounce"
    """What `null_db` is said of; another text if a stem is off or has a gain, or if the bounce is lossy."""


@dataclass(frozen=True, slots=True)
class Failed:
    """Job `job_id` failed; `code` and `message` say why and what to do."""

    job_id: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class JobForgotten:
    """Job `job_id` was removed; its file, if it is there, counts as new."""

    job_id: int


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
class PresetMorphed:
    """The fader between two presets was moved to `position` (0..1) by `origin`."""

    position: float
    origin: str


@dataclass(frozen=True, slots=True)
class PresetEndChosen:
    """Preset `name` was put at end `"a"` or `"b"` of the morph by `origin`."""

    end: str
    name: str
    origin: str


@dataclass(frozen=True, slots=True)
class PresetsChanged:
    """A preset was saved or deleted; these are all of them now."""

    count: int
    name: tuple[str, ...]
    """Their names, in file order."""


PresetEvent = PresetLoaded | PresetMorphed | PresetEndChosen | PresetsChanged


@dataclass(frozen=True, slots=True)
class MidiLearned:
    """A control was bound to a parameter."""

    parameter: str
    port: str
    """Name of the port that it is on."""
    channel: int
    """1..16."""
    number: int
    """The controller's, the note's, the program's; 0..16383 for NRPN and RPN; -1: any program."""
    mode: str
    """`absolute`, `twos-complement`, `binary-offset`, `sign-magnitude`, `14-bit`, `nrpn`, `rpn`, `note`, `program`."""


@dataclass(frozen=True, slots=True)
class MidiLearnEnded:
    """Learning came to nothing; `reason` says why."""

    parameter: str
    reason: str


@dataclass(frozen=True, slots=True)
class MidiForgotten:
    """No control turns the parameter any more."""

    parameter: str


@dataclass(frozen=True, slots=True)
class MidiHeard:
    """One message came in while somebody asked to see them (`/dawbridge/midi/monitor`)."""

    port: str
    data: bytes


MidiEvent = MidiLearned | MidiLearnEnded | MidiForgotten | MidiHeard


@dataclass(frozen=True, slots=True)
class Notice:
    """A line for the person: something that works on, but not as they may think."""

    text: str


Event = (
    StateChanged | Progress | JobInfo | Done | Failed | JobForgotten | QueueLength | PresetEvent | MidiEvent | Notice
)


class Bus:
    """Puts each event into every mailbox, in one order. Thread-safe; `publish` never waits for a listener."""

    def __init__(self) -> None:
        self._mailboxes = Mailboxes[Event]()

    def mailbox(self, wake: Callable[[], None] | None = None, limit: int = LIMIT) -> Mailbox[Event]:
        """A mailbox that every event goes into from now on, until it is closed.

        Its reader drains it in its own thread. `wake` is called in the publisher's thread when an event comes into the
        empty mailbox, and must only wake. Of a job's progress, and of what else is soon out of date, only the newest
        waits. Beyond `limit` events these go first, then the oldest.
        """
        return self._mailboxes.open(wake, limit)

    def publish(self, event: Event) -> None:
        """Report an event to all listeners, in time."""
        self._mailboxes.put(event, _replaces(event))


def _replaces(event: Event) -> Hashable | None:
    """Events with the same key tell of the same thing, and only the newest counts."""
    match event:
        case Progress(job_id):
            return ("progress", job_id)
        case QueueLength():
            return "queue"
        case PresetMorphed():
            return "morph"
    return None
