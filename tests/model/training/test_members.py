import json
import shutil
from pathlib import Path

import pytest

from acapellanet.cli import main
from acapellanet.errors import TrainingError
from acapellanet.net.tensor_files import read_tensors
from acapellanet.net.weights import load_network
from acapellanet.training.local_sgd import SHARED_FILE
from acapellanet.training.members import run_members

SHORT = ("--config", "tiny", "--batch", "1", "--frames", "32", "--no-bfloat16", "--minutes", "0.02")


def hours_heard(shared: Path) -> float:
    return float(json.loads(read_tensors(shared)[1]["state"])["audio_s"]) / 3600


@pytest.mark.slow
def test_two_processes_train_one_network_which_is_cooled_in_the_end(data_folder: Path, tmp_path: Path) -> None:
    for folder in ("stems/caesium", "vocals/syllables"):  # nothing held out: nothing to judge by, which takes time
        shutil.rmtree(data_folder / folder)
    data, flat, cooled = str(data_folder), tmp_path / "flat", tmp_path / "cooled"
    options = [*SHORT, "--cache", str(tmp_path / "cache"), "--processes", "2"]
    run_members(2, ["train", data, "--out", str(flat), "--schedule", "flat", *options])
    members = [read_tensors(flat / f"member-{number}-checkpoint.safetensors")[1] for number in range(2)]
    assert [json.loads(metadata["state"])["seed"] for metadata in members] == [0, 1]
    heard = hours_heard(flat / SHARED_FILE)
    assert heard > 0

    run_members(2, ["train", data, "--out", str(cooled), "--cool", str(flat), *options])
    assert hours_heard(cooled / SHARED_FILE) > heard
    assert hours_heard(flat / SHARED_FILE) == heard
    weights = cooled / "acapellanet-tiny.safetensors"
    load_network(weights)
    assert json.loads(read_tensors(weights)[1]["training"])["hours_heard"] > round(heard, 2) - 0.01


@pytest.mark.slow
def test_a_process_that_fails_ends_the_run_with_its_number(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="process 0 of 2 failed"):
        run_members(2, ["train", str(tmp_path / "nowhere"), "--out", str(tmp_path / "out"), *SHORT])


def test_what_is_cooled_must_be_a_flat_run(
    data_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["train", str(data_folder), "--out", str(tmp_path / "out"), "--cool", str(tmp_path), *SHORT]
    assert main(arguments) == 1
    assert "--cool takes the --out of a run" in capsys.readouterr().err
