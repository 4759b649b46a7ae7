"""WAV, its big-endian form RIFX, and RF64 and BW64 with 64-bit sizes.

Sources: RIFF (Microsoft 1991), EBU 3306 (RF64), ITU-R BS.2088 (BW64).
"""

import struct
from collections.abc import Iterator
from typing import ClassVar

from dawbridge.audio.containers import riff_chunks
from dawbridge.audio.containers.base import (
    Blob,
    Chunk,
    ChunkMap,
    Completeness,
    Container,
    StemFacts,
    chunks_of,
    number,
    sized,
)
from dawbridge.audio.metadata import Metadata

_LARGE_CHUNKS = 64
"""How many chunks of more than 4 GB besides the samples an RF64 file may list."""
_RF64_HEADER = 8 + 28
"""Bytes of the `ds64` chunk that we write."""


class Riff(Container):
    """All files that begin with RIFF, RIFX, RF64 or BW64 and hold WAVE."""

    names = ("WAV", "RIFX", "RF64")
    promised_by = (".bw64",)
    family = "RIFF"
    suffixes: ClassVar = {
        "WAV": (".wav", ".wave", ".bwf"),
        "WAVEX": (".wav", ".wave", ".bwf"),
        "RF64": (".wav", ".wave", ".bwf", ".rf64"),
    }

    def recognises(self, head: bytes) -> bool:
        """By magic and form."""
        return head[:4] in (b"RIFF", b"RIFX", b"RF64", b"BW64") and head[8:12] == b"WAVE"

    def walk(self, blob: Blob, base: int, head: bytes) -> ChunkMap:
        """The chunks, with the true sizes of an RF64 file."""
        order = ">" if head[:4] == b"RIFX" else "<"
        declared = number(head[4:8], order + "I")
        sizes: dict[str, int] = {}
        name = {b"RIFF": "WAV", b"RIFX": "RIFX"}.get(head[:4], "RF64")
        if name == "RF64":
            sizes = _ds64(blob, base)
            declared = sizes.get("RF64", declared) if declared == 0xFFFFFFFF else declared
        chunks = chunks_of(blob, base + 12, order + "4sI", riff_chunks.KNOWN, sizes)
        return ChunkMap(name, chunks, blob.size, base + 8 + declared, head, base)

    def completeness(self, blob: Blob, found: ChunkMap) -> Completeness:
        """By the sizes of the samples and of the whole."""
        order = "big" if found.container == "RIFX" else "little"
        form_size = int.from_bytes(found.head[4:8], order) if found.container != "RF64" else None  # type: ignore[arg-type]
        return sized(found, form_size)

    def texts(self, blob: Blob, found: ChunkMap) -> Iterator[tuple[Chunk, str]]:
        """ISFT entries."""
        return riff_chunks.texts(blob, found)

    def metadata(self, blob: Blob, found: ChunkMap) -> Metadata:
        """What `riff_chunks` carries; a big-endian file's chunks mean nothing in a little-endian one."""
        return Metadata() if found.container == "RIFX" else riff_chunks.metadata(blob, found)

    def surround(self, facts: StemFacts, metadata: Metadata, mark: str) -> tuple[bytes, bytes]:
        """Format and timeline ahead of the samples, the rest after them."""
        before, after = riff_chunks.carried(facts, metadata, mark)
        if facts.format == "RF64":  # where libsndfile, looking for the samples, does not know of pad bytes
            after = [part for part in before if len(part[1]) & 1] + after
            before = [part for part in before if not len(part[1]) & 1]
        head = b"".join(_packed(*part) for part in before)
        tail = b"\0" * (facts.data_bytes & 1) + b"".join(_packed(*part) for part in after)
        if facts.format != "RF64":
            total = 4 + len(head) + 8 + facts.data_bytes + len(tail)
            data = struct.pack("<4sI", b"data", facts.data_bytes)
            return struct.pack("<4sI4s", b"RIFF", total, b"WAVE") + head + data, tail
        total = 4 + _RF64_HEADER + len(head) + 8 + facts.data_bytes + len(tail)
        sizes = struct.pack("<4sIQQQI", b"ds64", 28, total, facts.data_bytes, facts.frames, 0)
        start = struct.pack("<4sI4s", b"RF64", 0xFFFFFFFF, b"WAVE") + sizes
        return start + head + struct.pack("<4sI", b"data", 0xFFFFFFFF), tail


def _packed(id: str, body: bytes) -> bytes:
    return struct.pack("<4sI", id.encode("latin-1"), len(body)) + body + b"\0" * (len(body) & 1)


def _ds64(blob: Blob, base: int) -> dict[str, int]:
    """The 64-bit sizes of an RF64 file by chunk name; `RF64` is the whole."""
    head = blob.at(base + 12, 8)
    if head[:4] != b"ds64":
        return {}
    body = blob.at(base + 20, min(number(head[4:8], "<I"), 28 + 12 * _LARGE_CHUNKS))
    if len(body) < 24:
        return {}
    sizes = {"RF64": number(body[0:8], "<Q"), "data": number(body[8:16], "<Q")}
    listed = min(number(body[24:28], "<I"), _LARGE_CHUNKS)
    for place in range(28, min(len(body) - 11, 28 + 12 * listed), 12):
        sizes.setdefault(body[place : place + 4].decode("latin-1"), number(body[place + 4 : place + 12], "<Q"))
    return sizes


CONTAINERS = (Riff(),)
