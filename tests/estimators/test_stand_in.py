"""A trained network of another package's layers goes through the whole product: import, separate, knobs, the daemon.

`tests/data/stand-in/README.md` says what it was trained on. The song is synthesized; a recorded one is taken as well
if the training data is there.
"""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from acapellanet.evaluation.metrics import si_sdr, usdr
from dawbridge import VocalIsolator
from dawbridge.cli.main import main
from dawbridge.estimators import find_model
from dawbridge.estimators.model import LoadRequest
from dawbridge.estimators.waveform.loading import read_weights
from tests.estimators.separators import streamed
from tools.song import make_song

pytest.importorskip("yaml")
pytest.importorskip("pymss_core")
WEIGHTS = Path(__file__).parents[1] / "data" / "stand-in" / "stand-in.safetensors"
RECORDED = Path(__file__).parents[3] / "shared" / "data" / "stems" / "caesium"
RATE, NAME = 44100, "stand-in"
GAIN_DB = 3.0


@pytest.fixture
def imported(home):
    """Its name, after `dawbridge models import` as a user would call it."""
    config = ["--config", str(WEIGHTS.with_suffix(".yaml")), "--name", NAME, "--licence", "CC0-1.0"]
    assert main(["models", "import", str(WEIGHTS), *config]) == 0
    return NAME


@pytest.fixture(scope="module")
def song():
    """Vocals and instrumental of the synthesized song, `[2, samples]` each: 5 s."""
    return [stem.astype(np.float32) for stem in make_song(5.0)]


def separated(folder, name="song"):
    """Both stems beside a bounce, `[frames, channels]`."""
    stems = ("acapella", "instrumental")
    return [soundfile.read(folder / "separated" / f"{name}_{stem}.wav")[0] for stem in stems]


def test_weights_and_configuration_belong_together(imported, home):
    assert WEIGHTS.stat().st_size <= 2_000_000
    description, tensors = read_weights(home / "data" / "weights" / f"{NAME}.safetensors")
    assert description.stems == ("vocals",) and description.architecture == "bs_roformer"
    assert find_model(imported).licence == "CC0-1.0"
    assert all(tensor.isfinite().all() for tensor in tensors.values())


@pytest.mark.parametrize("rate", [44100, 48000])
def test_both_stems_are_as_long_as_the_song_and_add_up_to_it(imported, tmp_path, song, rate):
    samples = np.rint(sum(song).T[: 3 * RATE + 11] * 32767).astype(np.int16)
    soundfile.write(tmp_path / "song.wav", samples, rate)
    assert main(["separate", str(tmp_path / "song.wav"), "--model", imported]) == 0
    acapella, instrumental = separated(tmp_path)
    np.testing.assert_array_equal(acapella + instrumental, samples / 32768)
    assert acapella.any() and instrumental.any()


def test_the_voice_is_found(imported, song):
    vocals, instrumental = song
    stems = VocalIsolator(model=imported, device="cpu").process(vocals + instrumental, RATE)
    for truth, stem in ((vocals, stems.acapella), (instrumental, stems.instrumental)):
        assert si_sdr(truth, stem) >= si_sdr(truth, vocals + instrumental) + GAIN_DB


@pytest.mark.skipif(not RECORDED.is_dir(), reason="the recordings are not here")
def test_a_recorded_voice_is_found(imported):
    """Ten seconds of the song that it was not trained on: nearer to the voice than the mixture is, and than silence."""
    vocals, instrumental = (
        soundfile.read(RECORDED / f"{stem}.opus", start=220 * 48000, frames=10 * 48000, dtype="float32")[0].T
        for stem in ("vocals", "instrumental")
    )
    mixture = vocals + instrumental
    acapella = VocalIsolator(model=imported, device="cpu").process(mixture, 48000).acapella
    for measure in (usdr, si_sdr):
        assert measure(vocals, acapella) >= measure(vocals, mixture) + GAIN_DB
    assert usdr(vocals, acapella) > 1.0, "silence has 0 dB"


def test_how_it_comes_in_is_not_heard(imported, song):
    estimator, mixture = find_model(imported).load(LoadRequest()), sum(song)[:, : 3 * RATE + 11]
    whole = streamed(estimator, mixture, mixture.shape[1])
    assert whole.shape == mixture.shape
    np.testing.assert_array_equal(streamed(estimator, mixture, 7777), whole)


def test_neutral_knobs_leave_its_own_samples(imported, song):
    mixture = sum(song)[:, : 2 * RATE + 11]
    whole = streamed(find_model(imported).load(LoadRequest()), mixture, mixture.shape[1])
    stems = VocalIsolator(model=imported, device="cpu").process(mixture, RATE)
    np.testing.assert_allclose(stems.acapella, whole, atol=1e-6)


def test_knobs_act_on_its_estimate_without_running_it_again(imported, song, monkeypatch):
    mixture, tool = sum(song)[:, : 2 * RATE], VocalIsolator(model=imported, device="cpu")
    analysis = tool.analyse(mixture, RATE)
    plain = tool.render(analysis)
    monkeypatch.setattr(torch, "stft", None)  # without it the network cannot run
    for knobs, acapella in (
        ({"mask_strength": 0.0}, mixture),
        ({"mask_depth": 0.5}, 0.5 * plain.acapella),
        ({"acapella_gain": -20.0}, 0.1 * plain.acapella),
    ):
        for knob, value in knobs.items():
            tool.parameters[knob].value = value
        np.testing.assert_allclose(tool.render(analysis).acapella, acapella, atol=2e-5)
        for knob in knobs:
            tool.parameters[knob].value = tool.parameters[knob].row.default
    np.testing.assert_array_equal(tool.render(analysis).acapella, plain.acapella)


def test_a_strength_in_between_leaves_more_of_the_music(imported, song):
    mixture, tool = sum(song)[:, : 2 * RATE], VocalIsolator(model=imported, device="cpu")
    analysis = tool.analyse(mixture, RATE)
    rests = []
    for strength in (0.0, 0.5, 1.0):
        tool.mask_strength = strength
        rests.append(float(np.square(tool.render(analysis).instrumental).sum()))
    assert rests[0] < 1e-6 * rests[2] and rests[0] < rests[1] < rests[2]


def test_a_bounce_is_separated_by_the_daemon_and_follows_a_knob(imported, start_daemon, song):
    daemon = start_daemon("--model", imported)
    samples = np.rint(sum(song).T[: 2 * RATE] * 32767).astype(np.int16)
    soundfile.write(daemon.folder / "song.wav", samples, RATE)
    daemon.done()
    acapella, instrumental = separated(daemon.folder)
    np.testing.assert_array_equal(acapella + instrumental, samples / 32768)
    daemon.send("/dawbridge/mask/strength", 0.0)
    daemon.done()
    np.testing.assert_array_equal(separated(daemon.folder)[0], samples / 32768)
