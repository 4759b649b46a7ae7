"""Chunks put into a bounce, and read back from its stems."""

import struct
from pathlib import Path

import numpy as np

from dawbridge.audio import files
from dawbridge.audio.containers.base import FileBlob, payload
from dawbridge.audio.containers.table import walk

TIME_REFERENCE = 2**33 + 12345
MARK = "dawbridge 0.1.0; model=acapellanet-full; null=-inf dB"


def bext(version: int = 2, history: bytes = b"A=PCM,F=44100,W=24,M=stereo,T=DAW\r\n") -> bytes:
    head = b"a bounce".ljust(256, b"\0") + b"the DAW".ljust(32, b"\0") + b"REF".ljust(32, b"\0") + b"2024-05-0112:30:00"
    loudness = struct.pack("<5h", -1400, 600, -100, -900, -1000)
    return head + struct.pack("<QH", TIME_REFERENCE, version) + b"\7" * 64 + loudness + b"\0" * 180 + history


def with_chunks(path: Path, chunks: list[tuple[bytes, bytes]], before: int = 0, order: str = "<") -> Path:
    """Insert the first `before` chunks ahead of the format, append the rest; the whole's size is put right."""
    data = path.read_bytes()
    packed = [struct.pack(order + "4sI", name, len(body)) + body + b"\0" * (len(body) & 1) for name, body in chunks]
    data = data[:12] + b"".join(packed[:before]) + data[12:] + b"".join(packed[before:])
    path.write_bytes(data[:4] + struct.pack(order + "I", len(data) - 8) + data[8:])
    return path


def stem_of(path: Path, format: str = "source", level: float = 0.1) -> Path:
    with (
        files.open_source(path) as source,
        files.StemWriter(source.bounce, path.parent / "stem", None, format=files.StemFormat.parse(format)) as writer,
    ):
        mixture = source.read(0, source.info.frames)
        writer.write(mixture, np.full(mixture.shape, level))
        stem = writer.publish(MARK).acapella
    assert stem is not None
    return stem


def chunks_of(path: Path) -> list[tuple[str, bytes]]:
    with path.open("rb") as stream:
        blob = FileBlob(stream.fileno())
        return [(chunk.id, payload(blob, chunk)) for chunk in walk(path).chunks if chunk.size < 10_000]
