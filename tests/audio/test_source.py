"""Reading bounces, and saying what is wrong with files that are none."""

import os
import shutil
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from dawbridge.audio import files
from dawbridge.audio.info import AudioInfo
from dawbridge.errors import AudioError

from .conftest import Bounce


def test_facts_by_magic_whatever_the_suffix(bounce: Bounce) -> None:
    path = bounce("AIFF", "PCM_24", channels=3, name="bounce.wav", rate=96000)
    info = files.probe(str(path))
    assert info == AudioInfo(path, 96000, 3, 5000, "PCM_24", "AIFF")
    assert info.duration_s == 5000 / 96000 and info.kind is files.SampleKind.INTEGER


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("empty.wav", b"", "the file is empty"),
        ("text.wav", b"Dear diary, today I bounced", "no audio file, it begins with text: b'Dear diary, toda'"),
        ("zeros.wav", bytes(5000), "begins with zeros"),
        ("noise.wav", bytes(range(1, 255)) * 9, "cannot be read as audio"),
        ("header.wav", b"RIFF\x24\0\0\0WAVEfmt \x10\0", "header is cut off before the samples"),
        ("x.raw", b"abcdabcd", "raw samples do not say"),
    ],
)
def test_what_is_no_audio(tmp_path: Path, name: str, data: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(AudioError, match=message) as caught:
        files.probe(tmp_path / name)
    assert str(tmp_path / name) in str(caught.value)


def test_missing_and_folder(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="no such file"):
        files.probe(tmp_path / "none.wav")
    with pytest.raises(AudioError, match="cannot be read"):
        files.probe(tmp_path)


def wav_header(path: Path, channels: int, rate: int, data: bytes) -> Path:
    form = struct.pack("<HHIIHH", 1, channels, rate, rate * channels * 2, channels * 2, 16)
    body = b"WAVEfmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", len(data)) + data
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    return path


@pytest.mark.parametrize(
    ("channels", "rate", "frames"),
    [(0, 44100, 10), (2, 0, 10), (2, 3999, 10), (2, 768_001, 10), (65, 44100, 10), (2, 44100, 0)],
)
def test_facts_that_cannot_be_meant(tmp_path: Path, channels: int, rate: int, frames: int) -> None:
    with pytest.raises(AudioError):
        files.probe(wav_header(tmp_path / "x.wav", channels, rate, bytes(2 * max(channels, 1) * frames)))


@pytest.mark.parametrize(
    ("field", "value"), [("channels", 0), ("channels", 65), ("sample_rate", 3999), ("frames", 0), ("frames", 2**40)]
)
def test_the_message_names_value_and_range(field: str, value: int) -> None:
    facts = {"sample_rate": 44100, "channels": 2, "frames": 10, field: value}
    with pytest.raises(AudioError, match=rf"is {value}.*; allowed is \d+\.\.\d+"):
        AudioInfo(Path("x.wav"), subtype="PCM_16", container="WAV", **facts).check()


@pytest.mark.parametrize(
    ("container", "subtype"), [("WAV", "PCM_24"), ("FLAC", "PCM_24"), ("AIFF", "FLOAT"), ("OGG", "VORBIS")]
)
def test_blocks_and_spans_are_the_file(bounce: Bounce, container: str, subtype: str) -> None:
    path = bounce(container, subtype)
    whole = soundfile.read(path, always_2d=True)[0].T
    with files.open_source(path) as source:
        blocks = list(source.blocks(777))
        assert [block.shape[1] for block in blocks] == [777] * 6 + [338]
        assert np.array_equal(np.concatenate(blocks, axis=1), whole)
        assert np.array_equal(np.concatenate(list(source.blocks(777, 4000)), axis=1), whole[:, 4000:])
        assert source.read(4990, 100).shape == (2, 10) and source.read(5000, 1).shape == (2, 0)
        with pytest.raises(AudioError, match=r"the file has 0\.\.5000"):
            source.read(5001, 1)


@pytest.mark.parametrize(("subtype", "bits"), [("PCM_U8", 24), ("PCM_16", 24), ("PCM_24", 24), ("PCM_32", 32)])
def test_integers_are_exact(bounce: Bounce, subtype: str, bits: int) -> None:
    path = bounce("WAV", subtype)
    with files.open_source(path) as source:
        grid = source.read_grid(100, 50)
        assert grid.dtype == np.int64 and source.info.grid_bits == bits
        assert np.array_equal(grid / 2.0 ** (bits - 1), source.read(100, 50))


def test_floats_have_no_grid(bounce: Bounce) -> None:
    with files.open_source(bounce("WAV", "FLOAT")) as source, pytest.raises(AudioError, match="no integer grid"):
        source.read_grid(0, 1)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_the_first_bad_frame_is_named(tmp_path: Path, bad: float) -> None:
    samples = np.zeros((5000, 2))
    samples[[4321, 4400], 1] = bad
    soundfile.write(tmp_path / "x.wav", samples, 44100, "FLOAT")
    with pytest.raises(AudioError, match="NaN or infinity at frame 4321"):
        files.content_hash(tmp_path / "x.wav")


def test_a_file_that_shrinks_is_named(bounce: Bounce) -> None:
    path = bounce("WAV", "PCM_24", frames=100_000)
    with files.open_source(path) as source:
        os.truncate(path, 60_044)
        with pytest.raises(AudioError, match="ends at frame 10000 of 100000"):
            source.read(0, 100_000)


def test_hash_is_of_the_sound(bounce: Bounce, tmp_path: Path) -> None:
    wav = bounce("WAV", "PCM_16")
    reference = files.content_hash(wav)
    samples, rate = soundfile.read(wav)
    for name, subtype in (
        ("b.flac", "PCM_16"),
        ("c.aiff", "PCM_24"),
        ("d.wav", "FLOAT"),
        ("e.caf", "DOUBLE"),
        ("f.w64", "PCM_32"),
    ):
        soundfile.write(tmp_path / name, samples, rate, subtype)
        assert files.content_hash(tmp_path / name) == reference
    soundfile.write(tmp_path / "g.wav", samples, 48000, "PCM_16")
    soundfile.write(tmp_path / "h.wav", samples.reshape(-1, 1), rate, "PCM_16")
    samples[4999, 1] += 2**-15
    soundfile.write(tmp_path / "i.wav", samples, rate, "PCM_16")
    assert len({files.content_hash(tmp_path / name) for name in ("g.wav", "h.wav", "i.wav")} | {reference}) == 4


def test_chunks_behind_the_samples_of_a_w64_are_no_samples(bounce: Bounce) -> None:
    path = bounce("W64", "PCM_24", frames=1000)
    guid = b"list" + bytes.fromhex("2f91cf11a5d628db04c10000")
    data = path.read_bytes() + guid + struct.pack("<Q", 40) + b"INFOISFT" + bytes(8)
    path.write_bytes(data[:16] + struct.pack("<Q", len(data)) + data[24:])
    assert files.probe(path).frames == 1000


def test_a_malformed_peak_is_stepped_over(bounce: Bounce) -> None:
    path = bounce("WAV", "FLOAT")
    data = path.read_bytes()
    at = data.index(b"PEAK")
    size = struct.unpack_from("<I", data, at + 4)[0]
    data = (
        data[: at + 4] + struct.pack("<I", size + 8) + data[at + 8 : at + 8 + size] + bytes(8) + data[at + 8 + size :]
    )
    path.write_bytes(data[:4] + struct.pack("<I", len(data) - 8) + data[8:])
    with pytest.raises(soundfile.LibsndfileError):
        soundfile.info(path)
    assert files.probe(path).frames == 5000


def test_m4a_through_ffmpeg(bounce: Bounce, tmp_path: Path) -> None:
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        pytest.skip("ffmpeg is not installed")
    path = tmp_path / "song's: 100% [ä].m4a"
    command = [ffmpeg, "-v", "error", "-i", bounce("WAV", "PCM_16", frames=44100), "-c:a", "alac", path]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    info = files.probe(path)
    assert (info.container, info.kind, info.frames, info.channels) == ("FFMPEG", files.SampleKind.INTEGER, 44100, 2)
    assert files.content_hash(path) == files.content_hash(tmp_path / "bounce.wav")
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(AudioError, match="ffmpeg cannot decode this MPEG-4 file"):
        files.probe(path)


def test_a_small_file_that_holds_days_is_not_decoded_for_days(
    bounce: Bounce, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        pytest.skip("ffmpeg is not installed")
    path = tmp_path / "song.m4a"
    soundfile.write(tmp_path / "silence.wav", np.zeros((3_000_000, 2), np.int16), 44100)
    command = [ffmpeg, "-v", "error", "-i", tmp_path / "silence.wav", "-c:a", "alac", path]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    assert path.stat().st_size < 200_000
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=16_000_000))
    with pytest.raises(AudioError, match="needs more than 8 MB"):
        files.probe(path)


def test_m4a_without_ffmpeg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    (tmp_path / "song.m4a").write_bytes(b"\0\0\0\x20ftypM4A \0\0\0\0")
    with pytest.raises(AudioError, match="needs ffmpeg, and ffmpeg is not installed"):
        files.probe(tmp_path / "song.m4a")


@pytest.mark.skipif(os.name == "nt", reason="names are Unicode there")
def test_names_that_are_no_unicode(bounce: Bounce, tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.wav")
    bounce("WAV", "PCM_16").rename(path)
    with (
        files.open_source(path) as source,
        files.StemWriter(source.bounce, *files.stem_paths(tmp_path, path)) as writer,
    ):
        writer.write(source.read(0, 5000), np.zeros((2, 5000)))
        report = writer.publish("dawbridge")
    assert report.acapella is not None and os.fsencode(report.acapella.name) == b"caf\xe9_acapella.wav"
