"""Whole files through `separate`: what a producer checks first."""

import math

import numpy as np
import pytest
import soundfile

from dawbridge.audio.containers.table import walk
from dawbridge.audio.files import content_hash, probe, read_mark
from dawbridge.audio.provenance import is_made_of
from dawbridge.engine.analyser import Analyser
from dawbridge.engine.analysis import AnalysisCache
from dawbridge.engine.estimate import Engine
from dawbridge.engine.job import SeparationJob
from dawbridge.engine.separate import separate
from dawbridge.errors import AudioError
from dawbridge.estimators import find_model
from dawbridge.knobs.parameters import complete


class Passing(Analyser):
    """A model that takes everything for voice."""

    def __init__(self):
        super().__init__(find_model("center"), "cpu")

    def analyse(self, mixture, variant, target, loop, progress=lambda _: None):
        for start in range(0, mixture.frames, 1 << 20):
            target[:, start : start + (1 << 20)] = mixture.read(start, min(start + (1 << 20), mixture.frames))


@pytest.fixture
def stems(tmp_path):
    """`stems(samples [frames, channels], rate, subtype, engine, **knobs)` → bounce, acapella, instrumental, report."""

    def run(samples, rate, subtype="PCM_24", engine=None, suffix="wav", **knobs):
        path = tmp_path / f"bounce.{suffix}"
        soundfile.write(path, samples, rate, subtype)
        job = SeparationJob(path, tmp_path / "a", tmp_path / "i", complete(knobs))
        done = separate(job, engine or Engine("center", "cpu"), AnalysisCache(tmp_path / "cache"), lambda _: None)
        read = [soundfile.read(p, always_2d=True)[0] for p in (path, done.report.acapella, done.report.instrumental)]
        return *read, done.report

    return run


def noise(frames, channels=2, level=0.2):
    return np.random.default_rng(1).uniform(-level, level, (frames, channels))


@pytest.mark.row("output forced to 44.1 kHz")
@pytest.mark.row("a few samples short, offset")
@pytest.mark.parametrize("frames", [1, 20_011])
@pytest.mark.parametrize("rate", [4000, 8000, 22050, 44100, 48000, 88200, 96000, 192_000, 384_000])
def test_rate_channels_and_length_are_the_bounce_s_own(stems, rate, frames):
    bounce, acapella, instrumental, report = stems(noise(frames), rate)
    assert acapella.shape == instrumental.shape == (frames, 2)
    for path in (report.acapella, report.instrumental):
        assert (probe(path).sample_rate, probe(path).frames) == (rate, frames)
    np.testing.assert_array_equal(acapella + instrumental, bounce)


@pytest.mark.row("a few samples short, offset")
@pytest.mark.parametrize("rate", [44100, 48000, 96000])
def test_a_click_stays_where_it_was(stems, rate):
    samples = np.zeros((rate, 2))
    samples[rate // 3] = 0.8
    _, acapella, _, _ = stems(samples, rate)
    assert np.abs(acapella).argmax(axis=0).tolist() == [rate // 3] * 2


@pytest.mark.row("stems do not null")
@pytest.mark.parametrize(
    "knobs",
    [
        {"mask_strength": 0.6}, {"mask_depth": 0.3}, {"mask_contrast": 0.9}, {"mask_floor": -20.0},
        {"center_amount": 0.7}, {"center_width": 0.1}, {"band_low": 200.0, "band_high": 5000.0},
    ],
)  # fmt: skip
@pytest.mark.parametrize(("rate", "subtype"), [(44100, "PCM_16"), (48000, "PCM_24"), (44100, "PCM_32")])
def test_the_null_holds_at_every_setting(stems, knobs, rate, subtype):
    bounce, acapella, instrumental, report = stems(noise(30_000), rate, subtype, **knobs)
    np.testing.assert_array_equal(acapella + instrumental, bounce)
    assert report.null_db == -math.inf


@pytest.mark.row("levels rescaled")
@pytest.mark.parametrize("level", [0.001, 0.999])
def test_nothing_is_normalised(stems, level):
    bounce, acapella, instrumental, _ = stems(noise(20_000, level=level), 44100, mask_strength=0.0)
    np.testing.assert_array_equal(acapella, bounce)
    assert not instrumental.any()


@pytest.mark.row("levels rescaled")
def test_stems_of_a_loud_master_pass_full_scale_and_say_so(stems):
    """Left and right are loud together, and the middle is taken away from one of them."""
    time = np.arange(44100) / 44100
    voice = np.sign(np.sin(2 * np.pi * 300 * time)) * 0.5
    side = np.random.default_rng(1).uniform(-0.49, 0.49, (44100, 2))
    bounce, acapella, instrumental, report = stems(np.clip((voice[:, None] + side) * 1.4, -1, 0.999), 44100)
    np.testing.assert_array_equal(acapella + instrumental, bounce)
    assert report.overs > 0 and report.peak_db > 0 and report.subtype == "FLOAT"
    assert "nothing is clipped" in report.notes[0]


@pytest.mark.row("truncated at 10 minutes")
def test_eleven_minutes_are_eleven_minutes(stems):
    frames = 11 * 60 * 4000 + 7
    engine = Engine("center", "cpu")
    engine.parts = ((1.0, Passing()),)
    bounce, acapella, _, _ = stems(noise(frames, channels=1), 4000, engine=engine)
    assert len(acapella) == frames
    np.testing.assert_array_equal(acapella, bounce)


@pytest.mark.row("mono doubled to stereo")
@pytest.mark.parametrize("channels", [1, 2, 3, 6])
def test_channels_stay_as_many_as_they_were(stems, channels):
    bounce, acapella, instrumental, report = stems(noise(9000, channels), 44100)
    assert probe(report.acapella).channels == probe(report.instrumental).channels == channels
    np.testing.assert_array_equal(acapella + instrumental, bounce)


@pytest.mark.row("the high end gone")
@pytest.mark.parametrize("rate", [88200, 96000])
def test_what_the_network_cannot_hear_is_in_the_instrumental(stems, rate):
    time = np.arange(rate) / rate
    high = 0.2 * np.sin(2 * np.pi * 30_000 * time)[:, None] * np.ones(2)
    bounce, acapella, instrumental, _ = stems(high + noise(rate, level=0.05), rate)
    at = 30_000  # one second: a bin is one Hz
    spectra = [np.abs(np.fft.rfft(stem[:, 0]))[at] for stem in (bounce, acapella, instrumental)]
    assert spectra[2] == pytest.approx(spectra[0], rel=1e-3)
    assert spectra[1] < 1e-3 * spectra[0]


@pytest.mark.row("the high end gone")
def test_an_18_khz_voice_is_heard(stems):
    time = np.arange(44100) / 44100
    middle = 0.2 * np.sin(2 * np.pi * 18_000 * time)[:, None] * np.ones(2)
    bounce, acapella, _, _ = stems(middle, 44100)
    quiet = slice(5000, -5000)
    assert np.abs(acapella[quiet]).max() == pytest.approx(np.abs(bounce[quiet]).max(), rel=0.01)


@pytest.mark.row("FLAC, MP3 tags")
def test_the_tags_of_an_mp3_go_into_the_wav(tmp_path):
    path = tmp_path / "song.mp3"
    with soundfile.SoundFile(path, "w", 44100, 2, "MPEG_LAYER_III", format="MP3") as file:
        file.title, file.artist, file.comment = "My Song", "Me", "take 3"
        file.write(noise(20_000))
    with soundfile.SoundFile(path) as file:
        assert (file.title, file.artist) == ("My Song", "Me")
    job = SeparationJob(path, tmp_path / "a", tmp_path / "i", complete({}))
    done = separate(job, Engine("center", "cpu"), AnalysisCache(tmp_path / "cache"), lambda _: None)
    for stem in (done.report.acapella, done.report.instrumental):
        with soundfile.SoundFile(stem) as file:
            assert (file.format, file.title, file.artist) == ("WAV", "My Song", "Me")


@pytest.mark.row("our mark")
def test_a_stem_says_how_it_was_made(stems):
    *_, report = stems(noise(9000), 44100, mask_contrast=0.7)
    sound = content_hash(report.acapella.with_name("bounce.wav"))
    for path in (report.acapella, report.instrumental):
        mark = read_mark(path)
        assert mark is not None
        program, model, *rest = mark.split("; ")
        assert program.startswith("dawbridge ") and model.startswith("model center ")
        assert rest == ["mask_contrast=0.7", f"of {sound[:16]}", "null -inf dB"]
        assert is_made_of(path, sound) and not is_made_of(path, "0" * 64)
    assert walk(report.acapella).declared_size == report.acapella.stat().st_size


def test_a_bounce_that_is_gone_is_named(tmp_path):
    job = SeparationJob(tmp_path / "none.wav", tmp_path / "a", tmp_path / "i", complete({}))
    with pytest.raises(AudioError, match=r"none\.wav"):
        separate(job, Engine("center", "cpu"), AnalysisCache(tmp_path / "cache"), lambda _: None)
