"""Why a file does not become whole: its true cause, and whether it can be taken as it is."""

import struct
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import soundfile

from dawbridge.files.sightings import Settled, Stalled
from dawbridge.watch.damage import damage
from dawbridge.watch.folder import FolderWatch

NOISE = np.random.default_rng(0).uniform(-0.5, 0.5, (3000, 2))


def wav() -> bytes:
    buffer = BytesIO()
    soundfile.write(buffer, NOISE, 44100, "PCM_24", format="WAV")
    return buffer.getvalue()


def stalled(root: Path, content: bytes, name: str = "song.wav") -> Stalled:
    watch = FolderWatch(root, poll=True, poll_s=0.5)
    watch.step(0.0)
    (root / name).write_bytes(content)
    events = [event for tick in range(1, 150) for event in watch.step(tick / 2)]
    (found,) = (event for event in events if isinstance(event, Stalled))
    if found.acceptable:
        watch.accept(root / name)
        events = [event for tick in range(150, 160) for event in watch.step(tick / 2)]
        assert [type(event) for event in events] == [Settled], "said to be acceptable, and is not"
    return found


def with_chunk_ahead(name: bytes, claimed: int, actual: int) -> bytes:
    """A chunk ahead of the samples that says that it is `claimed` bytes long, and is `actual`."""
    data = wav()
    body = data[12:36] + name + struct.pack("<I", claimed) + bytes(actual) + data[36:]
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body


def test_a_chunk_that_is_longer_than_the_file(root: Path) -> None:
    found = stalled(root, with_chunk_ahead(b"bext", 10_000_000, 602))
    assert "'bext' and 10000000 bytes long, more than the file has" in found.reason
    assert "shorter than its header" not in found.reason


def test_chunks_that_are_out_of_step(root: Path) -> None:
    """A size that is off by a few bytes: what is read as the next chunk's name is none."""
    found = stalled(root, with_chunk_ahead(b"junk", 90, 60))
    assert "out of step" in found.reason or "do not add up" in found.reason
    assert "at byte" in found.reason


def test_a_file_without_samples(root: Path) -> None:
    data = wav()
    found = stalled(root, b"RIFF" + struct.pack("<I", 28) + b"WAVE" + data[12:36])
    assert "has no samples" in found.reason
    assert not found.acceptable
    assert "cannot be taken as it is" in found.reason


def test_an_empty_file_cannot_be_accepted(root: Path) -> None:
    found = stalled(root, b"")
    assert not found.acceptable
    assert "empty" in found.reason


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_file_that_is_cut_off_says_so(root: Path, share: float) -> None:
    found = stalled(root, wav()[: int(len(wav()) * share)])
    assert "shorter than its header says" in found.reason
    assert found.acceptable


def test_a_flac_without_a_length_says_whether_it_can_be_accepted(root: Path) -> None:
    """Encoded into a pipe: `accept` is offered only if it succeeds."""
    buffer = BytesIO()
    soundfile.write(buffer, NOISE, 44100, "PCM_16", format="FLAC")
    data = bytearray(buffer.getvalue())
    data[18:26] = (int.from_bytes(data[18:26], "big") & ~((1 << 36) - 1)).to_bytes(8, "big")
    stalled(root, bytes(data), "song.flac")


def test_nothing_is_wrong_with_a_whole_file(tmp_path: Path) -> None:
    (tmp_path / "song.wav").write_bytes(wav())
    assert damage(tmp_path / "song.wav") == ""
    assert damage(tmp_path / "none.wav") == ""
