"""The scheduler's facts as they are: the ledger, the presets, and what the file system says."""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from dawbridge.audio.provenance import is_made_of, read_mark
from dawbridge.config.settings import FolderSettings
from dawbridge.engine.music import TempoKey
from dawbridge.errors import JobError, PathNotAllowedError
from dawbridge.events import JobState
from dawbridge.files.output import Output
from dawbridge.files.presence import gone
from dawbridge.files.stamp import Stamp, stamp_of
from dawbridge.jobs.extents import Extents
from dawbridge.jobs.facts import StemTargets, Twin
from dawbridge.jobs.ledger import Ledger
from dawbridge.jobs.midi_files import MidiFiles
from dawbridge.jobs.record import LOST, JobRecord, untouched
from dawbridge.jobs.stem_names import StemNames, moved_stems, one_name
from dawbridge.jobs.watched_roots import WatchedRoots
from dawbridge.knobs.parameters import PARAMETERS, Snapshot, complete
from dawbridge.knobs.presets import Presets
from dawbridge.knobs.takes import Takes

_STEM_SUFFIXES = (".wav", ".flac", ".aiff", ".aif", ".aifc", ".w64", ".caf")
_SLACK_S = 2.0
"""How much later than the ledger says a stem of version 0.1 may have been written: file systems round times."""


class World:
    """Implements `Facts`. Used by the loop alone."""

    def __init__(
        self,
        ledger: Ledger,
        presets: Presets,
        roots: WatchedRoots,
        midi_files: MidiFiles,
        extents: Extents,
    ) -> None:
        self._ledger, self._presets, self._roots, self._extents = ledger, presets, roots, extents
        self._names = StemNames(ledger)
        self.is_reading, self.beside = midi_files.is_reading, midi_files.beside

    def new_id(self) -> int:
        """A job id that nobody has had."""
        return self._ledger.new_id()

    def stamp(self, path: Path) -> Stamp | None:
        """The stamp of a file; None if there is no such file, or it is out of sight."""
        return self._roots.stamp(path)

    def is_away(self, path: Path) -> bool:
        """Whether a missing file is not deleted, but its whole folder is missing, empty, or closed to us."""
        return self._roots.is_away(path)

    def is_watched(self, path: Path) -> bool:
        """Whether the file is in a folder that this daemon watches."""
        return self._roots.inside(path)

    def folder(self, path: Path) -> FolderSettings:
        """Settings of the watched folder that a file is in."""
        return self._roots.settings(path)

    def submitted(self, path: str) -> Path:
        """The real path of a file that somebody wants separated. Raises `PathNotAllowedError`."""
        found = self._roots.submitted(path)
        if self._ledger.is_stem(found) and read_mark(found) is not None:
            raise PathNotAllowedError(f"{path} is a stem of ours; name the bounce that it came from")
        return found

    def record(self, job_id: int) -> JobRecord | None:
        """A job in the ledger. Raises `JobError` if the ledger cannot be read."""
        return self._ledger.get(job_id)

    def newest_id(self, path: Path) -> int:
        """The newest job of a file; 0 if there is none. Raises `JobError` if the ledger cannot be read."""
        return self._ledger.newest_id(path)

    def takes(self, job_id: int) -> Takes:
        """A job's automation and takes in the ledger; 0: what waits for the next bounce."""
        try:
            return self._ledger.takes(job_id)
        except JobError:
            return Takes()

    def duration_s(self, bounce: Path) -> float:
        """How long a bounce is, in seconds; infinite as long as it has not been read."""
        extent = self._extents.of(bounce)
        return extent.duration_s or math.inf if extent else math.inf

    def presets(self) -> Sequence[str]:
        """Names of all presets."""
        return self._presets.names()

    def preset(self, name: str) -> Snapshot:
        """What a preset sets. Raises `PresetError`."""
        return self._presets.load(name).setting

    def targets(self, bounce: Path, tempo_key: TempoKey | None = None) -> StemTargets:
        """Where the bounce's stems go. Raises `JobError` if no name is free."""
        return self._names.targets(bounce, _named_by(self.folder(bounce).output, tempo_key))

    def stems_of(self, bounce: Path) -> Sequence[Path]:
        """Every stem that was ever written for a bounce."""
        try:
            return sorted(self._ledger.stems_of(bounce))
        except JobError:
            return ()

    def older_stems(self, bounce: Path) -> tuple[Path, ...]:
        """Stems that were written for a bounce and were not changed after the ledger says that they were finished."""
        try:
            written = self._ledger.written_at(bounce)
        except JobError:
            return ()
        stamps = ((stem, at, stamp_of(stem)) for stem, at in written)
        return tuple(stem for stem, at, stamp in stamps if stamp and stamp.modified_ns <= (at + _SLACK_S) * 1e9)

    def is_familiar(self, path: Path, stamp: Stamp) -> bool:
        """Whether a finished bounce of the same size may be this one: moved here, or touched."""
        try:
            own = self._ledger.last_done_of(path)
            if own is not None:
                return bool(own.content_hash) and _only_touched(own, stamp) and own.stems_stand
            return self._cut_off(path, stamp) is not None or any(
                self._moved(record, path) for record in self._ledger.same_size(stamp.size, path.name)
            )
        except JobError:
            return False

    def twin(self, path: Path, stamp: Stamp | None, content_hash: str) -> Twin | None:
        """The finished bounce with this content that this file is, if its stems came along."""
        try:
            own = self._ledger.last_done_of(path)
            if own is not None:
                same = own.content_hash == content_hash and stamp is not None and _only_touched(own, stamp)
                return Twin(own, (own.acapella, own.instrumental), ()) if same and own.stems_stand else None
            records = self._ledger.same_content(content_hash, path.name)
            moved = [(record, stems) for record in records if (stems := self._moved(record, path))]
            if moved:
                record, stems = moved[0] if len(moved) == 1 else _likeliest(moved)
                names = tuple(one_name(Path(stem).with_suffix("")) for stem in stems if stem)
                return Twin(record, stems, names)
            cut_off, beside = self._cut_off(path, stamp), self._usual_stems(path)
            if cut_off and beside and all(is_made_of(Path(stem), content_hash) for stem in beside):
                ended = replace(cut_off, state=JobState.DONE, content_hash=content_hash, settings=_turned(beside))
                names = tuple(one_name(Path(stem).with_suffix("")) for stem in beside)
                return Twin(ended, beside, names, was_noted=False)
        except JobError:
            return None
        return None

    def _cut_off(self, path: Path, stamp: Stamp | None) -> JobRecord | None:
        """A job that never came to its end and whose bounce is gone, if this may be it, its stems beside it.

        A kill between the last stem's publication and the note of it in the ledger leaves such a job.
        """
        if stamp is None or not self._usual_stems(path):  # first what costs little and is nearly always so
            return None
        records = self._ledger.unfinished_of(stamp.size, path.name)
        return next((record for record in records if record.path != path and gone(record.path)), None)

    def _usual_stems(self, path: Path) -> tuple[str, str] | None:
        """The stems at their usual places, if both are there with a mark of ours."""
        acapella, instrumental = (_marked(place) for place in self.folder(path).output.paths(path))
        return (acapella, instrumental) if acapella and instrumental else None

    def knows(self, path: Path) -> bool:
        """Whether the file, as it is now, was dealt with: done and its stems exist, failed, waiting or left alone."""
        stamp = self._roots.stamp(path)
        record = self._ledger.latest(path)
        if record is None:
            return untouched(self._ledger.baseline(path), stamp)
        if not untouched(record.stamp, stamp):
            left = record.state is JobState.CANCELLED and (record.stamp is None or record.code == LOST)
            return left and untouched(self._ledger.baseline(path), stamp)
        if record.state is JobState.DONE:
            return record.stems_stand
        if record.code == LOST:
            return False
        return record.state in (JobState.FAILED, JobState.CANCELLED, JobState.QUEUED, JobState.RUNNING)

    def _moved(self, record: JobRecord, path: Path) -> tuple[str, str] | None:
        """Where the stems of that job are, if its bounce may be at `path` now."""
        if not record.stems or record.path == path or not gone(record.path):
            return None
        return moved_stems(record, path, _named_by(self.folder(path).output, record.tempo_key))


def _named_by(output: Output, found: TempoKey | None) -> Output:
    """The template with tempo and key in it, if it holds them."""
    return output.by_music(found.bpm_text, found.key_text) if found else output


def _marked(place: Path) -> str:
    """The file of a stem whose path is `place` without its suffix, if it has a mark of ours; else empty."""
    for suffix in _STEM_SUFFIXES:
        path = place.with_name(place.name + suffix)
        if not gone(path) and read_mark(path) is not None:
            return str(path)
    return ""


def _turned(stems: tuple[str, str]) -> dict[str, float]:
    """The knobs that stems were rendered with, by what they say of themselves."""
    texts = [read_mark(Path(stem)) or "" for stem in stems]
    pairs = (part.partition("=") for text in texts for part in text.split("; "))
    return dict(complete({name: float(value) for name, _, value in pairs if name in PARAMETERS and _is_number(value)}))


def _likeliest(moved: list[tuple[JobRecord, tuple[str, str]]]) -> tuple[JobRecord, tuple[str, str]]:
    """Of jobs with the same content, the one whose knobs its stems name; the newest if there are several, or none."""
    return next((pair for pair in moved if complete(pair[0].settings) == _turned(pair[1])), moved[0])


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _only_touched(record: JobRecord, stamp: Stamp) -> bool:
    """Whether size and time are as they were, so that the content has to decide."""
    before = record.stamp
    return before is not None and (before.size, before.modified_ns) == (stamp.size, stamp.modified_ns)
