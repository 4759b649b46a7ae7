import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from rich.console import Console

from acapellanet.data.library import open_library
from acapellanet.data.mashups import Example, Mashups
from acapellanet.data.splits import split
from acapellanet.errors import DataError, ModelError, TrainingError
from acapellanet.evaluation.calibration import TEMPERS
from acapellanet.net.config import NetworkConfig
from acapellanet.net.tensor_files import read_tensors
from acapellanet.net.weights import load_network
from acapellanet.training.batches import make_batch
from acapellanet.training.checkpoints import CHECKPOINT_FILE, resume, save_checkpoint
from acapellanet.training.run import RunOptions, run_training
from acapellanet.training.trainer import Trainer, TrainingOptions

OPTIONS = TrainingOptions(minutes=1.0, batch=2, frames=32, seed=3, threads=1, bfloat16=False)

MakeTrainer = Callable[..., Trainer]


@pytest.fixture
def make_trainer(data_folder: Path, tmp_path: Path, tiny: NetworkConfig) -> MakeTrainer:
    library = open_library(data_folder, tmp_path / "cache")

    def make(config: NetworkConfig = tiny, options: TrainingOptions = OPTIONS) -> Trainer:
        samples = (options.frames - 1) * config.hop_samples
        return Trainer(config, options, Mashups(library, split(library.tracks, False), samples, options.seed))

    return make


def test_loss_falls(make_trainer: MakeTrainer, monkeypatch: pytest.MonkeyPatch) -> None:
    options = TrainingOptions(minutes=5, batch=1, frames=32, seed=1, peak_rate=3e-2, bfloat16=False)
    trainer = make_trainer(options=options)
    example = trainer.mashups.example(3)
    monkeypatch.setattr(trainer.mashups, "example", lambda number: example)
    losses = [trainer.step().loss for _ in range(25)]
    assert losses[-1] < 0.8 * losses[0]


def test_resumed_goes_on_as_if_never_stopped(make_trainer: MakeTrainer, tmp_path: Path) -> None:
    whole = make_trainer()
    whole.budget.spent_s = 0.0
    for _ in range(2):
        whole.step()
    save_checkpoint(tmp_path / CHECKPOINT_FILE, whole)
    resumed = make_trainer()
    resume(tmp_path / CHECKPOINT_FILE, resumed)
    assert resumed.step_number == 2
    assert resumed.budget.spent_s == whole.budget.spent_s
    assert resumed.step().loss == pytest.approx(whole.step().loss, rel=1e-6)
    resumed.budget.spent_s = whole.budget.spent_s
    assert resumed.step().loss == pytest.approx(whole.step().loss, rel=1e-3)


def test_checkpoint_of_another_network_is_refused(
    make_trainer: MakeTrainer, tmp_path: Path, tiny: NetworkConfig
) -> None:
    save_checkpoint(tmp_path / CHECKPOINT_FILE, make_trainer())
    other = make_trainer(NetworkConfig("wider", channels=(6, 8), dilations=(1,), fft_samples=512, hop_samples=128))
    with pytest.raises(TrainingError, match=r"checkpoint of tiny \(4, 6\), but wider \(6, 8\)"):
        resume(tmp_path / CHECKPOINT_FILE, other)


def test_weights_are_no_checkpoint_and_rubbish_is_neither(make_trainer: MakeTrainer, tmp_path: Path) -> None:
    (tmp_path / CHECKPOINT_FILE).write_bytes(b"rubbish" * 100)
    with pytest.raises(ModelError, match="damaged"):
        resume(tmp_path / CHECKPOINT_FILE, make_trainer())


def test_steps_without_finite_loss_are_skipped_then_stop(
    make_trainer: MakeTrainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = make_trainer(options=TrainingOptions(minutes=1, batch=2, frames=32, max_bad_steps=2, bfloat16=False))
    before = {name: value.clone() for name, value in trainer.network.state_dict().items()}
    nothing = np.full((2, 31 * 128), np.nan, dtype=np.float32)
    monkeypatch.setattr(trainer.mashups, "example", lambda number: Example(nothing, nothing, False, 0.5))
    assert [trainer.step().bad_steps for _ in range(2)] == [1, 2]
    with pytest.raises(TrainingError, match="not finite"):
        trainer.step()
    assert all(torch.equal(before[name], value) for name, value in trainer.network.state_dict().items())


def test_centred_examples_are_seen_isolated(tiny: NetworkConfig) -> None:
    random = np.random.default_rng(0)
    vocals, music = (random.standard_normal((2, 4000)).astype(np.float32) for _ in range(2))
    batch = make_batch(
        [Example(vocals, music, False, 0.5), Example(vocals, music, True, 0.5)], tiny, torch.device("cpu")
    )
    assert torch.equal(batch.vocals[0], batch.vocals[1])
    assert batch.level[0] == batch.level[1]
    assert float(batch.mixture[1].square().mean()) < 0.5 * float(batch.mixture[0].square().mean())


def run(data: Path, out: Path, config: NetworkConfig, seconds: float, resumed: bool = False) -> str:
    options = TrainingOptions(minutes=seconds / 60, batch=2, frames=32, threads=1, bfloat16=False)
    folders = RunOptions(data, out, out / "cache", resumed, judge_every_s=1e9)
    with (out.parent / "log.txt").open("w+") as log:
        run_training(config, folders, options, Console(file=log, width=200))
        log.seek(0)
        return log.read()


@pytest.mark.usefixtures("brief_validation")
def test_a_run_leaves_weights_that_load(data_folder: Path, tmp_path: Path, tiny: NetworkConfig) -> None:
    text = run(data_folder, tmp_path / "out", tiny, seconds=0.5)
    assert "0 skipped" in text
    assert "mixture: song" in text
    network = load_network(tmp_path / "out" / "tiny.safetensors")
    assert network.config.temper in TEMPERS and replace(network.config, temper=1.0) == tiny
    assert f"at temper {network.config.temper:g}: song" in text and f"tempered by {network.config.temper:g}" in text
    metadata = read_tensors(tmp_path / "out" / "tiny.safetensors")[1]
    assert json.loads(metadata["training"])["steps"] > 0


@pytest.mark.usefixtures("brief_validation")
def test_a_run_is_not_overwritten_but_resumed(data_folder: Path, tmp_path: Path, tiny: NetworkConfig) -> None:
    run(data_folder, tmp_path / "out", tiny, seconds=0.3)
    with pytest.raises(TrainingError, match="--resume"):
        run(data_folder, tmp_path / "out", tiny, seconds=0.3)
    assert "resumed at step" in run(data_folder, tmp_path / "out", tiny, seconds=0.6, resumed=True)


def test_nothing_usable_is_an_error_before_the_first_step(tmp_path: Path, tiny: NetworkConfig) -> None:
    (tmp_path / "data").mkdir()
    with pytest.raises(DataError, match="no audio"):
        run(tmp_path / "data", tmp_path / "out", tiny, seconds=1)


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
def test_killed_at_any_time_it_resumes(data_folder: Path, tmp_path: Path) -> None:
    """Killed as soon as the first checkpoint lies there; what lies there is whole."""
    out = tmp_path / "out"
    command = [sys.executable, "-c", KILLED, str(data_folder), str(out)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    while "saved" not in process.stdout.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert int(json.loads(read_tensors(out / CHECKPOINT_FILE)[1]["state"])["step"]) > 0


KILLED = """
import sys
from pathlib import Path
from acapellanet.training.batches import make_batch
from acapellanet.training.checkpoints import CHECKPOINT_FILE, save_checkpoint
from acapellanet.net.config import NetworkConfig
from acapellanet.data.library import open_library
from acapellanet.data.mashups import Mashups
from acapellanet.data.splits import split
from acapellanet.training.trainer import Trainer, TrainingOptions
data, out = map(Path, sys.argv[1:])
library = open_library(data, out / "cache")
config = NetworkConfig("tiny", channels=(4, 6), dilations=(1,), fft_samples=512, hop_samples=128)
mashups = Mashups(library, split(library.tracks, False), 31 * 128, 0)
trainer = Trainer(config, TrainingOptions(minutes=9, batch=2, frames=32, bfloat16=False), mashups)
while True:
    trainer.step()
    save_checkpoint(out / CHECKPOINT_FILE, trainer)
    print("saved", flush=True)
"""


def test_statistics_hold_still_in_the_last_quarter(make_trainer: MakeTrainer) -> None:
    trainer = make_trainer()
    trainer.step()
    assert trainer.network.training
    trainer.budget.spent_s = 0.8 * trainer.budget.limit_s
    before = trainer.network.patch_norm.running_mean
    assert before is not None
    before = before.clone()
    assert np.isfinite(trainer.step().loss)
    assert torch.equal(before, trainer.network.patch_norm.running_mean)
