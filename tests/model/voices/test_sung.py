import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from acapellanet.cli import main
from acapellanet.errors import DataError
from acapellanet.voices import contours, manners, sinsy, songbook, speech, sung
from acapellanet.voices.recordings import phrases
from acapellanet.voices.singer import sing
from acapellanet.voices.songbook import sing_recordings, sing_verses
from acapellanet.voices.speech import Speaker, say, speakers, verse

if os.environ.get("DAWBRIDGE_CLIENTS") != "required":
    pytest.importorskip("pyworld", exc_type=ImportError)

RATE = 16000
needs_flite = pytest.mark.skipif(
    shutil.which("flite") is None and os.environ.get("DAWBRIDGE_CLIENTS") != "required", reason="flite is not there"
)


def spoken(seconds: float = 2.0) -> np.typing.NDArray[np.float32]:
    """A voice on one pitch, 120 Hz, at 16 kHz."""
    import soxr

    voice = sing((120.0,), 0.25, seconds, 0.0, np.random.default_rng(1))
    return np.asarray(soxr.resample(voice, 44100, RATE), dtype=np.float32)


def test_speech_on_one_pitch_comes_back_on_the_notes_of_a_melody() -> None:
    song = sung.sung(spoken(), RATE, np.random.default_rng(3))
    assert np.isfinite(song).all() and np.abs(song).max() == pytest.approx(0.7, abs=1e-3)
    import librosa

    pitch_hz = librosa.yin(song, fmin=70, fmax=900, sr=44100)
    loud = librosa.feature.rms(y=song)[0] > 0.05
    notes = np.unique(np.round(12 * np.log2(pitch_hz[loud[: len(pitch_hz)]] / 120)))
    assert len(notes) >= 3


def test_what_the_speechs_rate_cannot_hold_is_filled_in_softly() -> None:
    song = sung.sung(spoken(), RATE, np.random.default_rng(3))
    power = np.abs(np.fft.rfft(song)) ** 2
    hz = np.fft.rfftfreq(len(song), 1 / 44100)
    below, above = power[(hz > 5000) & (hz < 7000)].mean(), power[(hz > 9000) & (hz < 12000)].mean()
    assert 1e-5 * below < above < below


def test_hard_tuned_stays_on_its_notes_and_a_whisper_has_none() -> None:
    import librosa

    tuned = sung.sung(spoken(), RATE, np.random.default_rng(3), manners.ROBOT)
    pitch_hz, voiced, _ = librosa.pyin(tuned, fmin=70, fmax=900, sr=44100)
    semitones = 12 * np.log2(pitch_hz[voiced] / np.median(pitch_hz[voiced]))
    assert np.median(np.abs(semitones)) < 0.1
    whisper = sung.sung(spoken(), RATE, np.random.default_rng(3), manners.WHISPERED)
    whispered = librosa.pyin(whisper, fmin=70, fmax=900, sr=44100)[1]
    assert whispered.sum() < 0.2 * voiced.sum()


@pytest.mark.parametrize("manner", [manner for _, manner in manners.MANNERS])
def test_every_manner_is_heard(manner: manners.Manner) -> None:
    song = sung.sung(spoken(), RATE, np.random.default_rng(4), manner)
    assert np.isfinite(song).all() and np.abs(song).max() == pytest.approx(0.7, abs=1e-3)


def test_speech_follows_the_melody_of_a_song(tmp_path: Path) -> None:
    import librosa

    notes = (220.0, 330.0)
    melody = sing(notes, 2.0, 8.0, 0.0, np.random.default_rng(1))
    soundfile.write(tmp_path / "song.wav", melody, 44100)
    contour = contours.contours_of(tmp_path)[0]
    assert np.ptp(contour) == pytest.approx(7.0, abs=1.0)
    song = sung.sung(spoken(), RATE, np.random.default_rng(3), manners.NATURAL, contour)
    pitch_hz = librosa.yin(song, fmin=60, fmax=900, sr=44100)
    semitones = np.round(12 * np.log2(pitch_hz / np.median(pitch_hz)))
    assert {0.0, 7.0} <= set(np.abs(semitones).tolist())


def test_a_folder_without_songs_has_no_melodies(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no sung phrase"):
        contours.contours_of(tmp_path)


def test_the_same_generator_gives_the_same_song() -> None:
    first, second = (sung.sung(spoken(), RATE, np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(first, second)


def test_where_nobody_speaks_nothing_is_sung() -> None:
    with pytest.raises(DataError, match="no syllables"):
        sung.sung(np.zeros(RATE * 2, dtype=np.float32), RATE, np.random.default_rng(1))


def test_recordings_become_a_bank_for_each_folder_and_what_is_no_speech_is_named(tmp_path: Path) -> None:
    (tmp_path / "speech" / "anna").mkdir(parents=True)
    soundfile.write(tmp_path / "speech" / "anna" / "one.wav", spoken(), RATE)
    (tmp_path / "speech" / "anna" / "two.wav").write_bytes(b"no audio")
    told: list[float] = []
    book = sing_recordings(tmp_path / "speech", tmp_path / "out", 0, told.append)
    song, rate = soundfile.read(tmp_path / "out" / "sung_speech_anna" / "one.flac")
    assert rate == 44100 and book.seconds == {"sung_speech_anna": len(song) / 44100} and told == [len(song) / 44100]
    assert len(book.problems) == 1 and "two.wav" in book.problems[0]


def test_single_words_are_joined_to_phrases_of_one_speaker(tmp_path: Path) -> None:
    for language, level in (("en", 0.5), ("fr", 0.05)):
        (tmp_path / "klettres" / language / "words").mkdir(parents=True)
        for word in "abcdef":
            audio = np.concatenate((np.zeros(RATE), level * spoken(), np.zeros(RATE)))
            soundfile.write(tmp_path / "klettres" / language / "words" / f"{word}.wav", audio, RATE)
    soundfile.write(tmp_path / "klettres" / "fr" / "words" / "silent.wav", np.zeros(RATE), RATE)
    problems: list[str] = []
    said = list(phrases(tmp_path / "klettres", problems))
    assert [(phrase.speaker, phrase.name) for phrase in said] == [
        ("klettres_en_words", "a"), ("klettres_fr_words", "a"),
        ("klettres_en_words", "f"), ("klettres_fr_words", "f"),
    ]  # fmt: skip
    assert 8 <= len(said[0].audio) / RATE < 10 and 1 < len(said[2].audio) / RATE < 2.5
    assert np.abs(said[1].audio).max() == pytest.approx(np.abs(said[0].audio).max(), rel=0.01)
    assert len(problems) == 1 and "silent.wav: nobody speaks in it" in problems[0]


def test_a_folder_without_recordings_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sing", str(tmp_path), "--out", str(tmp_path / "out")]) == 1
    assert "no recordings there" in capsys.readouterr().err


def test_without_synthesizers_the_error_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speech.shutil, "which", lambda name: None)
    monkeypatch.setattr(sinsy, "is_installed", lambda: False)
    with pytest.raises(DataError, match="install flite"):
        sing_verses(tmp_path, 1, 0, lambda seconds: None)


def test_a_speaker_who_fails_is_given_up_and_the_others_sing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def say_or_fail(speaker: Speaker, text: str) -> tuple[np.typing.NDArray[np.float32], int]:
        if speaker.voice == "mute":
            raise DataError("festival_mute: text2wave wrote no speech")
        return spoken(), RATE

    monkeypatch.setattr(songbook, "speakers", lambda: [Speaker("festival", "mute"), Speaker("flite", "slt")])
    monkeypatch.setattr(songbook, "say", say_or_fail)
    monkeypatch.setattr(sinsy, "is_installed", lambda: False)
    book = sing_verses(tmp_path, 0.1, 0, lambda seconds: None)
    assert list(book.seconds) == ["sung_flite_slt"] and book.seconds["sung_flite_slt"] >= 3.0
    assert book.problems == ["festival_mute: text2wave wrote no speech"]


def test_who_speaks_no_english_is_given_syllables() -> None:
    random = np.random.default_rng(1)
    assert set(verse(Speaker("flite", "awb"), random).split()) <= set(speech.WORDS)
    foreign = verse(Speaker("festival", "czech_ph"), random).split()
    assert len(foreign) == 14 and not set(foreign) & set(speech.WORDS)


@needs_flite
def test_flites_speakers_are_found_and_speak() -> None:
    slt = Speaker("flite", "slt")
    assert slt in speakers()
    audio, rate = say(slt, "love me higher")
    assert rate == 16000 and len(audio) > rate / 2 and np.abs(audio).max() > 0.05


def test_a_synthesizer_that_cannot_be_run_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(DataError, match="text2wave"):
        say(Speaker("festival", "kal_diphone"), "la")
