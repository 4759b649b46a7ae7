"""The soak's strict look at the end: what became of every bounce, and of every file that was not ours to touch."""

from collections import Counter
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from benchmarks.soak_habits import STEMS
from benchmarks.soak_writer import Writer

DECODERS = 2e-5
"""Two decoders of one lossy file may differ by this much."""
SEAMS = 4096
"""Frames by which a decoder may make a file of several songs longer."""
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
    if writer.trouble:
        tally.losses.append(f"the writer ended early: {writer.trouble}")
    at_rest = {stem: content for stems in writer.at_rest.values() for stem, content in stems.items()}
    for path, content in {**writer.kept, **at_rest}.items():
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
    if path in writer.sounds:
        return _compared_joined(writer.sounds[path], parts)
    bounce = _samples(BytesIO(writer.whole[path]))
    if any(part.shape != bounce.shape for part in parts):
        return f"stems of {[len(part) for part in parts]} frames, the bounce has {len(bounce)}"
    error = np.abs(parts[0] + parts[1] - bounce).max()
    allowed = 2**-24 if path.suffix in LOSSY else 0
    return "" if error <= allowed else f"the stems' sum is off by {error}"


def _compared_joined(bounce: NDArray[np.float64], parts: list[NDArray[np.float64]]) -> str:
    """The same for a file of several songs, each of which a decoder may end with the packet instead of in it."""
    found = len(parts[0])
    if len(parts[1]) != found or not 0 <= found - len(bounce) <= SEAMS:
        return f"stems of {[len(part) for part in parts]} frames, the bounce has {len(bounce)}"
    first = slice(0, len(bounce) // 3)
    error = np.abs(parts[0][first] + parts[1][first] - bounce[first]).max()
    return "" if error <= DECODERS else f"the stems' sum is off by {error}"


def _facts(path: Path) -> tuple[int, int, int]:
    try:
        facts = path.stat()
    except OSError:
        return (-1, -1, -1)
    return facts.st_size, facts.st_mtime_ns, facts.st_ino


def _samples(file: Path | BytesIO) -> NDArray[np.float64]:
    samples: NDArray[np.float64] = soundfile.read(file, dtype="float64", always_2d=True)[0]
    return samples


def missing(writer: Writer) -> int:
    return sum(bool(_best_pair(writer, path)[1]) for path in tuple(writer.whole))
