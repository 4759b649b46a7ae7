"""Damaged audio files, as many as wanted, through everything that reads them: `make fuzz` runs 100,000.

    python -m benchmarks.fuzz_files --count 100000 --seed 1

Small real files of every container, with all the metadata that is carried, are damaged at random: bytes, sizes, cuts,
insertions, repetitions. Each goes through the walker, the judge of completeness, the reader of marks, the decoder, the
hash and the writer of metadata. Nothing but a `DawbridgeError` may come out, within a second of processor time, and the
stem that takes over its metadata must be whole. Batches run in processes of their own, so that a crash of a library is
counted and the rest goes on. A run with the same seed damages the same; ends with 1 if anything was wrong.
"""

import argparse
import faulthandler
import multiprocessing
import os
import random
import resource
import struct
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

import numpy as np
import soundfile

from dawbridge.audio.containers.base import BytesBlob, StemFacts
from dawbridge.audio.containers.table import completeness, named, walk, walk_blob
from dawbridge.audio.metadata import Metadata
from dawbridge.audio.provenance import is_intact, read_mark
from dawbridge.audio.source import open_source
from dawbridge.audio.stem_file import StemFile
from dawbridge.errors import DawbridgeError

LIMIT_S = 1.0
"""Processor time that one damaged file may take."""
HANG_S = 60.0
"""Seconds after which one damaged file is given up, on a machine however busy."""
MEMORY_BYTES = 2**32
"""Address space of a batch's process."""
BATCH = 5000
FRAMES = 600
FORMATS = {
    "WAV": "PCM_24", "WAVEX": "FLOAT", "RF64": "PCM_16", "W64": "PCM_24", "AIFF": "PCM_24", "CAF": "PCM_24",
    "FLAC": "PCM_16", "OGG": "VORBIS", "MP3": "MPEG_LAYER_III", "AU": "PCM_16",
}  # fmt: skip
WRITTEN = ("WAV", "RF64", "W64", "AIFF", "CAF", "FLAC")
NUMBERS = (0, 1, 8, 0x7FFFF000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 2**63 - 1, 2**63, 2**64 - 1)
CHUNKS = (
    (b"bext", bytes(602)), (b"iXML", b"<BWFXML/>"), (b"cue ", bytes(28)), (b"smpl", bytes(60)), (b"acid", bytes(24)),
    (b"cart", bytes(64)), (b"id3 ", b"ID3\3\0\0\0\0\0\x14TXXX\0\0\0\x0a\0\0\0REPLAYGA"), (b"axml", b"<xml/>"),
    (b"LIST", b"INFOINAM\4\0\0\0song"), (b"LIST", b"adtllabl\x0c\0\0\0\1\0\0\0Chorus\0\0"),
)  # fmt: skip


@dataclass(slots=True)
class Tally:
    """What became of the damaged files."""

    done: int = 0
    readable: int = 0
    """Those that opened and decoded all the same."""
    slowest_s: float = 0.0
    wrong: list[str] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        """Count another batch in."""
        self.done += other.done
        self.readable += other.readable
        self.slowest_s = max(self.slowest_s, other.slowest_s)
        self.wrong += other.wrong


def corpus(folder: Path) -> dict[str, bytes]:
    """Small whole files by name."""
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, (FRAMES, 2))
    found = {}
    for name, subtype in FORMATS.items():
        soundfile.write(folder / "x", noise, 44100, subtype, format=name)
        found[name] = (folder / "x").read_bytes()
    soundfile.write(folder / "x", noise, 44100, "PCM_16", format="WAV", endian="BIG")
    found["RIFX"] = (folder / "x").read_bytes()
    packed = b"".join(id + struct.pack("<I", len(body)) + body + bytes(len(body) & 1) for id, body in CHUNKS)
    for name in ("WAV", "WAVEX"):
        found[name] = found[name][:4] + struct.pack("<I", len(found[name]) - 8 + len(packed)) + found[name][8:] + packed
    found["ID3 WAV"] = b"ID3\3\0\0\0\0\0\x20" + bytes(32) + found["WAV"]
    found["chained OGG"] = 2 * found["OGG"]
    for format in WRITTEN:
        subtype = "PCM_24" if format != "RF64" else "PCM_16"
        stem = StemFile(folder, StemFacts(format, subtype, 44100, 2, FRAMES), Metadata(), "dawbridge")
        stem.append((noise * 2**15).astype(np.int32))
        stem.finish("dawbridge 1; model x")
        found[f"stem {format}"] = stem.publish(folder / f"stem {format}", is_intact).read_bytes()
    return found


def damaged(data: bytes, chance: random.Random) -> bytes:
    """`data` with one to six damages, more of them in front, where headers are."""
    for _ in range(chance.randint(1, 6)):
        at = int(chance.random() ** 3 * len(data))
        kind = chance.randrange(6)
        if kind == 0:
            data = data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]
        elif kind == 1:
            value = chance.choice(NUMBERS)
            raw = struct.pack(chance.choice("<>") + "Q", value)[: 8 if value >= 2**32 else 4]
            data = data[: at & ~1] + raw + data[(at & ~1) + len(raw) :]
        elif kind == 2:
            data = data[: len(data) - at]
        elif kind == 3:
            data = data[:at] + chance.randbytes(3) + data[at:]
        elif kind == 4:
            data = data[:at] + data[at : at + 8] * chance.randint(1, 200) + data[at:]
        else:
            data = data[:at] + chance.randbytes(chance.randint(1, 40)) + data[at:]
    return data


def everything(path: Path, data: bytes, format: str) -> bool:
    """All that the program ever does with a file that it does not know; whether it could be decoded."""
    path.write_bytes(data)
    completeness(path)
    walk(path)
    read_mark(path)
    if is_intact(path):
        raise AssertionError("a damaged stem passes for intact")
    blob = BytesBlob(data)
    found = walk_blob(blob)
    container = named(found.container)
    metadata = container.metadata(blob, found) if container else Metadata()
    carried_over(path.parent, metadata, format)
    try:
        with open_source(path) as source:
            source.content_hash()
            return True
    except DawbridgeError:
        return False


def carried_over(folder: Path, metadata: Metadata, format: str) -> None:
    """A stem with that metadata, which has to be whole."""
    facts = StemFacts(format, "PCM_24", 44100, 2, 50, metadata.speakers)
    stem = StemFile(folder, facts, metadata, "dawbridge")
    try:
        stem.append(np.arange(100).reshape(50, 2))
        stem.finish("dawbridge 1")
        where = stem.publish(folder / "stem", lambda _: True)
        if soundfile.info(where).frames != 50 or read_mark(where) != "dawbridge 1":
            raise AssertionError(f"the {format} stem that took over its metadata is broken")
    finally:
        stem.discard()


def run_batch(
    whole: dict[str, bytes],
    seed: int,
    first: int,
    count: int,
    folder: Path,
    begin: Callable[[int], None] = lambda _: None,
) -> Tally:
    """Damage and read files number `first` and so on; `begin` hears of each."""
    tally = Tally()
    names = sorted(whole)
    for number in range(first, first + count):
        chance = random.Random(seed * 1_000_003 + number)
        name = chance.choice(names)
        data = damaged(whole[name], chance)
        begin(number)
        begun = time.process_time()
        try:
            if data not in (whole[name], b""):
                tally.readable += everything(folder / "bounce.wav", data, chance.choice(WRITTEN))
        except Exception:
            tally.wrong.append(f"number {number} ({name}): {traceback.format_exc(limit=-3)}")
        took = time.process_time() - begun
        if took > LIMIT_S:
            tally.wrong.append(f"number {number} ({name}): took {took:.1f} s")
        tally.done += 1
        tally.slowest_s = max(tally.slowest_s, took)
    return tally


def _child(
    arguments: tuple[dict[str, bytes], int, int, int],
    answers: "multiprocessing.Queue[Tally]",
    at: "Synchronized[int]",
) -> None:
    def begin(number: int) -> None:
        at.value = number
        faulthandler.dump_traceback_later(HANG_S, exit=True, file=words)

    words = os.fdopen(os.dup(2), "w")
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    os.environ["PATH"] = ""  # without ffmpeg: its start costs a hundred times the rest
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # libmpg123 talks
    with tempfile.TemporaryDirectory() as folder:
        answers.put(run_batch(*arguments, Path(folder), begin))
    faulthandler.cancel_dump_traceback_later()


def batches(whole: dict[str, bytes], count: int, seed: int) -> Iterator[Tally]:
    """Tallies of all batches, each from a process of its own."""
    context = multiprocessing.get_context("spawn")
    for first in range(0, count, BATCH):
        size = min(BATCH, count - first)
        answers: multiprocessing.Queue[Tally] = context.Queue()
        at = context.Value("q", first)
        child = context.Process(target=_child, args=((whole, seed, first, size), answers, at))
        child.start()
        while child.is_alive() and answers.empty():
            child.join(0.05)
        tally = answers.get() if not answers.empty() else Tally()
        child.join()
        if child.exitcode:
            tally.wrong.append(f"number {at.value}: its process hung or crashed ({child.exitcode})")
        yield tally


def main() -> int:
    """Run, print, and end with 1 if anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100_000, help="damaged files [100000]")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        whole = corpus(Path(folder))
    total = Tally()
    for tally in batches(whole, options.count, options.seed):
        total.add(tally)
        for line in tally.wrong:
            print(line, flush=True)
        if total.done % (2 * BATCH) == 0:
            print(f"{total.done} files, {len(total.wrong)} wrong", flush=True)
    print(f"{total.done} damaged files of {len(whole)} kinds: {total.readable} decoded all the same, "
          f"{len(total.wrong)} wrong, the slowest {total.slowest_s:.2f} s")  # fmt: skip
    return 1 if total.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
