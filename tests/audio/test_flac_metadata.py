"""Metadata blocks of a FLAC bounce, read back from its stems."""

import shutil
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from dawbridge.audio import files, tags
from dawbridge.audio.containers.table import walk

from .conftest import Bounce
from .stems_metadata import MARK, bext, chunks_of, stem_of, with_chunks


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


def flac_with(path: Path, *blocks: tuple[int, bytes]) -> Path:
    """The file with these metadata blocks instead of its own comments."""
    data, old = path.read_bytes(), walk(path).find("VORBIS_COMMENT")
    assert old is not None
    packed = b"".join(struct.pack(">I", kind << 24 | len(body)) + body for kind, body in blocks)
    padding = b"\x81\0\0\0"
    path.write_bytes(data[:42] + packed + padding + data[old.end :])
    return path


def test_flac_loudness_goes_and_the_rest_stays(bounce: Bounce) -> None:
    lines = [(b"TITLE", b"My Song"), (b"replaygain_track_gain", b"-7 dB"), (b"R128_TRACK_GAIN", b"-100")]
    path = flac_with(bounce("FLAC", "PCM_24"), (4, tags.build_vorbis(lines)), (6, bytes(32)))
    found = dict(chunks_of(stem_of(path)))
    comments = tags.parse_vorbis(found["VORBIS_COMMENT"])
    assert ("TITLE", "My Song") in comments and not [key for key, _ in comments if tags.is_loudness(key)]
    assert found["PICTURE"] == bytes(32)


@pytest.mark.parametrize(("subtype", "holds"), [("PCM_16", False), ("PCM_24", True)])
def test_another_container_s_header_in_flac_is_carried_only_where_it_holds(
    bounce: Bounce, subtype: str, holds: bool
) -> None:
    path = flac_with(bounce("FLAC", subtype), (2, b"aiffFORM" + bytes(8)), (2, b"ATCHdata"))
    bodies = [body for name, body in chunks_of(stem_of(path)) if name == "APPLICATION"]
    assert b"ATCHdata" in bodies and (b"aiffFORM" + bytes(8) in bodies) is holds


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24"])
def test_chunks_of_a_wav_in_flac_are_made_true_of_the_stem(tmp_path: Path, subtype: str) -> None:
    """`flac --keep-foreign-metadata`: the place on the timeline is in them, and a WAV can be made again."""
    if shutil.which("flac") is None:
        pytest.skip("flac is not installed")
    soundfile.write(tmp_path / "x.wav", np.random.default_rng(1).uniform(-0.5, 0.5, (5001, 2)), 44100, subtype)
    with_chunks(tmp_path / "x.wav", [(b"bext", bext()), (b"iXML", b"<BWFXML/>"), (b"PEAK", bytes(24))])
    flac = ["flac", "--silent", "--keep-foreign-metadata"]
    subprocess.run([*flac, tmp_path / "x.wav", "-o", tmp_path / "x.flac"], check=True)
    stem = stem_of(tmp_path / "x.flac")
    subprocess.run([*flac, "-d", stem, "-o", tmp_path / "again.wav"], check=True)
    chunks = dict(chunks_of(tmp_path / "again.wav"))
    assert chunks["bext"][338:346] == bext()[338:346]
    assert chunks["iXML"] == b"<BWFXML/>" and "PEAK" not in chunks
    np.testing.assert_array_equal(soundfile.read(tmp_path / "again.wav")[0], soundfile.read(stem)[0])
    assert soundfile.info(tmp_path / "again.wav").subtype == soundfile.info(stem).subtype
