"""Metadata of the bounce, read back from its stems."""

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from dawbridge.audio import files, tags
from dawbridge.audio.containers.riff_chunks import bext_for_stem, history_line
from dawbridge.audio.containers.table import walk

from .conftest import Bounce
from .stems_metadata import MARK, TIME_REFERENCE, bext, chunks_of, stem_of, with_chunks

CARRIED = {
    b"iXML": b"<BWFXML><TAKE>3</TAKE></BWFXML>",
    b"cue ": struct.pack("<I", 1) + struct.pack("<II4sIII", 1, 500, b"data", 0, 0, 500),
    b"smpl": struct.pack("<9I", 0, 0, 22675, 60, 0, 0, 0, 0, 0),
    b"acid": bytes(range(24)),
    b"inst": bytes(7),
    b"id3 ": b"ID3\4\0\0\0\0\0\0",
}
LISTS = [b"adtl" + b"labl\x0c\0\0\0\1\0\0\0Chorus\0\0", tags.build_info([(b"INAM", b"My Song"), (b"ISFT", b"the DAW")])]


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


def riff(*chunks: tuple[bytes, bytes], padded: bool = True) -> bytes:
    packed = [name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) & 1 & padded) for name, body in chunks]
    whole = b"WAVE" + b"".join(packed)
    return b"RIFF" + struct.pack("<I", len(whole)) + whole


FORM = (b"fmt ", struct.pack("<HHIIHH", 1, 1, 48000, 144000, 3, 24))
CUE = (b"cue ", struct.pack("<I", 1) + struct.pack("<II4sIII", 1, 500, b"data", 0, 0, 500))
ODD = (b"data", bytes(3 * 3001))


@pytest.mark.parametrize("more", [[], [(b"zzzz", b"unknown")], [(b"JUNK", bytes(5))]])
def test_chunks_after_an_odd_chunk_without_its_pad_byte(tmp_path: Path, more: list[tuple[bytes, bytes]]) -> None:
    (tmp_path / "x.wav").write_bytes(riff(FORM, ODD, *more, (b"bext", bext()), CUE, padded=False))
    found = dict(chunks_of(stem_of(tmp_path / "x.wav")))
    assert found["cue "] == CUE[1] and struct.unpack_from("<Q", found["bext"], 338)[0] == TIME_REFERENCE


def test_chunks_after_an_id3_tag_ahead_of_the_container(bounce: Bounce, tmp_path: Path) -> None:
    tag = b"ID3\x03\0\0\0\0\0\x20" + bytes(32)
    (tmp_path / "x.wav").write_bytes(tag + riff(FORM, (b"bext", bext()), ODD, CUE))
    assert {"bext", "cue "} <= {name for name, _ in chunks_of(stem_of(tmp_path / "x.wav"))}
    aiff = with_chunks(bounce("AIFF", "PCM_24"), [(b"NAME", b"My Song")], order=">")
    aiff.write_bytes(tag + aiff.read_bytes())
    assert ("NAME", b"My Song") in chunks_of(stem_of(aiff))


@pytest.mark.parametrize("name", [b"r64m", b"cart", b"strc", b"plst", b"DISP", b"axml", b"chna", b"CSET", b"_PMX"])
def test_chunks_of_the_trade_are_carried(bounce: Bounce, name: bytes) -> None:
    body = bytes(range(64))
    assert (name.decode(), body) in chunks_of(stem_of(with_chunks(bounce("WAV", "PCM_24"), [(name, body)])))


ENTRIES = {
    "cp1252": "Köln".encode("cp1252"),
    "cp932": "東京".encode("cp932"),
    "UTF-16": "東京 Köln".encode("utf-16-le"),
    "UTF-8": "東京".encode(),
}


@pytest.mark.parametrize("encoding", ENTRIES)
@pytest.mark.parametrize("padded", [True, False])
def test_information_is_bytes(bounce: Bounce, encoding: str, padded: bool) -> None:
    text = ENTRIES[encoding]
    entries = [(b"INAM", text), (b"ISFT", b"the DAW"), (b"IART", b"odd"), (b"ICMT", text + b"!")]
    pad = b"\0" if padded else b""
    body = b"INFO" + b"".join(k + struct.pack("<I", len(t)) + t + (pad if len(t) & 1 else b"") for k, t in entries)
    stem = stem_of(
        with_chunks(bounce("WAV", "PCM_24"), [(b"CSET", struct.pack("<HHHH", 932, 81, 17, 1)), (b"LIST", body)])
    )
    found = dict(chunks_of(stem))
    for key, raw in entries:
        if key != b"ISFT":
            assert key + struct.pack("<I", len(raw)) + raw in found["LIST"], key
    assert b"the DAW" not in found["LIST"] and files.read_mark(stem) == MARK
    assert found["CSET"] == struct.pack("<HHHH", 932, 81, 17, 1)


def id3(version: int, *frames: tuple[bytes, bytes]) -> bytes:
    def size(count: int) -> bytes:
        return bytes(count >> 21 - 7 * n & 0x7F for n in range(4))

    packed = [n + (size(len(b)) if version == 4 else struct.pack(">I", len(b))) + b"\0\0" + b for n, b in frames]
    body = b"".join(packed)
    return b"ID3" + bytes([version, 0, 0]) + size(len(body) + 20) + body + bytes(20)


@pytest.mark.parametrize("version", [3, 4])
def test_a_bounce_s_loudness_is_not_its_stem_s(bounce: Bounce, version: int) -> None:
    title = (b"TIT2", b"\0My Song")
    gain = (b"TXXX", b"\0REPLAYGAIN_TRACK_GAIN\0-7.50 dB")
    wide = (b"TXXX", b"\1" + "replaygain_track_peak\0".encode("utf-16") + "0.9".encode("utf-16"))
    other = (b"TXXX", b"\0MOOD\0calm")
    tag = id3(version, title, gain, wide, (b"RVA2", bytes(9)), other)
    ixml = b"<BWFXML><BEXT><BWF_LOUDNESS_VALUE>-1400</BWF_LOUDNESS_VALUE><X>1</X></BEXT></BWFXML>"
    found = dict(chunks_of(stem_of(with_chunks(bounce("WAV", "PCM_24"), [(b"id3 ", tag), (b"iXML", ixml)]))))
    carried = found["id3 "]
    assert len(carried) == len(tag) and b"My Song" in carried and b"MOOD" in carried
    assert b"REPLAYGAIN" not in carried and b"RVA2" not in carried and "replaygain".encode("utf-16-le") not in carried
    assert found["iXML"] == b"<BWFXML><BEXT><X>1</X></BEXT></BWFXML>"


def test_big_endian_wav_gives_its_tags_and_no_chunks(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "x.wav", np.zeros((500, 2)), 44100, "PCM_24", endian="BIG", format="WAV")
    with_chunks(tmp_path / "x.wav", [(b"cue ", bytes(28))], order=">")
    assert "cue " not in dict(chunks_of(stem_of(tmp_path / "x.wav")))


def test_a_chunk_of_odd_length_keeps_rf64_readable(bounce: Bounce, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dawbridge.audio.formats.RIFF_LIMIT", 1000)
    stem = stem_of(with_chunks(bounce("WAV", "PCM_24"), [(b"bext", bext()), (b"iXML", b"<BWFXML/>")]))
    assert walk(stem).container == "RF64" and soundfile.info(stem).frames == 5000
    assert ("iXML", b"<BWFXML/>") in chunks_of(stem)
