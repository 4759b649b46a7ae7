"""acapella + instrumental == bounce, whatever the bounce is made of."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from dawbridge.audio import files
from dawbridge.audio.containers.base import FileBlob
from dawbridge.errors import AudioError

from .conftest import Bounce, names, separate

INF = float("inf")


def integers(path: Path | None, bits: int) -> np.ndarray:
    assert path is not None
    data = soundfile.read(path, dtype="int32", always_2d=True)[0]
    return np.asarray(data, np.int64) >> (32 - bits)


def floats(path: Path | None) -> np.ndarray:
    assert path is not None
    return np.asarray(soundfile.read(path, dtype="float64", always_2d=True)[0])


@pytest.mark.row("stems do not null")
@pytest.mark.row("bit depth lost")
@pytest.mark.row("mono doubled to stereo")
@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize(
    ("container", "subtype", "written", "bits"),
    [
        ("WAV", "PCM_U8", "PCM_24", 24),
        ("WAV", "PCM_16", "PCM_24", 24),
        ("WAV", "PCM_24", "PCM_24", 24),
        ("WAV", "PCM_32", "PCM_32", 32),
        ("WAVEX", "PCM_24", "PCM_24", 24),
        ("RF64", "PCM_24", "PCM_24", 24),
        ("W64", "PCM_16", "PCM_24", 24),
        ("AIFF", "PCM_16", "PCM_24", 24),
        ("AIFF", "PCM_24", "PCM_24", 24),
        ("CAF", "PCM_24", "PCM_24", 24),
        ("CAF", "ALAC_16", "PCM_24", 24),
        ("FLAC", "PCM_16", "PCM_24", 24),
        ("FLAC", "PCM_24", "PCM_24", 24),
    ],
)
def test_integers_null_bit_for_bit(
    bounce: Bounce, container: str, subtype: str, written: str, bits: int, channels: int
) -> None:
    path = bounce(container, subtype, channels)
    report = separate(path)
    sum_of_stems = integers(report.acapella, bits) + integers(report.instrumental, bits)
    assert np.array_equal(sum_of_stems, integers(path, bits))
    assert (report.null_db, report.overs, report.container, report.subtype) == (-INF, 0, container, written)
    info = files.probe(report.acapella or "")
    assert (info.container, info.subtype, info.channels, info.frames) == (container, written, channels, 5000)
    assert report.notes == ()


@pytest.mark.row("stems do not null")
@pytest.mark.row("levels rescaled")
@pytest.mark.parametrize(
    ("container", "subtype", "loud", "widened"),
    [
        ("WAV", "PCM_16", 0.8, "FLOAT"),
        ("WAV", "PCM_24", 0.8, "FLOAT"),
        ("AIFF", "PCM_24", 0.8, "FLOAT"),
        ("FLAC", "PCM_24", 0.8, "FLOAT"),
        ("W64", "PCM_24", 0.8, "FLOAT"),
        ("CAF", "PCM_24", 0.8, "FLOAT"),
        ("WAV", "PCM_24", 3.0, "DOUBLE"),
        ("WAV", "PCM_32", 0.8, "DOUBLE"),
    ],
)
def test_overs_make_both_files_float_and_still_null(
    bounce: Bounce, container: str, subtype: str, loud: float, widened: str
) -> None:
    path = bounce(container, subtype, level=0.9)
    report = separate(path, loud)
    assert np.array_equal(floats(report.acapella) + floats(report.instrumental), floats(path))
    assert report.subtype == widened and report.null_db == -INF and report.overs > 0 and report.peak_db > 0
    assert report.container == ("WAV" if container == "FLAC" else container)
    assert len(report.notes) == 1 and "0 dBFS" in report.notes[0]
    assert names(path.parent / "separated") == sorted(p.name for p in (report.acapella, report.instrumental) if p)


def test_overs_that_come_late_keep_what_was_written(bounce: Bounce) -> None:
    path = bounce("WAV", "PCM_24", frames=6000)
    with (
        files.open_source(path) as source,
        files.StemWriter(source.bounce, *files.stem_paths(path.parent, path)) as writer,
    ):
        for level, mixture in zip((0.1, 1.4, 2.9), source.blocks(2000), strict=True):
            writer.write(mixture, np.full(mixture.shape, level))
        report = writer.publish("dawbridge")
    assert report.subtype == "DOUBLE" and len(report.notes) == 1
    assert np.array_equal(floats(report.acapella) + floats(report.instrumental), floats(path))


@pytest.mark.row("stems do not null")
@pytest.mark.row("bit depth lost")
@pytest.mark.parametrize(("subtype", "dtype"), [("FLOAT", np.float32), ("DOUBLE", np.float64)])
@pytest.mark.parametrize("container", ["WAV", "AIFF", "CAF", "W64", "RF64"])
def test_floats_null_to_half_an_ulp(bounce: Bounce, container: str, subtype: str, dtype: type) -> None:
    path = bounce(container, subtype, level=2.0)
    report = separate(path)
    a, i, b = floats(report.acapella), floats(report.instrumental), floats(path)
    ulp = np.spacing(np.maximum(np.abs(a), np.abs(i)).astype(dtype)).astype(np.float64)
    assert np.all(np.abs(a + i - b) <= ulp / 2)
    assert (report.subtype, report.container, report.notes) == (subtype, container, ())
    assert report.null_db < -135 and report.overs > 0


@pytest.mark.row("stems do not null")
@pytest.mark.parametrize(("container", "subtype"), [("OGG", "VORBIS"), ("MP3", "MPEG_LAYER_III"), ("WAV", "ULAW")])
def test_lossy_bounces_become_24_bit_wav(bounce: Bounce, container: str, subtype: str) -> None:
    path = bounce(container, subtype, level=0.2)
    report = separate(path, 0.1)
    with files.open_source(path) as source:
        decoded = source.read_grid(0, source.info.frames).T
    assert np.array_equal(integers(report.acapella, 24) + integers(report.instrumental, 24), decoded)
    assert (report.container, report.subtype) == ("WAV", "PCM_24")
    assert report.null_db < -138


def test_mixture_may_be_given_as_integers(bounce: Bounce) -> None:
    path = bounce("WAV", "PCM_16", frames=1000)
    with (
        files.open_source(path) as source,
        files.StemWriter(source.bounce, *files.stem_paths(path.parent, path)) as writer,
    ):
        writer.write(source.read_grid(0, 1000), np.full((2, 1000), 0.1, np.float32))
        report = writer.publish("dawbridge")
    assert np.array_equal(integers(report.acapella, 24) + integers(report.instrumental, 24), integers(path, 24))


@pytest.mark.row("stems do not null")
def test_gains_come_after_the_null(bounce: Bounce) -> None:
    path = bounce("WAV", "PCM_24")
    plain = floats(separate(path).acapella)
    report = separate(path, acapella_gain_db=-6.0)
    assert np.allclose(floats(report.acapella), plain * 10 ** (-6 / 20), atol=2**-24)
    assert report.null_db == -INF


def test_one_stem_alone(bounce: Bounce) -> None:
    path = bounce("WAV", "PCM_24", frames=100)
    target, _ = files.stem_paths(path.parent, path)
    with files.open_source(path) as source, files.StemWriter(source.bounce, target, None) as writer:
        writer.write(source.read(0, 100), np.full((2, 100), 0.1))
        report = writer.publish("dawbridge")
    assert report.instrumental is None and report.acapella == path.parent / "bounce_acapella.wav"


@pytest.mark.row("bit depth lost")
@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24"])
def test_sixteen_bits_are_dithered_before_the_instrumental_is_formed(bounce: Bounce, subtype: str) -> None:
    report = separate(bounce("WAV", subtype), format="source16")
    total = integers(report.acapella, 16) + integers(report.instrumental, 16)
    reference = floats(bounce("WAV", subtype)) * 2**15
    assert np.abs(total - reference).max() <= (0 if subtype == "PCM_16" else 1.5)
    assert report.subtype == "PCM_16"


@pytest.mark.parametrize(
    ("text", "container", "subtype"),
    [("flac", "FLAC", "PCM_24"), ("aiff", "AIFF", "FLOAT"), ("wav24", "WAV", "PCM_24")],
)
def test_formats_that_were_chosen(bounce: Bounce, text: str, container: str, subtype: str) -> None:
    report = separate(bounce("WAV", "FLOAT"), format=text)
    assert (report.container, report.subtype) == (container, subtype)
    assert report.acapella and report.acapella.suffix == {"FLAC": ".flac", "AIFF": ".aif", "WAV": ".wav"}[container]


def test_an_unknown_format_says_what_is_allowed() -> None:
    with pytest.raises(AudioError, match="'mp3' is unknown; allowed are source"):
        files.StemFormat.parse("mp3")


def test_the_same_job_twice_gives_the_same_bytes(bounce: Bounce) -> None:
    path = bounce("WAV", "FLOAT")
    first, second = ((separate(path).acapella or path).read_bytes() for _ in range(2))
    assert first == second


@pytest.mark.row("truncated at 10 minutes")
def test_more_than_4_gib_becomes_rf64() -> None:
    from dawbridge.audio.formats import StemFormat, decide

    info = files.AudioInfo(Path("set.wav"), 48_000, 2, 48_000 * 3600 * 5, "PCM_24", "WAV")
    assert (decide(info, StemFormat()).container, decide(info, StemFormat()).suffix) == ("RF64", ".wav")
    flac = files.AudioInfo(Path("x.flac"), 48_000, 10, 1000, "PCM_24", "FLAC")
    assert decide(flac, StemFormat()).container == "WAV"


@pytest.mark.row("truncated at 10 minutes")
@pytest.mark.parametrize("container", ["WAV", "WAVEX", "AIFF"])
def test_what_32_bit_sizes_cannot_hold_is_written_as_rf64(
    bounce: Bounce, container: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dawbridge.audio.formats.RIFF_LIMIT", 1000)
    path = bounce(container, "PCM_24")
    report = separate(path)
    assert report.container == "RF64" and files.probe(report.acapella or "").container == "RF64"
    assert np.array_equal(integers(report.acapella, 24) + integers(report.instrumental, 24), integers(path, 24))
    assert report.acapella and files.read_mark(report.acapella) == "dawbridge 0.1.0; model=test"


@pytest.mark.row("stems do not null")
def test_bit_for_bit_is_claimed_of_what_was_compared(bounce: Bounce) -> None:
    path = bounce("WAV", "PCM_24")
    assert separate(path).claim == "sum equals the bounce"
    louder = separate(path, acapella_gain_db=-6.0)
    assert louder.claim == "both stems at 0 dB would add up to the bounce"
    assert "as it decodes, at 24 bits" in separate(bounce("OGG", "VORBIS", level=0.2), 0.1).claim


def test_a_disk_that_gives_back_other_bytes_is_noticed(bounce: Bounce, monkeypatch: pytest.MonkeyPatch) -> None:
    real = FileBlob.at

    def flipped(self: FileBlob, offset: int, count: int) -> bytes:
        raw = real(self, offset, count)
        return bytes([raw[0] ^ 1]) + raw[1:] if count > 1000 else raw

    path = bounce("WAV", "PCM_24")
    with files.open_source(path) as source:
        writer = files.StemWriter(source.bounce, path.parent / "a", None)
        monkeypatch.setattr(FileBlob, "at", flipped)
        with writer, pytest.raises(AudioError, match="not all reached the disk as they were written"):
            writer.write(np.zeros((2, 5000)), np.full((2, 5000), 0.1))
    assert names(path.parent) == ["bounce.wav"]
