"""Sony Wave64: RIFF's chunks under 128-bit names, on 8-byte boundaries, with 64-bit sizes that count their header."""

import struct
from collections.abc import Iterator
from typing import ClassVar

from dawbridge.audio.containers import riff_chunks
from dawbridge.audio.containers.base import (
    MAX_CHUNKS,
    Blob,
    Chunk,
    ChunkMap,
    Completeness,
    Container,
    StemFacts,
    number,
    sized,
)
from dawbridge.audio.metadata import Metadata

RIFF = b"riff" + bytes.fromhex("2e91cf11a5d628db04c10000")
LIST = b"list" + bytes.fromhex("2f91cf11a5d628db04c10000")
TAIL = bytes.fromhex("f3acd3118cd100c04f8edb8a")
"""The last 12 bytes of a name made from a RIFF name."""


class W64(Container):
    """Wave64."""

    names = ("W64",)
    family = "RIFF"
    suffixes: ClassVar = {"W64": (".w64",)}

    def recognises(self, head: bytes) -> bool:
        """By the names of the whole and of its form."""
        return head[:16] == RIFF and head[24:28] == b"wave"

    def walk(self, blob: Blob, base: int, head: bytes) -> ChunkMap:
        """The chunks, under the first four bytes of their names."""
        return ChunkMap("W64", tuple(_chunks(blob, base)), blob.size, base + number(head[16:24], "<Q"), head, base)

    def completeness(self, blob: Blob, found: ChunkMap) -> Completeness:
        """By the sizes of the samples and of the whole."""
        return sized(found, None)

    def texts(self, blob: Blob, found: ChunkMap) -> Iterator[tuple[Chunk, str]]:
        """ISFT entries."""
        return riff_chunks.texts(blob, found)

    def metadata(self, blob: Blob, found: ChunkMap) -> Metadata:
        """As WAV."""
        return riff_chunks.metadata(blob, found)

    def surround(self, facts: StemFacts, metadata: Metadata, mark: str) -> tuple[bytes, bytes]:
        """All chunks ahead of the samples: libsndfile takes what follows them for more samples."""
        before, after = riff_chunks.carried(facts, metadata, mark)
        head = b"".join(_packed(*part) for part in (*before, *after))
        total = 40 + len(head) + 24 + facts.data_bytes
        start = RIFF + struct.pack("<Q", total) + b"wave" + TAIL
        return start + head + b"data" + TAIL + struct.pack("<Q", 24 + facts.data_bytes), b""


def _packed(id: str, body: bytes) -> bytes:
    name = LIST if id.upper() == "LIST" else id.encode("latin-1") + TAIL
    return name + struct.pack("<Q", 24 + len(body)) + body + b"\0" * (-len(body) % 8)


def _chunks(blob: Blob, base: int) -> Iterator[Chunk]:
    position = base + 40
    for _ in range(MAX_CHUNKS):
        head = blob.at(position, 24)
        if len(head) < 24:
            return
        size = max(number(head[16:24], "<Q") - 24, 0)
        chunk = Chunk(head[:4].decode("latin-1"), position, position + 24, size)
        yield chunk
        if chunk.end > blob.size or (chunk.size == 0 and chunk.id == "data"):
            return
        position = chunk.end + (base - chunk.end) % 8


CONTAINERS = (W64(),)
