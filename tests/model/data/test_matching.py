from pathlib import Path

import numpy as np
import pytest

from acapellanet.data import matching
from acapellanet.data.camelot import Key
from acapellanet.data.library import Library, open_library
from acapellanet.data.mashups import Mashups
from acapellanet.data.matching import Fit, Matcher, estimated_tempo_bpm
from acapellanet.data.splits import split

from ..conftest import RATE


@pytest.fixture
def library(data_folder: Path, tmp_path: Path) -> Library:
    return open_library(data_folder, tmp_path / "cache")


def test_shift_into_the_key_is_the_smallest() -> None:
    def semitones(number: int, other: int) -> int:
        return matching._between(Key(number, "B"), Key(other, "A"))

    assert semitones(8, 8) == 0
    assert semitones(8, 9) == -5  # a fifth up is a fourth down
    assert semitones(8, 3) == 1  # C major to D flat major
    assert all(-6 <= semitones(a, b) <= 5 for a in range(1, 13) for b in range(1, 13))


def test_stretch_takes_twice_as_fast_for_the_same_and_leaves_what_is_out_of_reach() -> None:
    assert matching._stretch(128, 64) == 1.0
    assert matching._stretch(100, 90) == pytest.approx(100 / 90)
    assert matching._stretch(100, 180) == pytest.approx(200 / 180)
    assert matching._stretch(100, 75) == 1.0
    assert matching._stretch(0, 75) == 1.0


def test_tempo_of_a_metronome(data_folder: Path, tmp_path: Path) -> None:
    import soundfile

    clicks = np.zeros(8 * RATE, dtype=np.float32)
    clicks[:: RATE // 2] = 0.9
    for offset in range(200):
        clicks[offset :: RATE // 2] = 0.9 * np.exp(-offset / 40)
    folder = data_folder / "instrumental" / "metronome"
    folder.mkdir(parents=True)
    soundfile.write(folder / "click.wav", clicks, RATE)
    library = open_library(data_folder, tmp_path / "cache")
    track = next(t for t in library.tracks if t.bank == "metronome")
    assert estimated_tempo_bpm(library, track) == pytest.approx(120, rel=0.04)


def test_estimates_are_kept(library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tracks = library.tracks[:3]
    first = Matcher(library, tracks, tmp_path)
    monkeypatch.setattr(matching, "estimated_tempo_bpm", None)
    assert Matcher(library, tracks, tmp_path).fit(tracks[0], tracks[1]) == first.fit(tracks[0], tracks[1])


def test_matched_mashups_have_their_length(library: Library, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tracks = split(library.tracks, False)
    matcher = Matcher(library, library.tracks, tmp_path)
    for stretch in (0.9, 1.1):
        monkeypatch.setattr(matcher, "fit", lambda voice, music, stretch=stretch: Fit(2, stretch))
        mashups = Mashups(library, tracks, 20_000, seed=1, matcher=matcher)
        examples = [mashups.example(number) for number in range(6)]
        assert all(example.vocals.shape == example.instrumental.shape == (2, 20_000) for example in examples)
