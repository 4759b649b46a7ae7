import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from acapellanet.errors import TrainingError
from acapellanet.training.distributed import World, open_world

LOSSES = """
import json, os, sys
import torch
from pathlib import Path
from acapellanet.net.config import NetworkConfig
from acapellanet.training.distributed import close_world, open_world
from acapellanet.data.library import open_library
from acapellanet.data.mashups import Mashups
from acapellanet.data.splits import split
from acapellanet.training.trainer import Trainer, TrainingOptions

torch.set_num_threads(1)
data, cache = map(Path, sys.argv[1:3])
config = NetworkConfig("tiny", channels=(4, 6), dilations=(1,), fft_samples=512, hop_samples=128)
world = open_world("cpu")
library = open_library(data, cache)
options = TrainingOptions(minutes=600, batch=4, frames=32, seed=3, threads=1, bfloat16=sys.argv[3] == "bfloat16")
mashups = Mashups(library, split(library.tracks, False), 31 * 128, 3)
trainer = Trainer(config, options, mashups, world=world)
losses = [trainer.step().loss for _ in range(8)]
norm = trainer.averaged.state_dict()["patch_norm.running_var"].tolist()
close_world()
if world.leads:
    print(json.dumps([losses, norm]))
"""


def losses(command: list[str], data: Path, cache: Path, precision: str) -> list[list[float]]:
    script = cache.parent / "losses.py"
    script.write_text(LOSSES)
    command = [*command, str(script), str(data), str(cache), precision]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    said = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert "Warning" not in said.stderr
    curves: list[list[float]] = json.loads(said.stdout.splitlines()[-1])
    return curves


@pytest.mark.parametrize(("precision", "tolerance"), [("float32", 1e-3), ("bfloat16", 2e-2)])
def test_two_processes_train_like_one(data_folder: Path, tmp_path: Path, precision: str, tolerance: float) -> None:
    alone = losses([sys.executable], data_folder, tmp_path / "cache", precision)
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    pair = losses(torchrun, data_folder, tmp_path / "cache", precision)
    assert pair[0] == pytest.approx(alone[0], rel=tolerance)
    assert pair[1] == pytest.approx(alone[1], rel=tolerance)


def test_a_batch_that_does_not_divide_is_refused() -> None:
    assert list(World(1, 2).share(range(8, 12))) == [9, 11]
    with pytest.raises(TrainingError, match="--batch 5 does not divide among 2"):
        World(0, 2).share(range(5))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_device_that_is_not_there_is_named() -> None:
    with pytest.raises(TrainingError, match=r"--device cuda: .*usable: .*cpu"):
        open_world("cuda")
