"""A job's DAWproject: what goes into it, and where it is written."""

from itertools import takewhile
from pathlib import Path

from dawbridge.audio.dawproject import SUFFIX, AudioTrack, Project, write
from dawbridge.audio.files import AudioInfo, WriteReport
from dawbridge.audio.timeline import time_reference_s
from dawbridge.engine.job import SeparationJob
from dawbridge.engine.music import TempoKey
from dawbridge.errors import DiskError
from dawbridge.files.publish import fitted

COLORS = {"bounce": "#808080", "acapella": "#d94f70", "instrumental": "#3f8fd9"}


def write_beside(job: SeparationJob, info: AudioInfo, report: WriteReport, found: TempoKey | None) -> tuple[str, ...]:
    """Write the project beside the stems; lines for the user.

    Never raises `DiskError`: the stems are in place, and a project that cannot be written is only reported.
    """
    final = project_path(job)
    try:
        where = write(final, project_of(job, info, report, found))
    except (DiskError, OSError) as error:
        return (f"{final.name} could not be written: {error}",)
    if where == final:
        return ()
    return (f"{final.name} is not a project that dawbridge wrote, or was changed since; the new one is {where.name}",)


def project_path(job: SeparationJob) -> Path:
    """`song.dawproject` beside `song_acapella.wav`: what both stems' names begin with, or the bounce's name."""
    pairs = zip(job.acapella.name, job.instrumental.name, strict=False)
    base = "".join(one for one, _ in takewhile(lambda pair: pair[0] == pair[1], pairs)).rstrip(" _-.")
    return job.acapella.parent / fitted(base or job.source.stem, SUFFIX)


def project_of(job: SeparationJob, info: AudioInfo, report: WriteReport, found: TempoKey | None) -> Project:
    """The bounce, muted, and the stems that were written, at the bounce's time stamp."""
    stems = {"acapella": report.acapella, "instrumental": report.instrumental}
    files = {"bounce": job.source, **{stem: file for stem, file in stems.items() if file}}
    tracks = tuple(
        AudioTrack(
            file.stem, file, COLORS[what], info.channels, info.sample_rate, info.frames, muted=what == "bounce"
        )
        for what, file in files.items()
    )  # fmt: skip
    tempo = found.tempo if found and found.bpm_text else None
    start_s = time_reference_s(job.source, info.sample_rate)
    return Project(job.source.stem, tracks, start_s, tempo.bpm if tempo else None)
