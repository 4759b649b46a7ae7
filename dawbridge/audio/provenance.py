"""Where a stem comes from: our mark in its tags, and a seal that proves that the file is exactly what we wrote.

The mark is a text: program version, model, knobs, null depth. DAWs copy such texts into what they export, so a mark
alone proves nothing. It ends with a seal: `; seal ` and the first 32 hexadecimal digits of the SHA-256 over the whole
file, those digits taken as zeros. Whoever changes one byte of the file breaks it.
"""

import hashlib
import os
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from dawbridge.audio import tags
from dawbridge.audio.containers import table
from dawbridge.audio.containers.base import MARK_LIMIT, Blob, ChunkMap, FileBlob
from dawbridge.files.opening import open_regular
from dawbridge.files.stamp import Stamp, stamp_from, stamp_of

MARK_PREFIX = tags.MARK_PREFIX
"""What every mark begins with."""

SOUND, SOUND_DIGITS = "of", 16
"""How a mark names the sound that its stem was made of: this word, and the first digits of its content hash."""
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
        text = f"{MARK_PREFIX} {text}".rstrip()
    return f"{text}; seal {_ZEROS.decode()}"


def seal(stream: FileIO, digest: str = "") -> None:
    """Put the seal into a finished file that is open for reading and writing. Raises `OSError`.

    `digest`: the SHA-256 of all its bytes, in hexadecimal, if that is known already.
    """
    blob = FileBlob(stream.fileno())
    mark = find_mark(blob)
    if mark is None or not mark.seal:
        raise OSError(f"{stream.name}: has no place for a seal")
    digits = digest[:_DIGITS].encode() if digest else digest_of(blob, mark.seal_at)
    stream.seek(mark.seal_at)
    stream.write(digits)


def read_mark(path: Path) -> str | None:
    """The text that a stem says of itself, without its seal; None for a file without a mark. Never raises."""
    try:
        with open_regular(path) as stream:
            mark = find_mark(FileBlob(stream.fileno()))
    except OSError:
        return None
    return mark.text if mark else None


def is_made_of(path: Path, content_hash: str) -> bool:
    """Whether a stem says that it was made of the sound with this hash. Never raises."""
    return f"; {SOUND} {content_hash[:SOUND_DIGITS]};" in (read_mark(path) or "") and len(content_hash) >= SOUND_DIGITS


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
            blob = FileBlob(stream.fileno())
            mark = find_mark(blob)
            intact = mark is not None and bool(mark.seal) and digest_of(blob, mark.seal_at) == mark.seal
            if intact and stamp_from(os.fstat(stream.fileno())) == stamp:
                remember(path, stamp)
            return intact
    except OSError:
        return False


def is_older_stem(path: Path) -> bool:
    """Whether the file has a mark without a seal, as version 0.1 wrote them. Never raises."""
    try:
        with open_regular(path) as stream:
            mark = find_mark(FileBlob(stream.fileno()))
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


def find_mark(blob: Blob, found: ChunkMap | None = None) -> Mark | None:
    """The mark in an open file, if it has one; `found`: its chunks, if they are known. Raises `OSError`."""
    for offset, size, text in table.marked_texts(blob, found or table.walk_blob(blob)):
        if text.startswith(MARK_PREFIX):
            return _located(blob.at(offset, min(max(size, 0), MARK_LIMIT)), offset, text)
    return None


def digest_of(blob: Blob, seal_at: int) -> bytes:
    """The 32 digits that belong into an open file whose seal begins at byte `seal_at`. Raises `OSError`."""
    digest = hashlib.sha256()
    for begin, end in ((0, seal_at), (seal_at + _DIGITS, blob.size)):
        if begin:
            digest.update(_ZEROS)
        for place in range(begin, end, _BLOCK):
            digest.update(blob.at(place, min(_BLOCK, end - place)))
    return digest.hexdigest()[:_DIGITS].encode()


def _located(payload: bytes, offset: int, text: str) -> Mark:
    """A mark with the place of its seal, which is looked for in its chunk's bytes."""
    match = _SEAL.search(payload)
    if match is None or match[0].decode() not in text:
        return Mark(text)
    return Mark(text.replace(match[0].decode(), ""), match[1], offset + match.start(1))


_KNOWN: dict[Path, Stamp] = {}
"""Files that this process has published or found intact, with their stamps then."""
