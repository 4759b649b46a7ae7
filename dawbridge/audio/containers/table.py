"""The table of all containers: made of the modules beside this one, asked by first bytes or by name."""

from collections.abc import Iterator
from functools import cache, lru_cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from dawbridge.audio import containers
from dawbridge.audio.containers.base import Blob, BytesBlob, ChunkMap, Completeness, Container, FileBlob, id3_length
from dawbridge.files.opening import open_regular

_HEAD = 64


@cache
def table() -> tuple[Container, ...]:
    """All containers, in the order of their modules' names."""
    modules = (import_module(f"{containers.__name__}.{found.name}") for found in iter_modules(containers.__path__))
    return tuple(container for module in modules for container in getattr(module, "CONTAINERS", ()))


@cache
def audio_suffixes() -> frozenset[str]:
    """Suffixes that promise audio. Only what such a file holds is asked about if its first bytes say nothing."""
    return frozenset(
        suffix for one in table() for suffixes in (one.promised_by, *one.suffixes.values()) for suffix in suffixes
    )


@lru_cache(maxsize=256)  # a bounce is recognised once, however often its header is looked at
def container_of(head: bytes) -> Container | None:
    """The container that recognises a file's first 64 bytes."""
    return next((container for container in table() if container.recognises(head)), None)


def named(name: str) -> Container | None:
    """The container that a `ChunkMap` calls by this name."""
    return next((container for container in table() if name in container.names), None)


def writer_of(format: str) -> Container:
    """The container in which stems of this format, libsndfile's name, are written. Raises `KeyError`."""
    return next(container for container in table() if format in container.suffixes)


def suffixes_of(format: str) -> tuple[str, ...]:
    """Suffixes of stems of this format, its own first; empty if none is written."""
    return next((container.suffixes[format] for container in table() if format in container.suffixes), ())


def walk_blob(blob: Blob) -> ChunkMap:
    """The chunks of bytes that are read by position, from their start or after an ID3 tag. Raises `OSError`."""
    first = blob.at(0, _HEAD)
    base = id3_length(first)
    head = blob.at(base, _HEAD) if base else first
    container = container_of(head)
    if container is None:
        return ChunkMap("", (), blob.size, head=first)
    return container.walk(blob, base, head)


def walk(path: Path) -> ChunkMap:
    """The chunks of a file. Raises `OSError` only."""
    with open_regular(path) as stream:
        return walk_blob(FileBlob(stream.fileno()))


def walk_bytes(content: bytes) -> ChunkMap:
    """The chunks of a file in memory."""
    return walk_blob(BytesBlob(content))


def completeness(path: Path, promises: bool | None = None) -> Completeness:
    """Judge a file by its header. Never raises.

    `promises`: whether its name promises audio; None: decide by `audio_suffixes`.
    """
    try:
        with open_regular(path) as stream:
            return completeness_of(FileBlob(stream.fileno()), path.suffix, promises)
    except FileNotFoundError:
        return Completeness.GONE
    except OSError:
        return Completeness.UNREADABLE


def completeness_of(blob: Blob, suffix: str, promises: bool | None = None) -> Completeness:
    """The same of open bytes under a name with this suffix. Raises `OSError`."""
    return completeness_by(blob, walk_blob(blob), suffix, promises)


def completeness_by(blob: Blob, found: ChunkMap, suffix: str, promises: bool | None = None) -> Completeness:
    """The same of open bytes whose chunks are known. Raises `OSError`."""
    container = named(found.container)
    if container is not None:
        judged = container.completeness(blob, found)
        if judged is not Completeness.OPAQUE:
            return judged
    return _unsized(blob, found, suffix.lower() in audio_suffixes() if promises is None else promises)


def _unsized(blob: Blob, found: ChunkMap, promises: bool) -> Completeness:
    """A file that does not tell its length: by its name, unless its first bytes rule it out."""
    head = blob.at(0, _HEAD)
    if len(head) < 12 or (len(head) < 40 and _may_become_w64(head)) or not head.strip(b"\0"):
        return Completeness.OPEN if promises else Completeness.FOREIGN
    known = bool(found.container) or head.startswith(b"ID3")
    return Completeness.OPAQUE if promises and known else Completeness.FOREIGN


def _may_become_w64(head: bytes) -> bool:
    from dawbridge.audio.containers.w64 import RIFF

    return RIFF.startswith(head[:16])


def marked_texts(blob: Blob, found: ChunkMap) -> Iterator[tuple[int, int, str]]:
    """Every text in which our mark may stand, with place and length of its chunk's payload. Raises `OSError`."""
    container = named(found.container)
    for chunk, text in container.texts(blob, found) if container else ():
        yield chunk.offset, chunk.size, text
