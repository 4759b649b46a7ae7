"""dawbridge's side, in a process of its own: python -m benchmarks.peers.ours MODEL FOLDER REPORT.

It is measured as `dawbridge separate` runs it: the weights are loaded again for each run, and the analysis is not kept.
"""

import os
import sys
import tempfile
from pathlib import Path

import torch

from acapellanet.estimate.registry import weights_path
from acapellanet.net.weights import load_network
from benchmarks.peers.children import Separation
from benchmarks.peers.reporting import quickest, write_report
from dawbridge.cli import main as dawbridge


def main(model: str, folder: Path, report: Path) -> None:
    """Warm up, measure, report."""
    separate(folder / "warm-up.wav", model)
    wall_s, cpu_s = quickest(lambda: separate(folder / "song.wav", model))
    parameters = sum(tensor.numel() for tensor in load_network(weights_path(model)).parameters())
    how = "dawbridge separate, the weights that come with it"
    write_report(report, Separation(wall_s, cpu_s, torch.get_num_threads(), parameters, how))


def separate(song: Path, model: str) -> None:
    """Make both stems with a home that is new and empty, so that no kept analysis is found."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["DAWBRIDGE_HOME"] = home
        if status := dawbridge(["separate", str(song), "--model", model, "-o", str(Path(home) / "stems")]):
            sys.exit(status)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
