"""Ogg: streams of Vorbis, Opus or FLAC, and chains of them, as `cat` and recorders of radio make. Source: RFC 3533."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace

from dawbridge.audio.containers.base import MAX_CHUNKS, Blob, Chunk, ChunkMap, Container

_CODECS = {b"\x01vorbis": "vorbis", b"OpusHead": "opus", b"\x7fFLAC": "flac", b"Speex   ": "speex"}
_BEGINS = 0x02
_NO_GRANULE = 2**63
"""At and above this a page's count is -1: no packet ends on it."""
_BLOCK = 2**18
_PAGES = 2**20
"""Pages that are looked at: some 4 GB of them."""


Page = tuple[int, int, bytes, int, int]
"""Place, kind, the first bytes of the body, number of the stream, samples so far."""


class Ogg(Container):
    """Each logical stream is a chunk with its codec's name, where its first page begins."""

    names = ("OGG",)
    promised_by = (".ogg", ".oga", ".opus")

    def recognises(self, head: bytes) -> bool:
        """By magic."""
        return head[:4] == b"OggS"

    def walk(self, blob: Blob, base: int, head: bytes) -> ChunkMap:
        """The streams that begin with the file. Those of a chain's later links take `links` to find."""
        return ChunkMap("OGG", tuple(_streams(_pages(blob, base, base + _BLOCK))), blob.size, None, head, base)


@dataclass(frozen=True, slots=True)
class Link:
    """One stream of a chain."""

    codec: str
    frames: int
    """Samples per channel by its last page, at the stream's own rate (Opus: 48 kHz)."""


def links(blob: Blob, base: int = 0) -> list[Link]:
    """All streams of the whole file, in order. Raises `OSError`."""
    found: list[Link] = []
    current: dict[int, int] = {}
    for _, kind, body, serial, granule in _pages(blob, base, blob.size):
        if kind & _BEGINS and len(found) < MAX_CHUNKS:
            current[serial] = len(found)  # a later link may have the number of an earlier one
            found.append(Link(_codec(body), 0))
        elif serial in current and 0 < granule < _NO_GRANULE:
            found[current[serial]] = replace(found[current[serial]], frames=granule)
    return found


def _streams(pages: Iterator[Page]) -> Iterator[Chunk]:
    found = 0
    for place, kind, body, _, _ in pages:
        if kind & _BEGINS:
            yield Chunk(_codec(body), place, place, -1)
            found += 1
            if found == MAX_CHUNKS:
                return


def _codec(body: bytes) -> str:
    return next((name for magic, name in _CODECS.items() if body.startswith(magic)), "unknown")


def _pages(blob: Blob, position: int, stop: int) -> Iterator[Page]:
    """All pages that begin before `stop`."""
    window, start = b"", 0
    for _ in range(_PAGES):
        if position >= stop:
            return
        if not (start <= position and position + 27 + 255 + 16 <= start + len(window)):
            window, start = blob.at(position, _BLOCK), position
        at = position - start
        head = window[at : at + 27]
        if len(head) < 27 or head[:4] != b"OggS":
            return
        table = window[at + 27 : at + 27 + head[26]]
        begin = at + 27 + len(table)
        granule, serial = struct.unpack_from("<QI", head, 6)
        yield position, head[5], window[begin : begin + 16], serial, granule
        position += 27 + len(table) + sum(table)


CONTAINERS = (Ogg(),)
