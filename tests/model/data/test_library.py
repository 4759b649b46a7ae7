import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from acapellanet.data.library import open_library
from acapellanet.errors import DataError

from ..conftest import RATE, tone


def test_finds_what_lies_where(data_folder: Path, tmp_path: Path) -> None:
    library = open_library(data_folder, tmp_path / "cache")
    assert library.problems == []
    roles = [(track.role, track.paired) for track in library.tracks]
    assert roles.count(("vocals", True)) == roles.count(("instrumental", True)) == 2
    assert roles.count(("vocals", False)) == 12
    assert roles.count(("instrumental", False)) == 11


def test_reads_what_was_written(data_folder: Path, tmp_path: Path) -> None:
    library = open_library(data_folder, tmp_path / "cache")
    track = next(t for t in library.tracks if t.name == "stems/hydrogen/vocals.wav")
    assert np.allclose(library.read(track), tone(300, 2), atol=1e-3)
    assert np.allclose(library.read(track, 100, 50), tone(300, 2)[:, 100:150], atol=1e-3)
    assert library.read(track, track.frames - 10, 50).shape == (2, 10)


def test_mono_is_put_on_both_channels(data_folder: Path, tmp_path: Path) -> None:
    library = open_library(data_folder, tmp_path / "cache")
    track = next(t for t in library.tracks if t.bank == "erithacus")
    audio = library.read(track)
    assert track.channels == 1
    assert np.array_equal(audio[0], audio[1])


def test_the_second_time_nothing_is_decoded(data_folder: Path, tmp_path: Path) -> None:
    first = open_library(data_folder, tmp_path / "cache")
    written = (tmp_path / "cache" / "audio.i16").stat().st_mtime_ns
    second = open_library(data_folder, tmp_path / "cache")
    assert second.tracks == first.tracks
    assert (tmp_path / "cache" / "audio.i16").stat().st_mtime_ns == written


def test_a_damaged_index_is_made_anew(data_folder: Path, tmp_path: Path) -> None:
    first = open_library(data_folder, tmp_path / "cache")
    (tmp_path / "cache" / "index.json").write_text('{"fingerprint"')
    assert open_library(data_folder, tmp_path / "cache").tracks == first.tracks


def test_damaged_audio_in_the_cache_is_decoded_again(data_folder: Path, tmp_path: Path) -> None:
    first = open_library(data_folder, tmp_path / "cache")
    truth = first.read(first.tracks[0])
    with (tmp_path / "cache" / "audio.i16").open("r+b") as file:
        file.seek(2000)
        file.write(b"\x55" * 64)
    again = open_library(data_folder, tmp_path / "cache")
    assert np.array_equal(again.read(again.tracks[0]), truth)


@pytest.mark.skipif(sys.platform == "win32", reason="has no resource limits")
def test_a_full_disk_is_said_and_leaves_no_half_of_a_cache(data_folder: Path, tmp_path: Path) -> None:
    import resource

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, limits[1]))
    try:
        with pytest.raises(DataError, match="cache: decoded audio cannot be kept"):
            open_library(data_folder, tmp_path / "cache")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["lock"]
    assert open_library(data_folder, tmp_path / "cache").tracks


@pytest.mark.skipif(sys.platform == "win32", reason="an open file stays where it is")
def test_a_cache_in_use_is_not_pulled_away_by_other_data(
    data_folder: Path, tmp_path: Path, write: Callable[..., None]
) -> None:
    first = open_library(data_folder, tmp_path / "cache")
    truth = first.read(first.tracks[-1])
    write(data_folder / "instrumental" / "new" / "0.wav", tone(100, 1))
    assert len(open_library(data_folder, tmp_path / "cache").tracks) == len(first.tracks) + 1
    assert np.array_equal(first.read(first.tracks[-1]), truth)


def test_decoded_audio_keeps_quiet_and_loud_files_apart(
    data_folder: Path, tmp_path: Path, write: Callable[..., None]
) -> None:
    for name, level in (("quiet", 2e-3), ("loud", 3.0)):
        write(data_folder / "instrumental" / "levels" / f"{name}.wav", tone(100, 1, level))
    library = open_library(data_folder, tmp_path / "cache")
    for name, level in (("quiet", 2e-3), ("loud", 3.0)):
        track = next(t for t in library.tracks if t.name.endswith(f"{name}.wav"))
        assert np.abs(library.read(track) - tone(100, 1, level)).max() < level * 2e-5


def test_other_rates_are_resampled(data_folder: Path, tmp_path: Path, write: Callable[..., None]) -> None:
    write(data_folder / "instrumental" / "a" / "half.wav", tone(100, 2)[:, ::2], RATE // 2)
    library = open_library(data_folder, tmp_path / "cache")
    track = next(t for t in library.tracks if t.name.endswith("half.wav"))
    assert track.frames == pytest.approx(2 * RATE, abs=2)


def test_bad_files_are_named_and_skipped(data_folder: Path, tmp_path: Path, write: Callable[..., None]) -> None:
    folder = data_folder / "instrumental" / "bad"
    write(folder / "nan.wav", np.full((2, RATE), np.nan, dtype=np.float32))
    write(folder / "odd_rate.wav", tone(100, 1), 4000)
    write(folder / "short.wav", tone(100, 0.1))
    write(folder / "silent.wav", np.zeros((2, RATE), dtype=np.float32))
    (folder / "text.wav").write_text("not audio")
    (data_folder / "stems" / "caesium" / "vocals.wav").unlink()
    library = open_library(data_folder, tmp_path / "cache")
    reasons = {Path(problem.name).name: problem.reason for problem in library.problems}
    assert "NaN" in reasons["nan.wav"]
    assert "4000 Hz" in reasons["odd_rate.wav"]
    assert "0.10 s" in reasons["short.wav"]
    assert reasons["silent.wav"] == "silent"
    assert "text.wav" in reasons
    assert "vocals" in reasons["instrumental.wav"]
    assert not any(track.bank in ("bad", "caesium") for track in library.tracks)


def test_excluded_files_are_left_out(data_folder: Path, tmp_path: Path) -> None:
    library = open_library(data_folder, tmp_path / "cache", ("vocals/songs/pjs", "*/caesium/*"))
    banks = {track.bank for track in library.tracks}
    assert banks == {"hydrogen", "erithacus", "someone__game"}


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no audio"):
        open_library(tmp_path, tmp_path / "cache")


def test_nothing_usable_is_an_error(tmp_path: Path, write: Callable[..., None]) -> None:
    write(tmp_path / "data" / "instrumental" / "a" / "b.wav", np.zeros((2, RATE), dtype=np.float32))
    with pytest.raises(DataError, match=r"none of 1 files.*silent"):
        open_library(tmp_path / "data", tmp_path / "cache")
