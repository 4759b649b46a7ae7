"""Where a stem comes from: our mark in its tags, and a seal that proves that the file is exactly what we wrote.

The mark is a text: program version, model, knobs, null depth. DAWs copy such texts into what they export, so a mark
alone proves nothing. It ends with a seal: `; seal ` and the first 32 hexadecimal digits of the SHA-256 over the whole
file, those digits taken as zeros. Whoever changes one byte of the file breaks it.
"""

import hashlib
import os
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import BinaryIO

from dawbridge.audio import tags
from dawbridge.audio.chunks import Chunk, ChunkMap, read_at, walk_stream
from dawbridge.files.opening import open_regular
from dawbridge.files.stamp import Stamp, stamp_from, stamp_of

MARK_PREFIX = tags.MARK_PREFIX
"""What every mark begins with."""
LIMIT = 2**18
"""Bytes of a chunk in which a mark is looked for."""

_DIGITS = 32
_ZEROS = b"0" * _DIGITS
_SEAL = re.compile(rb"; seal ([0-9a-f]{32})(?![0-9a-f])")
_BLOCK = 2**20
_KNOWN_LIMIT = 10_000


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark as it was found in a file."""

    text: str
    """Without the seal."""
    seal: bytes = b""
    """The 32 digits; empty in stems of version 0.1, which have none."""
    seal_at: int = 0
    """Byte of the file at which the digits begin."""


def unsealed(text: str) -> str:
    """A mark's text as a stem is to carry it while it is written: with the prefix, and zeros in the seal's place."""
    if not text.startswith(MARK_PREFIX):
        text = f"{MARK_PREFIX} {text}"
    return f"{text}; seal {_ZEROS.decode()}"


def seal(stream: FileIO) -> None:
    """Put the seal into a finished file that is open for reading and writing. Raises `OSError`."""
    mark = find_mark(stream)
    if mark is None or not mark.seal:
        raise OSError(f"{stream.name}: has no place for a seal")
    digest = digest_of(stream, mark.seal_at)
    stream.seek(mark.seal_at)
    stream.write(digest)


def read_mark(path: Path) -> str | None:
    """The text that a stem says of itself, without its seal; None for a file without a mark. Never raises."""
    try:
        with open_regular(path) as stream:
            mark = find_mark(stream)
    except OSError:
        return None
    return mark.text if mark else None


def is_intact(path: Path) -> bool:
    """Whether the file is, byte for byte, a stem that dawbridge wrote, wherever it is and whatever it is called.

    Streams the file once for each stamp that it has had in this process. Never raises.
    """
    stamp = stamp_of(path)
    if stamp is None:
        return False
    if _KNOWN.get(path) == stamp:
        return True
    try:
        with open_regular(path) as stream:
            mark = find_mark(stream)
            intact = mark is not None and bool(mark.seal) and digest_of(stream, mark.seal_at) == mark.seal
            if intact and stamp_from(os.fstat(stream.fileno())) == stamp:
                remember(path, stamp)
            return intact
    except OSError:
        return False


def is_older_stem(path: Path) -> bool:
    """Whether the file has a mark without a seal, as version 0.1 wrote them. Never raises."""
    try:
        with open_regular(path) as stream:
            mark = find_mark(stream)
    except OSError:
        return False
    return mark is not None and not mark.seal


def may_replace(older_stems: Collection[Path] = ()) -> Callable[[Path], bool]:
    """The rule by which a stem is replaced: only one that is exactly what we wrote.

    `older_stems`: what the ledger says that version 0.1, whose stems have no seal, wrote for this bounce and nobody
    has changed since.
    """
    return lambda path: is_intact(path) or (path in older_stems and is_older_stem(path))


def remember(path: Path, stamp: Stamp | None = None) -> None:
    """Take a file that this process has just published for intact for as long as its stamp stays as it is."""
    stamp = stamp or stamp_of(path)
    if stamp is not None:
        if len(_KNOWN) >= _KNOWN_LIMIT:
            _KNOWN.clear()
        _KNOWN[path] = stamp


def find_mark(stream: BinaryIO | FileIO) -> Mark | None:
    """The mark in an open file, if it has one. Raises `OSError`."""
    layout = walk_stream(stream)
    for chunk, text in _candidates(stream, layout):
        if text.startswith(MARK_PREFIX):
            return _located(stream, chunk, text)
    return None


def digest_of(stream: BinaryIO | FileIO, seal_at: int) -> bytes:
    """The 32 digits that belong into an open file whose seal begins at byte `seal_at`. Raises `OSError`."""
    digest = hashlib.sha256()
    stream.seek(0)
    _feed(digest, stream, seal_at)
    digest.update(_ZEROS)
    stream.seek(seal_at + _DIGITS)
    _feed(digest, stream, None)
    return digest.hexdigest()[:_DIGITS].encode()


def _feed(digest: "hashlib._Hash", stream: BinaryIO | FileIO, count: int | None) -> None:
    """The next `count` bytes (None: all that follow) of a stream into a digest."""
    while count is None or count > 0:
        block = stream.read(_BLOCK if count is None else min(_BLOCK, count))
        if not block:
            return
        digest.update(block)
        count = None if count is None else count - len(block)


def _located(stream: BinaryIO | FileIO, chunk: Chunk, text: str) -> Mark:
    """A mark with the place of its seal, which is looked for in the chunk's bytes."""
    match = _SEAL.search(_payload(stream, chunk))
    if match is None or match[0].decode() not in text:
        return Mark(text)
    return Mark(text.replace(match[0].decode(), ""), match[1], chunk.offset + match.start(1))


def _candidates(stream: BinaryIO | FileIO, layout: ChunkMap) -> Iterator[tuple[Chunk, str]]:
    """Every text in which our mark may stand, chunk by chunk."""
    for chunk in layout.chunks:
        if layout.container in ("WAV", "RF64", "W64") and chunk.id.upper() == "LIST":
            yield from ((chunk, text) for key, text in tags.parse_info(_payload(stream, chunk)) if key == "ISFT")
        elif layout.container == "AIFF" and chunk.id == "ANNO":
            yield chunk, tags.text_of(_payload(stream, chunk))
        elif chunk.id == "VORBIS_COMMENT":
            pairs = tags.parse_vorbis(_payload(stream, chunk))
            yield from ((chunk, text) for key, text in pairs if key.upper() == "SOFTWARE")
        elif layout.container == "CAF" and chunk.id == "info":
            pairs = tags.parse_caf(_payload(stream, chunk))
            yield from ((chunk, text) for key, text in pairs if key == "encoding application")


def _payload(stream: BinaryIO | FileIO, chunk: Chunk) -> bytes:
    there = max(stream.seek(0, os.SEEK_END) - chunk.offset, 0)
    return read_at(stream, chunk.offset, min(max(chunk.size, 0), LIMIT, there))


_KNOWN: dict[Path, Stamp] = {}
"""Files that this process has published or found intact, with their stamps then."""
