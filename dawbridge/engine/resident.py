"""The bounce rendered last stays in memory, so that a turned knob costs what it changes and no more.

A gain or a switch rewrites its own file from the acapella that is there. Any other knob renders the acapella again,
never through the network, and rewrites both files.
"""

import os
import weakref
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from dawbridge.audio import null, provenance
from dawbridge.audio.files import SampleKind, Source, WriteReport
from dawbridge.audio.formats import StemEncoding, facts_of
from dawbridge.audio.gain import Gain
from dawbridge.audio.loaded import ACAPELLA, INSTRUMENTAL, LoadedBounce, fits
from dawbridge.audio.stem_file import StemFile
from dawbridge.audio.stems import OVER_NOTE
from dawbridge.engine.analysis import Analysis
from dawbridge.engine.job import SeparationJob
from dawbridge.engine.parallel import ParallelBlocks
from dawbridge.engine.render import is_plain, with_depth
from dawbridge.errors import AudioError
from dawbridge.files import publish as publishing
from dawbridge.files.opening import open_regular
from dawbridge.files.stamp import Stamp, stamp_of
from dawbridge.knobs.parameters import TABLE, Stage

Progress = Callable[[float], None]
Mark = Callable[[str, float], str]
"""Stem and null depth in dB → what the stem says of itself."""

STEMS = (ACAPELLA, INSTRUMENTAL)
_LEVELS = frozenset(f"{stem}_{what}" for stem in STEMS for what in ("gain", "enable"))
SHAPING = frozenset(row.name for row in TABLE if row.stage is not Stage.CONTROL) - _LEVELS
"""Parameters that change the acapella itself."""
_MASKING = SHAPING - {"mask_depth"}


@dataclass(frozen=True, slots=True)
class _Target:
    """One stem as it is to be written."""

    final: Path
    """Its path without suffix."""
    gain: Gain
    layout: StemEncoding
    version: int
    """Counts the renders of the acapella that it is made from."""


@dataclass(frozen=True, slots=True)
class _Written:
    """One stem as it was written."""

    target: _Target
    where: Path
    stamp: Stamp | None
    overs: int
    peak: float

    @property
    def is_untouched(self) -> bool:
        """Whether nobody has touched the file since."""
        return self.stamp is not None and stamp_of(self.where) == self.stamp


class ResidentRenderer:
    """Holds at most one bounce, and what the mask left of it once a knob of the mask is turned: half as much again.

    Not thread-safe.
    """

    def __init__(self, executor: Executor | None = None, threads: int = 1) -> None:
        """The threads of `executor` share the work; None: the caller's thread does all of it."""
        self._blocks = ParallelBlocks(executor, threads)
        self._bounce: LoadedBounce | None = None
        self._bounce_of: object = None
        self._digest = ""
        self._shaped_by: object = None
        self._version = 0
        self._written: dict[str, _Written] = {}
        self._unflushed: dict[Path, None] = {}
        self._masked: NDArray[np.float32] | None = None
        self._masked_by: object = None
        self._said: dict[Path, Path] = {}
        """Names that stems could not have, and those that they got instead."""
        self._replaced: list[BinaryIO] = []
        weakref.finalize(self, _close, self._replaced)

    def held(self, job: SeparationJob, stamp: Stamp) -> tuple[LoadedBounce, str] | None:
        """The bounce with its content hash, if it is in memory and its file is untouched."""
        is_it = self._bounce is not None and self._bounce_of == (job.source, stamp, job.format)
        return (self._bounce, self._digest) if self._bounce is not None and is_it else None

    def load(self, job: SeparationJob, source: Source, stamp: Stamp, digest: str) -> LoadedBounce | None:
        """Read the bounce into memory; None if it is too long for that, or of a format that is written otherwise."""
        self._bounce, self._shaped_by, self._written = None, None, {}
        self._masked = self._masked_by = None
        if fits(source.info, job.format):
            self._bounce, self._bounce_of, self._digest = (
                LoadedBounce(source, job.format),
                (job.source, stamp, job.format),
                digest,
            )
        return self._bounce

    def render(
        self, job: SeparationJob, analysis: Analysis, mark: Mark, check: Callable[[], None], progress: Progress
    ) -> WriteReport:
        """Bring both stems of the bounce up to date. `check` is called before they are published, and may raise.

        Raises `AudioError`, and whatever `progress` raises: then all files are as they were.
        """
        bounce = self._bounce
        if bounce is None:
            raise AudioError(f"{job.source} is not in memory")
        self._shape(job, bounce, analysis, progress)
        targets = self._targets(job, bounce)
        stale = [stem for stem, target in targets.items() if not self._is_current(stem, target)]
        notes = self._rewrite(job, bounce, {stem: targets[stem] for stem in stale}, mark, check) if stale else ()
        return self._report(bounce, targets, notes)

    @property
    def has_unflushed(self) -> bool:
        """Whether a loss of power would take stems that are published."""
        return bool(self._unflushed)

    def let_go(self) -> None:
        """Give the system back the space of replaced stems: slow for long files, so it is done after the answer."""
        _close(self._replaced)

    def flush(self, interrupted: Callable[[], bool] = lambda: False) -> None:
        """Make the stems that were written last durable, file by file, until `interrupted`. Never raises."""
        while self._unflushed and not interrupted():
            path = next(iter(self._unflushed))
            del self._unflushed[path]
            publishing.make_durable(path)

    def _shape(self, job: SeparationJob, bounce: LoadedBounce, analysis: Analysis, progress: Progress) -> None:
        """Render the acapella, unless it is there already."""
        wanted = _knobs(job, analysis, SHAPING)
        if wanted == self._shaped_by:
            return
        mask = _knobs(job, analysis, _MASKING)
        block, piece = self._pieces(job, bounce, analysis, mask)
        self._shaped_by = self._masked_by = None
        self._version += 1
        bounce.begin()
        self._blocks.each(
            lambda start: bounce.put(start, piece(start)),
            range(0, bounce.frames, block),
            lambda fraction: progress(min(0.98, 0.9 + 0.08 * fraction)),
        )
        self._shaped_by, self._masked_by = wanted, mask

    def _pieces(
        self, job: SeparationJob, bounce: LoadedBounce, analysis: Analysis, mask: object
    ) -> tuple[int, Callable[[int], NDArray[np.float32]]]:
        """As `Analysis.pieces`. What took a transform is kept, so that the depth is a scale of it and no more."""
        values, automation = job.values, job.automation
        if is_plain(values, automation):
            self._masked = None
            return analysis.pieces(values, automation)
        block, render = analysis.pieces({**values, "mask_depth": 1.0}, automation.only(_MASKING))
        is_there = self._masked is not None and mask == self._masked_by
        kept = self._masked if self._masked is not None else np.empty((bounce.channels, bounce.frames), np.float32)
        self._masked = kept

        def piece(start: int) -> NDArray[np.float32]:
            span = kept[:, start : start + block]
            if not is_there:
                span[:] = render(start)
            return with_depth(span, start, bounce.sample_rate, values, automation)

        return block, piece

    def _targets(self, job: SeparationJob, bounce: LoadedBounce) -> dict[str, _Target]:
        finals = {ACAPELLA: job.acapella, INSTRUMENTAL: job.instrumental}
        gains = {
            stem: Gain(job.values[f"{stem}_gain"], job.automation.lane(f"{stem}_gain"))
            for stem in STEMS
            if job.values[f"{stem}_enable"]
        }
        layout = bounce.layout_for([bounce.span(stem, gain) for stem, gain in gains.items()])
        return {stem: _Target(finals[stem], gain, layout, self._version) for stem, gain in gains.items()}

    def _is_current(self, stem: str, target: _Target) -> bool:
        written = self._written.get(stem)
        return written is not None and written.target == target and written.is_untouched

    def _rewrite(
        self,
        job: SeparationJob,
        bounce: LoadedBounce,
        targets: dict[str, _Target],
        mark: Mark,
        check: Callable[[], None],
    ) -> tuple[str, ...]:
        """Write and publish stems; give lines for the user."""
        files: dict[str, StemFile] = {}
        overs: dict[str, int] = {}
        stems = list(targets)

        def write(number: int) -> None:
            stem, target = stems[number], targets[stems[number]]
            text = mark(stem, bounce.null_db)
            facts = facts_of(bounce.bounce, target.layout)
            files[stem] = StemFile(target.final.parent, facts, bounce.bounce.metadata, text, is_final=True)
            overs[stem] = 0
            for block, beyond in bounce.blocks(stem, target.gain, target.layout):
                files[stem].append(block)
                overs[stem] += beyond
            files[stem].finish(text)

        try:
            for target in targets.values():
                publishing.make_room(target.final.parent, target.layout.data_bytes(bounce.info))
            self._blocks.each(write, range(len(stems)))
            check()
            peaks = {stem: max(map(abs, bounce.span(stem, target.gain))) for stem, target in targets.items()}
            return tuple(
                note
                for stem in stems
                for note in self._publish(job, stem, targets[stem], files[stem], overs[stem], peaks[stem])
            )
        finally:
            for file in files.values():
                file.discard()

    def _publish(
        self, job: SeparationJob, stem: str, target: _Target, file: StemFile, overs: int, peak: float
    ) -> tuple[str, ...]:
        final = target.final.with_name(target.final.name + target.layout.suffix)
        if os.name == "posix":  # elsewhere an open file cannot be replaced
            with suppress(OSError):
                self._replaced.append(open_regular(final))
        where = file.publish(final, provenance.may_replace(job.legacy_stems), durable=not job.live)
        if job.live:
            self._unflushed[where] = None
        self._written[stem] = _Written(target, where, stamp_of(where), overs, peak)
        before, self._said[final] = self._said.get(final), where
        return () if where in (final, before) else (publishing.name_taken(final, where),)

    def _report(self, bounce: LoadedBounce, targets: dict[str, _Target], notes: tuple[str, ...]) -> WriteReport:
        places = {stem: self._written[stem].where for stem in targets}
        layout = next((target.layout for target in targets.values()), bounce.layout)
        if layout is not bounce.layout:
            notes = (OVER_NOTE, *notes)
        peak = max((self._written[stem].peak for stem in targets), default=0.0)
        return WriteReport(
            places.get(ACAPELLA),
            places.get(INSTRUMENTAL),
            layout.container,
            layout.subtype,
            bounce.null_db,
            sum(self._written[stem].overs for stem in targets),
            null.decibels(peak),
            null.claim(
                is_lossy=bounce.info.kind is SampleKind.LOSSY,
                both=len(targets) == 2,
                at_their_level=all(target.gain.is_neutral for target in targets.values()),
            ),
            notes,
        )


def _knobs(job: SeparationJob, analysis: Analysis, names: frozenset[str]) -> tuple[object, ...]:
    """The model, and where these knobs are and how they move: equal if the same comes out."""
    return analysis.model, tuple(job.values[name] for name in sorted(names)), job.automation.only(names)


def _close(files: list[BinaryIO]) -> None:
    while files:
        files.pop().close()
