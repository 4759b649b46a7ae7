import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

from dawbridge.engine.music import SURE, Key, Tempo, TempoKey
from dawbridge.engine.tempo_key import EXCERPT_S, EXCERPTS, estimate, excerpts, key_of
from dawbridge.errors import Cancelled

RATE = 22050
VOICES = Path(__file__).parents[3] / "shared" / "data" / "vocals" / "songs"


def estimated(wave, rate=RATE):
    samples = np.asarray(wave, np.float32)[None]
    return estimate(lambda start, stop: samples[:, start:stop], samples.shape[1], rate)


def struck(bpm, seconds, sound, at=(0.0,)):
    """`sound`, `[samples]`, at these parts of each beat."""
    wave = np.zeros(int(seconds * RATE))
    for beat in range(int((seconds - 1) * bpm / 60)):
        for part in at:
            place = int((0.2 + (beat + part) * 60 / bpm) * RATE)
            wave[place : place + sound.size] += sound
    return wave


def drums(bpm, seconds=30.0):
    """Kick and snare in turn, with hi-hats on the half beats."""
    random, time_s = np.random.default_rng(1), np.arange(int(0.15 * RATE)) / RATE
    kick = np.sin(2 * np.pi * (50 * time_s - 8 * np.exp(-time_s * 30))) * np.exp(-time_s * 14)
    snare, hat = (random.standard_normal(time_s.size) * np.exp(-time_s * decay) for decay in (20, 80))
    alternating = struck(bpm / 2, seconds, kick) + struck(bpm / 2, seconds, 0.5 * snare, at=(0.5,))
    return alternating + struck(bpm, seconds, 0.25 * hat, at=(0.0, 0.5))


def cadence(tonic, minor, tuning_hz=440.0, seconds=16.0):
    """I IV V I, or i iv V i, in sawtooth chords of two seconds with a bass."""
    time_s = np.arange(2 * RATE) / RATE
    wave = []
    for number in range(int(seconds // 2)):
        root = (0, 5, 7, 0)[number % 4]
        third = 3 if minor and root != 7 else 4
        steps = [tonic + root + step + octave - 9 for step in (0, third, 7) for octave in (-12, 0)]
        hz = [tuning_hz * 2 ** (step / 12) for step in steps]
        chord = sum(2 * (tone * time_s % 1) - 1 for tone in hz) + 2 * np.sin(2 * np.pi * hz[0] / 2 * time_s)
        wave.append(0.05 * chord * np.exp(-time_s))
    return np.concatenate(wave)


@pytest.mark.parametrize("bpm", [70, 81.5, 95, 110.37, 128, 140, 155, 174, 180])
def test_the_tempo_of_a_click_is_right_within_a_fiftieth_of_a_percent(bpm):
    click = np.sin(np.arange(int(0.03 * RATE)) / 3.5) * np.exp(-np.arange(int(0.03 * RATE)) / 100)
    tempo = estimated(struck(bpm, 24.0, click)).tempo
    assert tempo.bpm == pytest.approx(bpm, rel=5e-4)
    assert tempo.confidence > SURE


@pytest.mark.parametrize("bpm", [100, 120, 128, 140, 165, 174])
def test_drums_are_neither_halved_nor_taken_one_and_a_half_times(bpm):
    tempo = estimated(drums(bpm)).tempo
    assert tempo.bpm == pytest.approx(bpm, rel=5e-4)
    assert tempo.confidence > SURE


@pytest.mark.parametrize("bpm", [70, 85])
def test_slow_drums_may_be_doubled_but_nothing_else(bpm):
    assert estimated(drums(bpm)).tempo.bpm in (pytest.approx(bpm, rel=5e-4), pytest.approx(2 * bpm, rel=5e-4))


@pytest.mark.parametrize("minor", [False, True])
@pytest.mark.parametrize("tonic", [0, 3, 6, 9, 11])
@pytest.mark.parametrize("tuning_hz", [440.0, 447.0])
def test_the_key_of_a_cadence_is_found_at_any_pitch_of_a(tonic, minor, tuning_hz):
    key = estimated(cadence(tonic, minor, tuning_hz)).key
    assert (key.tonic, key.minor) == (tonic, minor)
    assert key.confidence > SURE


def test_noise_has_no_tempo_and_no_key_to_rely_on():
    found = estimated(0.1 * np.random.default_rng(2).standard_normal(20 * RATE))
    assert found.bpm_text == ""
    assert found.key_text == ""


@pytest.mark.parametrize("wave", [np.zeros(10 * RATE), np.ones(100), np.full(10 * RATE, 0.5)])
def test_silence_a_blip_and_a_constant_have_neither(wave):
    found = estimated(wave)
    assert (found.bpm_text, found.key_text) == ("", "")


def test_a_pause_before_the_music_does_no_harm():
    wave = np.concatenate((np.zeros(35 * RATE), drums(126.0)))
    assert estimated(wave).tempo.bpm == pytest.approx(126, rel=5e-4)


def test_an_hour_is_read_in_a_few_excerpts():
    rate, frames, read = 44100, 44100 * 3600, []

    def reader(start, stop):
        read.append((start, stop))
        return np.zeros((2, stop - start), np.float32)

    assert estimate(reader, frames, rate) == TempoKey()
    assert read == excerpts(frames, rate)
    assert len(read) == EXCERPTS
    assert all(stop - start == EXCERPT_S * rate for start, stop in read)
    assert read[0][0] > 0
    assert read[-1][1] < frames


def test_short_audio_is_read_whole_once():
    spans = excerpts(44100 * 95, 44100)
    assert spans[0][0] == 0
    assert all(before[1] == after[0] for before, after in pairwise(spans))


@pytest.mark.parametrize(
    ("key", "name", "camelot"),
    [
        (Key(9, True, 1.0), "Am", "8A"),
        (Key(0, False, 1.0), "C", "8B"),
        (Key(6, True, 1.0), "F#m", "11A"),
        (Key(10, False, 1.0), "Bb", "6B"),
        (Key(8, True, 1.0), "G#m", "1A"),
    ],
)
def test_keys_have_their_names_and_places_on_the_wheel(key, name, camelot):
    assert (key.name, key.camelot) == (name, camelot)


def test_what_is_not_sure_has_no_text():
    assert TempoKey(Tempo(128.04, 0.9), Key(9, True, 0.9)).bpm_text == "128"
    assert TempoKey(Tempo(93.5, 0.9), None).bpm_text == "93.5"
    assert TempoKey(Tempo(128, SURE / 2), Key(9, True, SURE / 2)).bpm_text == ""
    assert TempoKey(None, Key(9, True, SURE / 2)).key_text == ""


def test_a_flat_chroma_has_no_key():
    assert key_of(np.ones(12)) is None
    assert key_of(np.zeros(12)) is None


@pytest.mark.skipif(not VOICES.is_dir(), reason="the recordings are not here")
def test_recorded_voices_are_in_a_key_that_goes_with_the_one_in_their_name():
    """Solo voices, some of one phrase: the relative key and the fifth count, as they do for who mixes by the wheel."""
    tonics = {"c": 0, "d": 2, "eb": 3, "e": 4, "f": 5, "g": 7, "a": 9}
    good, sure = 0, 0
    for path in sorted(VOICES.glob("producer_space_trance/*_adlib.opus")):
        name = path.name.split("_")[1]
        true = Key(tonics[name[:-1]], name.endswith("m"), 1.0)
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
        found = estimate(lambda start, stop, s=samples: s[start:stop].T, len(samples), rate)
        assert found.tempo is None or found.tempo.confidence < SURE  # nobody beats time there
        if found.key.confidence >= 0.5:
            sure += 1
            apart = (int(found.key.camelot[:-1]) - int(true.camelot[:-1])) % 12
            good += apart in (0, 1, 11)
    assert sure >= 5
    assert good >= 0.8 * sure


@pytest.mark.parametrize(
    "found",
    [
        TempoKey(),
        TempoKey(Tempo(93.5, 0.4)),
        TempoKey(None, Key(3, True, 0.7)),
        TempoKey(Tempo(128, 1.0), Key(0, False, 0.2)),
    ],
)
def test_it_survives_json(found):
    assert TempoKey.of(json.loads(json.dumps(found.plain()))) == found


@pytest.mark.parametrize("plain", [{"bpm": 0}, {"bpm": -5}, {"tonic": 12}, {"tonic": -1}, {"bpm": 1e9}, {"other": 1}])
def test_what_makes_no_sense_is_left_out(plain):
    assert TempoKey.of(plain) == TempoKey()


def test_the_text_says_what_is_sure():
    assert TempoKey(Tempo(128.0, 0.9), Key(9, True, 0.9)).text == "128 BPM, Am (8A)"
    assert TempoKey(Tempo(93.5, 0.9), Key(9, True, 0.1)).text == "93.5 BPM"
    assert TempoKey().text == ""


def test_it_can_be_stopped_between_excerpts():
    def stop():
        raise Cancelled("cancelled")

    with pytest.raises(Cancelled):
        estimate(lambda start, stop: np.zeros((1, stop - start), np.float32), 60 * RATE, RATE, stop)
