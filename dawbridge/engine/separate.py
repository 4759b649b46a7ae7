"""A bounce on disk → its two stems on disk. What the daemon's engine and `dawbridge separate` both call."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dawbridge.audio.files import (
    AudioInfo,
    SampleKind,
    Source,
    StemWriter,
    WriteReport,
    content_hash,
    is_loop,
    open_source,
)
from dawbridge.audio.loaded import ACAPELLA, INSTRUMENTAL
from dawbridge.engine.analysis import Analysis, AnalysisCache
from dawbridge.engine.estimate import Engine
from dawbridge.engine.job import SeparationJob, SeparationResult
from dawbridge.engine.resident import SHAPING, Mark, ResidentRenderer
from dawbridge.errors import AudioError
from dawbridge.files.stamp import Stamp, stamp_of
from dawbridge.knobs.parameters import DEFAULTS, PARAMETERS, Snapshot
from dawbridge.version import VERSION

Progress = Callable[[float], None]
"""Told a fraction 0..1; may raise `Cancelled`."""

Samples = NDArray[np.float32]


class FileMixture:
    """An open bounce as a mixture."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.sample_rate = source.info.sample_rate
        self.channels = source.info.channels
        self.frames = source.info.frames

    def read(self, start: int, stop: int) -> Samples:
        """Samples `start..stop`, `[channels, stop - start]`."""
        return self.source.read(start, stop - start).astype(np.float32)


def separate(
    order: SeparationJob,
    engine: Engine,
    cache: AnalysisCache,
    progress: Progress,
    studio: ResidentRenderer | None = None,
) -> SeparationResult:
    """Analyse if needed, render, write both stems and publish them together; `studio` keeps the bounce for the next.

    Raises `AudioError` (unreadable source, full disk, a source that changed meanwhile), `ModelError`, and
    whatever `progress` raises; nothing then stands under a final name that did not stand there before.
    """
    begun = time.perf_counter()
    before = _stamp(order.source)
    digest = order.content_hash or content_hash(order.source)
    with ExitStack() as stack:
        source = stack.enter_context(open_source(order.source))
        loop = order.loop or is_loop(order.source, source.info.frames)
        estimates = cache.estimates(digest, engine.hash, loop)
        take = studio.take(order, source, before) if studio else None
        analysis = Analysis(
            take or FileMixture(source), engine, estimates, loop, lambda fraction: progress(0.9 * fraction)
        )
        if order.prefetch:
            analysis.prefetch(order.values)
        else:
            analysis.prepare(order.values, order.automation)
        if analysis.estimate_s:
            cache.trim(*estimates.folders)
        if order.prefetch:
            report = None
        elif studio and take:
            report = studio.render(
                order, analysis, _marks(order, analysis), lambda: _unchanged(order, before), progress
            )
        else:
            report = _write(order, source, analysis, before, progress)
    seconds = time.perf_counter() - begun
    notes = (report.notes if report else ()) + _notes(source.info, order.values, loop and not order.loop)
    notes += tuple(engine.notes)
    return SeparationResult(report, digest, source.info.duration_s, seconds, analysis.estimate_s, notes)


def _write(order: SeparationJob, source: Source, analysis: Analysis, before: Stamp, progress: Progress) -> WriteReport:
    values, marks = order.values, _marks(order, analysis)
    with StemWriter(
        source.info,
        order.acapella if values["acapella_enable"] else None,
        order.instrumental if values["instrumental_enable"] else None,
        acapella_gain_db=values["acapella_gain"],
        instrumental_gain_db=values["instrumental_gain"],
        automation=order.automation,
        format=order.format,
        older_stems=order.legacy_stems,
    ) as writer:
        start = 0
        for acapella in analysis.acapella(values, order.automation):
            frames = acapella.shape[1]
            writer.write(_exact(source, start, frames), acapella)
            start += frames
            progress(min(0.999, 0.9 + 0.1 * start / source.info.frames))
        _unchanged(order, before)
        return writer.publish(marks(ACAPELLA, writer.null_db), marks(INSTRUMENTAL, writer.null_db))


def _unchanged(order: SeparationJob, before: Stamp) -> None:
    if _stamp(order.source) != before:
        raise AudioError(f"{order.source} changed while it was separated; it is taken again once it has settled")


def _exact(source: Source, start: int, frames: int) -> NDArray[np.float64] | NDArray[np.int64]:
    return source.read(start, frames) if source.info.kind is SampleKind.FLOAT else source.read_grid(start, frames)


def _marks(order: SeparationJob, analysis: Analysis) -> Mark:
    return lambda stem, null_db: mark(order, analysis, stem, null_db)


def mark(order: SeparationJob, analysis: Analysis, stem: str, null_db: float) -> str:
    """What a stem says of itself: version, model and the turned knobs that shape it, so that it can be made again."""
    values = order.values
    own = [name for name in PARAMETERS if name in SHAPING or name == f"{stem}_gain"]
    turned = [f"{name}={values[name]:g}" for name in own if values[name] != DEFAULTS[name]]
    moving = [lane.name for lane in order.automation.only(own).lanes]
    more = [f"automation of {', '.join(moving)}"] if moving else []
    more += ["loop"] if analysis.loop else []
    return "; ".join([f"dawbridge {VERSION}", f"model {analysis.model}", *turned, *more, f"null {null_db:.1f} dB"])


def _stamp(path: Path) -> Stamp:
    stamp = stamp_of(path)
    if stamp is None:
        raise AudioError(f"{path}: the bounce is gone, cannot be read or is not a file")
    return stamp


def _notes(info: AudioInfo, values: Snapshot, loop: bool) -> tuple[str, ...]:
    notes = []
    if info.channels == 1 and values["center_amount"] > 0:
        notes.append(f"{info.path.name} is mono: center_amount has no effect on it")
    if loop:
        notes.append(f"{info.path.name} says that it is a loop: its stems go round without a click too")
    return tuple(notes)
