from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from acapellanet.cli import main
from acapellanet.data.library import Library, open_library
from acapellanet.data.splits import HELD_OUT_SPEAKERS
from acapellanet.errors import DataError
from acapellanet.evaluation import judge
from acapellanet.evaluation.judge import PAUSE_S, write_songs

from ..conftest import RATE, tone, wide_noise

SECONDS = 3.0


@pytest.fixture
def library(data_folder: Path, tmp_path: Path, write: Callable[..., None]) -> Library:
    for bank in ("sung_speech_vctk_p240", "sung_speech_vctk_p228"):
        write(data_folder / "vocals" / "songs" / bank / "000.wav", tone(200, 2))
    return open_library(data_folder, tmp_path / "cache")


def test_there_are_as_many_songs_of_each_kind(library: Library, tmp_path: Path) -> None:
    songs = write_songs(library, tmp_path / "out", per_kind=2, seconds=SECONDS)
    assert [song.name for song in songs] == [
        f"{kind}-{turn:02}" for kind in ("sung", "half-spoken", "sung-speech", "child", "choir") for turn in range(2)
    ]
    for song in songs:
        vocals, rate = soundfile.read(song / "vocals.flac")
        instrumental, _ = soundfile.read(song / "instrumental.flac")
        assert rate == RATE and len(vocals) == len(instrumental) == SECONDS * RATE
        assert not vocals[: int(PAUSE_S * RATE)].any() and vocals.any() and instrumental[:RATE].any()
        assert np.abs(vocals + instrumental).max() < 1.0


def test_the_same_data_gives_the_same_songs(library: Library, tmp_path: Path) -> None:
    folders = [write_songs(library, tmp_path / name, per_kind=1, seconds=SECONDS) for name in ("a", "b")]
    for one, other in zip(*folders, strict=True):
        assert (one / "vocals.flac").read_bytes() == (other / "vocals.flac").read_bytes()


def test_voices_are_held_out_or_seen_as_is_asked(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []
    original = judge._heard

    def noted(random: np.random.Generator, library: Library, track: judge.Track, samples: int) -> judge.Samples:
        heard.append(track.name)
        return original(random, library, track, samples)

    monkeypatch.setattr(judge, "_heard", noted)
    write_songs(library, tmp_path / "unseen", per_kind=1, seconds=SECONDS)
    unseen = set(heard)
    assert "vocals/songs/sung_speech_vctk_p240/000.wav" in unseen and "vctk_p240" in HELD_OUT_SPEAKERS
    heard.clear()
    write_songs(library, tmp_path / "seen", seen=True, per_kind=1, seconds=SECONDS)
    assert "vocals/songs/sung_speech_vctk_p228/000.wav" in heard
    assert not unseen & set(heard)


def test_without_held_out_voices_there_is_nothing_to_judge_by(tmp_path: Path, write: Callable[..., None]) -> None:
    write(tmp_path / "data" / "instrumental" / "a" / "0.wav", wide_noise(1))
    library = open_library(tmp_path / "data", tmp_path / "cache")
    with pytest.raises(DataError, match="nothing to judge by"):
        write_songs(library, tmp_path / "out")


def test_the_command(
    data_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(judge, "KINDS", judge.KINDS[:1])
    monkeypatch.setattr(write_songs, "__defaults__", (False, 1, SECONDS))
    out = tmp_path / "out"
    assert main(["mashups", str(data_folder), "--judge", "--out", str(out), "--cache", str(tmp_path / "cache")]) == 0
    assert capsys.readouterr().out == f"1 songs in {out}\n"
