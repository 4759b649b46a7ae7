import json
from pathlib import Path

import numpy as np
import pytest

from acapellanet.cli import main
from acapellanet.data.library import Library, open_library
from acapellanet.data.pack import INDEX_FILE, read_pack, write_pack
from acapellanet.errors import DataError


@pytest.fixture
def library(data_folder: Path, tmp_path: Path) -> Library:
    return open_library(data_folder, tmp_path / "cache")


def test_what_is_packed_is_heard_again(library: Library, data_folder: Path, tmp_path: Path) -> None:
    counts: list[int] = []
    write_pack(library, library.tracks, data_folder, tmp_path / "pack", counts.append)
    pack = read_pack(tmp_path / "pack")
    assert counts == list(range(1, len(library.tracks) + 1))
    tracks = {track.name: track for track in library.tracks}
    assert len(pack.tracks) == len(tracks)
    for number, packed in enumerate(pack.tracks):
        track = tracks[packed.name]
        assert (packed.name, packed.frames, packed.channels) == (track.name, track.frames, track.channels)
        values = pack.values[pack.starts[number] :][: track.frames * track.channels].reshape(-1, track.channels)
        truth = library.read(track)[: track.channels].T
        error = values * (packed.peak / 32767) - truth
        if "instrumental" not in track.name:  # of noise an encoder keeps the level alone
            assert np.square(error).mean() < 0.06 * np.square(truth).mean()
        assert np.square(values / 32767.0).mean() * packed.peak**2 == pytest.approx(np.square(truth).mean(), rel=0.3)


def test_parts_are_no_larger_than_asked_unless_one_track_is(
    library: Library, data_folder: Path, tmp_path: Path
) -> None:
    paths = write_pack(library, library.tracks, data_folder, tmp_path / "pack", lambda count: None, part_bytes=60_000)
    sizes = [path.stat().st_size for path in paths if path.name != INDEX_FILE]
    assert len(sizes) > 3 and max(sizes) <= 60_000
    assert len(read_pack(tmp_path / "pack").tracks) == len(library.tracks)


def test_a_damaged_part_is_named(library: Library, data_folder: Path, tmp_path: Path) -> None:
    part = write_pack(library, library.tracks[:2], data_folder, tmp_path / "pack", lambda count: None)[0]
    content = bytearray(part.read_bytes())
    content[len(content) // 2] ^= 1
    part.write_bytes(content)
    with pytest.raises(DataError, match=r"part-000\.bin: damaged"):
        read_pack(tmp_path / "pack")
    part.unlink()
    with pytest.raises(DataError, match=r"part-000\.bin"):
        read_pack(tmp_path / "pack")


def test_a_damaged_index_is_named(library: Library, data_folder: Path, tmp_path: Path) -> None:
    index = write_pack(library, library.tracks[:2], data_folder, tmp_path / "pack", lambda count: None)[-1]
    whole = index.read_text()
    index.write_text(whole.replace('"start": 0', '"start": 9'))
    with pytest.raises(DataError, match="checksum differs"):
        read_pack(tmp_path / "pack")
    older = json.loads(whole)
    del older["crc32"]
    index.write_text(json.dumps(older))
    assert len(read_pack(tmp_path / "pack").tracks) == 2


def test_what_is_no_pack_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no pack"):
        read_pack(tmp_path)


def test_a_folder_with_other_files_is_left_alone(library: Library, data_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(DataError, match="other files"):
        write_pack(library, library.tracks, data_folder, tmp_path, lambda count: None)
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_the_command_packs_what_is_trained_on(
    data_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "pack"
    assert main(["pack", str(data_folder), "--out", str(out), "--cache", str(tmp_path / "cache")]) == 0
    names = {track.name for track in read_pack(out).tracks}
    assert "stems/hydrogen/vocals.wav" in names and "stems/caesium/vocals.wav" not in names
    assert f"{len(names)} tracks" in capsys.readouterr().out
