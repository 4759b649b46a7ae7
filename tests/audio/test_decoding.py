"""What libsndfile refuses or reads only in part: decoded whole and exactly by ffmpeg, or said with both lengths."""

import os
import shutil
import struct
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from dawbridge.audio import ffmpeg, files
from dawbridge.audio.info import SampleKind
from dawbridge.errors import AudioError, Cancelled

RATE = 48000
ID3 = b"ID3\x03\0\0\0\0\0\x20" + bytes(32)

needs_ffmpeg = pytest.mark.skipif(not ffmpeg.is_installed(), reason="ffmpeg is not installed")


def run(*command: object) -> None:
    if shutil.which(str(command[0])) is None:
        pytest.skip(f"{command[0]} is not installed")
    subprocess.run([str(word) for word in command], check=True, stdin=subprocess.DEVNULL, capture_output=True)


def convert(source: Path, *options: object) -> None:
    run("ffmpeg", "-v", "error", "-y", "-i", source, *options)


def integers(path: Path, bits: int, frames: int = 20_000) -> Path:
    noise = np.random.default_rng(1).integers(-(2 ** (bits - 1)), 2 ** (bits - 1), (frames, 2))
    soundfile.write(path, (noise << (32 - bits)).astype(np.int32), RATE, f"PCM_{bits}")
    return path


def exact(path: Path) -> np.ndarray:
    with files.open_source(path) as source:
        return source.read(0, source.info.frames).T


@pytest.fixture
def no_ffmpeg(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")


@needs_ffmpeg
@pytest.mark.parametrize("bits", [16, 24, 32])
@pytest.mark.parametrize("name", ["x.wv", "x.tta", "x.mka", "x.m4a", "x.caf", "x.oga"])
def test_lossless_files_keep_every_bit(tmp_path: Path, bits: int, name: str) -> None:
    wav, path = integers(tmp_path / "x.wav", bits), tmp_path / name
    if bits == 32 and name != "x.wv":
        pytest.skip("this ffmpeg writes 24 bits")
    if name == "x.wv":
        run("wavpack", "-q", "-y", wav, "-o", path)
    else:
        codec = {".tta": "tta", ".mka": "flac", ".m4a": "alac", ".caf": "alac", ".oga": "flac"}[path.suffix]
        convert(wav, "-c:a", codec, *(("-f", "ogg") if path.suffix == ".oga" else ()), path)
    info = files.probe(path)
    assert (info.container, info.subtype, info.kind) == ("FFMPEG", f"PCM_{bits}", SampleKind.INTEGER)
    np.testing.assert_array_equal(exact(path), soundfile.read(wav)[0])
    assert files.content_hash(path) == files.content_hash(wav)


@needs_ffmpeg
def test_flac_of_32_bits_keeps_every_bit(tmp_path: Path) -> None:
    wav = integers(tmp_path / "x.wav", 32)
    run("flac", "-s", "--channel-map=none", wav, "-o", tmp_path / "x.flac")
    assert files.probe(tmp_path / "x.flac").subtype == "PCM_32"
    np.testing.assert_array_equal(exact(tmp_path / "x.flac"), soundfile.read(wav)[0])


@needs_ffmpeg
def test_floating_wavpack_stays_floating(tmp_path: Path) -> None:
    samples = np.random.default_rng(1).uniform(-3, 3, (5000, 2)).astype(np.float32)
    soundfile.write(tmp_path / "x.wav", samples, RATE, "FLOAT")
    run("wavpack", "-q", "-y", tmp_path / "x.wav", "-o", tmp_path / "x.wv")
    assert files.probe(tmp_path / "x.wv").kind is SampleKind.FLOAT
    np.testing.assert_array_equal(exact(tmp_path / "x.wv"), samples)


@needs_ffmpeg
@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
def test_chained_ogg_is_read_to_its_end(tmp_path: Path, subtype: str) -> None:
    noise = np.random.default_rng(1).uniform(-0.4, 0.4, (96_000, 2))
    soundfile.write(tmp_path / "part", noise, RATE, subtype, format="OGG")
    (tmp_path / "x.ogg").write_bytes(2 * (tmp_path / "part").read_bytes())
    assert files.probe(tmp_path / "part").frames == 96_000
    assert files.probe(tmp_path / "x.ogg").frames == pytest.approx(192_000, abs=1000)


@needs_ffmpeg
def test_the_short_links_of_a_chain_are_read_too(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).uniform(-0.4, 0.4, (8000, 1))
    soundfile.write(tmp_path / "part", noise, 8000, "VORBIS", format="OGG")
    (tmp_path / "x.ogg").write_bytes(2 * (tmp_path / "part").read_bytes())
    assert files.probe(tmp_path / "part").frames == 8000
    assert files.probe(tmp_path / "x.ogg").frames == pytest.approx(16_000, abs=1000)


@pytest.mark.usefixtures("no_ffmpeg")
def test_without_ffmpeg_chained_ogg_is_said_to_be_read_in_part(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "part", np.zeros((96_000, 2)), RATE, "VORBIS", format="OGG")
    (tmp_path / "x.ogg").write_bytes(2 * (tmp_path / "part").read_bytes())
    with files.open_source(tmp_path / "x.ogg") as source:
        assert source.info.frames == 96_000
        assert source.bounce.notes == (
            "x.ogg reads only in part: 2.00 s of the 4.00 s that it promises; its stems are as long as what was read",
        )


@needs_ffmpeg
@pytest.mark.parametrize("kind", ["joined", "no index", "picture"])
def test_mp3_is_read_to_its_end(tmp_path: Path, kind: str, capfd: pytest.CaptureFixture[str]) -> None:
    quiet_then_loud = np.vstack([np.zeros((96_000, 2)), np.random.default_rng(1).uniform(-0.4, 0.4, (96_000, 2))])
    soundfile.write(tmp_path / "x.wav", quiet_then_loud, RATE, "PCM_16")
    run("lame", "--quiet", "-V2", *(["-t"] if kind == "no index" else []), tmp_path / "x.wav", tmp_path / "x.mp3")
    data, frames = (tmp_path / "x.mp3").read_bytes(), 192_000
    if kind == "joined":
        data, frames = 2 * data, 384_000
    elif kind == "picture":
        data = b"ID3\x03\0\0" + bytes(600_000 >> 21 - 7 * n & 0x7F for n in range(4)) + bytes(600_000) + data
    (tmp_path / "x.mp3").write_bytes(data)
    assert files.probe(tmp_path / "x.mp3").frames == pytest.approx(frames, abs=5000)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("seconds", [0.7, 7.0])
@pytest.mark.parametrize(
    "name", ["constant.mp3", "fast.mp3", "low.mp3", "mono.mp3", "unindexed.mp3", "x.mp2", "mono.mp2"]
)
def test_mpeg_audio_without_an_index_is_read_to_its_end(tmp_path: Path, name: str, seconds: float) -> None:
    """libsndfile guesses the length of such a file, and guessed more than there is."""
    noise = np.random.default_rng(1).uniform(-0.4, 0.4, (int(seconds * RATE), 1 if name.startswith("mono") else 2))
    soundfile.write(tmp_path / "x.wav", noise, RATE, "PCM_16")
    lame = {"constant.mp3": ["-b128"], "fast.mp3": ["-b320"], "low.mp3": ["--resample", "22.05"], "mono.mp3": ["-b64"]}
    if name in lame:
        run("lame", "--quiet", "-t", *lame[name], tmp_path / "x.wav", tmp_path / name)
    elif name == "unindexed.mp3":
        convert(tmp_path / "x.wav", "-c:a", "libmp3lame", "-write_xing", "0", tmp_path / name)
    else:
        convert(tmp_path / "x.wav", "-c:a", "mp2", tmp_path / name)
    with files.open_source(tmp_path / name) as source:
        frames = source.info.frames
        assert source.read(0, frames).shape[1] == frames
        assert source.read(frames - 100, 100).shape[1] == 100
        assert frames / source.info.sample_rate == pytest.approx(seconds, abs=0.11)


def test_gsm_is_read_through_ffmpeg_or_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    soundfile.write(tmp_path / "x.wav", np.random.default_rng(1).uniform(-0.4, 0.4, 16_000), 8000, "GSM610")
    if ffmpeg.is_installed():
        assert exact(tmp_path / "x.wav").shape[0] == pytest.approx(16_000, abs=640)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(AudioError, match=r"GSM 6\.10 can be read with ffmpeg; install it"):
        files.probe(tmp_path / "x.wav")


@pytest.mark.parametrize("format", ["WAV", "W64", "AIFF"])
def test_two_chunks_of_samples_are_refused(tmp_path: Path, format: str) -> None:
    """Programs read the one or the other: which is the bounce, nobody can tell."""
    path = tmp_path / f"x.{format.lower()}"
    soundfile.write(path, np.zeros((2000, 2)), RATE, "PCM_16", format=format)
    data = path.read_bytes()
    start = data.index({"WAV": b"data", "W64": b"data\xf3\xac", "AIFF": b"SSND"}[format])
    path.write_bytes(data + data[start:])
    with pytest.raises(AudioError, match="holds 2 chunks of samples"):
        files.probe(path)


def test_flac_of_unknown_length_is_read_without_ffmpeg(tmp_path: Path, no_ffmpeg: None) -> None:
    noise = np.random.default_rng(1).integers(-(2**15), 2**15, (50_000, 2), np.int16)
    soundfile.write(tmp_path / "x.flac", noise, RATE, "PCM_16")
    data = bytearray((tmp_path / "x.flac").read_bytes())
    data[21] &= 0xF0
    data[22:26] = bytes(4)
    (tmp_path / "x.flac").write_bytes(data)
    np.testing.assert_array_equal(exact(tmp_path / "x.flac") * 2**15, noise)
    with files.open_source(tmp_path / "x.flac") as source:
        np.testing.assert_array_equal(source.read(40_000, 10).T * 2**15, noise[40_000:40_010])


@needs_ffmpeg
def test_bw64_and_mp3_in_wav(tmp_path: Path) -> None:
    wav = integers(tmp_path / "x.wav", 24)
    soundfile.write(tmp_path / "bw64.wav", soundfile.read(wav)[0], RATE, "PCM_24", format="RF64")
    data = (tmp_path / "bw64.wav").read_bytes()
    (tmp_path / "bw64.wav").write_bytes(b"BW64" + data[4:])
    np.testing.assert_array_equal(exact(tmp_path / "bw64.wav"), soundfile.read(wav)[0])
    convert(wav, "-c:a", "libmp3lame", "-f", "wav", tmp_path / "mp3.wav")
    assert files.probe(tmp_path / "mp3.wav").frames == pytest.approx(20_000, abs=3000)
    files.content_hash(tmp_path / "mp3.wav")


@needs_ffmpeg
def test_id3_ahead_of_aac_and_riff(tmp_path: Path) -> None:
    wav = integers(tmp_path / "x.wav", 24)
    convert(wav, "-c:a", "aac", "-f", "adts", tmp_path / "x.aac")
    (tmp_path / "x.aac").write_bytes(ID3 + (tmp_path / "x.aac").read_bytes())
    assert files.probe(tmp_path / "x.aac").frames == pytest.approx(20_000, abs=4000)
    (tmp_path / "y.wav").write_bytes(ID3 + wav.read_bytes())
    np.testing.assert_array_equal(exact(tmp_path / "y.wav"), soundfile.read(wav)[0])


def test_a_cut_off_chunk_after_an_id3_tag_hangs_nothing(tmp_path: Path) -> None:
    """libsndfile 1.2.2 would loop for ever."""
    wav = integers(tmp_path / "x.wav", 24)
    lists = (b"INFOINAM\4\0\0\0song", b"adtllabl\x0c\0\0\0\1\0\0\0Chorus\0\0")
    more = b"".join(b"LIST" + struct.pack("<I", len(body)) + body for body in lists)
    data = wav.read_bytes()
    data = data[:4] + struct.pack("<I", len(data) - 8 + len(more)) + data[8:] + more
    wav.write_bytes(ID3 + data[:-26])
    assert exact(wav).shape == (20_000, 2)


@needs_ffmpeg
def test_a_cut_off_file_says_both_lengths(tmp_path: Path) -> None:
    run("wavpack", "-q", "-y", integers(tmp_path / "x.wav", 16, 200_000), "-o", tmp_path / "x.wv")
    data = (tmp_path / "x.wv").read_bytes()
    (tmp_path / "x.wv").write_bytes(data[: len(data) // 2])
    with files.open_source(tmp_path / "x.wv") as source:
        assert source.info.frames < 150_000
        assert len(source.bounce.notes) == 1 and "s of the 4.17 s that it promises" in source.bounce.notes[0]


@needs_ffmpeg
def test_tags_and_speakers_come_through_ffmpeg(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "x.wav", np.zeros((3000, 6)), RATE, "PCM_16")
    convert(
        tmp_path / "x.wav", "-channel_layout", "5.1(side)", "-metadata", "title=Ünï", "-c:a", "flac", tmp_path / "x.mka"
    )
    with files.open_source(tmp_path / "x.mka") as source:
        assert source.bounce.metadata.common["title"] == "Ünï"
        assert source.bounce.metadata.speakers.as_mask() in (0x60F, 0x3F)


@needs_ffmpeg
def test_decoding_is_cancelled_at_once_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    soundfile.write(tmp_path / "x.wav", np.zeros((RATE * 600, 2), np.int16), RATE, "PCM_16")
    convert(tmp_path / "x.wav", "-c:a", "alac", tmp_path / "x.m4a")

    def stop() -> None:
        raise Cancelled("cancelled")

    begun = time.process_time()
    with pytest.raises(Cancelled), files.open_source(tmp_path / "x.m4a", stop):
        pytest.fail("opened")
    assert time.process_time() - begun < 2 and not list(scratch.iterdir())


@needs_ffmpeg
def test_ffmpeg_that_stalls_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    convert(integers(tmp_path / "x.wav", 16), "-c:a", "alac", tmp_path / "x.m4a")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "ffmpeg").write_text("#!/bin/sh\nexec sleep 60\n")
    (tmp_path / "bin" / "ffmpeg").chmod(0o755)
    monkeypatch.setattr(ffmpeg, "STALL_S", 0.2)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(AudioError, match="nothing came for"):
        files.probe(tmp_path / "x.m4a")


def test_what_is_not_a_file_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.wav")
    with pytest.raises(AudioError, match="it is a pipe, not a regular file"):
        files.probe(tmp_path / "x.wav")


@pytest.mark.usefixtures("no_ffmpeg")
def test_without_ffmpeg_the_message_names_it(tmp_path: Path) -> None:
    header = struct.pack("<4sI4s4sIHHIIHH", b"RIFF", 44, b"WAVE", b"fmt ", 16, 0xABCD, 2, 44100, 176400, 4, 16)
    (tmp_path / "x.wav").write_bytes(header + b"data\x10\0\0\0" + bytes(16))
    with pytest.raises(AudioError, match="or install ffmpeg, which may read it"):
        files.probe(tmp_path / "x.wav")
