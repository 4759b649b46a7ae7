"""One job as the ledger has it."""

import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dawbridge.engine.music import TempoKey
from dawbridge.errors import JobError
from dawbridge.events import JobState
from dawbridge.files.presence import stands
from dawbridge.files.stamp import Stamp
from dawbridge.jobs.database import Row
from dawbridge.knobs.parameters import PARAMETERS

FIELDS = (
    "id, path, preset, state, size, mtime_ns, inode, changed_ns, content_hash, settings, acapella, instrumental, "
    "message, code, rendering, updated, tempo_key"
)
"""Columns of the table `jobs`, in the order of `JobRecord`."""

PASSING = frozenset({"disk"})
"""Codes of failures that pass by themselves: a full disk, an unplugged one, a lost permission. They are retried."""


MAX_ID = 2**31 - 1
"""Largest id of a job: what OSC's integers hold."""
LOST = "lost"
"""Code of a job that was given up because its bounce was gone: it counts as never taken if it comes back."""


@dataclass(frozen=True, slots=True)
class JobRecord:
    """One job."""

    id: int
    path: Path
    preset: str
    """Preset that the job asked for; empty: the knobs as they were."""
    state: JobState
    stamp: Stamp | None
    """The source's stamp when the job was queued; None before that."""
    content_hash: str
    """Hash of the source's decoded samples; empty until it is known."""
    settings: Mapping[str, float]
    """Raw parameter values that its stems were rendered with, or are to be rendered with if `rendering` is set."""
    acapella: str
    instrumental: str
    message: str
    """Why it failed, or what is the matter with it."""
    code: str
    """The reason for the failure, for machines."""
    rendering: bool
    """Whether a render of the finished job was asked for and was not seen to end: its stems may not match."""
    updated: float
    """Wall clock, in seconds since 1970: for people to read, nothing is decided by it."""
    tempo_key: TempoKey | None = None
    """Tempo and key; None until they were estimated."""

    @property
    def stems(self) -> list[Path]:
        """The files that the job wrote."""
        return [Path(stem) for stem in (self.acapella, self.instrumental) if stem]

    @property
    def stems_stand(self) -> bool:
        """Whether every stem that the job wrote still exists, as far as the system lets us look."""
        return all(stands(stem) for stem in self.stems)

    @property
    def passing(self) -> bool:
        """Whether the job failed for a reason that passes."""
        return self.state is JobState.FAILED and self.code in PASSING

    @classmethod
    def of(cls, row: Row) -> "JobRecord":
        """Read a row of `FIELDS`. Raises `JobError` for a row that makes no sense."""
        job_id, path, preset, state, *stamp, content_hash, settings, _, _, _, _, rendering, updated, tempo_key = row
        acapella, instrumental, message, code = map(text_of, row[10:14])
        try:
            if not 1 <= int(str(job_id)) <= MAX_ID:
                raise ValueError(f"ids are 1..{MAX_ID}")
            return cls(
                int(str(job_id)), path_of(path), text_of(preset), JobState(str(state)), stamp_in(stamp),
                str(content_hash), settings_in(str(settings)), acapella, instrumental, message, code,
                str(rendering) == "1", float(str(updated)), tempo_key_in(text_of(tempo_key)),
            )  # fmt: skip
        except ValueError as error:
            raise JobError(f"job {str(job_id)[:20]!r}: {str(error)[:200]}") from error


def settings_in(text: str) -> dict[str, float]:
    """Raw values by name from their JSON text; whatever is not a knob and a number is left out."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(document, dict):
        return {}
    return {
        name: float(value)
        for name, value in document.items()
        if name in PARAMETERS and isinstance(value, int | float) and math.isfinite(value)
    }


def tempo_key_in(text: str) -> TempoKey | None:
    """Tempo and key from their JSON text; None if there is none."""
    try:
        document = json.loads(text)
        return TempoKey.of(document) if isinstance(document, dict) else None
    except (ValueError, TypeError, OverflowError, RecursionError):
        return None


def stamp_in(columns: list[object]) -> Stamp | None:
    """A stamp from its four columns; None if the size is not known. Raises `ValueError`."""
    size, modified_ns, inode, changed_ns = (int(str(column)) for column in columns)
    return Stamp(size, modified_ns, inode, changed_ns) if size >= 0 else None


def stamp_columns(stamp: Stamp | None) -> dict[str, int]:
    """The columns of the table `jobs` that keep a stamp."""
    if stamp is None:
        return {"size": -1, "mtime_ns": -1, "inode": 0, "changed_ns": 0}
    return {
        "size": stamp.size, "mtime_ns": stamp.modified_ns, "inode": signed(stamp.inode), "changed_ns": stamp.changed_ns,
    }  # fmt: skip


def signed(number: int) -> int:
    """An inode as SQLite can keep it: some file systems use all 64 bits."""
    return number - 2**64 if number >= 2**63 else number


def untouched(before: Stamp | None, now: Stamp | None) -> bool:
    """Whether two stamps are those of one file that nobody touched in between.

    Ledgers of version 0.1 and network folders have no inode and no time of change: then size and time have to do.
    """
    if before is None or now is None:
        return False
    if (before.size, before.modified_ns) != (now.size, now.modified_ns):
        return False
    if not (before.inode and now.inode):
        return True
    return signed(before.inode) == signed(now.inode) and before.changed_ns == now.changed_ns


def kept(path: Path | str) -> str | bytes:
    """A path as the ledger keeps it: text, or the bare bytes of a name that is not UTF-8."""
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
