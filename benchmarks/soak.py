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
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import IO

import numpy as np
import soundfile
from numpy.typing import NDArray

from benchmarks.soak_writer import Writer

PATIENCE_S = 120.0
STEMS = ("acapella", "instrumental")
STANDSTILL_S = 180.0
"""Nothing was said and no stem was written for so long: what is missing then is lost."""
DECODERS = 2e-5
"""Two decoders of one lossy file may differ by this much."""
LOSSY = (".ogg",)
"""Come back as 24-bit WAV."""


_JUDGED: dict[Path, tuple[tuple[object, ...], int, str]] = {}
"""What was found out about a pair of stems, by facts of their files and the bounce: good until those change."""


@dataclass
class Tally:
    """What was done and what was found."""

    bounces: int = 0
    broken: int = 0
    kills: int = 0
    losses: list[str] = field(default_factory=list)
    """Whole bounces without exactly their own pair."""
    duplicates: list[str] = field(default_factory=list)
    """Stems beyond one pair a bounce, and stems of broken files."""
    leftovers: list[str] = field(default_factory=list)
    """Temporary files."""
    touched: list[str] = field(default_factory=list)
    """Files of other origin, or edited by hand, that were changed or removed."""
    claims: list[str] = field(default_factory=list)
    """Bounces of which "bit for bit" was said, and is not so."""
    manners: Counter[str] = field(default_factory=Counter)
    """How often the writer did what."""

    @property
    def clean(self) -> bool:
        """Nothing is wrong."""
        return not (self.losses or self.duplicates or self.leftovers or self.touched or self.claims)

    def __str__(self) -> str:
        counts = (
            f"bounces     {self.bounces}\nbroken      {self.broken}\nkills       {self.kills}\n"
            f"losses      {len(self.losses)}\nduplicates  {len(self.duplicates)}\nleftovers   {len(self.leftovers)}\n"
            f'foreign files touched  {len(self.touched)}\nwrong "bit for bit"    {len(self.claims)}'
        )
        manners = ", ".join(f"{name} {count}" for name, count in sorted(self.manners.items()))
        found = (*self.losses, *self.duplicates, *self.leftovers, *self.touched, *self.claims)
        return "\n".join([counts, f"manners     {manners}", *found])


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
        _while_it_works(lambda: _missing(writer), lambda: (_missing(writer), log_size().st_size))
        daemon.kill()
        tally.kills += 1
        _until(lambda: _quiet(bounces), PATIENCE_S)
    return examine(bounces, writer, tally, (folder / "daemon.log").read_text(encoding="utf-8", errors="replace"))


def examine(bounces: Path, writer: Writer, tally: Tally, log: str = "") -> Tally:
    """What became of everything."""
    tally.bounces, tally.broken, tally.manners = len(writer.whole), len(writer.broken), writer.manners
    allowed = {stem for path in writer.deleted for stem in _stems(path, path.stem)} | writer.kept.keys()
    for path in writer.whole:
        pair, trouble = _best_pair(writer, path)
        allowed |= set(pair)
        if trouble:
            tally.losses.append(f"lost: {path}: {trouble}")
            if path.suffix not in LOSSY and f"{path.name}: " in log and _last_claim(log, path.name):
                tally.claims.append(f"wrong claim: {path}: {trouble}")
    for path, content in writer.kept.items():
        if not path.exists() or path.read_bytes() != content:
            tally.touched.append(f"touched: {path}")
    for file in sorted(bounces.rglob("*")):
        if file.name.startswith(".") and file.is_file():
            tally.leftovers.append(f"left over: {file}")
        elif file.parent.name == "separated" and file not in allowed:
            tally.duplicates.append(f"too many: {file}")
    return tally


def _last_claim(log: str, name: str) -> bool:
    """Whether the last line about the stems of a bounce says that they are exact."""
    lines = [line for line in log.splitlines() if f"] {name}: separated/" in line]
    return bool(lines) and "bit for bit" in lines[-1]


def _best_pair(writer: Writer, path: Path) -> tuple[list[Path], str]:
    """A bounce's stems, wherever names that were taken left them, and what is wrong with them.

    Of two bounces with one name, either may have the short one; a stem whose name a file of other origin has is
    called `name (2)`.
    """
    candidates = [_stems(path, name) for name in (path.stem, path.name)]
    if writer.kept.keys() & set(candidates[0]):
        shifted = [stem.with_name(f"{stem.stem} (2){stem.suffix}") for stem in candidates[0]]
        candidates += [[shifted[0], candidates[0][1]], [candidates[0][0], shifted[1]], shifted]
    found = [(pair, _wrong(writer, path, pair)) for pair in candidates]
    return next((one for one in found if not one[1]), found[0])


def _stems(path: Path, name: str) -> list[Path]:
    suffix = ".wav" if path.suffix in LOSSY else path.suffix
    return [path.parent / "separated" / f"{name}_{stem}{suffix}" for stem in STEMS]


def _wrong(writer: Writer, path: Path, stems: list[Path]) -> str:
    """What is wrong with a pair; empty if its sum is the bounce, sample for sample, what was lossy in 24 bits."""
    facts = tuple((stem, *_facts(stem)) for stem in stems)
    known = _JUDGED.get(path)
    if known is None or known[:2] != (facts, hash(writer.whole[path])):
        known = (facts, hash(writer.whole[path]), _compared(writer, path, stems))
        _JUDGED[path] = known
    return known[2]


def _compared(writer: Writer, path: Path, stems: list[Path]) -> str:
    try:
        parts = [_samples(stem) for stem in stems]
    except (OSError, soundfile.LibsndfileError) as error:
        return str(error)
    joined = writer.sounds.get(path)
    bounce = _samples(BytesIO(writer.whole[path])) if joined is None else joined
    if any(part.shape != bounce.shape for part in parts):
        return f"stems of {[len(part) for part in parts]} frames, the bounce has {len(bounce)}"
    error = np.abs(parts[0] + parts[1] - bounce).max()
    allowed = DECODERS if joined is not None else 2**-24 if path.suffix in LOSSY else 0
    return "" if error <= allowed else f"the stems' sum is off by {error}"


def _facts(path: Path) -> tuple[int, int, int]:
    try:
        facts = path.stat()
    except OSError:
        return (-1, -1, -1)
    return facts.st_size, facts.st_mtime_ns, facts.st_ino


def _samples(file: Path | BytesIO) -> NDArray[np.float64]:
    samples: NDArray[np.float64] = soundfile.read(file, dtype="float64", always_2d=True)[0]
    return samples


def _missing(writer: Writer) -> int:
    return sum(bool(_best_pair(writer, path)[1]) for path in tuple(writer.whole))


def _write(writer: Writer, end: float, rate_s: float) -> None:
    while time.monotonic() < end:
        writer.bounce()
        writer.rest(rate_s)


def _ready(log: Path) -> bool:
    return b"is ready on" in log.read_bytes()


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
