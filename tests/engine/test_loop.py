"""Stems of loops go round: what is rolled before is what is rolled after."""

import numpy as np
import pytest
import soundfile
import torch

from acapellanet.net.config import CONFIGS
from acapellanet.net.network import AcapellaNet
from acapellanet.net.weights import save_network
from dawbridge.audio.files import is_loop, read_mark
from dawbridge.engine.analysis import Analysis, AnalysisCache, MemoryEstimates
from dawbridge.engine.estimate import Engine
from dawbridge.engine.job import SeparationJob
from dawbridge.engine.loop import LoopMixture, around
from dawbridge.engine.mixture import ArrayMixture
from dawbridge.engine.separate import separate
from dawbridge.knobs.parameters import complete

MINUS_90_DB = 10 ** (-90 / 20)
SPECTRAL = {"mask_strength": 0.7, "mask_contrast": 0.6, "band_low": 80.0}


def music(frames, rate, seed=1):
    """`[2, frames]` of something that goes round: whole numbers of periods, and noise."""
    time = np.arange(frames) / frames
    rng = np.random.default_rng(seed)
    out = 0.02 * rng.standard_normal((2, frames))
    for k, hz in enumerate((220.0, 331.0, 977.0, 3500.0)):
        turns = round(hz * frames / rate)
        tone = np.sin(2 * np.pi * (turns * time + rng.uniform()))
        out += 0.15 * tone * np.array([[1.0], [1.0 if k % 2 else 0.3]])
    return out.astype(np.float32)


def low_tones(frames, rate):
    """`[2, frames]` so smooth that a step of -60 dBFS stands out."""
    time, out = np.arange(frames) / frames, np.zeros((2, frames))
    for k, hz in enumerate((150, 233, 301)):
        pan = 0.5 + 0.4 * np.sin(2 * np.pi * (3 + k) * time)
        out += 0.2 * np.sin(2 * np.pi * (round(hz * frames / rate) * time + 0.1 * k)) * np.stack((pan, 1 - pan))
    return out.astype(np.float32)


def stem(mixture, rate, model="center", loop=True, **knobs):
    analysis = Analysis(ArrayMixture.of(mixture, rate), Engine(model, "cpu"), MemoryEstimates(), loop)
    return np.concatenate(list(analysis.acapella(complete(knobs))), axis=1)


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    """A small network of random weights: what it does is nonsense, but far-reaching nonsense."""
    torch.manual_seed(1)
    path = tmp_path_factory.mktemp("network") / "tiny.safetensors"
    save_network(path, AcapellaNet(CONFIGS["tiny"]), {})
    return str(path)


@pytest.mark.row("clicks at chunk borders")
@pytest.mark.parametrize("knobs", [{}, SPECTRAL, {"center_amount": 0.5, "mask_floor": -30.0}])
def test_a_rolled_loop_has_the_rolled_stem(knobs):
    mixture = music(120 * 1024, 44100)
    roll = 37 * 1024
    rolled = stem(np.roll(mixture, roll, axis=1), 44100, **knobs)
    error = rolled - np.roll(stem(mixture, 44100, **knobs), roll, axis=1)
    assert np.abs(error).max() <= MINUS_90_DB
    without = stem(np.roll(mixture, roll, axis=1), 44100, loop=False, **knobs)
    assert np.abs(without - np.roll(stem(mixture, 44100, loop=False, **knobs), roll, axis=1)).max() > 10 * MINUS_90_DB


def test_a_rolled_loop_at_48_khz():
    """163,840 samples at 48 kHz are 147 frames of the transform at 44.1 kHz, so the roll stays on its grid."""
    mixture = music(2 * 163_840, 48000)
    rolled = stem(np.roll(mixture, 163_840, axis=1), 48000)
    assert np.abs(rolled - np.roll(stem(mixture, 48000), 163_840, axis=1)).max() <= MINUS_90_DB


@pytest.mark.parametrize("knobs", [{}, SPECTRAL])
def test_a_rolled_loop_through_a_network(network, knobs):
    mixture = music(20 * 8192, 44100)
    rolled = stem(np.roll(mixture, 7 * 8192, axis=1), 44100, network, **knobs)
    error = rolled - np.roll(stem(mixture, 44100, network, **knobs), 7 * 8192, axis=1)
    assert np.abs(rolled).max() > 0.01
    assert np.abs(error).max() <= MINUS_90_DB


@pytest.mark.row("clicks at chunk borders")
@pytest.mark.parametrize("knobs", [{}, SPECTRAL])
@pytest.mark.parametrize("frames", [77_777, 44_100])
def test_no_click_where_a_loop_of_any_length_goes_round(frames, knobs, network):
    """Second differences show a step: at the seam they are no larger than anywhere else.

    No whole number of the transform's frames fits in here, and what this network does depends on where they lie.
    """
    voice = stem(low_tones(frames, 44100), 44100, network, **knobs)
    bend = np.abs(np.diff(np.concatenate((voice[:, -2:], voice[:, :2]), axis=1), n=2)).max()
    assert bend <= 1.02 * np.abs(np.diff(voice, n=2)).max()


@pytest.mark.parametrize("frames", [1, 2, 1000])
def test_loops_shorter_than_a_window(frames):
    assert stem(music(frames, 44100), 44100, **SPECTRAL).shape == (2, frames)
    assert stem(music(frames, 8000)[:1], 8000).shape == (1, frames)


def test_around_reads_what_a_loop_has_there():
    loop = np.arange(10.0, dtype=np.float32)[None]
    for start, stop in ((-3, 2), (8, 13), (0, 10), (-25, 31), (4, 4), (20, 23)):
        expected = np.arange(start, stop) % 10
        np.testing.assert_array_equal(around(lambda a, b: loop[:, a:b], start, stop, 10)[0], expected)
    unrolled = LoopMixture(ArrayMixture.of(loop, 8000), 12, 5)
    np.testing.assert_array_equal(unrolled.read(0, unrolled.frames)[0], np.arange(-12, 15) % 10)


def job(path, **more):
    return SeparationJob(path, path.parent / "a", path.parent / "i", complete({}), **more)


def test_a_file_with_loop_points_is_taken_for_a_loop(tmp_path):
    path = tmp_path / "loop.wav"
    soundfile.write(path, music(30_000, 44100).T, 44100, "PCM_24")
    engine, cache = Engine("center", "cpu"), AnalysisCache(tmp_path / "cache")
    plain = separate(job(path), engine, cache, lambda _: None)
    asked = separate(job(path, loop=True), engine, cache, lambda _: None)
    assert plain.content_hash == asked.content_hash
    assert len(list((tmp_path / "cache").iterdir())) == 2, "a loop's analysis is another"
    assert asked.report is not None and "; loop; " in (read_mark(asked.report.acapella) or "")
    wanted = soundfile.read(asked.report.acapella)[0]
    with path.open("r+b") as file:
        file.seek(0, 2)
        file.write(b"smpl" + np.array([60, 0, 0, 22675, 60, 0, 0, 0, 1, 0, 0, 0, 0, 29_999, 0, 0], "<u4").tobytes())
        file.seek(4)
        file.write(int(path.stat().st_size - 8).to_bytes(4, "little"))
    assert is_loop(path, 30_000)
    found = separate(job(path), engine, cache, lambda _: None)
    assert found.network_s == 0.0 and "says that it is a loop" in found.notes[0]
    np.testing.assert_array_equal(soundfile.read(found.report.acapella)[0], wanted)
    total = wanted + soundfile.read(found.report.instrumental)[0]
    np.testing.assert_array_equal(total, soundfile.read(path)[0])
