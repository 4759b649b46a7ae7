"""A stem's channels are meant for the loudspeakers that its bounce's are."""

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from dawbridge.audio import files
from dawbridge.audio.containers.base import FileBlob, payload
from dawbridge.audio.containers.table import walk
from dawbridge.audio.speakers import AMBISONIC_GUID_TAIL, PCM_GUID_TAIL, Speakers, from_flac_comment

from .conftest import Bounce
from .test_metadata import stem_of, with_chunks

LCRS = struct.pack(">3I", 132 << 16 | 4, 0, 0)
BITMAP = struct.pack(">3I", 0x10000, 0x60F, 0)
MASKS = [(6, 0x60F), (8, 0x63F), (4, 0x107), (3, 0x00B), (2, 0x600), (2, 0)]


def body_of(path: Path, id: str) -> bytes:
    chunk = walk(path).find(id)
    assert chunk is not None, walk(path).chunks
    with path.open("rb") as stream:
        return payload(FileBlob(stream.fileno()), chunk)


def extensible(path: Path, mask: int, tail: bytes = PCM_GUID_TAIL) -> Path:
    """Set mask and identifier in the header of an extensible file."""
    data, form = bytearray(path.read_bytes()), walk(path).find("fmt ")
    assert form is not None
    struct.pack_into("<I", data, form.offset + 20, mask)
    data[form.offset + 26 : form.offset + 40] = tail
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(("channels", "mask"), MASKS)
@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT"])
@pytest.mark.parametrize("level", [0.1, 1.5])
def test_wav(bounce: Bounce, channels: int, mask: int, subtype: str, level: float) -> None:
    stem = stem_of(extensible(bounce("WAVEX", subtype, channels), mask), level=level)
    body = body_of(stem, "fmt ")
    assert struct.unpack_from("<I", body, 20)[0] == mask and body[26:40] == PCM_GUID_TAIL
    assert soundfile.info(stem).frames == 5000


def test_ambisonic_b_format(bounce: Bounce) -> None:
    path = extensible(bounce("WAVEX", "PCM_24", 4), 0, AMBISONIC_GUID_TAIL)
    assert body_of(stem_of(path), "fmt ")[24:40] == b"\1\0" + AMBISONIC_GUID_TAIL


def test_rf64_and_w64(bounce: Bounce, tmp_path: Path) -> None:
    for container in ("RF64", "W64"):
        path = bounce(container, "PCM_24", 6)
        data = path.read_bytes()
        form = walk(path).find("fmt ")
        assert form is not None
        if form.size < 40:
            old = data[form.start : form.start + 40]
            assert container == "W64" and len(old) == 40
            body = struct.pack("<HHIIHHHHIH", 0xFFFE, 6, 44100, 44100 * 18, 18, 24, 22, 24, 0x60F, 1) + PCM_GUID_TAIL
            data = data[: form.start + 16] + struct.pack("<Q", 64) + body + data[form.start + 40 :]
            path.write_bytes(data[:16] + struct.pack("<Q", len(data)) + data[24:])
        else:
            extensible(path, 0x60F)
        assert struct.unpack_from("<I", body_of(stem_of(path), "fmt "), 20)[0] == 0x60F


@pytest.mark.parametrize("layout", [LCRS, BITMAP])
@pytest.mark.parametrize("subtype", ["PCM_24", "FLOAT"])
def test_aiff(bounce: Bounce, layout: bytes, subtype: str) -> None:
    path = with_chunks(bounce("AIFF", subtype, 4), [(b"CHAN", layout)], before=1, order=">")
    assert body_of(stem_of(path), "CHAN") == layout


def test_caf(bounce: Bounce) -> None:
    path = bounce("CAF", "PCM_24", 4)
    data = path.read_bytes()
    path.write_bytes(data[:52] + struct.pack(">4sq", b"chan", len(LCRS)) + LCRS + data[52:])
    assert files.probe(path).channels == 4
    assert body_of(stem_of(path), "chan") == LCRS


def test_flac_and_from_flac_to_wav(bounce: Bounce) -> None:
    path = bounce("FLAC", "PCM_24", 4)
    with soundfile.SoundFile(path) as file:
        samples = file.read()
    first = stem_of(extensible(bounce("WAVEX", "PCM_24", 4), 0x107), "flac")
    assert b"WAVEFORMATEXTENSIBLE_CHANNEL_MASK=0x0107" in body_of(first, "VORBIS_COMMENT")
    for level, id in ((0.1, "VORBIS_COMMENT"), (1.5, "fmt ")):
        again = stem_of(first, level=level)
        body = body_of(again, id)
        assert b"=0x0107" in body if id == "VORBIS_COMMENT" else struct.unpack_from("<I", body, 20)[0] == 0x107
    assert np.shape(samples) == (5000, 4)


def test_a_layout_crosses_containers_where_it_can(bounce: Bounce) -> None:
    path = with_chunks(bounce("AIFF", "PCM_24", 6), [(b"CHAN", BITMAP)], before=1, order=">")
    assert struct.unpack_from("<I", body_of(stem_of(path, "wav"), "fmt "), 20)[0] == 0x60F
    stem = stem_of(extensible(bounce("WAVEX", "PCM_24", 6), 0x60F), "aiff")
    assert body_of(stem, "CHAN") == BITMAP


def test_a_file_that_says_nothing_stays_so(bounce: Bounce) -> None:
    assert len(body_of(stem_of(bounce("WAV", "PCM_24", 6)), "fmt ")) == 16
    assert walk(stem_of(bounce("AIFF", "PCM_24", 6))).find("CHAN") is None
    assert Speakers().as_mask() is None and Speakers(apple=b"shor").as_mask() is None
    assert Speakers(apple=LCRS).as_mask() is None
    assert from_flac_comment("nonsense") == Speakers()
