"""How the samples of a file end."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from dawbridge.watch.settle import Tail
from dawbridge.watch.tail import ZEROS_BYTES, tail_of

NOISE = np.random.default_rng(0).uniform(-0.5, 0.5, (60_000, 2))


def write(path: Path, samples: np.ndarray, container: str = "WAV") -> Path:
    soundfile.write(path, samples, 44100, "PCM_24", format=container)
    return path


@pytest.mark.parametrize("container", ["WAV", "AIFF", "CAF", "W64", "RF64"])
def test_silence_is_zeros_and_sound_is_not(tmp_path: Path, container: str) -> None:
    silence = np.zeros((ZEROS_BYTES // 6 + 10, 2))
    assert tail_of(write(tmp_path / "a", NOISE, container)) is Tail.FULL
    assert tail_of(write(tmp_path / "b", np.concatenate([NOISE, silence]), container)) is Tail.ZEROS
    assert tail_of(write(tmp_path / "c", np.concatenate([NOISE, silence[:100]]), container)) is Tail.FULL


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.96])
def test_what_was_never_written_is_a_hole(tmp_path: Path, share: float) -> None:
    whole = write(tmp_path / "whole.wav", NOISE).read_bytes()
    path = tmp_path / "song.wav"
    with path.open("wb") as stream:
        stream.truncate(len(whole))
        stream.write(whole[: int(len(whole) * share)])
    found = tail_of(path)
    if path.stat().st_blocks * 512 >= len(whole):
        pytest.skip("this file system has no holes")
    assert found is Tail.HOLE


def test_a_chunk_behind_the_samples_is_not_their_end(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", np.zeros((60_000, 2)))
    path.write_bytes(path.read_bytes() + b"LIST\x04\0\0\0INFO")
    assert tail_of(path) is Tail.ZEROS


def test_a_format_without_a_walk_is_looked_at_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.ogg"
    path.write_bytes(b"OggS" + bytes(ZEROS_BYTES * 2))
    assert tail_of(path) is not Tail.FULL
    path.write_bytes(b"OggS" * ZEROS_BYTES)
    assert tail_of(path) is Tail.FULL


def test_what_cannot_be_read_says_nothing(tmp_path: Path) -> None:
    assert tail_of(tmp_path / "none.wav") is Tail.FULL
    assert tail_of(tmp_path) is Tail.FULL
