"""Apple's Core Audio Format. Source: Apple Core Audio Format Specification 1.0."""

import struct
from collections.abc import Iterator
from typing import ClassVar

from dawbridge.audio import tags
from dawbridge.audio.containers.base import (
    MARK_LIMIT,
    Blob,
    Chunk,
    ChunkMap,
    Completeness,
    Container,
    StemFacts,
    chunks_of,
    payload,
    sized,
)
from dawbridge.audio.metadata import Metadata, within_limits
from dawbridge.audio.speakers import Speakers

_CARRIED = ("strg", "mark", "regn", "inst", "midi")
_EDIT_COUNT = 4
"""Bytes ahead of the samples, inside their chunk."""
_MARK_KEY = b"encoding application"


class Caf(Container):
    """CAF, big-endian as libsndfile writes it."""

    names = ("CAF",)
    family = "CAF"
    suffixes: ClassVar = {"CAF": (".caf",)}
    big_endian = True

    def recognises(self, head: bytes) -> bool:
        """By magic."""
        return head[:4] == b"caff"

    def walk(self, blob: Blob, base: int, head: bytes) -> ChunkMap:
        """The chunks."""
        return ChunkMap("CAF", chunks_of(blob, base + 8, ">4sq", frozenset()), blob.size, None, head, base)

    def completeness(self, blob: Blob, found: ChunkMap) -> Completeness:
        """By the size of the samples."""
        return sized(found, None, _EDIT_COUNT)

    def texts(self, blob: Blob, found: ChunkMap) -> Iterator[tuple[Chunk, str]]:
        """The name of the encoding application."""
        for chunk in found.chunks:
            if chunk.id == "info":
                pairs = tags.parse_caf(payload(blob, chunk, MARK_LIMIT))
                yield from ((chunk, text) for key, text in pairs if key == _MARK_KEY.decode())

    def metadata(self, blob: Blob, found: ChunkMap) -> Metadata:
        """Chunks that stems may carry, the information, and the channel layout."""
        wanted = [chunk for chunk in found.chunks if chunk.id in (*_CARRIED, "info") and chunk.end <= found.file_size]
        numbers = within_limits((place, chunk.size) for place, chunk in enumerate(wanted))
        parts = [(wanted[place].id, payload(blob, wanted[place])) for place in numbers]
        lines = tuple(line for id, body in parts if id == "info" for line in tags.caf_lines(body))
        chunks = tuple(part for part in parts if part[0] != "info")
        layout = found.find("chan")
        speakers = Speakers(apple=payload(blob, layout, 2**16) if layout else b"")
        return Metadata("CAF", chunks, lines, speakers=speakers)

    def surround(self, facts: StemFacts, metadata: Metadata, mark: str) -> tuple[bytes, bytes]:
        """Description and layout ahead of the samples, the rest after them."""
        own = metadata.family == "CAF"
        translated = tags.translated(metadata.common, tags.CAF_KEYS)
        lines = list(metadata.lines) if own else [(key.encode(), text.encode()) for key, text in translated]
        head = _packed(b"desc", _description(facts))
        if layout := facts.speakers.as_apple():
            head += _packed(b"chan", layout)
        head += struct.pack(">4sqI", b"data", _EDIT_COUNT + facts.data_bytes, 0)
        tail = b"".join(_packed(id.encode("latin-1"), body) for id, body in metadata.chunks if own)
        tail += _packed(b"info", tags.build_caf(tags.replaced(lines, _MARK_KEY, mark)))
        return b"caff\0\1\0\0" + head, tail


def _description(facts: StemFacts) -> bytes:
    align, bits = facts.channels * facts.sample_bytes, 8 * facts.sample_bytes
    return struct.pack(">d4sIIIII", facts.sample_rate, b"lpcm", int(facts.is_float), align, 1, facts.channels, bits)


def _packed(id: bytes, body: bytes) -> bytes:
    return struct.pack(">4sq", id, len(body)) + body


CONTAINERS = (Caf(),)
