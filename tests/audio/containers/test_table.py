"""The table of containers: one module is all that a new format takes."""

import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from dawbridge.audio import containers
from dawbridge.audio.containers import table
from dawbridge.audio.containers.base import BytesBlob, Completeness, StemFacts
from dawbridge.audio.metadata import Metadata
from dawbridge.audio.provenance import is_intact, read_mark
from dawbridge.audio.stem_file import StemFile

MADE_UP = '''
"""The made-up container MUP: magic, length of the samples, samples, then a text."""

import struct
from dawbridge.audio.containers.base import Chunk, ChunkMap, Completeness, Container


class Mup(Container):
    names = ("MUP",)
    suffixes = {"MUP": (".mup",)}

    def recognises(self, head):
        return head[:4] == b"MUP!"

    def walk(self, blob, base, head):
        size = struct.unpack("<Q", head[4:12])[0]
        rest = blob.size - base - 12 - size
        chunks = Chunk("data", base, base + 12, size), Chunk("text", base + 12 + size, base + 12 + size, max(rest, 0))
        return ChunkMap("MUP", chunks, blob.size, None, head, base)

    def completeness(self, blob, found):
        return Completeness.COMPLETE if found.audio.end <= found.file_size else Completeness.OPEN

    def texts(self, blob, found):
        chunk = found.find("text")
        yield chunk, blob.at(chunk.offset, chunk.size).decode()

    def surround(self, facts, metadata, mark):
        return b"MUP!" + struct.pack("<Q", facts.data_bytes), mark.encode()


CONTAINERS = (Mup(),)
'''


@pytest.fixture
def made_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The same table with one more module in the package."""
    (tmp_path / "made_up.py").write_text(MADE_UP)
    monkeypatch.setattr(containers, "__path__", [*containers.__path__, str(tmp_path)])
    table.table.cache_clear()
    yield tmp_path
    monkeypatch.undo()
    table.table.cache_clear()


def test_one_module_makes_a_container(made_up: Path) -> None:
    facts = StemFacts("MUP", "PCM_24", 44100, 2, 1000)
    stem = StemFile(made_up, facts, Metadata(), "dawbridge 1")
    stem.append(np.zeros((1000, 2), np.int32))
    stem.finish("dawbridge 1; model x")
    path = stem.publish(made_up / "song.mup", is_intact)
    assert read_mark(path) == "dawbridge 1; model x" and is_intact(path)
    assert table.completeness(path) is Completeness.COMPLETE
    assert table.suffixes_of("MUP") == (".mup",)
    path.write_bytes(path.read_bytes()[:500])
    assert table.completeness(path) is Completeness.OPEN


def test_without_that_module_the_file_is_foreign(tmp_path: Path) -> None:
    (tmp_path / "song.mup").write_bytes(b"MUP!" + struct.pack("<Q", 0) + bytes(100))
    assert table.completeness(tmp_path / "song.mup") is Completeness.FOREIGN


@pytest.mark.parametrize("name", ["WAV", "WAVEX", "RF64", "W64", "AIFF", "CAF", "FLAC", "OGG", "MP3", "AU"])
def test_each_file_is_recognised_by_one_container_alone(tmp_path: Path, name: str) -> None:
    subtype = {"OGG": "VORBIS", "MP3": "MPEG_LAYER_III"}.get(name, "PCM_16")
    soundfile.write(tmp_path / "x", np.zeros((5000, 2)), 44100, subtype, format=name)
    head = (tmp_path / "x").read_bytes()[:64]
    assert sum(container.recognises(head) for container in table.table()) == 1
    found = table.walk_blob(BytesBlob((tmp_path / "x").read_bytes()))
    assert found.container == {"WAVEX": "WAV", "MP3": "MPEG", "AU": "OPAQUE"}.get(name, name)
