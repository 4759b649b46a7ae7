from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from acapellanet.data.library import Library, open_library
from acapellanet.data.mashups import Mashups
from acapellanet.data.splits import Split, split
from acapellanet.errors import DataError

from ..conftest import tone

SAMPLES = 30_000


@pytest.fixture
def library(data_folder: Path, tmp_path: Path) -> Library:
    return open_library(data_folder, tmp_path / "cache")


def test_validation_is_never_trained_on(library: Library) -> None:
    training, validation = split(library.tracks, False), split(library.tracks, True)
    names = [{t.name for tracks in s.voices.values() for t in tracks} for s in (training, validation)]
    assert names[1] == {
        "stems/caesium/vocals.wav",
        "vocals/songs/pjs/010.wav",
        "vocals/syllables/erithacus/000.wav",
    }
    assert not names[0] & names[1]
    held = {track.name for track in validation.instrumentals}
    assert held == {"stems/caesium/instrumental.wav", "instrumental/someone__game/010.wav"}
    assert not held & {track.name for track in training.instrumentals}
    assert list(training.partners) == ["hydrogen"]


def test_example_is_the_same_whenever_it_is_asked_for(library: Library) -> None:
    first = Mashups(library, split(library.tracks, False), SAMPLES, seed=5)
    second = Mashups(library, split(library.tracks, False), SAMPLES, seed=5)
    first.example(0)
    assert np.array_equal(first.example(7).vocals, second.example(7).vocals)
    assert np.array_equal(first.example(7).instrumental, second.example(7).instrumental)
    assert first.example(7).centered == second.example(7).centered


def test_examples_are_of_all_kinds(library: Library) -> None:
    mashups = Mashups(library, split(library.tracks, False), SAMPLES, seed=1)
    examples = [mashups.example(number) for number in range(150)]
    for example in examples:
        assert example.vocals.shape == example.instrumental.shape == (2, SAMPLES)
        assert np.isfinite(example.vocals).all() and np.isfinite(example.instrumental).all()
        assert np.abs(example.vocals + example.instrumental).max() <= 1.001
    without = sum(not example.vocals.any() for example in examples)
    centered = sum(example.centered for example in examples)
    assert 5 < without < 40
    assert 20 < centered < 60


def test_one_kind_missing_is_an_error(library: Library) -> None:
    with pytest.raises(DataError, match="at least one voice"):
        Mashups(library, Split({}, [], {}), SAMPLES, seed=1)


@pytest.mark.parametrize("share", ["made", "chopped"])
def test_voices_that_nobody_has_and_voices_from_a_sampler(library: Library, share: str) -> None:
    tracks = split(library.tracks, False)
    other = Mashups(library, tracks, SAMPLES, seed=1, **{share: 1.0})  # type: ignore[arg-type]
    plain = Mashups(library, tracks, SAMPLES, seed=1)
    differing = [n for n in range(12) if not np.array_equal(other.example(n).vocals, plain.example(n).vocals)]
    assert len(differing) > 4
    assert all(np.isfinite(other.example(number).vocals).all() for number in differing)


def test_voices_of_a_kind_without_a_share_are_drawn_all_the_same(library: Library) -> None:
    mashups = Mashups(library, split(library.tracks, False), SAMPLES, seed=1, shares={"nobody": 1.0})
    assert any(mashups.example(number).vocals.any() for number in range(3))


def test_speakers_are_drawn_alike_whatever_they_left(
    tmp_path: Path, data_folder: Path, write: Callable[..., None]
) -> None:
    for number in range(10):
        write(data_folder / "vocals" / "songs" / "sung_talkative" / f"{number:03}.wav", tone(200, 2))
    write(data_folder / "vocals" / "songs" / "sung_brief" / "000.wav", tone(300, 1))
    library = open_library(data_folder, tmp_path / "cache")
    mashups = Mashups(library, split(library.tracks, False), SAMPLES, seed=1, shares={"sung": 1.0})
    random = np.random.default_rng(0)
    drawn = [mashups._voice_track(random).bank for _ in range(200)]
    assert 70 < drawn.count("sung_brief") < 130


def test_held_out_speakers_are_held_out_in_every_treatment(
    tmp_path: Path, data_folder: Path, write: Callable[..., None]
) -> None:
    held_out = {"sung_speech_vctk_p240", "spoken_speech_vctk_p240", "sung_vctk_p243", "tuned_gcompris_hu_somlai"}
    for bank in (*held_out, "sung_speech_vctk_p228", "tuned_gcompris_it_gabriella_agrusti"):
        write(data_folder / "vocals" / "songs" / bank / "000.wav", tone(200, 1))
    tracks = open_library(data_folder, tmp_path / "cache").tracks
    trained = {track.bank for voices in split(tracks, False).voices.values() for track in voices}
    judged = {track.bank for voices in split(tracks, True).voices.values() for track in voices}
    assert {"sung_speech_vctk_p228", "tuned_gcompris_it_gabriella_agrusti"} <= trained - judged
    assert held_out <= judged - trained
