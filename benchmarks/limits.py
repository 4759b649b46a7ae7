"""What this computer could do at best, beside what the stages of a separation reach: the last table of `make bench`.

The network's limit is the rate of a convolution of its own shape on all cores; that of writing stems is the rate at
which the disk takes bytes, and that of a knob is the rate at which memory is copied.
"""

import os
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from acapellanet.estimate.inference import in_bfloat16, prepare
from acapellanet.estimate.registry import weights_path
from acapellanet.estimate.tiles import TILE_FRAMES, stream_tiles
from acapellanet.net.network import AcapellaNet
from acapellanet.net.precision import has_bfloat16
from acapellanet.net.weights import load_network

RATE = 44100
SECONDS = 60


def network_row(name: str) -> str:
    """The network alone, in tiles, against the convolution rate."""
    network = prepare(load_network(weights_path(name)), torch.device("cpu"))
    network = in_bfloat16(network) if has_bfloat16(torch.device("cpu")) else network
    work = flops_a_second(network)
    rate = convolution_rate(network)
    noise = (0.1 * np.random.default_rng(1).standard_normal((2, RATE * SECONDS))).astype(np.float32)
    blocks = [noise[:, start : start + 10 * RATE] for start in range(0, noise.shape[1], 10 * RATE)]

    def run() -> None:
        for _ in stream_tiles(network, blocks):
            pass

    took = best(run, 3) / SECONDS
    limit = work / rate
    return (
        f"{name + ', network alone':44} {took:10.4f} of real time; at {rate / 1e9:.0f} GFLOP/s, as its convolutions "
        f"run here, {limit:.4f}: {100 * limit / took:.0f} % of what is possible"
    )


def flops_a_second(network: AcapellaNet) -> float:
    """Multiplications and additions for a second of audio."""
    config = network.config
    frames = config.time_stride_frames * 16
    features = torch.zeros(1, 4, frames, config.fft_samples // 4)
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        network.masks(features)
    return counter.get_total_flops() / (frames * config.hop_samples / config.sample_rate)


def convolution_rate(network: AcapellaNet) -> float:
    """FLOP a second of the widest level's convolutions, each core with one of its own."""
    channels, bins = network.config.channels[0], network.config.fft_samples // 4 // network.config.patch_bins
    cores = os.cpu_count() or 1
    kind = network.position.dtype
    weight = torch.randn(channels, channels, 3, 3).to(kind, memory_format=torch.channels_last)
    tile = torch.randn(1, channels, TILE_FRAMES // 2, bins).to(kind, memory_format=torch.channels_last)
    repeats = 20

    def work(_: int) -> None:
        torch.set_num_threads(1)
        with torch.inference_mode():
            for _ in range(repeats):
                torch.nn.functional.conv2d(tile, weight, padding=1)

    threads = torch.get_num_threads()
    with ThreadPoolExecutor(cores) as pool:
        took = best(lambda: list(pool.map(work, range(cores))), 5)
    torch.set_num_threads(threads)
    return cores * repeats * 2 * channels * channels * 9 * tile.shape[2] * bins / took


def disk_rate(folder: Path) -> float:
    """Bytes a second that the disk takes, flushed."""
    content = np.random.default_rng(1).bytes(1 << 27)
    path = folder / "probe"

    def write() -> None:
        with path.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())

    took = best(write, 3)
    path.unlink()
    return len(content) / took


def memory_rate() -> float:
    """Bytes a second that are read and written by a copy."""
    source = np.ones(1 << 25, np.float32)
    target = np.empty_like(source)
    return 2 * source.nbytes / best(lambda: np.copyto(target, source), 5)


def best(work: Callable[[], object], times: int) -> float:
    """Seconds of the quickest of some runs."""
    took = []
    for _ in range(times):
        begun = time.perf_counter()
        work()
        took.append(time.perf_counter() - begun)
    return min(took)


def knob_row(seconds: float, took_s: float, spectral: bool) -> str:
    """A knob's rewrite against the bytes that it has to move: two stems of 24 bits, written and flushed later."""
    moved = seconds * RATE * 2 * (4 + 4 + 2 * 3)  # mixture and estimate in, two stems out
    limit = moved / memory_rate()
    name = "mask knob" if spectral else "gain knob"
    return f"{name + ', bytes that it moves':44} {took_s:10.3f} s; memory could move them in {limit:.3f} s"


def print_limits(gain_s: float, mask_s: float, seconds: float) -> None:
    """The table."""
    print()
    for name in ("acapellanet-full", "acapellanet-small"):
        print(network_row(name), flush=True)
    print(knob_row(seconds, gain_s, spectral=False))
    print(knob_row(seconds, mask_s, spectral=True))
    with tempfile.TemporaryDirectory() as folder:
        rate = disk_rate(Path(folder))
    stems_s = seconds * RATE * 2 * 3 * 2 / rate
    print(f"{'both stems on the disk, flushed':44} {stems_s:10.3f} s at {rate / 1e6:.0f} MB/s")
