from dataclasses import replace
from pathlib import Path

import pytest

from acapellanet.cli import main, parser
from acapellanet.evaluation import validation
from acapellanet.evaluation.calibration import at_temper
from acapellanet.net.config import config_from_json
from acapellanet.net.network import AcapellaNet
from acapellanet.net.tensor_files import read_tensors
from acapellanet.net.weights import load_network, save_network


def test_help_names_both_commands() -> None:
    text = parser().format_help()
    assert "train" in text
    assert "evaluate" in text


@pytest.mark.usefixtures("brief_validation")
def test_train_from_the_command_line(data_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = ["train", str(data_folder), "--out", str(out), "--minutes", "0.002", "--config", "tiny"]
    assert main([*words, "--batch", "1", "--frames", "16", "--no-bfloat16", "--threads", "1"]) == 0
    assert (out / "acapellanet-tiny.safetensors").is_file()


def test_train_names_its_problem(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", str(tmp_path), "--out", str(tmp_path / "out"), "--minutes", "1"]) == 1
    assert "no audio" in capsys.readouterr().err


def test_sizes_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["train", "data", "--out", "out", "--minutes", "1", "--config", "huge"])
    assert "'full', 'small', 'tiny'" in capsys.readouterr().err.replace("full, small, tiny", "'full', 'small', 'tiny'")


def test_fine_tuning_takes_the_size_of_what_it_starts_from(
    data_folder: Path, tmp_path: Path, tiny_network: AcapellaNet, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "source.safetensors"
    save_network(source, at_temper(tiny_network, 0.3), {})
    monkeypatch.setattr(validation, "MASHUPS", 1)
    out = tmp_path / "out"
    options = ["--minutes", "0.005", "--batch", "1", "--frames", "32", "--threads", "1", "--no-bfloat16"]
    assert main(["train", str(data_folder), "--out", str(out), "--from", str(source), *options]) == 0
    config = load_network(out / "tiny.safetensors").config
    assert replace(config, temper=1.0) == tiny_network.config
    checkpoint = read_tensors(out / "checkpoint.safetensors")[1]
    assert config_from_json(checkpoint["config"]).temper == 1.0  # what is chosen at the end is not trained through
