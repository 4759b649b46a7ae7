"""Models are found by name through their providers, those of other packages included."""

import subprocess
import sys

import numpy as np
import pytest
import soundfile

from acapellanet.estimate import registry as weights
from dawbridge.cli.main import main
from dawbridge.errors import ConfigError, ModelError
from dawbridge.estimators import find_model, model_names, provider_problems

HALF = """
    from dawbridge.estimators.model import Model
    from dawbridge.estimators.streaming import ContextWindow

    class Half:
        sample_rate = 44100
        streaming = ContextWindow(context_samples=0, alignment_samples=1)

        def estimate(self, mixture):
            return 0.5 * mixture

    HALF = Model("half", load=lambda request: Half(), fingerprint="half-1", licence="public domain")
"""
"""A whole estimator: what the documentation of `estimators.model` shows."""


def test_an_estimator_of_another_package_goes_through_the_whole_product(install, tmp_path):
    install("madeup", HALF, half="madeup:HALF")
    assert "half" in model_names()
    noise = np.random.default_rng(1).integers(-9000, 9000, (8000, 2), np.int16) * 2
    soundfile.write(tmp_path / "song.wav", noise, 44100, subtype="PCM_16")
    assert main(["separate", str(tmp_path / "song.wav"), "--model", "half"]) == 0
    acapella, rate = soundfile.read(tmp_path / "separated" / "song_acapella.wav")
    np.testing.assert_allclose(acapella, noise / 65536, atol=1e-6)
    assert rate == 44100


def test_models_that_cannot_run_here_say_why(install, tmp_path, capsys):
    broken = HALF.replace('licence="', 'problem="needs the package frob; pip install frob", licence="')
    install("madeup", broken, half="madeup:HALF")
    assert not find_model("half").viable
    soundfile.write(tmp_path / "song.wav", np.zeros((100, 2)), 44100)
    assert main(["separate", str(tmp_path / "song.wav"), "--model", "half"]) == 1
    assert capsys.readouterr().err == "dawbridge: half: needs the package frob; pip install frob\n"


def test_a_provider_that_cannot_be_loaded_is_named_and_the_others_go_on(install):
    install("wrecked", "import no_such_package_anywhere", wrecked="wrecked:MODEL")
    assert "center" in model_names()
    (problem,) = provider_problems()
    assert "'wrecked'" in problem and "no_such_package_anywhere" in problem
    with pytest.raises(ModelError, match=r"no model is called 'wrecked'.*no_such_package_anywhere"):
        find_model("wrecked")


def test_a_checkout_without_metadata_has_its_own_estimators():
    script = (
        "import importlib.metadata as m; m.entry_points = lambda **_: ()\n"
        "from dawbridge.estimators import find_model, model_names\n"
        "import sys; print(find_model('center').name, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["center", "False"]


def test_an_unknown_name_gets_the_nearest_one():
    with pytest.raises(ModelError, match="did you mean 'center'"):
        find_model("centre")


def test_paths_that_are_no_files_are_named(tmp_path):
    with pytest.raises(ModelError, match="no such weights file"):
        find_model(str(tmp_path / "nowhere.safetensors"))


def test_the_home_of_nobody_is_no_traceback(monkeypatch):
    with pytest.raises(ConfigError, match="no user 'nosuchuser'"):
        find_model("~nosuchuser/x.safetensors")
    with pytest.raises(ModelError, match="no model is called"):
        find_model("~nosuchuser")
    monkeypatch.setenv("DAWBRIDGE_HOME", "~nosuchuser/x")
    assert "center" in model_names()


def shipped(tmp_path, monkeypatch, content=b"weights"):
    (tmp_path / "acapellanet-full.safetensors").write_bytes(content)
    (tmp_path / "SHA256SUMS").write_text(f"{'0' * 64}  acapellanet-full.safetensors\n")
    monkeypatch.setattr(weights, "WEIGHTS_FOLDER", tmp_path)
    monkeypatch.setattr("dawbridge.estimators.acapellanet_models.WEIGHTS_FOLDER", tmp_path)


def header(text):
    return len(text).to_bytes(8, "little") + text


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (header(b'{"__metadata__": {"config": "x"}}'), "its SHA-256 is not the one that it was shipped with"),
        (header(b'{"a":' + b"[" * 100_000), "nested too deep"),
        (b"weights", "damaged"),
        (b"", "damaged"),
        (b"\xff" * 16, "header of"),
        (header(b'{"__metadata__": []}'), "damaged"),
        (header(b'{"__metadata__": {}, "a": {"shape": "x"}}'), "damaged"),
    ],
)
def test_damaged_weights_are_one_line(tmp_path, monkeypatch, content, reason):
    shipped(tmp_path, monkeypatch, content)
    with pytest.raises(ModelError, match=reason) as caught:
        find_model("acapellanet-full")
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 500


def test_missing_weights_are_one_line(tmp_path, monkeypatch):
    shipped(tmp_path, monkeypatch)
    (tmp_path / "acapellanet-full.safetensors").unlink()
    with pytest.raises(ModelError, match="missing from this installation; reinstall, or use --model center"):
        find_model("acapellanet-full")


def test_the_shipped_weights_are_those_of_the_table():
    assert weights.shipped_names()
    for name in weights.shipped_names():
        assert find_model(name).fingerprint == weights.shipped_hashes()[f"{name}.safetensors"]
