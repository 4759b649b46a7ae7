"""The stand-in is trained on what is under CC0, and comes out as a file that is imported."""

import sys

import numpy as np
import pytest
import soundfile

from dawbridge.estimators.waveform.configuration import read_configuration
from dawbridge.estimators.waveform.importing import import_separator
from tools import train_stand_in

pytest.importorskip("yaml")
pytest.importorskip("pymss_core")


@pytest.fixture
def data(tmp_path):
    """Noise under the names of recordings, of which one kind is not under CC0."""
    noise = np.random.default_rng(3)
    halves = [f"stems/{song}/{half}" for song in ("hydrogen", "caesium") for half in ("vocals", "instrumental")]
    for name in (*halves, "vocals/songs/pjs/one"):
        path = tmp_path / "data" / f"{name}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, 0.1 * noise.standard_normal((2 * 44100, 2)), 44100)
    return tmp_path / "data"


def test_only_what_is_under_cc0_is_read(data, tmp_path):
    library = train_stand_in.open_free_music(data, tmp_path / "cache")
    assert sorted({track.bank for track in library.tracks}) == ["caesium", "hydrogen"]
    vocals, instrumental = train_stand_in.Mixtures(library, 1).batch()
    assert vocals.shape == instrumental.shape == (train_stand_in.BATCH, 2, train_stand_in.SEGMENT)


@pytest.mark.slow
def test_what_is_written_can_be_imported(data, tmp_path, monkeypatch, capsys):
    out = tmp_path / "out" / "small.safetensors"
    command = ["x", str(data), "--out", str(out), "--minutes", "1e-9", "--cache", str(tmp_path / "cache")]
    monkeypatch.setattr(sys, "argv", command)
    monkeypatch.setattr(train_stand_in, "BATCH", 1)
    monkeypatch.setattr(train_stand_in, "EXCERPT_S", 1)
    monkeypatch.setenv("PYMSS_CORE_EXPERIMENTAL_TRAIN_GROUPED_BANDS", "1")  # so that it is removed again
    monkeypatch.setattr("torch.set_num_threads", lambda _: None)  # it would hold for all tests after this one
    train_stand_in.main()
    assert "SI-SDR" in capsys.readouterr().out
    config = read_configuration(out.with_suffix(".yaml"))
    assert import_separator(out, tmp_path / "x.safetensors", config, "CC0-1.0").stems == ("vocals",)
