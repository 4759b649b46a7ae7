"""What a job's row says of its audio: rate, length, model, null depth. Read from the files, kept by their stamps."""

import hashlib
import re
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import soundfile

from dawbridge.audio.files import read_mark
from dawbridge.files.opening import is_regular, open_regular
from dawbridge.files.stamp import Stamp, stamp_of

KEPT = 4096
_MODEL = re.compile(r"; model ([^;]+)")
_NULL = re.compile(r"; null (-?\d+\.\d|-inf) dB")


@dataclass(frozen=True, slots=True)
class AudioFacts:
    """What a file says of itself."""

    sample_rate: int = 0
    """In Hz; 0 if it is not known."""
    channels: int = 0
    frames: int = 0
    model: str = ""
    """Model that a stem was made with."""
    null_db: float | None = None
    """Null depth that a stem's mark states, in dB; None if it states none, or bit for bit."""

    @property
    def duration_s(self) -> float | None:
        """Length in seconds."""
        return self.frames / self.sample_rate if self.sample_rate else None


UNKNOWN = AudioFacts()


class FactsShelf:
    """Facts by path and stamp. Thread-safe."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[Path, Stamp], AudioFacts] = OrderedDict()
        self._lock = Lock()

    def of(self, path: Path) -> AudioFacts:
        """The facts of a regular file that libsndfile reads; `UNKNOWN` of any other. Never raises."""
        stamp = stamp_of(path) if is_regular(path) else None
        if stamp is None:
            return UNKNOWN
        key = (path, stamp)
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        facts = _read(path)
        with self._lock:
            self._known[key] = facts
            while len(self._known) > KEPT:
                self._known.popitem(last=False)
        return facts


def version_of(path: Path) -> str:
    """16 hexadecimal digits that change whenever the file is written again; empty if there is no such file."""
    stamp = stamp_of(path) if is_regular(path) else None
    if stamp is None:
        return ""
    text = f"{path} {stamp.size} {stamp.modified_ns} {stamp.inode} {stamp.changed_ns}"
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _read(path: Path) -> AudioFacts:
    try:
        with open_regular(path) as stream, soundfile.SoundFile(stream.fileno(), closefd=False) as file:
            sample_rate, channels, frames = file.samplerate, file.channels, file.frames
        mark = read_mark(path) or ""
    except (OSError, RuntimeError, TypeError, ValueError):  # soundfile's own errors are RuntimeErrors
        return UNKNOWN
    model, null = _MODEL.search(mark), _NULL.search(mark)
    null_db = float(null[1]) if null and null[1] != "-inf" else None
    return AudioFacts(sample_rate, channels, frames, model[1].strip() if model else "", null_db)
