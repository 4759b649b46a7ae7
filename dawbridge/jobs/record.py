"""One job as the ledger has it."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dawbridge.events import JobState
from dawbridge.files.presence import stands
from dawbridge.jobs.database import Row

FIELDS = (
    "id, path, preset, state, size, mtime_ns, content_hash, settings, acapella, instrumental, message, code, "
    "rendering, updated"
)
"""Columns of the table `jobs`, in the order of `Entry`."""

PASSING = frozenset({"disk"})
"""Codes of failures that pass by themselves: a full disk, an unplugged one, a lost permission. Tried again."""


@dataclass(frozen=True, slots=True)
class JobRecord:
    """One job."""

    id: int
    path: Path
    preset: str
    """Preset that the job asked for; empty: the knobs as they were."""
    state: JobState
    size: int
    """Of the source, in bytes, when the job was queued; -1 before that."""
    mtime_ns: int
    content_hash: str
    settings: Mapping[str, float]
    """Raw parameter values that its stems were rendered with."""
    acapella: str
    instrumental: str
    message: str
    """Why it failed."""
    code: str
    """The same, for machines."""
    rendering: bool
    """A render of a done job began and was not seen to end: its stems may not belong together."""
    updated: float
    """Wall clock, seconds since 1970: for people to read, nothing is decided by it."""

    @property
    def stems(self) -> list[Path]:
        """What it wrote."""
        return [Path(stem) for stem in (self.acapella, self.instrumental) if stem]

    @property
    def stems_stand(self) -> bool:
        """Every stem that the job wrote is still there, as far as we may look."""
        return all(stands(stem) for stem in self.stems)

    @property
    def passing(self) -> bool:
        """It failed for a reason that passes."""
        return self.state is JobState.FAILED and self.code in PASSING

    @classmethod
    def of(cls, row: Row) -> "JobRecord":
        """From a row of `FIELDS`."""
        job_id, path, preset, state, size, mtime_ns, content_hash, settings, *rest = row
        acapella, instrumental, message, code, rendering, updated = map(text_of, rest)
        return cls(
            int(str(job_id)), path_of(path), str(preset), JobState(str(state)), int(str(size)), int(str(mtime_ns)),
            str(content_hash), json.loads(str(settings)), acapella, instrumental, message, code, rendering == "1",
            float(updated),
        )  # fmt: skip


def kept(path: Path | str) -> str | bytes:
    """A path as the ledger keeps it: text, or the bare bytes of a name that is no UTF-8."""
    text = str(path)
    try:
        text.encode()
    except UnicodeEncodeError:
        return os.fsencode(text)
    return text


def text_of(value: object) -> str:
    """What `kept` made, as it was."""
    return os.fsdecode(value) if isinstance(value, bytes) else str(value)


def path_of(value: object) -> Path:
    """What `kept` made, as a path."""
    return Path(text_of(value))
