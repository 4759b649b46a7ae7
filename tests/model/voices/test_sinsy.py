import os
import sys
from pathlib import Path
from xml.etree import ElementTree

import librosa
import numpy as np
import pytest
import soundfile

from acapellanet.errors import DataError
from acapellanet.voices import sinsy, songbook
from acapellanet.voices.songbook import sing_verses

needs_sinsy = pytest.mark.skipif(
    not sinsy.is_installed() and os.environ.get("DAWBRIDGE_CLIENTS") != "required", reason="pysinsy is not there"
)


def test_a_score_has_whole_bars_notes_in_reach_and_a_syllable_to_each() -> None:
    for seed in range(10):
        score = ElementTree.fromstring(sinsy._score(np.random.default_rng(seed)))
        bars = score.findall("part/measure")
        assert [bar.get("number") for bar in bars] == [str(number + 1) for number in range(len(bars))]
        assert all(sum(int(x.text or 0) for x in bar.findall("note/duration")) == sinsy.BAR for bar in bars)
        notes = [note for note in score.iter("note") if note.find("rest") is None]
        assert len(notes) > 15 and all(note.findtext("lyric/text") in set(sinsy.SYLLABLES) for note in notes)
        for note in notes:
            letter, octave = note.findtext("pitch/step"), int(note.findtext("pitch/octave") or 0)
            name = f"{letter}{'#' * int(note.findtext('pitch/alter') or 0)}{octave}"
            assert sinsy.LOWEST <= librosa.note_to_midi(name) <= sinsy.HIGHEST


@needs_sinsy
def test_a_song_is_a_voice_on_the_notes_of_its_score() -> None:
    song, rate = sinsy.sing(np.random.default_rng(2))
    assert rate == 48000 and 15 < len(song) / rate < 45
    assert np.abs(song).max() == pytest.approx(0.7, abs=1e-3)
    pitch_hz = librosa.yin(song[: 10 * rate], fmin=120, fmax=1000, sr=rate)
    within = (pitch_hz > 240) & (pitch_hz < 720)
    assert within.mean() > 0.5
    assert np.array_equal(song, sinsy.sing(np.random.default_rng(2))[0])


@needs_sinsy
def test_sinsy_has_a_bank_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(songbook, "speakers", list)
    book = sing_verses(tmp_path, 0.3, 0, lambda seconds: None)
    assert list(book.seconds) == [sinsy.BANK] and not book.problems
    assert soundfile.info(tmp_path / sinsy.BANK / "000.flac").samplerate == 48000


def test_without_sinsy_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pysinsy", None)
    assert not sinsy.is_installed()
    with pytest.raises(DataError, match=r"dawbridge\[sinsy\]"):
        sinsy.sing(np.random.default_rng(1))
