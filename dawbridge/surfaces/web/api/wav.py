"""A WAV that exists on no disk: any bounce as a browser can play it, byte by byte, without decoding what is not asked.

```
 0           header   header + start·frame            size
 ├── header ────┼──────────┬───────────────────────────┤
                           └ samples, read by span
```
"""

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dawbridge.audio.containers.base import StemFacts
from dawbridge.audio.files import AudioInfo, SampleKind, Source
from dawbridge.audio.samples import encoded
from dawbridge.surfaces.web.api.ranges import Span

_BITS = {"PCM_16": 16, "PCM_24": 24, "FLOAT": 32}
_LONGEST = 2**32 - 1


@dataclass(frozen=True, slots=True)
class VirtualWav:
    """The layout of one."""

    sample_rate: int
    """In Hz."""
    channels: int
    frames: int
    subtype: str
    """`PCM_16`, `PCM_24` or `FLOAT`."""

    @classmethod
    def of(cls, info: AudioInfo) -> "VirtualWav":
        """As exact as browsers play: integers of 16 or 24 bits, floats of 32; lossy sources as 24 bits."""
        subtype = "PCM_24"
        if info.kind is SampleKind.FLOAT:
            subtype = "FLOAT"
        elif info.subtype in ("PCM_16", "PCM_S8", "PCM_U8", "ALAC_16"):
            subtype = "PCM_16"
        return cls(info.sample_rate, info.channels, info.frames, subtype)

    @property
    def frame_bytes(self) -> int:
        """Bytes of one sample of every channel."""
        return self.channels * _BITS[self.subtype] // 8

    @property
    def header(self) -> bytes:
        """RIFF header. A length that does not fit into 32 bits is given as the most that does: players read on."""
        bits = _BITS[self.subtype]
        tag = 3 if self.subtype == "FLOAT" else 1
        form = struct.pack(
            "<HHIIHH", tag, self.channels, self.sample_rate, self.sample_rate * self.frame_bytes, self.frame_bytes, bits
        )
        chunks = b"fmt " + struct.pack("<I", len(form)) + form
        if tag == 3:
            chunks += b"fact" + struct.pack("<II", 4, min(self.frames, _LONGEST))
        data = self.frames * self.frame_bytes
        riff = b"RIFF" + struct.pack("<I", min(4 + len(chunks) + 8 + data, _LONGEST)) + b"WAVE"
        return riff + chunks + b"data" + struct.pack("<I", min(data, _LONGEST))

    @property
    def size(self) -> int:
        """Bytes of the whole."""
        return len(self.header) + self.frames * self.frame_bytes

    def read(self, source: Source, span: Span) -> bytes:
        """The bytes of `span`, which must lie inside. Raises `AudioError` as `Source.read` does."""
        head, per_frame = self.header, self.frame_bytes
        out = head[span.start : span.stop]
        start, stop = max(span.start - len(head), 0), span.stop - len(head)
        if stop <= start:
            return out
        first = start // per_frame
        frames = -(-stop // per_frame) - first
        raw = self._encoded(source, first, frames)
        skipped = start - first * per_frame
        return out + raw[skipped : skipped + stop - start]

    def _encoded(self, source: Source, first: int, frames: int) -> bytes:
        facts = StemFacts("WAV", self.subtype, self.sample_rate, self.channels, self.frames)
        block: NDArray[np.generic]
        if self.subtype == "FLOAT":
            block = source.read(first, frames).astype(np.float32)
        else:
            grid = source.read_grid(first, frames) >> (source.info.grid_bits - _BITS[self.subtype])
            top = 2 ** (_BITS[self.subtype] - 1)
            block = np.clip(grid, -top, top - 1)
        return bytes(encoded(block.T, facts, big_endian=False))
