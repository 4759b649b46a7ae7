"""What an audio file is: rate, channels, length, sample format. These are the values; `source` reads them."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from dawbridge.errors import AudioError

CHANNELS = range(1, 65)
"""Channel counts that are accepted: 1..64."""
SAMPLE_RATES = range(4_000, 768_001)
"""Sample rates that are accepted, in Hz: 4..768 kHz."""
FRAMES = range(1, 2**40)
"""Lengths that are accepted, in frames."""

_INTEGER_BITS = {
    "PCM_S8": 8, "PCM_U8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32,
    "ALAC_16": 16, "ALAC_20": 20, "ALAC_24": 24, "ALAC_32": 32,
}  # fmt: skip


NOT_FINITE = (
    "NaN or infinity in the estimate, at or after frame {}; nothing is published; run the job again, on the CPU if it "
    "was a GPU"
)


class SampleKind(StrEnum):
    """How samples are stored, which decides what an exact null means."""

    INTEGER = "integer"
    FLOAT = "float"
    LOSSY = "lossy"
    """Encoded with loss (MP3, Ogg, Opus, AAC, µ-law, ADPCM): taken as it decodes, on a grid of 24 bits."""


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """What a bounce on disk is.

    `container` and `subtype` are libsndfile's names (`"WAV"`, `"WAVEX"`, `"RF64"`, `"W64"`, `"AIFF"`, `"CAF"`,
    `"FLAC"`, `"OGG"`, `"MP3"`, ...; `"PCM_24"`, `"FLOAT"`, ...). What ffmpeg decoded has the
    container `"FFMPEG"`, and the subtype `"DECODED"` unless it is lossless.
    """

    path: Path
    sample_rate: int
    """Hz, 4000..768000."""
    channels: int
    """1..64."""
    frames: int
    """Samples per channel, 1..2**40 - 1."""
    subtype: str
    container: str

    @property
    def duration_s(self) -> float:
        """Length of the audio, in seconds."""
        return self.frames / self.sample_rate

    @property
    def kind(self) -> SampleKind:
        """Integer, float or lossy."""
        if self.subtype in _INTEGER_BITS:
            return SampleKind.INTEGER
        return SampleKind.FLOAT if self.subtype in ("FLOAT", "DOUBLE") else SampleKind.LOSSY

    @property
    def grid_bits(self) -> int:
        """Bits of the grid on which stems of an integer or lossy bounce are formed: the bounce's, at least 24."""
        return max(24, _INTEGER_BITS.get(self.subtype, 24))

    def check(self) -> "AudioInfo":
        """Return itself. Raises `AudioError` if rate, channel count or length is out of range."""
        for name, value, allowed, unit in (
            ("channels", self.channels, CHANNELS, ""),
            ("sample rate", self.sample_rate, SAMPLE_RATES, " Hz"),
            ("length", self.frames, FRAMES, " frames"),
        ):
            if value not in allowed:
                span = f"{allowed.start}..{allowed.stop - 1}{unit}"
                raise AudioError(f"{self.path}: {name} is {value}{unit}; allowed is {span}; bounce it again")
        return self
