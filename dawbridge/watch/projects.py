"""DAW projects: which of their folders hold recordings and caches that are no bounces. One table.

A folder called `Freeze` or `Backup` may be a song. It is a DAW's own only if its neighbours say so: a project file of
that DAW is beside it. A few names are a DAW's wherever they are.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True, slots=True)
class Daw:
    """What one DAW leaves in a project's folder."""

    name: str
    project: tuple[str, ...]
    """Patterns of the project file, or of a folder that every project has. Lower case."""
    own: tuple[str, ...]
    """Folders beside it that are no place for bounces. Lower case; patterns."""


_COMMON = ("freeze", "freeze files*", "backup", "backups", "peaks", "crop", "cache", "temp")
"""Names that several DAWs use."""

DAWS = (
    Daw("Ableton Live", ("*.als", "ableton project info"), ("samples", *_COMMON)),
    Daw("Pro Tools", ("*.ptx", "*.ptf", "*.pts"), (
        "audio files", "session file backups", "fade files", "rendered files", "video files", "clip groups",
        "plug-in settings", *_COMMON,
    )),
    Daw("Logic Pro", ("*.logicx", "*.logic"), (
        "audio files", "sampler files", "undo data.nosync", "samples", "impulse responses", "movie files", *_COMMON,
    )),
    Daw("GarageBand", ("*.band",), ("media", *_COMMON)),
    Daw("Cubase", ("*.cpr", "*.npr"), ("audio", "edits", "images", "track pictures", "auto saves", *_COMMON)),
    Daw("REAPER", ("*.rpp",), ("media", "audio files", "recorded", *_COMMON)),
    Daw("Studio One", ("*.song",), ("media", "history", "envelopes", *_COMMON)),
    Daw("Ardour", ("*.ardour",), ("interchange", "analysis", "dead", "externals", "midi", "plugins", *_COMMON)),
    Daw("Bitwig Studio", ("*.bwproject",), ("samples", "bounce", "auto-backups", "recordings", *_COMMON)),
    Daw("FL Studio", ("*.flp",), ("recorded", "sliced audio", "rendered audio", *_COMMON)),
    Daw("Audition", ("*.sesx",), ("*_recorded", "imported files", "conformed files", *_COMMON)),
    Daw("Audacity", ("*.aup",), ("*_data", *_COMMON)),
    Daw("Cakewalk", ("*.cwp",), ("audio", "picture cache", *_COMMON)),
    Daw("Digital Performer", ("*.dpdoc",), ("audio files", "analysis files", "fades", "clippings", *_COMMON)),
    Daw("Waveform", ("*.tracktionedit",), ("recorded", "imported", "rendered", *_COMMON)),
    Daw("Samplitude", ("*.vip",), ("audio", *_COMMON)),
    Daw("LMMS", ("*.mmp", "*.mmpz"), ("resources", *_COMMON)),
)  # fmt: skip

BUNDLES = {
    "*.logicx": "Logic Pro", "*.band": "GarageBand", "*.ptx": "Pro Tools", "*.ptf": "Pro Tools", "*.luna": "LUNA",
    "*.logic": "Logic Pro", "*.fcpbundle": "Final Cut Pro", "*.mas": "MainStage", "*.concert": "MainStage",
    "*.patch": "Logic Pro",
}  # fmt: skip
"""Folders that are a project as a whole."""

EVERYWHERE = {
    ("samples", "recorded"): "Ableton Live", ("samples", "imported"): "Ableton Live",
    ("samples", "processed"): "Ableton Live", ("audio files",): "Pro Tools or Logic Pro",
    ("freeze files.nosync",): "Logic Pro", ("session file backups",): "Pro Tools",
    ("ableton project info",): "Ableton Live",
}  # fmt: skip
"""The last parts of a path that are a DAW's own wherever they are."""


def owner(parts: Sequence[str], neighbours: Callable[[], Collection[str]]) -> str:
    """Name of the DAW whose own folder this is; empty if it is none.

    `parts`: the folder's path, as names, its own last. `neighbours` gives the names of everything beside it, and is
    called only if the folder's own name makes that worthwhile.
    """
    lower = [part.lower() for part in parts]
    for tail, daw in EVERYWHERE.items():
        if tuple(lower[-len(tail) :]) == tail:
            return daw
    for pattern, daw in BUNDLES.items():
        if fnmatchcase(lower[-1], pattern):
            return daw
    likely = [daw for daw in DAWS if _matches(lower[-1], daw.own)]
    if not likely:
        return ""
    beside = [name.lower() for name in neighbours()]
    return next((daw.name for daw in likely if any(_matches(name, daw.project) for name in beside)), "")


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
