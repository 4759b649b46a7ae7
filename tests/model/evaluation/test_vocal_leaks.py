from collections.abc import Callable
from pathlib import Path

import pytest

from acapellanet.cli import main
from acapellanet.data.library import open_library

from ..conftest import tone, wide_noise


def test_music_with_a_voice_in_the_middle_is_listed_and_can_be_left_out(
    data_folder: Path, tmp_path: Path, write: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    write(data_folder / "instrumental" / "someone" / "sung.wav", tone(440, 2) + wide_noise(2, 0.01))
    cache, strays = tmp_path / "cache", tmp_path / "strays.txt"
    command = ["vocal-leaks", str(data_folder), "--cache", str(cache), "--out", str(strays), "--model", "center"]
    assert main(command) == 0
    assert strays.read_text() == "instrumental/someone/sung.wav\n"
    assert "1 of 12 with vocals above -9 dB" in capsys.readouterr().out
    left = open_library(data_folder, cache, tuple(strays.read_text().splitlines()))
    assert not any("sung" in track.name for track in left.tracks)


def test_a_list_that_is_not_there_is_named(
    data_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["train", str(data_folder), "--out", str(tmp_path / "out"), "--minutes", "1", "--exclude-from", "no.txt"]
    assert main(command) == 1
    assert "--exclude-from no.txt: cannot be read" in capsys.readouterr().err
