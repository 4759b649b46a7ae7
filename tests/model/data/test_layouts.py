from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from acapellanet.data.layouts import scan
from acapellanet.data.library import open_library
from acapellanet.data.mashups import Mashups
from acapellanet.data.splits import split
from acapellanet.errors import DataError

from ..conftest import RATE, tone, wide_noise

Write = Callable[..., None]


def kinds(folder: Path) -> dict[str, tuple[str, str, bool]]:
    return {entry.name: (entry.role, entry.bank, entry.paired) for entry in scan(folder)}


def test_songs_at_any_depth(tmp_path: Path, write: Write) -> None:
    for song in ("one", "deep/two"):
        write(tmp_path / song / "vocals.wav", tone(300, 1))
        write(tmp_path / song / "Instrumental.aiff", wide_noise(1))
        write(tmp_path / song / "mixture.wav", wide_noise(1))
    assert kinds(tmp_path) == {
        "one/vocals.wav": ("vocals", "one", True),
        "one/Instrumental.aiff": ("instrumental", "one", True),
        "deep/two/vocals.wav": ("vocals", "deep/two", True),
        "deep/two/Instrumental.aiff": ("instrumental", "deep/two", True),
    }


def test_musdb_music_is_the_sum_of_its_parts_and_its_test_songs_are_held_out(tmp_path: Path, write: Write) -> None:
    data = tmp_path / "musdb18hq"
    for song in ("train/a", "train/b", "test/c"):
        write(data / song / "mixture.wav", wide_noise(1))
        write(data / song / "vocals.wav", tone(300, 1))
        for hz, part in ((100, "drums"), (200, "bass")):
            write(data / song / f"{part}.wav", tone(hz, 1, 0.1))
        write(data / song / "other.wav", np.zeros((2, RATE), dtype=np.float32))
    library = open_library(data, tmp_path / "cache")
    assert library.problems == []
    music = next(t for t in library.tracks if t.bank == "train/a" and t.role == "instrumental")
    assert np.allclose(library.read(music), tone(100, 1, 0.1) + tone(200, 1, 0.1), atol=1e-3)
    assert {t.bank for t in split(library.tracks, False).instrumentals} == {"train/a", "train/b"}
    assert {t.bank for t in split(library.tracks, True).instrumentals} == {"test/c"}


def test_files_as_in_2017(tmp_path: Path, write: Write) -> None:
    data = tmp_path / "data"
    write(data / "8A - One More Acapella.wav", tone(300, 1))
    write(data / "8A - Something.wav", wide_noise(1))
    assert kinds(data) == {
        "8A - One More Acapella.wav": ("vocals", ".", False),
        "8A - Something.wav": ("instrumental", ".", False),
    }
    library = open_library(data, tmp_path / "cache")
    mashups = Mashups(library, split(library.tracks, False), RATE // 2, 1)
    assert any(np.any(mashups.example(number).vocals) for number in range(5))


def test_of_some_songs_the_last_is_held_out(tmp_path: Path, write: Write) -> None:
    data = tmp_path / "data"
    for song in "abc":
        write(data / song / "vocals.wav", tone(300, 1))
        write(data / song / "instrumental.wav", wide_noise(1))
    library = open_library(data, tmp_path / "cache")
    assert set(split(library.tracks, False).partners) == {"a", "b"}
    assert set(split(library.tracks, True).partners) == {"c"}


def test_halves_of_different_lengths_are_named_and_skipped(tmp_path: Path, write: Write) -> None:
    data = tmp_path / "data"
    write(data / "good" / "vocals.wav", tone(300, 1))
    write(data / "good" / "instrumental.wav", wide_noise(1))
    write(data / "uneven" / "vocals.wav", tone(300, 1))
    write(data / "uneven" / "instrumental.wav", wide_noise(1.5))
    library = open_library(data, tmp_path / "cache")
    assert {track.bank for track in library.tracks} == {"good"}
    assert {problem.reason for problem in library.problems} == {"vocals are 1.0 s long, instrumental 1.5 s"}


def test_a_folder_of_something_else_is_an_error_that_says_what_is_expected(tmp_path: Path, write: Write) -> None:
    write(tmp_path / "data" / "drums.wav", tone(300, 1))
    with pytest.raises(DataError, match=r"expected <song>/vocals\.\* and <song>/instrumental"):
        open_library(tmp_path / "data", tmp_path / "cache")


def test_links_are_followed_and_no_folder_is_read_twice(tmp_path: Path, write: Write) -> None:
    write(tmp_path / "elsewhere" / "one" / "vocals.wav", tone(300, 1))
    write(tmp_path / "elsewhere" / "one" / "instrumental.wav", wide_noise(1))
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "songs").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "round").symlink_to(tmp_path / "elsewhere")
    assert set(kinds(tmp_path / "data")) == {"songs/one/vocals.wav", "songs/one/instrumental.wav"}
