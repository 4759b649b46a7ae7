"""Metadata from the bounce onto a stem: libsndfile leaves all but format and samples behind, this puts it back.

The stem is written anew with the carried chunks in their places, those that say where it lies on the timeline ahead of
the samples. Sources: EBU 3285 (bext; TimeReference is a 64-bit number at byte 338), EBU R98 (CodingHistory), and those
of `chunks`.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from dawbridge.audio import tags
from dawbridge.audio.chunks import W64_LIST, W64_RIFF, W64_TAIL, Chunk, ChunkMap, payload, walk

CHUNK_LIMIT = 2**24
"""A chunk larger than this (16 MiB) is not carried."""
TOTAL_LIMIT = 4 * CHUNK_LIMIT
"""Nor is what comes when so much (64 MiB) is carried already."""

_RIFF_FAMILY = ("WAV", "RF64", "W64")
_BEFORE = ("bext", "iXML")
_AFTER = ("cue ", "smpl", "acid", "inst", "id3 ", "ID3 ")
_AIFF = ("MARK", "INST", "COMT", "AUTH", "NAME", "ANNO", "(c) ", "basc", "ID3 ")
_CAF = ("strg", "mark", "regn", "inst", "midi")
_FLAC = ("APPLICATION", "CUESHEET", "PICTURE")
_TARGET = ("fmt ", "fact", "FVER", "COMM", "desc", "chan", "STREAMINFO", "SEEKTABLE")
_CARRIED = {*_BEFORE, *_AFTER, *_AIFF, *_CAF, *_FLAC, "LIST", "list", "info", "VORBIS_COMMENT"}
_BUFFER = 2**20
_PREFIX = tags.MARK_PREFIX.encode()

Part = tuple[str, bytes]


@dataclass(frozen=True, slots=True)
class Carried:
    """What comes from the bounce."""

    before: tuple[Part, ...] = ()
    """Chunks ahead of the samples: id and payload."""
    after: tuple[Part, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    """Texts for LIST/INFO, Vorbis comments or CAF's info, keys as that format spells them."""


def graft(bounce: Path, stem: Path, out: Path, mark: str, common: dict[str, str], history: str = "") -> None:
    """Write `stem` to `out` with the bounce's metadata and our `mark`.

    `common` are the bounce's tags by libsndfile's names, for a stem in another container; `history` is a line for
    bext's CodingHistory. Raises `OSError`; a bounce that is gone or odd gives nothing and is no error.
    """
    layout = walk(stem)
    carried = _marked(layout.container, _gather(bounce, layout.container, common, history), mark)
    with stem.open("rb") as source, out.open("wb") as target:
        _WRITERS[layout.container](layout, source, target, carried)


def history_line(sample_rate: int, bits: int, channels: int, text: str) -> str:
    """One line of CodingHistory after EBU R98; rate in Hz, no line end."""
    mode = {1: "mono", 2: "stereo"}.get(channels, "multichannel")
    return f"A=PCM,F={sample_rate},W={bits},M={mode},T={text.replace(',', ';')}"


def bext_for_stem(body: bytes, history: str) -> bytes:
    """A bext payload with `history` appended and its loudness unset: the stem's is not the bounce's."""
    body = body.ljust(602, b"\0")
    if struct.unpack_from("<H", body, 346)[0] >= 2:
        body = body[:412] + struct.pack("<h", 0x7FFF) * 5 + body[422:]
    past = body[602:].split(b"\0", 1)[0]
    if past and not past.endswith(b"\r\n"):
        past += b"\r\n"
    return body[:602] + past + (f"{history}\r\n".encode("ascii", "replace") if history else b"") + b"\0"


def _gather(bounce: Path, container: str, common: dict[str, str], history: str) -> Carried:
    try:
        layout = walk(bounce)
        parts = [(chunk.id, payload(bounce, chunk)) for chunk in _worth_carrying(layout)]
    except OSError:
        return Carried(tags=_translated(container, common))
    if layout.container in _RIFF_FAMILY and container in _RIFF_FAMILY:
        return _from_riff(parts, history)
    if layout.container != container:
        return Carried(tags=_translated(container, common))
    if container == "AIFF":
        return Carried(before=tuple(part for part in parts if part[0] in _AIFF))
    if container == "CAF":
        info = (pair for id, body in parts if id == "info" for pair in tags.parse_caf(body))
        return Carried(after=tuple(part for part in parts if part[0] in _CAF), tags=tuple(info))
    comments = (pair for id, body in parts if id == "VORBIS_COMMENT" for pair in tags.parse_vorbis(body))
    return Carried(before=tuple(part for part in parts if part[0] in _FLAC), tags=tuple(comments))


def _worth_carrying(layout: ChunkMap) -> Iterator[Chunk]:
    """Chunks that some format's stems may carry, whole and within the limits."""
    left = TOTAL_LIMIT
    for chunk in layout.chunks:
        if chunk.id in _CARRIED and 0 <= chunk.size <= min(CHUNK_LIMIT, left) and chunk.end <= layout.file_size:
            left -= chunk.size
            yield chunk


def _from_riff(parts: list[Part], history: str) -> Carried:
    before = [(id, bext_for_stem(body, history) if id == "bext" else body) for id, body in parts if id in _BEFORE]
    after = [part for part in parts if part[0] in _AFTER]
    lists = [body for id, body in parts if id.upper() == "LIST"]
    after += [("LIST", body) for body in lists if body[:4] == b"adtl"]
    info = (pair for body in lists for pair in tags.parse_info(body))
    return Carried(tuple(before), tuple(after), tuple(info))


def _translated(container: str, common: dict[str, str]) -> tuple[tuple[str, str], ...]:
    keys = {"AIFF": tags.AIFF_KEYS, "FLAC": tags.VORBIS_KEYS, "CAF": tags.CAF_KEYS}.get(container, tags.INFO_KEYS)
    return tuple((keys[name], text) for name, text in common.items() if name in keys and text)


def _marked(container: str, carried: Carried, mark: str) -> Carried:
    """The tags become chunks, our mark among them."""
    pairs = list(carried.tags)
    if container == "AIFF":
        texts = [(id, text.encode()) for id, text in [*pairs, ("ANNO", mark)]]
        kept = (part for part in carried.before if not (part[0] == "ANNO" and part[1].startswith(_PREFIX)))
        return Carried((*kept, *texts), carried.after)
    if container == "FLAC":
        body = tags.build_vorbis(tags.replaced(pairs, "SOFTWARE", mark))
        return Carried((("VORBIS_COMMENT", body), *carried.before))
    if container == "CAF":
        body = tags.build_caf(tags.replaced(pairs, "encoding application", mark))
        return Carried(carried.before, (*carried.after, ("info", body)))
    return Carried(carried.before, (*carried.after, ("LIST", tags.build_info(tags.replaced(pairs, "ISFT", mark)))))


def _parts(layout: ChunkMap, source: BinaryIO, carried: Carried) -> Iterator[tuple[str, bytes | Chunk]]:
    """All chunks of the new file in order; the samples stay a reference."""
    audio = layout.audio
    for chunk in layout.chunks:
        if chunk.id in _TARGET:
            source.seek(chunk.offset)
            yield chunk.id, source.read(chunk.size)
    yield from carried.before
    if layout.container == "W64":  # libsndfile takes what follows the samples of a W64 for samples
        yield from carried.after
    if audio is not None:
        yield audio.id, audio
    if layout.container != "W64":
        yield from carried.after


def _copy(source: BinaryIO, target: BinaryIO, body: bytes | Chunk) -> int:
    """Write a payload; its length in bytes."""
    if isinstance(body, bytes):
        return target.write(body)
    source.seek(body.offset)
    left = body.size
    while left and (piece := source.read(min(left, _BUFFER))):
        left -= target.write(piece)
    return body.size - left


def _size(body: bytes | Chunk) -> int:
    return len(body) if isinstance(body, bytes) else body.size


def _write_iff(layout: ChunkMap, source: BinaryIO, target: BinaryIO, carried: Carried) -> None:
    """WAV, RF64 and AIFF: 32-bit sizes, even places; RF64 has the true ones in ds64."""
    order = ">" if layout.container == "AIFF" else "<"
    source.seek(0)
    head = source.read(12)
    target.write(head)
    long = layout.find("ds64") if layout.container == "RF64" else None
    if long is not None:
        target.write(b"\0" * (8 + 28))
    for id, body in _parts(layout, source, carried):
        size = _size(body)
        claimed = 0xFFFFFFFF if long is not None and isinstance(body, Chunk) else size
        target.write(struct.pack(order + "4sI", id.encode("latin-1"), claimed))
        _copy(source, target, body)
        target.write(b"\0" * (size & 1))
    total = target.tell() - 8
    target.seek(4)
    if long is None:
        target.write(struct.pack(order + "I", total))
        return
    source.seek(long.offset)
    target.seek(12)
    target.write(struct.pack("<4sIQ", b"ds64", 28, total) + source.read(24)[8:24] + struct.pack("<I", 0))


def _write_w64(layout: ChunkMap, source: BinaryIO, target: BinaryIO, carried: Carried) -> None:
    source.seek(0)
    target.write(source.read(40))
    for id, body in _parts(layout, source, carried):
        guid = W64_LIST if id == "LIST" else id.encode("latin-1") + W64_TAIL
        target.write(guid + struct.pack("<Q", 24 + _size(body)))
        _copy(source, target, body)
        if not isinstance(body, Chunk):  # the samples are last, and libsndfile would take padding for more of them
            target.write(b"\0" * (-target.tell() % 8))
    total = target.tell()
    target.seek(len(W64_RIFF))
    target.write(struct.pack("<Q", total))


def _write_caf(layout: ChunkMap, source: BinaryIO, target: BinaryIO, carried: Carried) -> None:
    source.seek(0)
    target.write(source.read(8))
    for id, body in _parts(layout, source, carried):
        target.write(struct.pack(">4sq", id.encode("latin-1"), _size(body)))
        _copy(source, target, body)


def _write_flac(layout: ChunkMap, source: BinaryIO, target: BinaryIO, carried: Carried) -> None:
    """Metadata blocks have 24-bit lengths, a one-byte kind and, on the last, its top bit."""
    kinds = {"STREAMINFO": 0, "APPLICATION": 2, "SEEKTABLE": 3, "VORBIS_COMMENT": 4, "CUESHEET": 5, "PICTURE": 6}
    parts = list(_parts(layout, source, carried))
    blocks = [(kinds[id], body) for id, body in parts if id != "frames" and _size(body) < CHUNK_LIMIT]
    target.write(b"fLaC")
    for place, (kind, body) in enumerate(blocks):
        last = 0x80 if place == len(blocks) - 1 else 0
        target.write(struct.pack(">I", (kind | last) << 24 | _size(body)))
        _copy(source, target, body)
    for id, body in parts:
        if id == "frames":
            _copy(source, target, body)


_WRITERS = {
    "WAV": _write_iff,
    "RF64": _write_iff,
    "AIFF": _write_iff,
    "W64": _write_w64,
    "CAF": _write_caf,
    "FLAC": _write_flac,
}
