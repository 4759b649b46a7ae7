"""AIFF and AIFF-C.

Sources: Apple 1989 and 1991. `basc`, `cate` and `trns` are what Apple Loops add; `CHAN` is an AudioChannelLayout.
"""

import struct
from collections.abc import Iterator
from typing import ClassVar

from dawbridge.audio import id3, tags
from dawbridge.audio.containers.base import (
    MARK_LIMIT,
    Blob,
    Chunk,
    ChunkMap,
    Completeness,
    Container,
    StemFacts,
    chunks_of,
    number,
    payload,
    sized,
)
from dawbridge.audio.metadata import Metadata, within_limits
from dawbridge.audio.speakers import Speakers

_CARRIED = ("MARK", "INST", "COMT", "AUTH", "NAME", "ANNO", "(c) ", "basc", "cate", "trns", "APPL", "MIDI", "ID3 ")
_OTHERS = ("COMM", "FVER", "SSND", "PEAK", "CHAN", "SAXL", "JUNK", "FLLR")
_KNOWN = frozenset(name.encode() for name in (*_CARRIED, *_OTHERS))
_VERSION = 0xA2805140
"""Time stamp of the one version of AIFF-C."""
_EMPTY_SSND = 8


class Aiff(Container):
    """AIFF, and AIFF-C where samples are floats."""

    names = ("AIFF",)
    family = "AIFF"
    suffixes: ClassVar = {"AIFF": (".aif", ".aiff", ".aifc")}
    big_endian = True

    def recognises(self, head: bytes) -> bool:
        """By magic and form."""
        return head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC")

    def walk(self, blob: Blob, base: int, head: bytes) -> ChunkMap:
        """The chunks."""
        chunks = chunks_of(blob, base + 12, ">4sI", _KNOWN)
        return ChunkMap("AIFF", chunks, blob.size, base + 8 + number(head[4:8], ">I"), head, base)

    def completeness(self, blob: Blob, found: ChunkMap) -> Completeness:
        """By the sizes of the samples and of the whole."""
        return sized(found, int.from_bytes(found.head[4:8], "big"), _EMPTY_SSND)

    def texts(self, blob: Blob, found: ChunkMap) -> Iterator[tuple[Chunk, str]]:
        """Annotations."""
        for chunk in found.chunks:
            if chunk.id == "ANNO":
                yield chunk, tags.text_of(payload(blob, chunk, MARK_LIMIT))

    def metadata(self, blob: Blob, found: ChunkMap) -> Metadata:
        """Chunks that stems may carry, whole and within the limits, and the channel layout."""
        wanted = [chunk for chunk in found.chunks if chunk.id in _CARRIED and chunk.end <= found.file_size]
        numbers = within_limits((place, chunk.size) for place, chunk in enumerate(wanted))
        parts = tuple((wanted[place].id, payload(blob, wanted[place])) for place in numbers)
        layout = found.find("CHAN")
        return Metadata("AIFF", parts, speakers=Speakers(apple=payload(blob, layout, 2**16) if layout else b""))

    def surround(self, facts: StemFacts, metadata: Metadata, mark: str) -> tuple[bytes, bytes]:
        """What the bounce has ahead of the samples, our mark after them."""
        form, common = _common(facts)
        head = [*common, *_texts(metadata)]
        if layout := facts.speakers.as_apple():
            head.append((b"CHAN", layout))
        packed = b"".join(_packed(*part) for part in head)
        tail = b"\0" * (facts.data_bytes & 1) + _packed(b"ANNO", mark.encode())
        total = 4 + len(packed) + 16 + facts.data_bytes + len(tail)
        start = struct.pack(">4sI4s", b"FORM", total, form)
        return start + packed + struct.pack(">4sIII", b"SSND", facts.data_bytes + 8, 0, 0), tail


def _texts(metadata: Metadata) -> Iterator[tuple[bytes, bytes]]:
    if metadata.family != "AIFF":
        for key, text in tags.translated(metadata.common, tags.AIFF_KEYS):
            yield key.encode(), text.encode()
    for id, body in metadata.chunks if metadata.family == "AIFF" else ():
        if id == "ANNO" and body.startswith(tags.MARK_PREFIX.encode()):
            continue  # the mark of a stem that is now a bounce
        yield id.encode("latin-1"), id3.without_loudness(body) if id == "ID3 " else body


def _common(facts: StemFacts) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    """The form, and the chunks that describe the samples."""
    exponent = facts.sample_rate.bit_length() - 1
    rate = struct.pack(">HQ", 16383 + exponent, facts.sample_rate << (63 - exponent))
    body = struct.pack(">HIH", facts.channels, facts.frames, 8 * facts.sample_bytes) + rate
    if not facts.is_float:
        return b"AIFF", [(b"COMM", body)]
    encoding = b"fl32" if facts.subtype == "FLOAT" else b"fl64"
    return b"AIFC", [(b"FVER", struct.pack(">I", _VERSION)), (b"COMM", body + encoding + b"\0\0")]


def _packed(id: bytes, body: bytes) -> bytes:
    return struct.pack(">4sI", id, len(body)) + body + b"\0" * (len(body) & 1)


CONTAINERS = (Aiff(),)
