"""What stems are written as: the container, the sample format and the suffix that follow from a bounce and a wish."""

from dataclasses import dataclass

from dawbridge.audio.containers.base import StemFacts
from dawbridge.audio.containers.table import suffixes_of
from dawbridge.audio.info import AudioInfo, SampleKind
from dawbridge.audio.source import Bounce
from dawbridge.config.stem_format import StemFormat

__all__ = ["RIFF_LIMIT", "StemEncoding", "StemFormat", "decide", "facts_of", "widened"]

RIFF_LIMIT = 2**32 - 2**27
"""Bytes of samples up to which 32-bit sizes are used; the rest (128 MiB) is room for metadata."""

_SAMPLE_BYTES = {"PCM_16": 2, "PCM_24": 3, "PCM_32": 4, "FLOAT": 4, "DOUBLE": 8}


@dataclass(frozen=True, slots=True)
class StemEncoding:
    """One decided way of writing."""

    container: str
    """libsndfile's name."""
    subtype: str
    bits: int
    """Bits of the grid, 0 if the bounce is float and stays so."""
    suffix: str

    def data_bytes(self, info: AudioInfo) -> int:
        """Bytes of one stem's samples, before any compression."""
        return info.frames * info.channels * _SAMPLE_BYTES[self.subtype]


def decide(info: AudioInfo, wish: StemFormat) -> StemEncoding:
    """How stems of this bounce are written, as long as no sample is over."""
    container = wish.container
    if container == "source":
        container = info.container if suffixes_of(info.container) else "WAV"
    if container == "FLAC" and not _flac_takes(info):
        container = "WAV"
    if info.kind is SampleKind.FLOAT and not wish.bits and container != "FLAC":
        return _placed(info, container, info.subtype, 0)
    bits = wish.bits or min(info.grid_bits, 24 if container == "FLAC" else 32)
    return _placed(info, container, f"PCM_{bits}", bits)


def widened(info: AudioInfo, layout: StemEncoding, subtype: str) -> StemEncoding:
    """The same with float samples; FLAC, which has none, becomes WAV."""
    return _placed(info, "WAV" if layout.container == "FLAC" else layout.container, subtype, layout.bits)


def facts_of(bounce: Bounce, layout: StemEncoding) -> StemFacts:
    """What the header of a stem says."""
    info = bounce.info
    speakers = bounce.metadata.speakers
    return StemFacts(layout.container, layout.subtype, info.sample_rate, info.channels, info.frames, speakers)


def _placed(info: AudioInfo, container: str, subtype: str, bits: int) -> StemEncoding:
    """With 64-bit sizes if they are needed, and the bounce's own suffix if it fits."""
    size = info.frames * info.channels * _SAMPLE_BYTES[subtype]
    if container in ("WAV", "WAVEX", "AIFF") and size > RIFF_LIMIT:
        container = "RF64"
    own, allowed = info.path.suffix, suffixes_of(container)
    return StemEncoding(container, subtype, bits, own if own.lower() in allowed else allowed[0])


def _flac_takes(info: AudioInfo) -> bool:
    """FLAC's limits (RFC 9639): 8 channels, 655350 Hz, and above 65535 Hz tens only."""
    rate = info.sample_rate
    return info.channels <= 8 and (rate <= 65_535 or (rate <= 655_350 and rate % 10 == 0))
