"""Audio files, the door: everything the rest of the program needs to read a bounce and write its stems."""

from dawbridge.audio.info import AudioInfo, SampleKind
from dawbridge.audio.loops import is_loop
from dawbridge.audio.provenance import is_intact, read_mark
from dawbridge.audio.source import Source, content_hash, open_source, probe
from dawbridge.audio.stems import StemWriter, WriteReport
from dawbridge.config.stem_format import StemFormat
from dawbridge.files.part import remove_leftovers, sweep
from dawbridge.files.publish import stem_paths

__all__ = [
    "AudioInfo",
    "SampleKind",
    "Source",
    "StemFormat",
    "StemWriter",
    "WriteReport",
    "content_hash",
    "is_intact",
    "is_loop",
    "open_source",
    "probe",
    "read_mark",
    "remove_leftovers",
    "stem_paths",
    "sweep",
]
