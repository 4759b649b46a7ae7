"""Loop points as samplers and loop-based DAWs write them."""

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawbridge.audio.files import is_loop
from dawbridge.audio.loops import _KINDS

from .conftest import Bounce
from .test_metadata import with_chunks

FRAMES = 5000


def smpl(*loops: tuple[int, int, int], count: int | None = None) -> bytes:
    head = struct.pack("<9I", 0, 0, 22675, 60, 0, 0, 0, len(loops) if count is None else count, 0)
    return head + b"".join(
        struct.pack("<6I", n, kind, first, last, 0, 0) for n, (kind, first, last) in enumerate(loops)
    )


def acid(flags: int, beats: int) -> bytes:
    return struct.pack("<IHHfIHHf", flags, 60, 0x8000, 0.0, beats, 4, 4, 120.0)


@pytest.mark.parametrize(
    ("name", "body", "loops"),
    [
        (b"smpl", smpl((0, 0, FRAMES - 1)), True),
        (b"smpl", smpl((0, 0, FRAMES)), True),  # some count the end out
        (b"smpl", smpl((0, 100, 200), (0, 0, FRAMES - 1)), True),
        (b"smpl", smpl(), False),
        (b"smpl", smpl((0, 100, FRAMES - 1)), False),  # an attack, then a sustain loop
        (b"smpl", smpl((0, 0, FRAMES // 2)), False),
        (b"smpl", smpl((1, 0, FRAMES - 1)), False),  # there and back
        (b"smpl", smpl((0, 0, FRAMES - 1), count=0), False),
        (b"smpl", b"short", False),
        (b"acid", acid(0x02, 8), True),
        (b"acid", acid(0x01, 8), False),  # a one-shot
        (b"acid", acid(0x0A, 400), False),  # a song with a beat map
        (b"acid", acid(0x02, 0), False),
        (b"acid", b"short", False),
        (b"cue ", bytes(28), False),
    ],
)
def test_what_a_loop_says(bounce: Bounce, name: bytes, body: bytes, loops: bool) -> None:
    assert is_loop(with_chunks(bounce("WAV", "PCM_16"), [(name, body)]), FRAMES) is loops


def test_no_file_is_no_loop(tmp_path: Path) -> None:
    assert not is_loop(tmp_path / "none.wav", 1)


@given(name=st.sampled_from(sorted(_KINDS)), body=st.binary(max_size=200))
def test_any_bytes_are_read(name: str, body: bytes) -> None:
    assert _KINDS[name](body, 5000) in (True, False)
