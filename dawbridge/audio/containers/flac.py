"""FLAC. Source: RFC 9639."""

import struct
from collections.abc import Iterator
from typing import ClassVar

from dawbridge.audio import tags
from dawbridge.audio.containers.base import (
    MARK_LIMIT,
    MAX_CHUNKS,
    Blob,
    Chunk,
    ChunkMap,
    Completeness,
    Container,
    StemFacts,
    number,
    payload,
)
from dawbridge.audio.containers.foreign import RIFF, riff_for_stem
from dawbridge.audio.metadata import CHUNK_LIMIT, Metadata, within_limits
from dawbridge.audio.speakers import FLAC_KEY, Speakers, from_flac_comment

_BLOCKS = ("STREAMINFO", "PADDING", "APPLICATION", "SEEKTABLE", "VORBIS_COMMENT", "CUESHEET", "PICTURE")
_CARRIED = ("APPLICATION", "CUESHEET", "PICTURE", "VORBIS_COMMENT")
_FOREIGN = (RIFF, b"aiff", b"w64 ")
"""Applications whose blocks hold another container's header, sample size included."""
_MARK_KEY = b"SOFTWARE"


class Flac(Container):
    """FLAC, an ID3 tag ahead of it or not."""

    names = ("FLAC",)
    family = "FLAC"
    suffixes: ClassVar = {"FLAC": (".flac",)}
    is_encoded = True

    def recognises(self, head: bytes) -> bool:
        """By magic."""
        return head[:4] == b"fLaC"

    def walk(self, blob: Blob, base: int, head: bytes) -> ChunkMap:
        """Metadata blocks, then all the rest as one chunk called `frames`."""
        return ChunkMap("FLAC", tuple(_blocks(blob, base + 4)), blob.size, None, head, base)

    def completeness(self, blob: Blob, found: ChunkMap) -> Completeness:
        """By the count of samples, which its writer fills in last."""
        info, audio = found.find("STREAMINFO"), found.audio
        if info is None or audio is None or audio.size == 0:
            return Completeness.OPEN
        return Completeness.COMPLETE if total_of(payload(blob, info, 64)) else Completeness.PLACEHOLDER

    def texts(self, blob: Blob, found: ChunkMap) -> Iterator[tuple[Chunk, str]]:
        """SOFTWARE comments."""
        for chunk in found.chunks:
            if chunk.id == "VORBIS_COMMENT":
                pairs = tags.parse_vorbis(payload(blob, chunk, MARK_LIMIT))
                yield from ((chunk, text) for key, text in pairs if key.upper() == _MARK_KEY.decode())

    def metadata(self, blob: Blob, found: ChunkMap) -> Metadata:
        """Comments, pictures, cue sheets, what applications put there, and the channel mask."""
        wanted = [chunk for chunk in found.chunks if chunk.id in _CARRIED and chunk.end <= found.file_size]
        numbers = within_limits((place, chunk.size) for place, chunk in enumerate(wanted))
        parts = [(wanted[place].id, payload(blob, wanted[place])) for place in numbers]
        lines = tuple(line for id, body in parts if id == "VORBIS_COMMENT" for line in tags.vorbis_lines(body))
        chunks = tuple(part for part in parts if part[0] != "VORBIS_COMMENT")
        masks = [tags.text_of(text) for key, text in lines if key.upper() == FLAC_KEY.encode()]
        info = found.find("STREAMINFO")
        bits = bits_of(payload(blob, info, 64)) if info else 0
        return Metadata("FLAC", chunks, lines, speakers=from_flac_comment(masks[0]) if masks else Speakers(), bits=bits)

    def prefix(self, encoded: Blob, found: ChunkMap, facts: StemFacts, metadata: Metadata, mark: str) -> bytes:
        """The magic and all metadata blocks."""
        stream = {"STREAMINFO": 0, "SEEKTABLE": 3}
        parts = [(stream[c.id], payload(encoded, c)) for c in found.chunks if c.id in stream]
        kinds = {"APPLICATION": 2, "CUESHEET": 5, "PICTURE": 6}
        own = metadata.chunks if metadata.family == "FLAC" else ()
        parts += [(4, tags.build_vorbis(_comments(facts, metadata, mark)))]
        riff = riff_for_stem([body for id, body in own if _is_riff(id, body)], facts, mark)
        parts += [(kinds["APPLICATION"], body) for body in riff]
        parts += [
            (kinds[id], body)
            for id, body in own
            if not (riff and _is_riff(id, body)) and _holds(id, body, facts, metadata)
        ]
        fitting = [(kind, body) for kind, body in parts if len(body) < CHUNK_LIMIT]
        packed = [struct.pack(">I", kind << 24 | len(body)) + body for kind, body in fitting]
        packed[-1] = bytes([packed[-1][0] | 0x80]) + packed[-1][1:]
        return b"fLaC" + b"".join(packed)


def total_of(info: bytes) -> int:
    """Samples per channel by a STREAMINFO block; 0 if its writer has not filled it in."""
    return (info[13] & 0x0F) << 32 | number(info[14:18], ">I") if len(info) >= 18 else 0


def bits_of(info: bytes) -> int:
    """Bits of a sample by a STREAMINFO block."""
    return ((info[12] & 1) << 4 | info[13] >> 4) + 1 if len(info) >= 18 else 0


def _comments(facts: StemFacts, metadata: Metadata, mark: str) -> list[tuple[bytes, bytes]]:
    if metadata.family == "FLAC":
        lines = list(metadata.lines)
    else:
        translated = tags.translated(metadata.common, tags.VORBIS_KEYS)
        lines = [(key.encode(), text.encode()) for key, text in translated]
    if not any(key.upper() == FLAC_KEY.encode() for key, _ in lines):
        mask = facts.speakers.flac_comment(facts.channels)
        lines += [(FLAC_KEY.encode(), mask.encode())] if mask else []
    return tags.replaced(lines, _MARK_KEY, mark)


def _is_riff(id: str, body: bytes) -> bool:
    return id == "APPLICATION" and body.startswith(RIFF)


def _holds(id: str, body: bytes, facts: StemFacts, metadata: Metadata) -> bool:
    """Whether a block is true of the stem: another container's header only if the sample size is the same."""
    return id != "APPLICATION" or body[:4] not in _FOREIGN or 8 * facts.sample_bytes == metadata.bits


def _blocks(blob: Blob, position: int) -> Iterator[Chunk]:
    for _ in range(MAX_CHUNKS):
        head = blob.at(position, 4)
        if len(head) < 4:
            return
        kind = head[0] & 0x7F
        name = _BLOCKS[kind] if kind < len(_BLOCKS) else f"block {kind}"
        chunk = Chunk(name, position, position + 4, int.from_bytes(head[1:4], "big"))
        yield chunk
        if chunk.end > blob.size:
            return
        position = chunk.end
        if head[0] & 0x80:
            yield Chunk("frames", position, position, blob.size - position)
            return


CONTAINERS = (Flac(),)
