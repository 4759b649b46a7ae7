"""Nothing lost: `make soak MINUTES=30`. Random bounces, a daemon killed at random, and a strict look at the end.

A writer bounces in every manner that DAWs, copiers and accidents have (benchmarks/soak_writer.py), while the daemon is
ended with kill -9 at random instants and started again. At the end every whole bounce has exactly one pair of stems
whose sum is the bounce bit for bit, no broken one has any, and nothing else is left over. Seeded: the same seed makes
the same bounces and pauses.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from benchmarks.soak_examination import Tally, examine, missing
from benchmarks.soak_writer import Writer

PATIENCE_S = 120.0
STANDSTILL_S = 180.0
"""Nothing was said and no stem was written for so long: what is missing then is lost."""


class Daemon:
    """`dawbridge watch` as a program of its own, ended and started at will."""

    def __init__(self, folder: Path, home: Path, log: IO[bytes]) -> None:
        self._command = [sys.executable, "-m", "dawbridge", "watch", str(folder), "--model", "center", "--no-midi"]
        self._command += ["--osc-port", "0"]
        self._environment = {**os.environ, "DAWBRIDGE_HOME": str(home)}
        self._log = log
        self.process = self._start()

    def _start(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(self._command, env=self._environment, stdout=self._log, stderr=self._log)

    def kill(self) -> None:
        """kill -9, and a new one."""
        self.process.kill()
        self.process.wait()
        self.process = self._start()

    def stop(self) -> None:
        """In order."""
        self.process.terminate()
        self.process.wait(30)


def soak(folder: Path, seconds: float, seed: int, say: Callable[[str], object] = print, rate_s: float = 1.0) -> Tally:
    """Bounce and kill for so long, wait until all is done, look. `rate_s`: longest pause between bounces."""
    bounces, tally = folder / "bounces", Tally()
    bounces.mkdir(parents=True)
    stopping = threading.Event()
    writer = Writer(bounces, seed, stopping.wait)
    chance = random.Random(seed + 1)
    with (folder / "daemon.log").open("ab") as log, _ended(Daemon(bounces, folder / "home", log)) as daemon:
        _until(lambda: _ready(folder / "daemon.log"), PATIENCE_S)
        end = time.monotonic() + seconds
        thread = threading.Thread(target=_write, args=(writer, end, rate_s), daemon=True)
        thread.start()
        while time.monotonic() < end:
            time.sleep(
                min(
                    chance.choice((0.3, 1.0, 3.0, 8.0, 20.0)) * chance.uniform(0.5, 1.5),
                    max(0.0, end - time.monotonic()),
                )
            )
            daemon.kill()
            tally.kills += 1
            say(f"{max(0.0, end - time.monotonic()):6.0f} s left, {len(writer.whole)} bounces, {tally.kills} kills")
        stopping.set()
        thread.join()
        log_size = (folder / "daemon.log").stat
        _while_it_works(lambda: missing(writer), lambda: (missing(writer), log_size().st_size))
        begun = log_size().st_size
        daemon.kill()
        tally.kills += 1
        _until(lambda: _ready(folder / "daemon.log", begun) and _quiet(bounces), 2 * PATIENCE_S)
    return examine(bounces, writer, tally, (folder / "daemon.log").read_text(encoding="utf-8", errors="replace"))


def _write(writer: Writer, end: float, rate_s: float) -> None:
    try:
        while time.monotonic() < end:
            writer.bounce()
            writer.rest(rate_s)
    except Exception as error:
        writer.trouble = repr(error)


def _ready(log: Path, begin: int = 0) -> bool:
    """Whether a daemon has said so, behind that byte of the log."""
    return b"is ready on" in log.read_bytes()[begin:]


def _quiet(bounces: Path) -> bool:
    """Nothing was written for a while: what the last start found again is done again, if it is."""
    newest = max((file.stat().st_mtime for file in bounces.rglob("separated/*")), default=0.0)
    return time.time() - newest > 8.0


def _while_it_works(missing: Callable[[], int], signs: Callable[[], object]) -> None:
    """Wait until nothing is missing, for as long as anything happens: a busy machine is given all the time it needs."""
    seen, since = signs(), time.monotonic()
    while missing() and time.monotonic() - since < STANDSTILL_S:
        time.sleep(1.0)
        now = signs()
        if now != seen:
            seen, since = now, time.monotonic()


def _until(condition: Callable[[], bool], patience_s: float) -> bool:
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(1.0)
    return False


@contextmanager
def _ended(daemon: Daemon) -> Iterator[Daemon]:
    try:
        yield daemon
        daemon.stop()
    finally:
        daemon.process.kill()
        daemon.process.wait()


def main() -> int:
    """Soak and print; 1 where anything was lost, doubled or left over."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--minutes", type=float, default=30.0, help="how long to bounce [30]")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=1.0, metavar="S", help="longest pause between bounces [1]")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="work there, and leave all there")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        tally = soak((options.keep or Path(folder)) / "soak", 60 * options.minutes, options.seed, rate_s=options.rate)
        print(f"\nseed        {options.seed}\n{tally}")
    return 0 if tally.clean else 1


if __name__ == "__main__":
    sys.exit(main())
