"""The studio: the bounce rendered last stays in memory, so that a turned knob costs what it changes and no more.

A gain or a switch rewrites its own file from the acapella that is there. Any other knob renders the acapella anew,
never through the network, and rewrites both.
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
class _Wish:
    """One stem as it is to stand."""

    final: Path
    """Without suffix."""
    gain: Gain
    layout: StemEncoding
    version: int
    """Of the acapella."""


@dataclass(frozen=True, slots=True)
class _Standing:
    """One stem as it was written."""

    wish: _Wish
    where: Path
    stamp: Stamp | None
    overs: int
    peak: float

    @property
    def still_stands(self) -> bool:
        """Nobody has touched the file since."""
        return self.stamp is not None and stamp_of(self.where) == self.stamp


class ResidentRenderer:
    """Holds at most one take, and what the mask left of it once a knob of the mask is turned: half as much again.

    Not thread-safe: one engine, one studio.
    """

    def __init__(self, executor: Executor | None = None, threads: int = 1) -> None:
        """`executor`'s threads share the work; None: the caller's does all."""
        self._crew = ParallelBlocks(executor, threads)
        self._take: LoadedBounce | None = None
        self._held: object = None
        self._digest = ""
        self._shaped_by: object = None
        self._version = 0
        self._standing: dict[str, _Standing] = {}
        self._unflushed: dict[Path, None] = {}
        self._masked: NDArray[np.float32] | None = None
        self._masked_by: object = None
        self._said: dict[Path, Path] = {}
        """Names that stems could not have, and those that they got instead."""
        self._replaced: list[BinaryIO] = []
        weakref.finalize(self, _close, self._replaced)

    def held(self, order: SeparationJob, stamp: Stamp) -> tuple[LoadedBounce, str] | None:
        """The bounce with its content hash, if it is in memory and its file is untouched."""
        is_it = self._take is not None and self._held == (order.source, stamp, order.format)
        return (self._take, self._digest) if self._take is not None and is_it else None

    def take(self, order: SeparationJob, source: Source, stamp: Stamp, digest: str) -> LoadedBounce | None:
        """Read the bounce into memory; None if it is too long for that, or of a format that is written otherwise."""
        self._take, self._shaped_by, self._standing = None, None, {}
        self._masked = self._masked_by = None
        if fits(source.info, order.format):
            self._take, self._held, self._digest = (
                LoadedBounce(source, order.format),
                (order.source, stamp, order.format),
                digest,
            )
        return self._take

    def render(
        self, order: SeparationJob, analysis: Analysis, mark: Mark, check: Callable[[], None], progress: Progress
    ) -> WriteReport:
        """Bring both stems of the take up to date. `check` is called ahead of publishing, and may raise.

        Raises `AudioError`, and whatever `progress` raises: then all files are as they were.
        """
        take = self._take
        if take is None:
            raise AudioError(f"{order.source} is not held")
        self._shape(order, take, analysis, progress)
        wishes = self._wishes(order, take)
        stale = [stem for stem, wish in wishes.items() if not self._stands(stem, wish)]
        notes = self._rewrite(order, take, {stem: wishes[stem] for stem in stale}, mark, check) if stale else ()
        return self._report(take, wishes, notes)

    @property
    def has_unflushed(self) -> bool:
        """Stems stand that a loss of power would take."""
        return bool(self._unflushed)

    def let_go(self) -> None:
        """Give the system back what the replaced stems take: slow for long files, so it is done after the answer."""
        _close(self._replaced)

    def flush(self, interrupted: Callable[[], bool] = lambda: False) -> None:
        """Make the stems that were written last durable, file by file, until `interrupted`. Never raises."""
        while self._unflushed and not interrupted():
            path = next(iter(self._unflushed))
            del self._unflushed[path]
            publishing.make_durable(path)

    def _shape(self, order: SeparationJob, take: LoadedBounce, analysis: Analysis, progress: Progress) -> None:
        """The acapella, unless it is there already."""
        wanted = _knobs(order, analysis, SHAPING)
        if wanted == self._shaped_by:
            return
        mask = _knobs(order, analysis, _MASKING)
        block, piece = self._pieces(order, take, analysis, mask)
        self._shaped_by = self._masked_by = None
        self._version += 1
        take.begin()
        self._crew.each(
            lambda start: take.put(start, piece(start)),
            range(0, take.frames, block),
            lambda fraction: progress(min(0.98, 0.9 + 0.08 * fraction)),
        )
        self._shaped_by, self._masked_by = wanted, mask

    def _pieces(
        self, order: SeparationJob, take: LoadedBounce, analysis: Analysis, mask: object
    ) -> tuple[int, Callable[[int], NDArray[np.float32]]]:
        """As `Analysis.pieces`. What a transform went into is kept, so that the depth is a scale of it and no more."""
        values, automation = order.values, order.automation
        if is_plain(values, automation):
            self._masked = None
            return analysis.pieces(values, automation)
        block, render = analysis.pieces({**values, "mask_depth": 1.0}, automation.only(_MASKING))
        is_there = self._masked is not None and mask == self._masked_by
        kept = self._masked if self._masked is not None else np.empty((take.channels, take.frames), np.float32)
        self._masked = kept

        def piece(start: int) -> NDArray[np.float32]:
            span = kept[:, start : start + block]
            if not is_there:
                span[:] = render(start)
            return with_depth(span, start, take.sample_rate, values, automation)

        return block, piece

    def _wishes(self, order: SeparationJob, take: LoadedBounce) -> dict[str, _Wish]:
        finals = {ACAPELLA: order.acapella, INSTRUMENTAL: order.instrumental}
        gains = {
            stem: Gain(order.values[f"{stem}_gain"], order.automation.lane(f"{stem}_gain"))
            for stem in STEMS
            if order.values[f"{stem}_enable"]
        }
        layout = take.layout_for([take.span(stem, gain) for stem, gain in gains.items()])
        return {stem: _Wish(finals[stem], gain, layout, self._version) for stem, gain in gains.items()}

    def _stands(self, stem: str, wish: _Wish) -> bool:
        standing = self._standing.get(stem)
        return standing is not None and standing.wish == wish and standing.still_stands

    def _rewrite(
        self, order: SeparationJob, take: LoadedBounce, wishes: dict[str, _Wish], mark: Mark, check: Callable[[], None]
    ) -> tuple[str, ...]:
        """Write and publish stems; lines for the user."""
        files: dict[str, StemFile] = {}
        overs: dict[str, int] = {}
        stems = list(wishes)

        def write(number: int) -> None:
            stem, wish = stems[number], wishes[stems[number]]
            text = mark(stem, take.null_db)
            facts = facts_of(take.bounce, wish.layout)
            files[stem] = StemFile(wish.final.parent, facts, take.bounce.metadata, text, is_final=True)
            overs[stem] = 0
            for block, beyond in take.blocks(stem, wish.gain, wish.layout):
                files[stem].append(block)
                overs[stem] += beyond
            files[stem].finish(text)

        try:
            for wish in wishes.values():
                publishing.make_room(wish.final.parent, wish.layout.data_bytes(take.info))
            self._crew.each(write, range(len(stems)))
            check()
            peaks = {stem: max(map(abs, take.span(stem, wish.gain))) for stem, wish in wishes.items()}
            return tuple(
                note
                for stem in stems
                for note in self._publish(order, stem, wishes[stem], files[stem], overs[stem], peaks[stem])
            )
        finally:
            for file in files.values():
                file.discard()

    def _publish(
        self, order: SeparationJob, stem: str, wish: _Wish, file: StemFile, overs: int, peak: float
    ) -> tuple[str, ...]:
        final = wish.final.with_name(wish.final.name + wish.layout.suffix)
        if os.name == "posix":  # elsewhere an open file cannot be replaced
            with suppress(OSError):
                self._replaced.append(open_regular(final))
        where = file.publish(final, provenance.may_replace(order.legacy_stems), durable=not order.live)
        if order.live:
            self._unflushed[where] = None
        self._standing[stem] = _Standing(wish, where, stamp_of(where), overs, peak)
        before, self._said[final] = self._said.get(final), where
        return () if where in (final, before) else (publishing.name_taken(final, where),)

    def _report(self, take: LoadedBounce, wishes: dict[str, _Wish], notes: tuple[str, ...]) -> WriteReport:
        places = {stem: self._standing[stem].where for stem in wishes}
        layout = next((wish.layout for wish in wishes.values()), take.layout)
        if layout is not take.layout:
            notes = (OVER_NOTE, *notes)
        peak = max((self._standing[stem].peak for stem in wishes), default=0.0)
        return WriteReport(
            places.get(ACAPELLA),
            places.get(INSTRUMENTAL),
            layout.container,
            layout.subtype,
            take.null_db,
            sum(self._standing[stem].overs for stem in wishes),
            null.decibels(peak),
            null.claim(
                is_lossy=take.info.kind is SampleKind.LOSSY,
                both=len(wishes) == 2,
                at_their_level=all(wish.gain.is_neutral for wish in wishes.values()),
            ),
            notes,
        )


def _knobs(order: SeparationJob, analysis: Analysis, names: frozenset[str]) -> tuple[object, ...]:
    """The model and how these knobs stand and move: equal where the same comes out."""
    return analysis.model, tuple(order.values[name] for name in sorted(names)), order.automation.only(names)


def _close(files: list[BinaryIO]) -> None:
    while files:
        files.pop().close()
