"""Very many bounces at once: `python -m benchmarks.many [--files 10000] [--folders 1000]`.

So many short bounces, each of its own audio, are written into so many sub-folders of a folder that a real daemon
watches (engine: center). Printed: until all were queued and done, the time a bounce took in each quarter (it must not
grow with their number), the peaks of resident memory, and how long a second start takes that finds all of them done.
Ends with 1 where a bounce has not exactly its own pair, or a restart did one again. Linux only (/proc).
"""

import argparse
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

RATE, FRAMES = 8000, 60
PATIENCE_S = 3600.0


@dataclass
class Times:
    """Seconds since the first file was written."""

    written: float
    queued: float
    quarters: list[float]
    """When a quarter, a half, three quarters and all were done."""


@contextmanager
def daemon(bounces: Path, home: Path) -> Iterator["subprocess.Popen[str]"]:
    """A daemon that is ready, and ended in order."""
    command = [sys.executable, "-m", "dawbridge", "watch", str(bounces), "--model", "center", "--no-midi"]
    environment = {**os.environ, "DAWBRIDGE_HOME": str(home)}
    with (home.parent / "log").open("ab") as log:
        start = log.tell()
        process = subprocess.Popen([*command, "--osc-port", "0", "--http-port", "0"], env=environment, stdout=log)
        try:
            wait_until(lambda: b"is ready on" in (home.parent / "log").read_bytes()[start:], process)
            yield process
        finally:
            process.terminate()
            process.wait(60)


def wait_until(condition: Callable[[], bool], process: "subprocess.Popen[str]") -> None:
    """Look four times a second. Ends the bench where the daemon ended or nothing comes of it."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        if process.poll() is not None or time.monotonic() > deadline:
            sys.exit("the daemon ended" if process.poll() is not None else "it takes too long")
        time.sleep(0.25)


def write(bounces: Path, files: int, folders: int) -> None:
    """All of them, as fast as the disk takes them."""
    random = np.random.default_rng(1)
    for number in range(files):
        folder = bounces / f"take {number % folders}" if folders else bounces
        folder.mkdir(exist_ok=True)
        soundfile.write(folder / f"bounce {number}.wav", 0.1 * random.standard_normal((FRAMES, 2)), RATE)


def count(home: Path, where: str) -> int:
    """Jobs in the ledger."""
    with sqlite3.connect(f"file:{home}/state/ledger.sqlite?mode=ro", uri=True) as ledger:
        return int(ledger.execute(f"SELECT COUNT(*) FROM jobs WHERE {where}").fetchone()[0])


def run(bounces: Path, home: Path, files: int, folders: int, process: "subprocess.Popen[str]") -> Times:
    """Write them, and wait for their stems."""
    begun = time.monotonic()
    write(bounces, files, folders)
    written = time.monotonic() - begun
    wait_until(lambda: count(home, "state IN ('queued', 'running', 'done')") >= files, process)
    queued, quarters = time.monotonic() - begun, []
    for quarter in range(1, 5):
        wait_until(lambda quarter=quarter: count(home, "state = 'done'") >= files * quarter // 4, process)  # type: ignore[misc]
        quarters.append(time.monotonic() - begun)
    return Times(written, queued, quarters)


def peaks_mib(process: "subprocess.Popen[str]") -> tuple[float, float]:
    """Peak resident memory of the daemon and of its largest child, which is the engine."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return _peak_mib(process.pid), max(map(_peak_mib, map(int, children)))


def _peak_mib(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def wrong(bounces: Path) -> int:
    """Bounces whose pair is missing or does not add up, and stems that are too many."""
    found = [path for path in bounces.rglob("*.wav") if path.parent.name != "separated"]
    bad = 0
    for path in found:
        stems = [path.parent / "separated" / f"{path.stem}_{stem}.wav" for stem in ("acapella", "instrumental")]
        if not all(stem.exists() for stem in stems):
            bad += 1
            continue
        bounce, *parts = (soundfile.read(file, dtype="float64")[0] for file in (path, *stems))
        bad += not np.array_equal(parts[0] + parts[1], bounce)
    return bad + abs(sum(1 for _ in bounces.rglob("separated/*")) - 2 * len(found))


def main() -> int:
    """Run, restart, look; print."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--files", type=int, default=10_000)
    arguments.add_argument("--folders", type=int, default=1000)
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as place:
        bounces, home = Path(place) / "bounces", Path(place) / "home"
        bounces.mkdir()
        with daemon(bounces, home) as process:
            times = run(bounces, home, options.files, options.folders, process)
            daemon_mib, engine_mib = peaks_mib(process)
        began = [0.0, *times.quarters]
        each = [4000 * (after - before) / options.files for before, after in zip(began, times.quarters, strict=False)]
        print(f"files {options.files}, folders {options.folders}: written in {times.written:.1f} s, "
              f"all queued after {times.queued:.1f} s, all done after {times.quarters[-1]:.1f} s")  # fmt: skip
        print("ms a bounce, by quarter: " + ", ".join(f"{ms:.1f}" for ms in each))
        print(f"peak memory: daemon {daemon_mib:.0f} MiB, engine {engine_mib:.0f} MiB")
        jobs, begun = count(home, "1"), time.monotonic()
        with daemon(bounces, home) as process:
            print(f"second start: ready after {time.monotonic() - begun:.1f} s", flush=True)
            soundfile.write(bounces / "one more.wav", np.full((FRAMES, 2), 0.1), RATE)
            wait_until(lambda: count(home, "state = 'done'") >= options.files + 1, process)
        again, bad = count(home, "1") - jobs - 1, wrong(bounces)
        print(f"wrong {bad}, done again {again}")
    return 1 if bad or again else 0


if __name__ == "__main__":
    sys.exit(main())
