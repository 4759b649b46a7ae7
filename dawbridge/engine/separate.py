"""A bounce on disk → its two stems on disk. What the daemon's engine and `dawbridge separate` both call."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dawbridge.audio import provenance
from dawbridge.audio.files import (
    AudioInfo,
    SampleKind,
    Source,
    StemWriter,
    WriteReport,
    content_hash,
    open_source,
)
from dawbridge.audio.loaded import ACAPELLA, INSTRUMENTAL, LoadedBounce
from dawbridge.engine.analysis import Analysis, AnalysisCache, DiskEstimates
from dawbridge.engine.estimate import Engine
from dawbridge.engine.job import SeparationJob, SeparationResult
from dawbridge.engine.project import write_beside
from dawbridge.engine.resident import SHAPING, Mark, ResidentRenderer
from dawbridge.engine.tempo_key import of_file
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
        self.bounce = source.bounce
        self.sample_rate = source.info.sample_rate
        self.channels = source.info.channels
        self.frames = source.info.frames

    def read(self, start: int, stop: int) -> Samples:
        """Samples `start..stop`, `[channels, stop - start]`."""
        return self.source.read(start, stop - start).astype(np.float32)


def separate(
    job: SeparationJob,
    engine: Engine,
    cache: AnalysisCache,
    progress: Progress,
    resident: ResidentRenderer | None = None,
) -> SeparationResult:
    """Analyse if needed, render, write both stems and publish them together.

    `resident` keeps the bounce in memory for the next job. Raises `AudioError` (unreadable source, full disk, a source
    that changed meanwhile), `ModelError`, and whatever `progress` raises; then no stem has been replaced or added.
    """
    begun = time.perf_counter()
    before = _stamp(job.source)
    with ExitStack() as stack:
        mixture, digest = _mixture(job, before, resident, stack, progress)
        bounce = mixture.bounce
        loop = job.loop or bounce.is_loop
        estimates = cache.estimates(digest, engine.hash, loop)
        analysis = Analysis(mixture, engine, estimates, loop, lambda fraction: progress(0.9 * fraction))
        _analyse(job, analysis, cache, estimates)
        report = None
        marks: Mark = partial(mark, job, analysis, digest)
        check = partial(_unchanged, job, before, digest)
        if isinstance(mixture, FileMixture) and not job.prefetch:
            report = _write(job, mixture.source, marks, check, analysis, progress)
        elif resident and not job.prefetch:
            report = resident.render(job, analysis, marks, check, progress)
    notes = (report.notes if report else ()) + bounce.notes + tuple(engine.notes)
    notes += _notes(bounce.info, job.values, loop and not job.loop)
    seconds = time.perf_counter() - begun
    found = job.tempo_key
    if job.dawproject and report and not job.live:
        found = found or of_file(report.instrumental or job.source)
        notes += write_beside(job, bounce.info, report, found)
    return SeparationResult(report, digest, bounce.info.duration_s, seconds, analysis.estimate_s, notes, found)


def _mixture(
    job: SeparationJob, stamp: Stamp, resident: ResidentRenderer | None, stack: ExitStack, progress: Progress
) -> tuple[LoadedBounce | FileMixture, str]:
    """The bounce, in memory or open until `stack` closes, and its content hash. One that is held is not opened."""
    held = resident.held(job, stamp) if resident else None
    if held is not None:
        return held
    source = stack.enter_context(open_source(job.source, lambda: progress(0.0)))
    digest = job.content_hash or source.content_hash()
    loaded = resident.load(job, source, stamp, digest) if resident else None
    return loaded or FileMixture(source), digest


def _analyse(job: SeparationJob, analysis: Analysis, cache: AnalysisCache, estimates: DiskEstimates) -> None:
    """Make the estimates that the job needs: the slow half, and the only one that could be done elsewhere."""
    if job.prefetch:
        analysis.prefetch(job.values)
    else:
        analysis.prepare(job.values, job.automation)
    if analysis.estimate_s:
        cache.trim(*estimates.folders)


def _write(
    job: SeparationJob,
    source: Source,
    marks: Mark,
    check: Callable[[], None],
    analysis: Analysis,
    progress: Progress,
) -> WriteReport:
    """Render piece by piece into both stems, in bounded memory: the fast half."""
    values, frames = job.values, source.info.frames
    read = source.read if source.info.kind is SampleKind.FLOAT else source.read_grid
    block, piece = analysis.pieces(values, job.automation)
    with StemWriter(
        source.bounce,
        job.acapella if values["acapella_enable"] else None,
        job.instrumental if values["instrumental_enable"] else None,
        acapella_gain_db=values["acapella_gain"],
        instrumental_gain_db=values["instrumental_gain"],
        automation=job.automation,
        format=job.format,
        older_stems=job.legacy_stems,
    ) as writer:
        for start in range(0, frames, block):
            writer.write(read(start, block), piece(start))
            progress(min(0.999, 0.9 + 0.1 * min(1.0, (start + block) / frames)))
        check()
        null_db = writer.null_db
        return writer.publish(marks(ACAPELLA, null_db), marks(INSTRUMENTAL, null_db))


def _unchanged(job: SeparationJob, before: Stamp, digest: str) -> None:
    """Raises `AudioError` if the bounce's sound is not what it was; the samples of a touched file decide."""
    if _stamp(job.source) != before and content_hash(job.source) != digest:
        raise AudioError(f"{job.source} changed while it was separated; it is taken again once it has settled")


def mark(job: SeparationJob, analysis: Analysis, digest: str, stem: str, null_db: float) -> str:
    """What a stem says of itself: version, model and the turned knobs that shape it, so that it can be made again.

    It also names the sound that it was made of, by `digest`, so that it is recognised if the ledger missed its end.
    """
    values = job.values
    own = [name for name in PARAMETERS if name in SHAPING or name == f"{stem}_gain"]
    turned = [f"{name}={values[name]:g}" for name in own if values[name] != DEFAULTS[name]]
    moving = [lane.name for lane in job.automation.lanes if lane.name in own]
    more = [f"automation of {', '.join(moving)}"] if moving else []
    more += ["loop"] if analysis.loop else []
    more += [job.tempo_key.text] if job.tempo_key and job.tempo_key.text else []
    more += [f"{provenance.SOUND} {digest[: provenance.SOUND_DIGITS]}", f"null {null_db:.1f} dB"]
    return "; ".join([f"dawbridge {VERSION}", f"model {analysis.model}", *turned, *more])


def _stamp(path: Path) -> Stamp:
    stamp = stamp_of(path)
    if stamp is None:
        raise AudioError(f"{path}: the bounce is gone, cannot be read or is not a file")
    return stamp


def _notes(info: AudioInfo, values: Snapshot, loop: bool) -> tuple[str, ...]:
    notes = []
    if info.channels == 1 and values["center_amount"] > 0:
        notes.append(f"{info.path.name} is mono: center_amount has no effect on it")
    if info.channels != 2 and values["acapella_middle"] != DEFAULTS["acapella_middle"]:
        notes.append(f"{info.path.name} is not stereo: acapella_middle has no effect on it")
    if loop:
        notes.append(f"{info.path.name} says that it is a loop: its stems go round without a click too")
    return tuple(notes)
