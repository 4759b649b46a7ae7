"""Verdicts over what real writers leave on disk, while they write and after."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest
import soundfile

from dawbridge.audio.containers import table
from dawbridge.audio.containers.base import Completeness
from dawbridge.audio.containers.table import completeness

LIBSNDFILE = [
    ("WAV", "PCM_24"), ("WAV", "FLOAT"), ("WAVEX", "PCM_24"), ("RF64", "PCM_24"), ("W64", "PCM_24"), ("AIFF", "PCM_24"),
    ("AIFF", "FLOAT"), ("CAF", "PCM_24"), ("CAF", "ALAC_24"), ("FLAC", "PCM_24"),
]  # fmt: skip
NOISE = np.random.default_rng(0).uniform(-0.5, 0.5, (100_000, 2))
PROJECT = Path("/usr/share/lmms/projects/shorties/Skiessi-222.mmpz")


def tool(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed")
    return path


@pytest.mark.row("libsndfile WAV")
@pytest.mark.row("libsndfile RF64")
@pytest.mark.row("libsndfile AIFF")
@pytest.mark.row("FLAC")
@pytest.mark.parametrize(("container", "subtype"), LIBSNDFILE)
def test_libsndfile_while_writing_and_after(tmp_path: Path, container: str, subtype: str) -> None:
    path = tmp_path / "bounce.wav"
    with soundfile.SoundFile(path, "w", 44100, 2, subtype, format=container) as file:
        assert completeness(path) is not Completeness.COMPLETE
        file.write(NOISE)
        file.flush()
        assert completeness(path) is Completeness.PLACEHOLDER
        file.write(NOISE)
        assert completeness(path) is Completeness.PLACEHOLDER
    assert completeness(path) is Completeness.COMPLETE


@pytest.mark.row("a file copied half way")
@pytest.mark.parametrize(("container", "subtype"), [pair for pair in LIBSNDFILE if pair[0] != "FLAC"])
@pytest.mark.parametrize("part", [0.001, 0.3, 0.9])
def test_copied_half_way(tmp_path: Path, container: str, subtype: str, part: float) -> None:
    path = tmp_path / "bounce.wav"
    soundfile.write(path, NOISE, 44100, subtype, format=container)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * part)])
    assert completeness(path) is Completeness.OPEN
    path.write_bytes(whole)
    assert completeness(path) is Completeness.COMPLETE


@pytest.mark.parametrize(("container", "subtype"), LIBSNDFILE)
def test_a_header_caught_at_any_byte_is_audio_to_come(tmp_path: Path, container: str, subtype: str) -> None:
    path = tmp_path / "bounce.wav"
    soundfile.write(path, NOISE, 44100, subtype, format=container)
    whole = path.read_bytes()
    for length in range(64):
        path.write_bytes(whole[:length])
        assert completeness(path) is Completeness.OPEN, length


def test_a_file_that_begins_between_two_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One open, one answer: an empty file whose header came while it was judged was once taken for foreign."""
    soundfile.write(tmp_path / "whole.wav", NOISE, 44100)
    whole = (tmp_path / "whole.wav").read_bytes()
    looks = []
    real = table.open_regular

    def begun(path: Path) -> BinaryIO:
        looks.append(path)
        path.write_bytes(whole if len(looks) > 1 else b"")
        return real(path)

    monkeypatch.setattr(table, "open_regular", begun)
    assert completeness(tmp_path / "bounce.wav") is Completeness.OPEN


@pytest.mark.parametrize(("container", "subtype"), [("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III")])
def test_opaque(tmp_path: Path, container: str, subtype: str) -> None:
    path = tmp_path / "bounce.mp3"
    soundfile.write(path, NOISE, 48000, subtype, format=container)
    assert completeness(path) is Completeness.OPAQUE


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("bounce.wav", b"", Completeness.OPEN),
        ("bounce.wav", b"\0" * 4096, Completeness.OPEN),
        ("bounce.wav", b"RIFF", Completeness.OPEN),
        ("bounce.wav", b"RIFF\x24\0\0\0WAVEfmt ", Completeness.OPEN),
        ("bounce.wav", b"this is a text, whatever its name says", Completeness.FOREIGN),
        ("notes.txt", b"", Completeness.FOREIGN),
        ("notes.txt", "ÿþ text in UTF-16".encode("utf-16"), Completeness.FOREIGN),
        ("film.mp4", b"\0\0\0\x20ftypisom\0\0\0\0", Completeness.FOREIGN),
        ("song.m4a", b"\0\0\0\x20ftypM4A \0\0\0\0", Completeness.OPAQUE),
    ],
)
def test_what_is_no_bounce(tmp_path: Path, name: str, data: bytes, expected: Completeness) -> None:
    (tmp_path / name).write_bytes(data)
    assert completeness(tmp_path / name) is expected


def test_gone(tmp_path: Path) -> None:
    assert completeness(tmp_path / "none.wav") is Completeness.GONE
    assert completeness(tmp_path) is Completeness.UNREADABLE


def test_sizes_at_the_edge_of_32_bits_are_no_placeholders_where_the_file_is_that_long(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    soundfile.write(path, NOISE[:100], 44100, "PCM_16")
    data = 0x7FFFF000 + 64
    head = path.read_bytes()[:44]
    with path.open("wb") as stream:
        stream.write(head[:4] + (data + 36).to_bytes(4, "little") + head[8:40] + data.to_bytes(4, "little"))
        stream.truncate(44 + data)
    assert completeness(path) is Completeness.COMPLETE
    with path.open("r+b") as stream:
        stream.truncate(44 + data // 2)
    assert completeness(path) is Completeness.STREAMED


@pytest.mark.row("sox WAV, AIFF")
@pytest.mark.parametrize("suffix", ["wav", "aiff", "flac"])
def test_sox(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"bounce.{suffix}"
    subprocess.run([tool("sox"), "-n", "-r", "44100", "-c", "2", path, "synth", "1", "sine", "440"], check=True)
    assert completeness(path) is Completeness.COMPLETE


def test_sox_into_a_pipe(tmp_path: Path) -> None:
    path = tmp_path / "bounce.wav"
    with path.open("wb") as stream:
        command = f"{tool('sox')} -n -r 44100 -c 2 -t wav - synth 1 sine 440 2>/dev/null | cat"
        subprocess.run(["sh", "-c", command], stdout=stream, check=True)
    assert completeness(path) is Completeness.STREAMED


@pytest.mark.row("ffmpeg WAV")
@pytest.mark.parametrize("suffix", ["wav", "aiff", "flac", "caf", "w64"])
def test_ffmpeg(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"bounce.{suffix}"
    command = [tool("ffmpeg"), "-v", "error", "-f", "lavfi", "-i", "sine=duration=1", path]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    assert completeness(path) is Completeness.COMPLETE


@pytest.mark.row("ffmpeg WAV through a pipe")
def test_ffmpeg_into_a_pipe(tmp_path: Path) -> None:
    path = tmp_path / "bounce.wav"
    command = f"{tool('ffmpeg')} -v error -nostdin -f lavfi -i sine=duration=1 -f wav - | cat > '{path}'"
    subprocess.run(["sh", "-c", command], check=True)
    assert completeness(path) is Completeness.STREAMED


@pytest.mark.row("libsndfile WAV")
def test_a_bounce_of_lmms_and_one_whose_writer_was_killed(tmp_path: Path, lmms: Callable[..., Path]) -> None:
    seen = set()
    path = lmms(PROJECT, tmp_path / "bounce.wav", meanwhile=lambda path: seen.add(completeness(path)))
    assert completeness(path) is Completeness.COMPLETE
    assert (
        seen <= {Completeness.GONE, Completeness.OPEN, Completeness.PLACEHOLDER, Completeness.COMPLETE}
        and Completeness.PLACEHOLDER in seen
    )

    killed = lmms(PROJECT, tmp_path / "killed.wav", kill_at_bytes=200_000)
    assert completeness(killed) is Completeness.PLACEHOLDER
    assert soundfile.info(killed).frames > 0  # it opens as if it were whole
