"""Nothing lost: `make soak MINUTES=30`. Random bounces, a daemon killed at random, and a strict look at the end.

A writer bounces in every manner that DAWs and copiers have (normal, header first with a pause, deleted and recreated,
copied in halves, moved into place, overwritten, and killed half way), while the daemon is ended with kill -9 at random
instants and started again. At the end every whole bounce has exactly one pair of stems whose sum is the bounce bit for
bit, no broken one has any, and nothing else is left over. Seeded: the same seed makes the same bounces and pauses.
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
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import IO

import numpy as np
import soundfile
from numpy.typing import NDArray

RATE = 8000
FORMATS = (
    ("WAV", "PCM_16", ".wav"),
    ("WAV", "PCM_24", ".wav"),
    ("AIFF", "PCM_16", ".aif"),
    ("FLAC", "PCM_16", ".flac"),
)
NAMES = ("song", "Größe", "e\u0301tude", "ミックス 🎤", " lead", "mix.v2", "x" * 200, "100% (final)")
PATIENCE_S = 120.0
STEMS = ("acapella", "instrumental")


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

    @property
    def clean(self) -> bool:
        """Nothing is wrong."""
        return not (self.losses or self.duplicates or self.leftovers)

    def __str__(self) -> str:
        counts = (
            f"bounces     {self.bounces}\nbroken      {self.broken}\nkills       {self.kills}\n"
            f"losses      {len(self.losses)}\nduplicates  {len(self.duplicates)}\nleftovers   {len(self.leftovers)}"
        )
        return "\n".join([counts, *self.losses, *self.duplicates, *self.leftovers])


class Writer:
    """Bounces at random into `folder`; `whole` and `broken` say what has to become of them."""

    def __init__(self, folder: Path, seed: int, pause: Callable[[float], object]) -> None:
        self._folder, self._pause = folder, pause
        self._random = random.Random(seed)
        self._noise = np.random.default_rng(seed)
        self._count = 0
        self.whole: dict[Path, bytes] = {}
        """The bytes of every whole bounce as it lay there last."""
        self.broken: set[Path] = set()

    def bounce(self) -> None:
        """One more, in a manner chosen at random."""
        manners = (
            self._normal, self._header_first, self._recreated, self._halves, self._moved, self._overwritten,
            self._twice, self._killed, self._cut_off,
        )  # fmt: skip
        self._random.choice(manners)()

    def rest(self, longest_s: float) -> None:
        """Wait for up to `longest_s`."""
        self._pause(self._random.uniform(0.0, longest_s))

    def _path(self, suffix: str) -> Path:
        self._count += 1
        folder = self._folder / self._random.choice(("", "", "karaoke", "day 2/late"))
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{self._random.choice(NAMES)} {self._count}{suffix}"

    def _audio(self) -> tuple[bytes, str]:
        """A whole file's bytes and its suffix."""
        container, subtype, suffix = self._random.choice(FORMATS)
        frames = self._random.randrange(50, 6 * RATE)
        samples = 0.1 * self._noise.standard_normal((frames, self._random.choice((1, 2)))).clip(-3, 3)
        buffer = BytesIO()
        soundfile.write(buffer, samples, RATE, subtype=subtype, format=container)
        return buffer.getvalue(), suffix

    def _normal(self) -> None:
        data, suffix = self._audio()
        path = self._path(suffix)
        path.write_bytes(data)
        self.whole[path] = data

    def _header_first(self) -> None:
        """As libsndfile does: sizes are placeholders until the end."""
        data, _ = self._wav()
        path = self._path(".wav")
        with path.open("wb") as stream:
            self._begin(stream, data)
            self._slowly(stream, data[44:])
            stream.seek(0)
            stream.write(data[:44])
        self.whole[path] = data

    def _recreated(self) -> None:
        """As csound does: an empty file, deleted, then the bounce."""
        data, suffix = self._audio()
        path = self._path(suffix)
        path.touch()
        self.rest(0.5)
        path.unlink()
        self.rest(0.5)
        path.write_bytes(data)
        self.whole[path] = data

    def _halves(self) -> None:
        """As a copier does: the header is whole from the start, the body comes late."""
        data, suffix = self._audio()
        path = self._path(suffix)
        with path.open("wb") as stream:
            self._slowly(stream, data)
        self.whole[path] = data

    def _moved(self) -> None:
        data, suffix = self._audio()
        path = self._path(suffix)
        part = path.with_name(f".{self._count}.part")
        part.write_bytes(data)
        self.rest(0.3)
        part.replace(path)
        self.whole[path] = data

    def _overwritten(self) -> None:
        """An earlier bounce once more, with other audio."""
        earlier = sorted(path for path in self.whole if path.suffix != ".caf")
        path = self._random.choice(earlier) if earlier else self._path(".wav")
        data, suffix = self._audio()
        while suffix != path.suffix:
            data, suffix = self._audio()
        path.write_bytes(data)
        self.whole[path] = data

    def _twice(self) -> None:
        """The same audio under two names that differ by their suffix or by a digit."""
        self._normal()
        path, data = next(reversed(self.whole.items()))
        other = path.with_name(f"{path.stem} again{path.suffix}")
        other.write_bytes(data)
        self.whole[other] = data
        samples, rate = soundfile.read(BytesIO(data), dtype="int16", always_2d=True)
        buffer = BytesIO()
        soundfile.write(buffer, samples, rate, subtype="PCM_16", format="CAF")
        path.with_suffix(".caf").write_bytes(buffer.getvalue())
        self.whole[path.with_suffix(".caf")] = buffer.getvalue()

    def _killed(self) -> None:
        """A program that was ended half way: its sizes were never filled in."""
        data, _ = self._wav()
        path = self._path(".wav")
        with path.open("wb") as stream:
            self._begin(stream, data)
            stream.write(data[44 : len(data) // 2])
        self.broken.add(path)

    def _cut_off(self) -> None:
        """A copy that was ended half way."""
        data, suffix = self._audio()
        path = self._path(suffix)
        path.write_bytes(data[: len(data) // 2])
        self.broken.add(path)

    def _wav(self) -> tuple[bytes, str]:
        while True:
            data, suffix = self._audio()
            if suffix == ".wav":
                return data, suffix

    def _begin(self, stream: IO[bytes], data: bytes) -> None:
        stream.write(data[:4] + bytes((8, 0, 0, 0)) + data[8:40] + bytes(4))
        stream.flush()
        self.rest(0.8)

    def _slowly(self, stream: IO[bytes], data: bytes) -> None:
        for half in (data[: len(data) // 2], data[len(data) // 2 :]):
            stream.write(half)
            stream.flush()
            self.rest(0.8)


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
        thread.join(PATIENCE_S)
        _until(lambda: _missing(writer) == 0, PATIENCE_S + seconds)
        daemon.kill()
        tally.kills += 1
        _until(lambda: _quiet(bounces), PATIENCE_S)
    return examine(bounces, writer, tally)


def examine(bounces: Path, writer: Writer, tally: Tally) -> Tally:
    """What became of everything."""
    tally.bounces, tally.broken = len(writer.whole), len(writer.broken)
    pairs = _pairs(writer)
    expected = set()
    for path, data in writer.whole.items():
        expected |= set(pairs[path])
        trouble = _wrong(data, pairs[path])
        if trouble:
            tally.losses.append(f"lost: {path}: {trouble}")
    for file in sorted(bounces.rglob("*")):
        if file.name.startswith(".") and file.is_file():
            tally.leftovers.append(f"left over: {file}")
        elif file.parent.name == "separated" and file not in expected:
            tally.duplicates.append(f"too many: {file}")
    return tally


def _pairs(writer: Writer) -> dict[Path, list[Path]]:
    """Where each bounce's stems have to lie. Of two with one name, either may have the short one."""
    pairs: dict[Path, list[Path]] = {}
    for path, data in writer.whole.items():
        usual = _stems(path, path.stem)
        longer = _stems(path, path.name)
        pairs[path] = longer if all(stem.exists() for stem in longer) and not _wrong(data, longer) else usual
    return pairs


def _stems(path: Path, name: str) -> list[Path]:
    suffix = path.suffix
    return [path.parent / "separated" / f"{name}_{stem}{suffix}" for stem in STEMS]


def _wrong(data: bytes, stems: list[Path]) -> str:
    """What is wrong with a pair; empty where its sum is the bounce, sample for sample."""
    try:
        parts = [_samples(stem) for stem in stems]
    except (OSError, soundfile.LibsndfileError) as error:
        return str(error)
    bounce = _samples(BytesIO(data))
    if any(part.shape != bounce.shape for part in parts):
        return f"stems of {[len(part) for part in parts]} frames, the bounce has {len(bounce)}"
    return "" if np.array_equal(parts[0] + parts[1], bounce) else "the stems' sum is not the bounce"


def _samples(file: Path | BytesIO) -> NDArray[np.float64]:
    samples: NDArray[np.float64] = soundfile.read(file, dtype="float64", always_2d=True)[0]
    return samples


def _missing(writer: Writer) -> int:
    pairs = _pairs(writer)
    return sum(bool(_wrong(data, pairs[path])) for path, data in writer.whole.items())


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
