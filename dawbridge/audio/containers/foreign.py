"""What `flac --keep-foreign-metadata` put into a FLAC file: the chunks of the WAV that it was made from.

Each is an APPLICATION block: `riff`, then a chunk as it was in the file, header and pad byte included; the first is the
file's own header, that of `data` has no samples. Source: the FLAC format's registered application ids.
"""

import struct
from collections.abc import Sequence

from dawbridge.audio.containers.base import StemFacts
from dawbridge.audio.containers.riff_chunks import for_stem

RIFF = b"riff"
_UNTRUE = (b"fact", b"PEAK", b"LGWV")
"""Chunks that speak of the samples themselves."""
_LARGEST = 0xFFFFFFFF


def riff_for_stem(blocks: Sequence[bytes], facts: StemFacts, mark: str) -> list[bytes]:
    """The blocks of a bounce, true of its stem: sample format and sizes are the stem's, loudness is unset.

    Empty if they are not those of a WAV of less than 4 GiB.
    """
    if not blocks or blocks[0][4:8] != b"RIFF" or len(blocks[0]) != 16:
        return []
    chunks, size = [], 4
    for block in blocks[1:]:
        id, length = block[4:8], int.from_bytes(block[8:12], "little")
        body = block[12 : 12 + length]
        if id == b"data":
            chunks.append(id + struct.pack("<I", min(facts.data_bytes, _LARGEST)))
            size += 8 + facts.data_bytes + facts.data_bytes % 2
        elif len(block) < 12 or len(body) < length:
            return []
        elif id not in _UNTRUE:
            body = _format(body, facts) if id == b"fmt " else for_stem(id.decode("latin-1"), body, facts, mark)
            chunks.append(id + struct.pack("<I", len(body)) + body + bytes(len(body) % 2))
            size += len(chunks[-1])
    if size > _LARGEST:
        return []
    return [RIFF + b"RIFF" + struct.pack("<I", size) + b"WAVE", *(RIFF + chunk for chunk in chunks)]


def _format(body: bytes, facts: StemFacts) -> bytes:
    """A `fmt ` chunk with the stem's sample size; its channels and their places stay."""
    if len(body) < 16:
        return body
    align = facts.channels * facts.sample_bytes
    head = struct.pack("<IHH", min(facts.sample_rate * align, _LARGEST), align, 8 * facts.sample_bytes)
    valid = struct.pack("<H", 8 * facts.sample_bytes) if len(body) >= 20 else b""
    return body[:8] + head + body[16:18] + valid + body[18 + len(valid) :]
