"""A walk over the chunks of RIFF, RF64, W64, AIFF, CAF and FLAC files: names, places, sizes. Standard library only.

Sizes in files lie: a writer at work leaves 0 or 0xFFFFFFFF, a killed one leaves them for ever. The walk reports what
the header says and never believes it: each step goes forward, nothing larger than the file is read.

Sources: RIFF (Microsoft 1991), EBU 3306 (RF64), ITU-R BS.2088 (BW64), Sony Wave64, AIFF-C (Apple 1991), Apple Core
Audio Format, RFC 9639 (FLAC).
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

MAX_CHUNKS = 4096
"""A file with more chunks than this is read no further."""

W64_TAIL = bytes.fromhex("f3acd3118cd100c04f8edb8a")
"""The last 12 bytes of a Wave64 GUID made from a RIFF name."""
W64_RIFF = b"riff" + bytes.fromhex("2e91cf11a5d628db04c10000")
W64_LIST = b"list" + bytes.fromhex("2f91cf11a5d628db04c10000")

_AUDIO = ("data", "SSND", "frames")
_FLAC_BLOCKS = ("STREAMINFO", "PADDING", "APPLICATION", "SEEKTABLE", "VORBIS_COMMENT", "CUESHEET", "PICTURE")


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk: `id` as four characters (FLAC: the block's name), payload at byte `offset`."""

    id: str
    start: int
    """Byte at which its header begins."""
    offset: int
    size: int
    """Payload in bytes as the header has it; -1 where it says "to the end"."""

    @property
    def end(self) -> int:
        """First byte behind the payload, as the header has it."""
        return self.offset + max(self.size, 0)


@dataclass(frozen=True, slots=True)
class ChunkMap:
    """What the walk found."""

    container: str
    """`WAV`, `RIFX`, `RF64`, `W64`, `AIFF`, `CAF`, `FLAC`, or empty for all else."""
    chunks: tuple[Chunk, ...]
    file_size: int
    declared_size: int | None = None
    """Length of the whole file, by its header; None where the format does not say."""
    head: bytes = b""
    """The first 64 bytes, as the walk saw them."""

    @property
    def audio(self) -> Chunk | None:
        """The chunk with the samples, None if the walk met none."""
        return next((chunk for chunk in self.chunks if chunk.id in _AUDIO), None)

    def find(self, id: str) -> Chunk | None:
        """The first chunk of that name."""
        return next((chunk for chunk in self.chunks if chunk.id == id), None)


def walk(path: Path) -> ChunkMap:
    """The chunks of a file. Raises `OSError` only."""
    with path.open("rb") as stream:
        return walk_stream(stream)


def walk_stream(stream: BinaryIO) -> ChunkMap:
    """The chunks of an open file, from its start."""
    size = stream.seek(0, 2)
    head = read_at(stream, 0, 64)
    return replace(_layout(stream, size, head), head=head)


def _layout(stream: BinaryIO, size: int, head: bytes) -> ChunkMap:
    magic, form = head[:4], head[8:12]
    if magic in (b"RIFF", b"RIFX") and form == b"WAVE":
        return _riff(stream, size, ">" if magic == b"RIFX" else "<")
    if magic in (b"RF64", b"BW64") and form == b"WAVE":
        return _rf64(stream, size)
    if magic == b"FORM" and form in (b"AIFF", b"AIFC"):
        chunks = tuple(_chunks(stream, size, 12, ">4sI"))
        return ChunkMap("AIFF", chunks, size, 8 + _number(head[4:8], ">I"))
    if head[:16] == W64_RIFF and head[24:28] == b"wave":
        return ChunkMap("W64", tuple(_w64(stream, size)), size, _number(head[16:24], "<Q"))
    if magic == b"caff":
        return ChunkMap("CAF", tuple(_chunks(stream, size, 8, ">4sq")), size)
    start = id3_length(head)
    if read_at(stream, start, 4) == b"fLaC":
        return ChunkMap("FLAC", tuple(_flac(stream, size, start + 4)), size)
    return ChunkMap("", (), size)


def read_at(stream: BinaryIO, offset: int, count: int) -> bytes:
    """Up to `count` bytes at `offset`: fewer where the file ends."""
    if not 0 <= offset < 2**63:
        return b""
    stream.seek(offset)
    return stream.read(count)


def payload(path: Path, chunk: Chunk, limit: int = 2**24) -> bytes:
    """A chunk's payload, cut at `limit` bytes and where the file ends. Raises `OSError` only."""
    with path.open("rb") as stream:
        there = max(stream.seek(0, 2) - chunk.offset, 0)
        return read_at(stream, chunk.offset, min(max(chunk.size, 0), limit, there))


def id3_length(head: bytes) -> int:
    """Length in bytes of an ID3v2 tag that `head` (10 bytes or more) begins with; 0 if there is none."""
    if head[:3] != b"ID3" or len(head) < 10:
        return 0
    size = 0
    for byte in head[6:10]:
        size = size << 7 | byte & 0x7F
    return 10 + size + (10 if head[5] & 0x10 else 0)


def flac_total(info: bytes) -> int:
    """Samples per channel by a FLAC STREAMINFO block; 0 where its writer has not said."""
    return (info[13] & 0x0F) << 32 | _number(info[14:18], ">I") if len(info) >= 18 else 0


def _riff(stream: BinaryIO, size: int, order: str) -> ChunkMap:
    chunks = tuple(_chunks(stream, size, 12, order + "4sI"))
    return ChunkMap("WAV" if order == "<" else "RIFX", chunks, size, 8 + _number(read_at(stream, 4, 4), order + "I"))


def _rf64(stream: BinaryIO, size: int) -> ChunkMap:
    long_sizes = _ds64(stream)
    chunks = tuple(_chunks(stream, size, 12, "<4sI", long_sizes))
    declared = _number(read_at(stream, 4, 4), "<I")
    return ChunkMap(
        "RF64", chunks, size, 8 + (long_sizes.get("RF64", declared) if declared == 0xFFFFFFFF else declared)
    )


def _ds64(stream: BinaryIO) -> dict[str, int]:
    """The 64-bit sizes of an RF64 file by chunk name; `RF64` is the whole."""
    name, length = struct.unpack("<4sI", read_at(stream, 12, 8).ljust(8, b"\0"))
    body = read_at(stream, 20, min(length, 28 + 12 * MAX_CHUNKS))
    if name != b"ds64" or len(body) < 24:
        return {}
    sizes = {"RF64": _number(body[0:8], "<Q"), "data": _number(body[8:16], "<Q")}
    for place in range(28, len(body) - 11, 12):
        sizes.setdefault(_name(body[place : place + 4]), _number(body[place + 4 : place + 12], "<Q"))
    return sizes


def _chunks(
    stream: BinaryIO, size: int, position: int, header: str, long_sizes: dict[str, int] | None = None
) -> Iterator[Chunk]:
    """Chunks with headers of struct format `header` (name, size). Ends behind the first that leaves the file."""
    length = struct.calcsize(header)
    even = 0 if header.endswith("q") else 1
    for _ in range(MAX_CHUNKS):
        head = read_at(stream, position, length)
        if len(head) < length:
            return
        raw, count = struct.unpack(header, head)
        name = _name(raw)
        if long_sizes and count == 0xFFFFFFFF:
            count = long_sizes.get(name, count)
        chunk = Chunk(name, position, position + length, count)
        yield chunk
        if chunk.end > size or count < 0 or (count == 0 and name in _AUDIO):
            return
        position = chunk.end + (count & even)


def _w64(stream: BinaryIO, size: int) -> Iterator[Chunk]:
    """Wave64: GUIDs for names, sizes that count their own header, chunks on 8-byte boundaries."""
    position = 40
    for _ in range(MAX_CHUNKS):
        head = read_at(stream, position, 24)
        if len(head) < 24:
            return
        chunk = Chunk(_name(head[:4]), position, position + 24, max(_number(head[16:24], "<Q") - 24, 0))
        yield chunk
        if chunk.end > size or (chunk.size == 0 and chunk.id in _AUDIO):
            return
        position = (chunk.end + 7) & ~7


def _flac(stream: BinaryIO, size: int, position: int) -> Iterator[Chunk]:
    """Metadata blocks, then all the rest as one chunk called `frames`."""
    for _ in range(MAX_CHUNKS):
        head = read_at(stream, position, 4)
        if len(head) < 4:
            return
        kind = head[0] & 0x7F
        name = _FLAC_BLOCKS[kind] if kind < len(_FLAC_BLOCKS) else f"block {kind}"
        chunk = Chunk(name, position, position + 4, int.from_bytes(head[1:4], "big"))
        yield chunk
        if chunk.end > size:
            return
        position = chunk.end
        if head[0] & 0x80:
            yield Chunk("frames", position, position, size - position)
            return


def _name(raw: bytes) -> str:
    return raw.decode("latin-1")


def _number(raw: bytes, form: str) -> int:
    """One integer; 0 where the file ended in the middle of it."""
    return int(struct.unpack(form, raw)[0]) if len(raw) == struct.calcsize(form) else 0
