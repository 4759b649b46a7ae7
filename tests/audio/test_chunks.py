"""The walk over chunks: true files, files that lie, and noise."""

import struct
from pathlib import Path

import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from dawbridge.audio.containers.base import MAX_CHUNKS, FileBlob, id3_length
from dawbridge.audio.containers.base import payload as payload_of
from dawbridge.audio.containers.flac import total_of
from dawbridge.audio.containers.table import walk, walk_bytes

from .conftest import Bounce

HEADS = [
    b"RIFF\xff\xff\xff\xffWAVE", b"RIFX\0\0\0\x10WAVE",
    b"RF64\xff\xff\xff\xffWAVEds64\x1c\0\0\0", b"BW64\0\0\0\0WAVE",
    b"FORM\0\0\0\x10AIFF", b"FORM\0\0\0\x10AIFC", b"caff\0\1\0\0", b"fLaC", b"ID3\4\0\0\0\0\0\x02abfLaC",
    bytes.fromhex("726966662e91cf11a5d628db04c10000") + b"\xff" * 8 + b"wave"
    + bytes.fromhex("f3acd3118cd100c04f8edb8a"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("container", "subtype", "ids"),
    [
        ("WAV", "PCM_24", ["fmt ", "data"]),
        ("WAV", "FLOAT", ["fmt ", "fact", "PEAK", "data"]),
        ("RF64", "PCM_24", ["ds64", "fmt ", "data"]),
        ("W64", "PCM_24", ["fmt ", "data"]),
        ("AIFF", "PCM_24", ["COMM", "SSND"]),
        ("CAF", "PCM_24", ["desc", "free", "data"]),
        ("FLAC", "PCM_24", ["STREAMINFO", "VORBIS_COMMENT", "frames"]),
    ],
)
def test_real_files(bounce: Bounce, container: str, subtype: str, ids: list[str]) -> None:
    path = bounce(container, subtype, channels=1, frames=4001)
    layout = walk(path)
    assert (layout.container, [chunk.id for chunk in layout.chunks]) == (container, ids)
    assert layout.audio is not None and layout.audio.end <= layout.file_size == path.stat().st_size
    assert layout.declared_size in (layout.file_size, None)
    assert (layout.declared_size is None) == (container in ("CAF", "FLAC"))


def test_flac_total(bounce: Bounce) -> None:
    path = bounce("FLAC", "PCM_16", frames=4001)
    info = walk(path).find("STREAMINFO")
    with path.open("rb") as stream:
        assert info is not None and total_of(payload_of(FileBlob(stream.fileno()), info)) == 4001
    assert total_of(b"") == 0


def test_big_endian_wav(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "x.wav", [[0.1, 0.2]] * 10, 44100, "PCM_16", endian="BIG", format="WAV")
    layout = walk(tmp_path / "x.wav")
    assert layout.container == "RIFX" and layout.audio is not None and layout.audio.size == 40


@pytest.mark.parametrize("text", [b"", b"R", b"RIFF", b"hello world, this is text", b"RIFF\0\0\0\0AVI "])
def test_no_audio(text: bytes) -> None:
    layout = walk_bytes(text)
    assert (layout.container, layout.chunks, layout.audio) == ("", (), None)


def test_a_size_that_lies_ends_the_walk() -> None:
    layout = walk_bytes(b"RIFF\0\0\0\0WAVE" + struct.pack("<4sI", b"LIST", 2**32 - 2) + b"data\4\0\0\0abcd")
    assert [(chunk.id, chunk.size) for chunk in layout.chunks] == [("LIST", 2**32 - 2)]


def test_odd_chunks_are_padded() -> None:
    layout = walk_bytes(b"RIFF\0\0\0\0WAVE" + b"odd \1\0\0\0a\0" + b"data\2\0\0\0ab")
    assert [chunk.id for chunk in layout.chunks] == ["odd ", "data"]


@given(head=st.sampled_from(HEADS), tail=st.binary(max_size=400))
def test_any_bytes_are_walked(head: bytes, tail: bytes) -> None:
    data = head + tail
    layout = walk_bytes(data)
    starts = [chunk.start for chunk in layout.chunks]
    assert starts == sorted(starts) and len(starts) <= MAX_CHUNKS + 1
    assert all(0 < chunk.offset <= len(data) for chunk in layout.chunks)
    assert all(chunk.end <= len(data) for chunk in layout.chunks[:-1])


def test_empty_chunks_without_end_are_bounded() -> None:
    layout = walk_bytes(b"RIFF\0\0\0\0WAVE" + b"junk\0\0\0\0" * 100_000)
    assert len(layout.chunks) == MAX_CHUNKS


def test_id3_length() -> None:
    assert id3_length(b"ID3\4\0\0\0\0\1\x7f") == 10 + 255
    assert id3_length(b"ID3\4\0\x10\0\0\0\1") == 21
    assert id3_length(b"RIFF") == 0
