"""Metadata of the bounce, read back from its stems."""

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from dawbridge.audio import files, tags
from dawbridge.audio.containers.base import FileBlob, payload
from dawbridge.audio.containers.riff_chunks import bext_for_stem, history_line
from dawbridge.audio.containers.table import walk

from .conftest import Bounce

TIME_REFERENCE = 2**33 + 12345
MARK = "dawbridge 0.1.0; model=acapellanet-full; null=-inf dB"


def bext(version: int = 2, history: bytes = b"A=PCM,F=44100,W=24,M=stereo,T=DAW\r\n") -> bytes:
    head = b"a bounce".ljust(256, b"\0") + b"the DAW".ljust(32, b"\0") + b"REF".ljust(32, b"\0") + b"2024-05-0112:30:00"
    loudness = struct.pack("<5h", -1400, 600, -100, -900, -1000)
    return head + struct.pack("<QH", TIME_REFERENCE, version) + b"\7" * 64 + loudness + b"\0" * 180 + history


CARRIED = {
    b"iXML": b"<BWFXML><TAKE>3</TAKE></BWFXML>",
    b"cue ": struct.pack("<I", 1) + struct.pack("<II4sIII", 1, 500, b"data", 0, 0, 500),
    b"smpl": struct.pack("<9I", 0, 0, 22675, 60, 0, 0, 0, 0, 0),
    b"acid": bytes(range(24)),
    b"inst": bytes(7),
    b"id3 ": b"ID3\4\0\0\0\0\0\0",
}
LISTS = [b"adtl" + b"labl\x0c\0\0\0\1\0\0\0Chorus\0\0", tags.build_info([(b"INAM", b"My Song"), (b"ISFT", b"the DAW")])]


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


@pytest.mark.row("tags and timeline lost")
@pytest.mark.row("bext")
@pytest.mark.row("iXML, cue with LIST/adtl, smpl, acid, inst, LIST/INFO, id3")
@pytest.mark.row("our mark")
@pytest.mark.parametrize(("subtype", "level"), [("PCM_16", 0.1), ("PCM_24", 1.5), ("FLOAT", 0.1)])
def test_wav_keeps_its_place_on_the_timeline(bounce: Bounce, subtype: str, level: float) -> None:
    more = [*CARRIED.items(), *((b"LIST", body) for body in LISTS), (b"LGWV", b"drop"), (b"minf", b"drop")]
    path = with_chunks(bounce("WAV", subtype), [(b"JUNK", bytes(28)), (b"bext", bext()), *more], before=2)
    stem = stem_of(path, level=level)
    found = chunks_of(stem)
    for name, body in CARRIED.items():
        assert (name.decode(), body) in found
    assert ("LIST", LISTS[0]) in found
    assert not {"JUNK", "LGWV", "minf", "PEAK"} & {name for name, _ in found}
    carried = dict(found)["bext"]
    assert carried[:346] == bext()[:346] and struct.unpack_from("<Q", carried, 338)[0] == TIME_REFERENCE
    assert carried[412:422] == struct.pack("<h", 0x7FFF) * 5 and carried[348:412] == b"\7" * 64
    lines = carried[602:].rstrip(b"\0").decode().splitlines()
    assert (
        lines[0].endswith("T=DAW") and lines[1].endswith("T=dawbridge 0.1.0") and lines[1].startswith("A=PCM,F=44100")
    )
    assert files.read_mark(stem) == MARK
    info = [pair for name, body in found if name == "LIST" for pair in tags.parse_info(body)]
    assert info[0][0] == "ISFT" and info[0][1].startswith(MARK + "; seal ") and info[1:] == [("INAM", "My Song")]
    ids = [chunk.id for chunk in walk(stem).chunks]
    assert ids.index("bext") < ids.index("data") and walk(stem).declared_size == stem.stat().st_size
    assert soundfile.info(stem).frames == 5000


@pytest.mark.row("bext")
@given(version=st.integers(0, 3), history=st.binary(max_size=50).filter(lambda raw: 0 not in raw))
def test_bext_keeps_all_but_loudness_and_history(version: int, history: bytes) -> None:
    body = bext_for_stem(bext(version, history), history_line(48000, 24, 2, "dawbridge, 1"))
    assert body[:412] == bext()[:346] + struct.pack("<H", version) + b"\7" * 64
    assert (body[412:422] == bext()[412:422]) == (version < 2)
    assert body[602:].startswith(history) and body.endswith(b"A=PCM,F=48000,W=24,M=stereo,T=dawbridge; 1\r\n\0")


def test_a_short_bext_is_filled_up() -> None:
    assert len(bext_for_stem(b"x", "")) == 603


@pytest.mark.row("JUNK PAD FLLR PEAK LGWV minf elm1 regn umid")
@pytest.mark.parametrize(
    "name", [b"JUNK", b"PAD ", b"FLLR", b"PEAK", b"LGWV", b"minf", b"elm1", b"regn", b"umid", b"junk"]
)
def test_what_says_nothing_of_the_stem_is_dropped(bounce: Bounce, name: bytes) -> None:
    path = with_chunks(bounce("WAV", "PCM_24"), [(name, bytes(24)), (b"inst", bytes(7))])
    found = [id for id, _ in chunks_of(stem_of(path))]
    assert name.decode() not in found and "inst" in found


@pytest.mark.row("tags and timeline lost")
@pytest.mark.row("AIFF MARK INST COMT AUTH NAME ANNO basc ID3")
def test_aiff(bounce: Bounce) -> None:
    marker = struct.pack(">HHIB5sH", 1, 1, 500, 5, b"Verse", 0)[:-2]
    chunks = [
        (b"MARK", marker), (b"INST", bytes(20)), (b"NAME", b"My Song"), (b"AUTH", b"me"), (b"ANNO", b"a note"),
        (b"basc", bytes(84)), (b"ID3 ", b"ID3\4\0\0\0\0\0\0"), (b"COMT", b"\0\0"),
    ]  # fmt: skip
    path = with_chunks(bounce("AIFF", "PCM_24"), chunks, order=">")
    stem = stem_of(path)
    found = chunks_of(stem)
    assert all((name.decode(), body) in found for name, body in chunks)
    assert (
        any(name == "ANNO" and body.startswith(MARK.encode()) for name, body in found) and files.read_mark(stem) == MARK
    )
    assert walk(stem).declared_size == stem.stat().st_size and soundfile.info(stem).frames == 5000


@pytest.mark.row("tags and timeline lost")
@pytest.mark.row("FLAC, MP3 tags")
def test_flac_keeps_its_comments(bounce: Bounce) -> None:
    path = bounce("FLAC", "PCM_16")
    with soundfile.SoundFile(path, "w", 44100, 2, "PCM_16", format="FLAC") as file:
        file.title, file.artist, file.software = "My Song", "Ünï", "the DAW"
        file.write(np.random.default_rng(0).uniform(-0.5, 0.5, (50_000, 2)))
    stem = stem_of(path)
    with soundfile.SoundFile(stem) as file:
        assert (file.title, file.artist) == ("My Song", "Ünï")
        file.seek(40_000)
        assert len(file.read(20_000)) == 10_000
    assert files.read_mark(stem) == MARK


@pytest.mark.row("our mark")
@pytest.mark.parametrize("container", ["WAV", "RF64", "W64", "AIFF", "CAF", "FLAC"])
def test_every_container_has_the_mark_and_a_true_header(bounce: Bounce, container: str) -> None:
    stem = stem_of(bounce(container, "PCM_24", channels=1, frames=4001))
    assert files.read_mark(stem) == MARK
    info = files.probe(stem)
    assert (info.container, info.frames) == (container, 4001)
    assert walk(stem).declared_size in (stem.stat().st_size, None)
    assert soundfile.info(stem).frames == 4001


@pytest.mark.row("FLAC, MP3 tags")
def test_tags_cross_containers(bounce: Bounce) -> None:
    path = bounce("FLAC", "PCM_16")
    with soundfile.SoundFile(path, "w", 44100, 2, "PCM_16", format="FLAC") as file:
        file.title = "My Song"
        file.write(np.zeros((5000, 2)))
    for format in ("wav", "aiff", "flac"):
        with soundfile.SoundFile(stem_of(path, format)) as file:
            assert file.title == "My Song"


def test_a_bounce_that_is_gone_is_no_error(bounce: Bounce, tmp_path: Path) -> None:
    path = with_chunks(bounce("WAV", "PCM_24", frames=10), [(b"bext", bext())], before=1)
    with files.open_source(path) as source, files.StemWriter(source.bounce, tmp_path / "stem", None) as writer:
        writer.write(source.read(0, 10), np.zeros((2, 10)))
        path.unlink()
        stem = writer.publish("0.1.0").acapella
    assert stem is not None and files.read_mark(stem) == "dawbridge 0.1.0"


@pytest.mark.row("our mark")
@pytest.mark.parametrize("container", ["WAV", "W64", "AIFF", "CAF", "FLAC"])
def test_a_stem_of_a_stem_has_its_own_mark(bounce: Bounce, container: str) -> None:
    first = stem_of(bounce(container, "PCM_24"))
    with files.open_source(first) as source, files.StemWriter(source.bounce, first.parent / "again", None) as writer:
        writer.write(source.read(0, 5000), np.zeros((2, 5000)))
        again = writer.publish("dawbridge 9").acapella
    assert again is not None and files.read_mark(again) == "dawbridge 9"


def test_no_more_is_carried_than_fits(bounce: Bounce, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dawbridge.audio.metadata.TOTAL_LIMIT", 1000)
    path = with_chunks(bounce("WAV", "PCM_24"), [(b"acid", bytes(24)), (b"id3 ", bytes(990)), (b"inst", bytes(7))])
    assert {"acid", "inst"} <= {name for name, _ in chunks_of(stem_of(path))} and "id3 " not in dict(
        chunks_of(path.parent / "stem.wav")
    )
