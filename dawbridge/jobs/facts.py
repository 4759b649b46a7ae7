"""What the scheduler may ask about the world while it decides: read-only, so that `step` changes nothing but its state.

A replay gives it made-up facts; the daemon gives it `jobs.world.World`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from dawbridge.config.settings import FolderSettings
from dawbridge.engine.music import TempoKey
from dawbridge.files.stamp import Stamp
from dawbridge.jobs.record import JobRecord
from dawbridge.knobs.automation import Automation
from dawbridge.knobs.parameters import Snapshot
from dawbridge.knobs.takes import Takes


@dataclass(frozen=True, slots=True)
class StemTargets:
    """Where a bounce's stems are to go."""

    acapella: Path
    """Final path without its suffix."""
    instrumental: Path
    claim: str = ""
    """The name that is to be claimed; empty if it is the bounce's already."""
    note: str = ""
    """A line for the user if the name is not the usual one."""


@dataclass(frozen=True, slots=True)
class Twin:
    """A finished job whose bounce has the same content and is no longer where it was, or was only touched."""

    record: JobRecord
    stems: tuple[str, str]
    """Where its stems are now: acapella, instrumental."""
    names: tuple[str, ...]
    """Names to be claimed for them."""
    was_noted: bool = True
    """Whether the ledger has it as done; otherwise a kill came in between, and the stems themselves say so."""


class Facts(Protocol):
    """Questions that the scheduler asks. Those about files open none, but for
    the stems beside a bounce that may be that of a job which was cut off: their marks are read."""

    def new_id(self) -> int:
        """A job id that nobody has had. The one call that is not a question: it counts."""

    def stamp(self, path: Path) -> Stamp | None:
        """The stamp of a file; None if there is no such file, or it is out of sight."""

    def is_away(self, path: Path) -> bool:
        """Whether a missing file is not deleted, but its whole folder is missing, empty, or closed to us."""

    def is_watched(self, path: Path) -> bool:
        """Whether the file lies in a watched folder that is watched by this daemon."""

    def folder(self, path: Path) -> FolderSettings:
        """Settings of the watched folder that a file lies in."""

    def submitted(self, path: str) -> Path:
        """The real path of a file that somebody asks for. Raises `PathNotAllowedError`."""

    def record(self, job_id: int) -> JobRecord | None:
        """A job in the ledger. Raises `JobError` if the ledger cannot be read."""

    def newest_id(self, path: Path) -> int:
        """The newest job of a file; 0 if there is none. Raises `JobError` if the ledger cannot be read."""

    def is_familiar(self, path: Path, stamp: Stamp) -> bool:
        """Whether a finished bounce of the same size may be this one: moved here, or touched."""

    def twin(self, path: Path, stamp: Stamp | None, content_hash: str) -> Twin | None:
        """The finished bounce with this content that this file is, if its stems came along."""

    def takes(self, job_id: int) -> Takes:
        """A job's automation and takes in the ledger; 0: what waits for the next bounce."""

    def duration_s(self, bounce: Path) -> float:
        """How long a bounce is, in seconds; infinite as long as it has not been read."""

    def presets(self) -> Sequence[str]:
        """Names of all presets."""

    def preset(self, name: str) -> Snapshot:
        """What a preset sets. Raises `PresetError`."""

    def is_reading(self, bounce: Path) -> bool:
        """Whether the MIDI file beside a bounce is still being read."""

    def beside(self, job_id: int, bounce: Path) -> Automation | None:
        """The automation in the MIDI file beside a bounce, if there is one and it has been read."""

    def targets(self, bounce: Path, tempo_key: TempoKey | None = None) -> StemTargets:
        """Where the stems of a bounce with this tempo and key go. Raises `JobError` if no name is free."""

    def stems_of(self, bounce: Path) -> Sequence[Path]:
        """Every stem that was ever written for a bounce."""

    def older_stems(self, bounce: Path) -> tuple[Path, ...]:
        """Stems that version 0.1, whose stems have no seal, wrote for a bounce and nobody has changed since."""
