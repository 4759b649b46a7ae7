"""A cluster of two workers on this computer: `make bench-cluster`.

Twenty bounces go through a daemon whose pieces are estimated by two workers of one thread each. Half-way one worker is
killed with SIGKILL, later the scheduler too, which is started again. Printed: whether every bounce has exactly its own
pair and the pair adds up, bytes over the wire for a minute of audio, and how much faster two workers are than one.

Then the plan: pieces on workers that only sleep for as long as a graphics card would work, to see from how many on this
computer, the scheduler and the connection are what limits.
"""

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import soundfile

from dawbridge.surfaces.osc.client import OscClient, free_port
from tools.song import make_song

RATE = 44100
PATIENCE_S = 900.0
SLEEP = """
import sys, time
from dawbridge.cluster import piece

def slept(given):
    time.sleep(float(sys.argv[1]))
    return piece.Answer(vocals=given.samples)

slept.__module__, slept.__qualname__ = piece.__name__, "estimate"
piece.estimate = slept
from dawbridge.cli.main import main
sys.exit(main(sys.argv[2:]))
"""
"""A worker that gives back what it gets, after as long as `argv[1]` says."""


class Local:
    """A scheduler and workers as processes, which can be killed."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.address = folder, f"tcp://127.0.0.1:{free_port()}"
        self.running: list[subprocess.Popen[bytes]] = []

    def _start(self, *command: str) -> "subprocess.Popen[bytes]":
        home = self.folder / f"home-{len(self.running)}"
        environment = {**os.environ, "DAWBRIDGE_HOME": str(home), "OMP_NUM_THREADS": "1"}
        with (self.folder / "cluster.log").open("ab") as log:
            self.running.append(subprocess.Popen([sys.executable, *command], env=environment, stdout=log, stderr=log))
        return self.running[-1]

    def scheduler(self) -> "subprocess.Popen[bytes]":
        """Start the scheduler at the address."""
        port = self.address.rpartition(":")[2]
        more = ("--host", "127.0.0.1", "--port", port, "--no-dashboard")
        return self._start("-m", "distributed.cli.dask_scheduler", *more)

    def worker(self, sleep_s: float | None = None) -> "subprocess.Popen[bytes]":
        """Start a worker of one thread, or one that only sleeps."""
        command = ("cluster", "worker", self.address, "--device", "cpu", "--threads", "1")
        if sleep_s is None:
            return self._start("-m", "dawbridge", *command)
        return self._start("-c", SLEEP, str(sleep_s), *command)

    def wait_for(self, workers: int) -> None:
        """Until so many workers are there."""
        from distributed import Client

        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                with Client(self.address, timeout=5, set_as_default=False) as client:
                    client.wait_for_workers(workers, timeout=PATIENCE_S)
                    return
            except (OSError, TimeoutError):
                if time.monotonic() > deadline:
                    raise

    def stop(self) -> None:
        """End everything."""
        for process in self.running:
            process.kill()
            process.wait()


@contextmanager
def cluster() -> Iterator[Local]:
    """A scheduler in a temporary folder."""
    with tempfile.TemporaryDirectory() as name:
        local = Local(Path(name))
        local.scheduler()
        try:
            yield local
        finally:
            local.stop()


def main() -> int:
    """Measure and print; 1 if a bounce has not exactly its own pair."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bounces", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=30.0, help="length of a bounce [30]")
    parser.add_argument("--model", default="acapellanet-small")
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2, 4, 8, 16], help="of those that sleep")
    options = parser.parse_args()
    wrong = kills(options.bounces, options.seconds, options.model)
    speed_up(options.model)
    plan(options.workers)
    return int(wrong > 0)


def kills(count: int, seconds: float, model: str) -> int:
    """Bounces through a daemon while a worker and the scheduler are killed; how many pairs are wrong."""
    vocals, music = make_song(seconds)
    song = (vocals + music).T
    with cluster() as local, tempfile.TemporaryDirectory() as name:
        scheduler, workers = local.running[0], [local.worker(), local.worker()]
        local.wait_for(2)
        folder, port = Path(name) / "bounces", free_port()
        folder.mkdir()
        command = [sys.executable, "-m", "dawbridge", "watch", str(folder), "--no-midi", "--http-port", "0",
                   "--osc-port", str(port), "--model", model, "--cluster", local.address, "--no-prefetch"]  # fmt: skip
        with OscClient(port) as heard:
            command += ["--osc-feedback", f"127.0.0.1:{heard.port}"]
            daemon = subprocess.Popen(command, env={**os.environ, "DAWBRIDGE_HOME": str(Path(name) / "home")})
            heard.wait_for("/dawbridge/startup", PATIENCE_S)
            for number in range(count):
                soundfile.write(folder / f"song{number:02}.wav", np.roll(song, number, axis=0), RATE, "PCM_24")
            done: list[int] = []
            while len(done) < count:
                done.append(int(str(heard.wait_for("/dawbridge/job/done", PATIENCE_S)[0])))
                if len(done) == count // 3:
                    workers[0].kill()
                    print(f"after {len(done)} bounces: one worker killed", flush=True)
                if len(done) == 2 * count // 3:
                    scheduler.kill()
                    scheduler.wait()
                    local.scheduler()
                    print(f"after {len(done)} bounces: the scheduler killed and started again", flush=True)
            daemon.terminate()
            daemon.wait(60)
        wrong = sum(not is_pair(path) for path in sorted(folder.glob("*.wav")))
    print(f"{count} bounces: {count - wrong} correct pairs, {len(done) - len(set(done))} done twice\n", flush=True)
    return wrong + len(done) - len(set(done))


def is_pair(bounce: Path) -> bool:
    """Whether both stems are there and add up to the bounce, bit for bit."""
    stems = [bounce.parent / "separated" / f"{bounce.stem}_{stem}.wav" for stem in ("acapella", "instrumental")]
    with suppress(OSError, soundfile.SoundFileError):
        parts = [soundfile.read(path, dtype="int32")[0].astype(np.int64) for path in stems]
        return bool((sum(parts) == soundfile.read(bounce, dtype="int32")[0]).all())
    return False


def speed_up(model: str) -> None:
    """Two workers against one, and the bytes that travel."""
    from dawbridge.cluster.pool import ClusterPool
    from dawbridge.config.cluster import ClusterSettings

    took = []
    for count in (1, 2):
        with cluster() as local:
            for _ in range(count):
                local.worker()
            local.wait_for(count)
            pool = ClusterPool(ClusterSettings(local.address))
            estimate(pool, 48.0, model)  # the workers load the model
            begun, before = time.perf_counter(), pool.sent_bytes + pool.received_bytes
            estimate(pool, 240.0, model)
            took.append(time.perf_counter() - begun)
            megabytes = (pool.sent_bytes + pool.received_bytes - before) / 4 / 1e6
            pool.close()
    print(f"{'workers of one thread':32} {'240 s of audio':>16}")
    for count, seconds in zip((1, 2), took, strict=True):
        print(f"{count:32} {seconds:14.1f} s")
    print(f"two against one: {took[0] / took[1]:.2f} times as fast; {megabytes:.1f} MB a minute of audio\n", flush=True)


def plan(counts: list[int]) -> None:
    """Workers that take 0.05 s for each piece of 24 s, as a graphics card would, or 0.5 s."""
    from dawbridge.cluster.pool import ClusterPool
    from dawbridge.config.cluster import ClusterSettings

    print(
        f"{'workers that sleep':20} {'a piece':>10} {'minutes of audio a second':>28} {'3-minute bounces an hour':>26}"
    )
    for sleep_s in (0.05, 0.5):
        for count in counts:
            with cluster() as local:
                for _ in range(count):
                    local.worker(sleep_s)
                local.wait_for(count)
                pool = ClusterPool(ClusterSettings(local.address))
                estimate(pool, 24.0, "center")
                begun = time.perf_counter()
                estimate(pool, 960.0, "center")
                rate = 16.0 / (time.perf_counter() - begun)
                pool.close()
            print(f"{count:20} {sleep_s:8.2f} s {rate:28.2f} {rate * 1200:26.0f}", flush=True)


def estimate(pool: object, seconds: float, model: str) -> str:
    """Estimate noise on the cluster; a digest of it."""
    from dawbridge.engine.analyser import Analyser, Variant
    from dawbridge.engine.mixture import ArrayMixture
    from dawbridge.estimators import find_model

    noise = (0.1 * np.random.default_rng(1).standard_normal((2, int(RATE * seconds)))).astype(np.float32)
    target = np.zeros_like(noise)
    analyser = Analyser(find_model(model), "cpu", cluster=pool)  # type: ignore[arg-type]
    analyser.analyse(ArrayMixture(noise, RATE), Variant(center=False, width=0.5), target, loop=False)
    return hashlib.sha256(target.tobytes()).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
