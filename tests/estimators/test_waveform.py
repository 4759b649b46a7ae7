"""Networks of other people: the same samples as their own package gives, in one pass and streamed."""

import numpy as np
import pytest
import soundfile
import torch

from dawbridge.cli.main import main
from dawbridge.engine.estimate import Engine
from dawbridge.errors import Cancelled, ModelError
from dawbridge.estimators import find_model, model_names
from dawbridge.estimators.model import LoadRequest
from dawbridge.estimators.waveform.configuration import describe
from dawbridge.estimators.waveform.importing import import_separator
from dawbridge.estimators.waveform.loading import _network
from tests.estimators.separators import (
    CONFIGURATIONS,
    RELEASED,
    RELEASED_HIDDEN,
    overlap_add,
    random_network,
    reference,
    streamed,
)

pytest.importorskip("pymss_core")
LIMIT = 10 ** (-90 / 20)
pytestmark = pytest.mark.filterwarnings("ignore:A window was not provided")


@pytest.fixture(params=CONFIGURATIONS)
def imported(request, home, tmp_path):
    """The name of an imported model, its description, and the network that it came from."""
    description, network = random_network(request.param)
    torch.save({"state_dict": network.state_dict()}, tmp_path / "given.ckpt")
    target = home / "data" / "weights" / "mine.safetensors"
    import_separator(tmp_path / "given.ckpt", target, CONFIGURATIONS[request.param], "CC0, says its author")
    return "mine", description, network


def noise(samples):
    return (0.1 * np.random.default_rng(5).standard_normal((2, samples))).astype(np.float32)


def test_one_segment_is_what_the_package_gives(imported):
    name, description, network = imported
    estimator = find_model(name).load(LoadRequest())
    mixture = noise(description.segment_samples)
    vocals = estimator.estimate(torch.from_numpy(mixture)).numpy()
    expected = reference(network, description, mixture)
    assert np.abs(vocals).max() > 1e-4
    assert np.abs(vocals - expected).max() <= LIMIT


def test_a_stream_is_the_overlap_add_of_what_the_package_gives(imported):
    name, description, network = imported
    mixture = noise(2 * description.segment_samples + 777)
    given = streamed(find_model(name).load(LoadRequest()), mixture, 5000)
    assert given.shape == mixture.shape
    assert np.abs(given - overlap_add(network, description, mixture)).max() <= LIMIT


def test_it_goes_through_the_whole_product(imported, tmp_path, capsys):
    name, description, _ = imported
    assert name in model_names()
    samples = np.random.default_rng(1).integers(-9000, 9000, (2 * description.segment_samples, 2), np.int16)
    soundfile.write(tmp_path / "song.wav", samples, 44100, subtype="PCM_16")
    for more in ((), ("--mask-strength", "0.5", "--mask-contrast", "0.8")):
        assert main(["separate", str(tmp_path / "song.wav"), "--model", name, *more]) == 0
        stems = [
            soundfile.read(tmp_path / "separated" / f"song_{stem}.wav")[0] for stem in ("acapella", "instrumental")
        ]
        np.testing.assert_array_equal(stems[0] + stems[1], samples / 32768)
        assert np.abs(stems[0]).max() > 0
    assert "bit for bit" in capsys.readouterr().out


def test_it_can_be_stopped_within_a_segment(imported):
    def stop():
        raise Cancelled("cancelled")

    name, description, _ = imported
    estimator = find_model(name).load(LoadRequest(on_step=stop))
    with pytest.raises(Cancelled):
        estimator.estimate(torch.from_numpy(noise(description.segment_samples)))


@pytest.mark.parametrize(
    ("architecture", "millions"),
    [("mel_band_roformer", 228.2), ("bs_roformer", 159.8), ("scnet", 10.6), ("mdx23c", 112.0), ("htdemucs", 42.0)],
)
def test_a_released_configuration_describes_a_network_of_the_released_size(architecture, millions):
    with torch.device("meta"):
        network = _network(describe(RELEASED[architecture], RELEASED_HIDDEN))
    assert sum(parameter.numel() for parameter in network.parameters()) / 1e6 == pytest.approx(millions, abs=0.05)


def test_what_is_known_without_loading_it(imported, capsys, monkeypatch):
    name = imported[0]
    model = find_model(name)
    assert model.licence == "CC0, says its author" and model.viable
    assert main(["models"]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("mine:")]
    assert "imported" in line and "licence: CC0, says its author" in line
    monkeypatch.setattr("dawbridge.estimators.providers.waveform._version", lambda: "")
    assert "pip install 'dawbridge[models]'" in find_model(name).problem
    with pytest.raises(ModelError, match="needs the package pymss-core"):
        Engine(name, "cpu").warm()
