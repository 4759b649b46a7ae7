"""Compare speed and memory with other separators: `make bench-peers`, which sets up their environment first.

HT Demucs, Open-Unmix and Mel-Band RoFormer beside acapellanet-full and -small, on the same song with the same number of
threads, one process after the other. The peers have random weights of the true shape: nothing here says how well a
network separates. Linux and macOS only.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.peers.children import Ended, run
from benchmarks.peers.table import table

OURS = ("acapellanet-full", "acapellanet-small")
THEIRS = ("open-unmix", "ht-demucs", "mel-band-roformer")
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")


def main() -> int:
    """Measure and print; 1 if a row is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", required=True, help="the interpreter of the peers' environment")
    parser.add_argument("--seconds", type=float, default=30.0, help="length of the song, at least 8 [30]")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="threads of torch [one per processor]")
    parser.add_argument("--minutes", type=float, default=7.5, help="time for all of it; what is late is left out [7.5]")
    options = parser.parse_args()
    if options.seconds < 8:
        parser.error(f"--seconds {options.seconds:g}: allowed is 8 or more, the length of a RoFormer's segment")
    if options.threads < 1:
        parser.error(f"--threads {options.threads}: allowed is 1 or more")
    load, until = os.getloadavg()[0], time.monotonic() + 60 * options.minutes
    with tempfile.TemporaryDirectory() as folder:
        ended = measure(Path(folder), options.python, options.seconds, options.threads, until)
    print("\n" + "\n".join(notes(ended, options.seconds, load)) + "\n")
    print("\n".join(table(ended, options.seconds)))
    return int(any(child.separation is None for child in ended.values()))


def measure(folder: Path, python: str, seconds: float, threads: int, until: float) -> dict[str, Ended]:
    """Run each separator in a process of its own, and say what goes on."""
    subprocess.run([sys.executable, "-m", "benchmarks.peers.song", str(folder), str(seconds)], check=True)
    environment = dict.fromkeys(THREADS, str(threads))
    ended = {}
    for number, name in enumerate((*OURS, *THEIRS), 1):
        print(f"{number}/{len(OURS) + len(THEIRS)} {name} ...", end=" ", flush=True)
        begun = time.monotonic()
        start = [sys.executable, "-m", "benchmarks.peers.ours"]
        if name in THEIRS:
            start = [python, "-m", "benchmarks.peers.theirs"]
        ended[name] = run([*start, name, str(folder)], folder, max(1.0, until - begun), environment)
        print(ended[name].failure or f"done in {time.monotonic() - begun:.0f} s", flush=True)
    return ended


def notes(ended: dict[str, Ended], seconds: float, load: float) -> list[str]:
    """Say what was measured; `load` is the load average before the first separator ran."""
    threads = sorted({child.separation.threads for child in ended.values() if child.separation})
    return [
        f"A song of {seconds:g} s, stereo, 44.1 kHz, 24 bits; threads: {', '.join(map(str, threads))}. Wall and CPU: "
        "from the file to its stems on the disk,",
        "once the network is loaded and warm; the quickest of up to three runs. Peak: of the whole process, as the "
        "kernel counted it.",
        f"Load average before it began: {load:.1f} on {os.cpu_count()} processors. What others compute makes wall "
        "seconds longer, and CPU seconds too",
        "where threads wait for each other; with one thread for each (ARGS='--threads 1') CPU seconds are the fairest.",
        "SPEED ONLY: the peers have RANDOM WEIGHTS of the true shape. Nothing here says how well a network separates.",
    ]


if __name__ == "__main__":
    sys.exit(main())
