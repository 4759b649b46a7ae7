"""Real files with damage done to them: nothing but `AudioError`, no waiting, no memory that the file does not have."""

import struct
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dawbridge.audio import files
from dawbridge.audio.containers.base import MAX_CHUNKS, BytesBlob, StemFacts
from dawbridge.audio.containers.table import completeness, named, walk, walk_blob, walk_bytes
from dawbridge.audio.metadata import Metadata
from dawbridge.audio.stem_file import StemFile
from dawbridge.errors import AudioError

from .test_metadata import CARRIED, LISTS, bext, with_chunks

CONTAINERS = {
    "WAV": "PCM_24", "WAVEX": "FLOAT", "RF64": "PCM_16", "W64": "PCM_24", "AIFF": "PCM_24", "CAF": "PCM_24",
    "FLAC": "PCM_16", "OGG": "VORBIS", "MP3": "MPEG_LAYER_III",
}  # fmt: skip
PATIENCE_S = 1.0
"""Of this processor's time, so that a busy machine fails nothing."""
CHUNK_BYTES = 250
"""What the walk keeps of each chunk, at most."""

NUMBERS = st.sampled_from([0, 1, 8, 0x7FFFF000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 2**63 - 1, 2**63, 2**64 - 1])
DAMAGE = st.lists(
    st.one_of(
        st.tuples(st.just("byte"), st.floats(0, 1), st.integers(0, 255)),
        st.tuples(st.just("number"), st.floats(0, 0.2), NUMBERS),
        st.tuples(st.just("cut"), st.floats(0, 1), st.just(0)),
        st.tuples(st.just("insert"), st.floats(0, 1), st.integers(0, 255)),
        st.tuples(st.just("repeat"), st.floats(0, 1), st.integers(1, 200)),
    ),
    min_size=1,
    max_size=6,
)


def damaged(data: bytes, damage: list[tuple[str, float, int]]) -> bytes:
    """`data` after all of it; places are fractions of the file, drawn to its front, where headers lie."""
    for kind, fraction, value in damage:
        at = int(fraction**3 * len(data))
        if kind == "byte":
            data = data[:at] + bytes([value]) + data[at + 1 :]
        elif kind == "number":
            raw = struct.pack("<Q", value)[: 8 if value >= 2**32 else 4]
            data = data[: at & ~1] + raw + data[(at & ~1) + len(raw) :]
        elif kind == "cut":
            data = data[: len(data) - at]
        elif kind == "insert":
            data = data[:at] + bytes([value]) * 3 + data[at:]
        else:
            data = data[:at] + data[at : at + 8] * value + data[at:]
    return data


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], bytes]:
    """`whole(container)` → the bytes of a small real file, RIFF and AIFF ones with metadata."""
    folder = tmp_path_factory.mktemp("whole")

    def make(container: str) -> bytes:
        path = folder / container
        noise = np.random.default_rng(1).uniform(-0.5, 0.5, (3000, 2))
        soundfile.write(path, noise, 44100, CONTAINERS[container], format=container)
        if container in ("WAV", "WAVEX"):
            more = [*CARRIED.items(), *((b"LIST", body) for body in LISTS)]
            with_chunks(path, [(b"bext", bext()), *more], before=1)
        if container == "AIFF":
            with_chunks(path, [(b"NAME", b"My Song"), (b"ANNO", b"dawbridge")], order=">")
        return path.read_bytes()

    return make


def everything(path: Path) -> None:
    """All that the program ever does with a file that it does not know."""
    completeness(path)
    assert files.read_mark(path) is None or isinstance(files.read_mark(path), str)
    files.is_loop(path, 3000)
    try:
        info = files.probe(path)
        assert 0 < info.frames < 2**40 and 1 <= info.channels <= 64
        files.content_hash(path)
    except AudioError as error:
        assert str(path) in str(error)


@pytest.mark.parametrize("container", CONTAINERS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(damage=DAMAGE)
def test_damaged_files(
    container: str,
    whole: Callable[[str], bytes],
    tmp_path: Path,
    damage: list[tuple[str, float, int]],
) -> None:
    path = tmp_path / "bounce.wav"
    path.write_bytes(damaged(whole(container), damage))
    begun = time.process_time()
    everything(path)
    assert time.process_time() - begun < PATIENCE_S


@pytest.mark.parametrize("container", CONTAINERS)
@settings(max_examples=40, deadline=None)
@given(damage=DAMAGE)
def test_the_walk_takes_no_more_memory_than_the_file(
    container: str, whole: Callable[[str], bytes], damage: list[tuple[str, float, int]]
) -> None:
    content = damaged(whole(container), damage)
    size = len(content)
    walk_bytes(bytes(64))  # every container's module is imported when it is first looked for
    walk_bytes(content)
    tracemalloc.start()
    try:
        layout = walk_bytes(content)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak <= size + CHUNK_BYTES * (len(layout.chunks) + 40)


@pytest.mark.parametrize("container", ["WAV", "W64", "AIFF", "CAF", "FLAC"])
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(damage=DAMAGE)
def test_what_is_carried_from_a_damaged_bounce_breaks_no_stem(
    container: str, whole: Callable[[str], bytes], tmp_path: Path, damage: list[tuple[str, float, int]]
) -> None:
    blob = BytesBlob(damaged(whole(container), damage))
    found = walk_blob(blob)
    kind = named(found.container)
    metadata = kind.metadata(blob, found) if kind else Metadata()
    facts = StemFacts(container, "PCM_24", 44100, 2, 500, metadata.speakers)
    stem = StemFile(tmp_path, facts, metadata, "dawbridge 0")
    stem.append(np.arange(1000).reshape(500, 2))
    stem.finish("dawbridge 0")
    out = stem.publish(tmp_path / "out", lambda _: True)
    assert soundfile.info(out).frames == 500
    assert files.read_mark(out) == "dawbridge 0" and files.is_intact(out)


def lying(claimed: int) -> bytes:
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 2, 44100, 176400, 4, 16)
    return b"RIFF" + struct.pack("<I", claimed) + b"WAVE" + form + struct.pack("<4sI", b"LIST", claimed) + b"INFO"


@pytest.mark.parametrize("claimed", [2**24, 2**31, 2**32 - 2])
def test_a_chunk_that_claims_gigabytes_costs_what_is_there(tmp_path: Path, claimed: int) -> None:
    path = tmp_path / "bounce.wav"
    path.write_bytes(lying(claimed))
    tracemalloc.start()
    try:
        assert files.read_mark(path) is None
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 200_000


def test_a_file_of_nothing_but_tags_is_not_held_in_memory(tmp_path: Path) -> None:
    """Sixty megabytes of empty tags: parsed at once they would be gigabytes."""
    body = b"INFO" + struct.pack("<4sI", b"ICMT", 0) * (15 * 2**17)
    chunk = struct.pack("<4sI", b"LIST", len(body)) + body
    path = tmp_path / "bounce.wav"
    path.write_bytes(b"RIFF\0\0\0\0WAVE" + chunk * 4)
    assert len(walk(path).chunks) == 4 < MAX_CHUNKS
    tracemalloc.start()
    try:
        assert files.read_mark(path) is None
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2**26


def test_a_flac_that_claims_hours_is_found_out_before_memory_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "bounce.flac"
    soundfile.write(path, np.zeros((5000, 2)), 44100, "PCM_16")
    data = bytearray(path.read_bytes())
    data[8 + 13] |= 0x0F
    data[8 + 14 : 8 + 18] = b"\xff" * 4
    path.write_bytes(data)
    assert files.probe(path).frames > 2**35
    tracemalloc.start()
    try:
        with pytest.raises(AudioError):
            files.content_hash(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2**24
