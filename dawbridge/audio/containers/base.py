"""What all containers have in common: bytes by position, chunks, completeness, and the class that a container fills in.

Sizes in files lie: a writer at work leaves 0 or 0xFFFFFFFF, a killed one leaves them for ever. A walk reports what the
header says and never believes it: each step goes forward, and nothing larger than the file is read.
"""

import os
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar, Protocol

from dawbridge.audio.metadata import Metadata
from dawbridge.audio.speakers import Speakers

MAX_CHUNKS = 4096
"""A file with more chunks than this is read no further."""
MARK_LIMIT = 2**18
"""Bytes of a chunk in which our mark is looked for."""

_AUDIO = ("data", "SSND", "frames")


class Blob(Protocol):
    """Bytes that are read by position."""

    @property
    def size(self) -> int:
        """Length in bytes."""

    def at(self, offset: int, count: int) -> bytes:
        """Up to `count` bytes at `offset`: fewer where the file ends. Raises `OSError`."""


class FileBlob:
    """An open file's bytes; the file's own position does not move, so that libsndfile may read it meanwhile."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.size = os.fstat(descriptor).st_size

    def at(self, offset: int, count: int) -> bytes:
        """Up to `count` bytes at `offset`. Raises `OSError`."""
        count = min(count, self.size - offset)
        if offset < 0 or count <= 0:
            return b""
        if hasattr(os, "pread"):
            return os.pread(self._descriptor, count, offset)
        before = os.lseek(self._descriptor, 0, os.SEEK_CUR)
        os.lseek(self._descriptor, offset, os.SEEK_SET)
        try:
            return os.read(self._descriptor, count)
        finally:
            os.lseek(self._descriptor, before, os.SEEK_SET)


class BytesBlob:
    """Bytes in memory."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.size = len(content)

    def at(self, offset: int, count: int) -> bytes:
        """Up to `count` bytes at `offset`."""
        return self._content[offset : offset + max(count, 0)] if offset >= 0 else b""


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk: `id` as four characters (FLAC: the block's name), its payload at byte `offset`."""

    id: str
    start: int
    """Byte at which its header begins."""
    offset: int
    size: int
    """Length of the payload in bytes as the header has it; -1 for "to the end"."""

    @property
    def end(self) -> int:
        """First byte after the payload, as the header has it."""
        return self.offset + max(self.size, 0)


@dataclass(frozen=True, slots=True)
class ChunkMap:
    """What a walk found."""

    container: str
    """Its name: `WAV`, `RIFX`, `RF64`, `W64`, `AIFF`, `CAF`, `FLAC`, `OGG`, ...; empty if none knows the file."""
    chunks: tuple[Chunk, ...]
    file_size: int
    declared_size: int | None = None
    """Length of the whole file by its header; None if the format does not say."""
    head: bytes = b""
    """The first 64 bytes, as the walk saw them."""
    base: int = 0
    """Bytes of an ID3 tag ahead of the container."""

    @property
    def audio(self) -> Chunk | None:
        """The chunk with the samples, None if the walk met none."""
        return next((chunk for chunk in self.chunks if chunk.id in _AUDIO), None)

    def all(self, id: str) -> list[Chunk]:
        """Every chunk of that name."""
        return [chunk for chunk in self.chunks if chunk.id == id]

    def find(self, id: str) -> Chunk | None:
        """The first chunk of that name."""
        return next((chunk for chunk in self.chunks if chunk.id == id), None)


class Completeness(StrEnum):
    """What a file's header says about its end.

    Every library opens a WAV that is still being written and reports the frames so far. The header tells: its sizes
    are placeholders, or lie outside the file, until the writer closes it.
    """

    COMPLETE = "complete"
    """The sizes in the header lie inside the file."""
    PLACEHOLDER = "placeholder"
    """Sizes not filled in: still being written, or its writer was killed."""
    STREAMED = "streamed"
    """Sizes as a writer into a pipe leaves them (0xFFFFFFFF, 0x7FFFF000); while writing, some others too."""
    OPEN = "open"
    """Shorter than its header says, no samples yet, or empty."""
    OPAQUE = "opaque"
    """MP3, Ogg, M4A: no total in the header."""
    FOREIGN = "foreign"
    """No audio."""
    UNREADABLE = "unreadable"
    """Cannot be opened now: locked, or not permitted."""
    GONE = "gone"
    """There is no such file any more."""


@dataclass(frozen=True, slots=True)
class StemFacts:
    """All that the header of a stem says of its samples."""

    format: str
    """libsndfile's name: `WAV`, `WAVEX`, `RF64`, ..."""
    subtype: str
    """`PCM_16`, `PCM_24`, `PCM_32`, `FLOAT` or `DOUBLE`."""
    sample_rate: int
    """In Hz."""
    channels: int
    frames: int
    speakers: Speakers = field(default_factory=Speakers)

    @property
    def is_float(self) -> bool:
        """Whether samples are floats."""
        return self.subtype in ("FLOAT", "DOUBLE")

    @property
    def sample_bytes(self) -> int:
        """Bytes of one sample."""
        return {"PCM_16": 2, "PCM_24": 3, "PCM_32": 4, "FLOAT": 4, "DOUBLE": 8}[self.subtype]

    @property
    def data_bytes(self) -> int:
        """Bytes of all samples."""
        return self.frames * self.channels * self.sample_bytes


class Container:
    """One container. A module fills in what its format has; the rest is what a format without it answers."""

    names: tuple[str, ...] = ()
    """Names by which a `ChunkMap` calls it."""
    family: str = ""
    """Containers of one family take over each other's chunks as they are."""
    promised_by: tuple[str, ...] = ()
    """Suffixes of files that promise to be one, besides those of `suffixes`."""
    suffixes: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """Formats that stems are written as, by libsndfile's names, with the suffixes that each allows, its own first."""
    big_endian = False
    """Byte order of the samples."""
    is_encoded = False
    """Samples are not plain: libsndfile encodes them, and `prefix` takes the place of `surround`."""

    def recognises(self, head: bytes) -> bool:
        """Whether a file that begins with these 64 bytes (an ID3 tag left out) is one."""
        raise NotImplementedError

    def walk(self, blob: Blob, base: int, head: bytes) -> ChunkMap:
        """Its chunks; `base` is the byte at which it begins. Raises `OSError`."""
        raise NotImplementedError

    def completeness(self, blob: Blob, found: ChunkMap) -> Completeness:
        """What its header says about its end. Raises `OSError`."""
        return Completeness.OPAQUE

    def texts(self, blob: Blob, found: ChunkMap) -> Iterator[tuple[Chunk, str]]:
        """Every text in which our mark may stand, with its chunk. Raises `OSError`."""
        return iter(())

    def metadata(self, blob: Blob, found: ChunkMap) -> Metadata:
        """All that a stem in a container of this family takes over. Raises `OSError`."""
        return Metadata()

    def surround(self, facts: StemFacts, metadata: Metadata, mark: str) -> tuple[bytes, bytes]:
        """The bytes ahead of a stem's samples and those after them.

        `metadata` is the bounce's, of this family or only its common tags; `mark` the text that says it is ours.
        """
        raise NotImplementedError

    def prefix(self, encoded: Blob, found: ChunkMap, facts: StemFacts, metadata: Metadata, mark: str) -> bytes:
        """All bytes ahead of the samples of a stem that libsndfile has `encoded`; the samples are `found.audio`."""
        raise NotImplementedError


def sized(found: ChunkMap, form_size: int | None, least: int = 0) -> Completeness:
    """Completeness of a container with the size of its samples, and of the whole.

    `form_size` is the raw 32-bit size of the whole, if there is one; so many bytes or fewer of samples (`least`)
    are a placeholder.
    """
    audio, total = found.audio, found.declared_size
    if audio is None:
        return Completeness.OPEN
    if audio.size <= least:  # CAF has -1 for "to the end"
        return Completeness.PLACEHOLDER
    raw = (audio.size,) if form_size is None else (audio.size, form_size)
    if any(_PLACEHOLDER <= size <= 0xFFFFFFFF and 8 + size > found.file_size for size in raw):
        return Completeness.STREAMED
    if total is not None and total <= 16 + found.base:
        return Completeness.PLACEHOLDER
    if audio.end > found.file_size or (total is not None and not total <= found.file_size + _SLACK):
        return Completeness.PLACEHOLDER if total is not None and total >= 2**63 else Completeness.OPEN
    return Completeness.COMPLETE


_PLACEHOLDER = 0x7FFFF000
_SLACK = 8
"""Bytes by which some writers overstate the whole: a missing pad byte, a size that counts its own header."""


def chunks_of(
    blob: Blob, position: int, header: str, known: frozenset[bytes], long_sizes: Mapping[str, int] | None = None
) -> tuple[Chunk, ...]:
    """Chunks whose headers have the struct format `header` (name, size). Ends after the first that leaves the file.

    Chunks begin at even places; `known` are names by which one is found that does not.
    """
    found: list[Chunk] = []
    length = struct.calcsize(header)
    even = not header.endswith("q")
    for _ in range(MAX_CHUNKS):
        head = blob.at(position, length)
        if len(head) < length:
            break
        raw, count = struct.unpack(header, head)
        name = raw.decode("latin-1")
        if long_sizes and count == 0xFFFFFFFF:
            count = long_sizes.get(name, count)
        chunk = Chunk(name, position, position + length, count)
        found.append(chunk)
        if chunk.end > blob.size or count < 0 or (count == 0 and name in _AUDIO):
            break
        position = chunk.end
        if even and count & 1:
            position += padding_at(blob.at(position, 5), known)
    return tuple(found)


def padding_at(following: bytes, known: frozenset[bytes]) -> int:
    """Pad bytes after a chunk of odd length, given the 5 bytes that follow it: 1, or 0 if its writer forgot it."""
    if following[:4] in known:
        return 0
    is_name = len(following) >= 4 and all(32 <= byte < 127 for byte in following[:4])
    return 0 if is_name and following[0] != 32 and following[1:5] not in known else 1


def payload(blob: Blob, chunk: Chunk, limit: int = 2**24) -> bytes:
    """A chunk's payload, cut at `limit` bytes and where the file ends. Raises `OSError`."""
    return blob.at(chunk.offset, min(max(chunk.size, 0), limit))


def number(raw: bytes, form: str) -> int:
    """One integer; 0 where the file ended in the middle of it."""
    return int(struct.unpack(form, raw)[0]) if len(raw) == struct.calcsize(form) else 0


def id3_length(head: bytes) -> int:
    """Length in bytes of an ID3v2 tag that `head` (10 bytes or more) begins with; 0 if there is none."""
    if head[:3] != b"ID3" or len(head) < 10:
        return 0
    size = 0
    for byte in head[6:10]:
        size = size << 7 | byte & 0x7F
    return 10 + size + (10 if head[5] & 0x10 else 0)
