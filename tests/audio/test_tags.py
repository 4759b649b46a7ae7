"""Tag codecs: what is built is read back, and no bytes break the reader."""

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dawbridge.audio import tags
from dawbridge.audio.provenance import read_mark

TEXT = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=40)
KEY = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=4, max_size=4)
PAIRS = st.lists(st.tuples(KEY, TEXT), max_size=8)


@given(PAIRS)
def test_every_codec_reads_what_it_wrote(pairs: tags.Tags) -> None:
    lines = [(key.encode(), text.encode()) for key, text in pairs]
    assert tags.parse_info(tags.build_info(lines)) == pairs
    assert tags.parse_vorbis(tags.build_vorbis(lines)) == pairs
    assert tags.parse_caf(tags.build_caf(lines)) == pairs


@given(st.binary(max_size=200))
def test_any_bytes_are_read(body: bytes) -> None:
    for parse in (tags.parse_info, tags.parse_vorbis, tags.parse_caf):
        assert isinstance(parse(body), list)
        assert isinstance(parse(b"INFO" + body), list)


def test_a_count_that_lies_costs_nothing() -> None:
    body = struct.pack("<I", 0) + struct.pack("<I", 2**32 - 1) + struct.pack("<I", 3) + b"A=B"
    assert tags.parse_vorbis(body) == [("A", "B")]


def test_replaced_ignores_case() -> None:
    lines = [(b"Software", b"x"), (b"TITLE", b"y")]
    assert tags.replaced(lines, b"SOFTWARE", "z") == [(b"SOFTWARE", b"z"), (b"TITLE", b"y")]


@pytest.mark.parametrize("text", [b"", b"RIFF", b"fLaC\x84\0\0\0", b"dawbridge 0.1.0"])
def test_files_without_mark(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "x.wav").write_bytes(text)
    assert read_mark(tmp_path / "x.wav") is None
    assert read_mark(tmp_path / "none.wav") is None
