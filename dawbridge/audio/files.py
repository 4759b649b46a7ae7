"""Audio files, the door: everything the rest of the program needs to read a bounce and write its stems."""

from dawbridge.audio.info import AudioInfo, SampleKind
from dawbridge.audio.loops import is_loop
from dawbridge.audio.source import Source, content_hash, open_source, probe
from dawbridge.audio.stems import StemWriter, WriteReport
from dawbridge.audio.tags import read_mark
from dawbridge.config.stem_format import StemFormat
from dawbridge.files.publish import remove_leftovers, stem_paths, sweep

__all__ = [
    "AudioInfo",
    "SampleKind",
    "Source",
    "StemFormat",
    "StemWriter",
    "WriteReport",
    "content_hash",
    "is_loop",
    "open_source",
    "probe",
    "read_mark",
    "remove_leftovers",
    "stem_paths",
    "sweep",
]
