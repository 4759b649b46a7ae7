"""The rule must hold by principle: writers that no table lists, step by step, under a clock that is passed in.

A writer is a generator that does something and says how many seconds pass then. Whatever it does, nothing is taken
while it works, and the whole bounce is taken once, when it has done.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import soundfile

from dawbridge.audio.containers.base import Completeness
from dawbridge.audio.containers.table import completeness
from dawbridge.files.sightings import Settled, Settling, Stalled
from dawbridge.watch.folder import FolderWatch

Steps = Iterator[float]
NOISE = np.random.default_rng(0).uniform(-0.5, 0.5, (2000, 2))
PATIENCE_S = 60


def whole() -> bytes:
    buffer = BytesIO()
    soundfile.write(buffer, NOISE, 44100, "PCM_24", format="WAV")
    return buffer.getvalue()


def unsized(wav: bytes, whole: bytes = bytes((8, 0, 0, 0)), data: bytes = bytes(4)) -> bytes:
    return wav[:4] + whole + wav[8:40] + data + wav[44:]


def closes_twice(path: Path) -> Steps:
    """The samples first, closed; a minute later opened again for the header's sizes; closed."""
    path.write_bytes(unsized(whole()))
    yield 55.0
    with path.open("r+b") as stream:
        stream.write(whole()[:44])
    yield 0.0


def closes_twice_for_tags(path: Path) -> Steps:
    """Whole and closed; opened again at once to add a chunk."""
    path.write_bytes(whole())
    yield 1.5
    with path.open("ab") as stream:
        stream.write(b"LIST\x04\0\0\0INFO")
    yield 0.0


def pauses_after_its_header(path: Path) -> Steps:
    data = whole()
    with path.open("wb") as stream:
        stream.write(unsized(data)[:44])
        stream.flush()
        yield 50.0
        stream.write(data[44:])
        stream.flush()
        yield 50.0
        stream.seek(0)
        stream.write(data[:44])
    yield 0.0


def writes_true_sizes_ahead_and_pauses(path: Path) -> Steps:
    data = whole()
    with path.open("wb") as stream:
        for place in range(0, len(data), 3000):
            stream.write(data[place : place + 3000])
            stream.flush()
            yield 20.0 if place + 3000 < len(data) else 0.0


def deletes_and_recreates(path: Path) -> Steps:
    path.write_bytes(whole()[:500])
    yield 3.0
    path.unlink()
    yield 3.0
    path.touch()
    yield 3.0
    path.unlink()
    path.write_bytes(whole())
    yield 0.0


def preallocates(path: Path) -> Steps:
    """Only the quiet time protects: it never pauses for as long as that."""
    data = whole()
    path.write_bytes(data[:44] + bytes(len(data) - 44))
    with path.open("r+b") as stream:
        for place in range(44, len(data), 500):
            stream.seek(place)
            stream.write(data[place : place + 500])
            stream.flush()
            yield 1.5 if place + 500 < len(data) else 0.0


def preallocates_all(path: Path) -> Steps:
    """Zeros as long as the bounce, its header last."""
    data = whole()
    path.write_bytes(bytes(len(data)))
    with path.open("r+b") as stream:
        for place in range(len(data) - len(data) % 4000, -1, -4000):
            yield 30.0
            stream.seek(place)
            stream.write(data[place : place + 4000])
            stream.flush()
    yield 0.0


def copies_over_a_network(path: Path) -> Steps:
    """In pieces, with stalls, and at the end the modification time of the original."""
    data = whole()
    with path.open("wb") as stream:
        for place in range(0, len(data), 4096):
            stream.write(data[place : place + 4096])
            stream.flush()
            yield 15.0 if place + 4096 < len(data) else 1.0
    os.utime(path, (1_000_000_000, 1_000_000_000))
    yield 0.0


def copies_under_another_name(path: Path) -> Steps:
    part = path.with_name(path.name + ".part")
    part.write_bytes(whole()[:4000])
    yield 70.0
    part.write_bytes(whole())
    yield 70.0
    part.rename(path)
    yield 0.0


WRITERS: list[Callable[[Path], Steps]] = [
    pytest.param(closes_twice, marks=pytest.mark.row("closes twice")),
    pytest.param(closes_twice_for_tags, marks=pytest.mark.row("closes twice")),
    pytest.param(pauses_after_its_header, marks=pytest.mark.row("pauses between header and data")),
    pytest.param(writes_true_sizes_ahead_and_pauses, marks=pytest.mark.row("a file copied half way")),
    pytest.param(deletes_and_recreates, marks=pytest.mark.row("deletes and recreates")),
    pytest.param(preallocates, marks=pytest.mark.row("a pre-allocating copier")),
    pytest.param(preallocates_all, marks=pytest.mark.row("a pre-allocating copier")),
    pytest.param(copies_over_a_network, marks=pytest.mark.row("copies over a network")),
    pytest.param(copies_under_another_name, marks=pytest.mark.row("copies over a network")),
]  # type: ignore[list-item]


@pytest.mark.parametrize("writer", WRITERS)
def test_nothing_is_taken_before_its_writer_has_done_and_then_once(
    tmp_path: Path, writer: Callable[[Path], Steps]
) -> None:
    watch = FolderWatch(tmp_path, poll=True, poll_s=0.25)
    path, now = tmp_path.resolve() / "song.wav", 0.0
    assert watch.step(now) == []
    told = []
    for pause in writer(path):
        until = now + pause
        while now < until:
            now += 0.25
            told += watch.step(now)
    assert not any(isinstance(event, Settled | Stalled) for event in told)
    after = [event for tick in range(1, 500) for event in watch.step(now + tick / 4)]
    assert [event for event in after if not isinstance(event, Settling)] == [Settled(path)]
    with soundfile.SoundFile(path) as file:
        assert file.frames == len(NOISE)


def begun(command: list[str], path: Path) -> "subprocess.Popen[bytes]":
    """A program that writes `path` from raw samples on its input, and has written some."""
    program = shutil.which(command[0])
    if program is None:
        missing = pytest.fail if os.environ.get("DAWBRIDGE_CLIENTS") == "required" else pytest.skip
        missing(f"{command[0]} is not installed")
    process = subprocess.Popen([str(program), *command[1:], str(path)], stdin=subprocess.PIPE, bufsize=0)
    assert process.stdin is not None
    deadline = time.monotonic() + PATIENCE_S
    while not path.exists() or path.stat().st_size < 100_000:
        process.stdin.write(bytes(65536))
        assert time.monotonic() < deadline
    return process


RAW = {
    "ffmpeg": ["ffmpeg", "-v", "error", "-f", "s16le", "-ar", "44100", "-ac", "2", "-i", "-", "-y"],
    "sox": ["sox", "-t", "raw", "-r", "44100", "-e", "signed", "-b", "16", "-c", "2", "-"],
}


@pytest.mark.parametrize(
    ("program", "suffix"),
    [
        pytest.param("ffmpeg", "wav", marks=pytest.mark.row("ffmpeg WAV")),
        pytest.param("ffmpeg", "flac", marks=pytest.mark.row("FLAC")),
        pytest.param("sox", "wav", marks=pytest.mark.row("sox WAV, AIFF")),
        pytest.param("sox", "aiff", marks=pytest.mark.row("sox WAV, AIFF")),
        pytest.param("sox", "flac", marks=pytest.mark.row("FLAC")),
    ],
)
def test_real_programs_while_they_write_and_after(tmp_path: Path, program: str, suffix: str) -> None:
    path = tmp_path / f"bounce.{suffix}"
    with begun(RAW[program], path) as process:
        assert completeness(path) in (Completeness.PLACEHOLDER, Completeness.STREAMED, Completeness.OPEN)
    assert process.returncode == 0
    assert completeness(path) is Completeness.COMPLETE


def test_a_poll_of_a_network_folder_asks_for_two_looks(tmp_path: Path) -> None:
    """Whatever the quiet time is: one look alone says nothing about a folder that sends no events."""
    watch = FolderWatch(tmp_path, poll=True, poll_s=10.0)
    watch.step(0.0)
    path = tmp_path.resolve() / "song.wav"
    path.write_bytes(whole())
    told = [(now, type(event)) for now in range(1, 41) for event in watch.step(float(now))]
    assert told == [(10, Settling), (30, Settled)]
