"""Any length in bounded memory: the peak of `dawbridge separate` over long bounces, in MiB.

    python -m benchmarks.length [--hours 3] [--rates 48000,192000] [--model center] [--folder DIR] [--daemon]

For each rate a stereo 24-bit file is made and separated by a process of its own, whose peak of resident memory
(as the kernel counted it) is printed; then both stems are read again and added, block by block. With `--daemon` the
file is moved into a folder that `dawbridge watch` watches (model: center), and the peak is that of the daemon and its
engine together. Ends with 1 where the peak is over the limit of 2 GiB or the sum is not the bounce bit for bit. Room
on the disk: about 7 GB per hour at 48 kHz. POSIX only, the daemon's peak Linux only.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np
import soundfile

from benchmarks.many import count, daemon, peaks_mib, wait_until

LIMIT_MIB = 2048
BLOCK_FRAMES = 1 << 18


def make(path: Path, rate: int, seconds: float) -> None:
    """A stereo bounce: a tone in the middle under noise on the sides, 24 bits; RF64 beyond 4 GiB."""
    frames, random = round(seconds * rate), np.random.default_rng(1)
    middle = 0.2 * np.sin(2 * np.pi * 440 / rate * np.arange(BLOCK_FRAMES))[:, None]
    block = middle + random.uniform(-0.1, 0.1, (BLOCK_FRAMES, 2))
    container = "RF64" if frames * 6 > 2**32 - 2**20 else "WAV"
    with soundfile.SoundFile(path, "w", rate, 2, "PCM_24", format=container) as file:
        for start in range(0, frames, BLOCK_FRAMES):
            file.write(np.roll(block, start // BLOCK_FRAMES, axis=0)[: frames - start])


def separate(bounce: Path, home: Path, model: str) -> tuple[float, float]:
    """Run the program; its peak in MiB and the seconds it took. Ends the bench where it fails."""
    command = [sys.executable, "-m", "dawbridge", "separate", str(bounce), "--model", model]
    begun = time.perf_counter()
    process = subprocess.Popen(command, env={**os.environ, "DAWBRIDGE_HOME": str(home)}, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"dawbridge ended with {process.returncode}")
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return usage.ru_maxrss / unit, time.perf_counter() - begun


def through_daemon(bounce: Path, home: Path) -> tuple[float, float]:
    """The same through a real daemon's folder; the bounce is moved into it."""
    home.mkdir()
    outside = bounce.rename(home / bounce.name)
    with daemon(bounce.parent, home) as process:
        begun = time.perf_counter()
        outside.rename(bounce)
        wait_until(lambda: count(home, "state IN ('done', 'failed')") > 0, process)
        seconds = time.perf_counter() - begun
        return sum(peaks_mib(process)), seconds


def nulls(bounce: Path) -> bool:
    """Whether both stems add up to the bounce, bit for bit, and are no longer than it."""
    folder = bounce.parent / "separated"
    paths = [bounce, *(folder / f"{bounce.stem}_{stem}.wav" for stem in ("acapella", "instrumental"))]
    readers = (soundfile.blocks(path, BLOCK_FRAMES, dtype="int32", always_2d=True) for path in paths)
    return all(
        mixture.shape == acapella.shape and np.array_equal(mixture, acapella + instrumental)
        for mixture, acapella, instrumental in zip(*readers, strict=True)
    )


def main() -> int:
    """Print the table; 1 where a bar was missed."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--hours", type=float, default=3.0)
    arguments.add_argument("--rates", default="48000,192000", help="Hz, with commas between")
    arguments.add_argument("--model", default="center")
    arguments.add_argument("--folder", type=Path, help="where there is room; default: the system's temporary folder")
    arguments.add_argument("--daemon", action="store_true", help="through a watched folder, engine: center")
    options = arguments.parse_args()
    failed = False
    print(f"{'rate Hz':>8} {'hours':>6} {'bounce MiB':>11} {'peak MiB':>9} {'seconds':>8} {'x real time':>12}  null")
    for rate in map(int, options.rates.split(",")):
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            bounce, home = Path(folder) / "bounces" / "set.wav", Path(folder) / "home"
            bounce.parent.mkdir()
            make(bounce, rate, options.hours * 3600)
            run = through_daemon if options.daemon else partial(separate, model=options.model)
            peak_mib, seconds = run(bounce, home)
            exact = nulls(bounce)
            stem = bounce.parent / "separated" / "set_acapella.wav"
            formats = " to ".join(soundfile.info(path).format for path in (bounce, stem))
            failed |= peak_mib > LIMIT_MIB or not exact
            size, speed = bounce.stat().st_size / 2**20, options.hours * 3600 / seconds
            print(f"{rate:8} {options.hours:6.2f} {size:11.0f} {peak_mib:9.0f} {seconds:8.0f} {speed:12.1f}  "
                  f"{'bit for bit' if exact else 'NOT EXACT'}, {formats}", flush=True)  # fmt: skip
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
