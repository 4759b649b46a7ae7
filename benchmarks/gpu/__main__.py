"""Measure what a graphics card makes of every model that can run there; on the CPU with fewer and shorter parts."""

import argparse
import os
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

import torch

from benchmarks.gpu.network import compare, network_alone, throughput
from benchmarks.gpu.product import end_to_end
from benchmarks.gpu.report import Report
from dawbridge.config.paths import HOME_VARIABLE
from dawbridge.engine.estimate import DEVICES, pick_device
from dawbridge.errors import DawbridgeError
from dawbridge.estimators import find_model, model_names

PIECE_S, PIECE_ON_CPU_S = 24.0, 2.0


def main(arguments: list[str] | None = None) -> int:
    """Measure, and write `gpu.json` and `gpu.md`; 1 if a model failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("gpu"), help="folder for gpu.json and gpu.md (default: gpu)")
    parser.add_argument("--seconds", type=float, default=480.0, help="time to spend at most (default: 480)")
    parser.add_argument("--device", choices=DEVICES, default="auto", help="default: what is there")
    parser.add_argument("--model", action="append", help="a model to measure, more than once for more (default: all)")
    options = parser.parse_args(arguments)
    device = pick_device(options.device)
    options.out.mkdir(parents=True, exist_ok=True)
    report = Report(options.out, time.monotonic() + options.seconds)
    title = torch.cuda.get_device_name() if device == "cuda" else device
    report.add(f"{title}, torch {torch.__version__}, {torch.get_num_threads()} threads", device != "cpu", "accelerated")
    if device == "cuda":
        torch.backends.cudnn.benchmark = True
    with tempfile.TemporaryDirectory() as home:
        if find_spec("platformdirs") is None:  # the folders of the user's models cannot be found without it
            os.environ.setdefault(HOME_VARIABLE, home)
        names = options.model or _own_first(model_names())
        failed = [name for number, name in enumerate(names) if not _measure(report, name, device, len(names) - number)]
    return 1 if failed else 0


def _own_first(names: tuple[str, ...]) -> list[str]:
    """The networks that are shipped come first, in case the time does not suffice for all."""
    return sorted(names, key=lambda name: (not name.startswith("acapellanet"), name))


def _measure(report: Report, name: str, device: str, models_left: int) -> bool:
    """Measure one model in its share of the time; False if it failed."""
    model, on_cpu = find_model(name), device == "cpu"
    if model.problem:
        report.skip(name, model.problem)
        return True
    share_s, whole = report.left_s / models_left, report.until
    report.until -= report.left_s - share_s
    piece_s = PIECE_ON_CPU_S if on_cpu else PIECE_S
    try:
        for part in (compare, network_alone, throughput):
            if report.left_s > 0:
                part(report, model, device, piece_s)
        if report.left_s > 0:
            end_to_end(report, model, device, share_s / 2)
        else:
            report.skip(f"{name}: what is left of it", "the time is over")
    except (DawbridgeError, RuntimeError, MemoryError) as error:
        report.skip(name, " ".join(f"{type(error).__name__}: {error}".split())[:200])
        return False
    finally:
        report.until = whole
    return True


if __name__ == "__main__":
    sys.exit(main())
