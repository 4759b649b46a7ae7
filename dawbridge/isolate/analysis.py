"""The slow half's result: the network's estimates of the vocals, made when first needed and kept.

An estimate is float32 `[channels, samples]` at the mixture's rate, in memory (the library) or on disk (the daemon,
where it is read and written span by span, so that memory does not grow with the audio's length).
"""

import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dawbridge.automation import Automation
from dawbridge.errors import AudioError
from dawbridge.isolate.engine import Engine, Room, Variant
from dawbridge.isolate.loop import around, fade_samples, led_in
from dawbridge.isolate.mixture import Mixture
from dawbridge.isolate.render import SPECTRAL, Grid, Reader, is_neutral, render
from dawbridge.isolate.stored import StoredSamples
from dawbridge.parameters import Snapshot

Samples = NDArray[np.float32]
"""`[channels, samples]`."""

CACHE_LIMIT_BYTES = 5_000_000_000
NO_AUTOMATION = Automation()
BLOCK_HOPS = 64
"""Frames that are rendered at once: the spectra of a block fit the processor's cache."""


class Estimates(Protocol):
    """Where a mixture's estimates are kept."""

    def find(self, name: str, shape: tuple[int, int]) -> Room | None:
        """The estimate called `name` of that shape, or nothing."""

    def create(self, name: str, shape: tuple[int, int]) -> AbstractContextManager[Room]:
        """A context with room for an estimate; it is kept only where the context ends without an error."""


class MemoryEstimates:
    """Estimates in memory."""

    def __init__(self) -> None:
        self._kept: dict[str, Samples] = {}

    def find(self, name: str, shape: tuple[int, int]) -> Samples | None:
        """The estimate called `name`, or nothing."""
        return self._kept.get(name)

    @contextmanager
    def create(self, name: str, shape: tuple[int, int]) -> Iterator[Samples]:
        """Room for an estimate, kept once the context has ended well."""
        room = np.zeros(shape, np.float32)
        yield room
        self._kept[name] = room


class DiskEstimates:
    """Estimates of one mixture as `.npy` files in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def find(self, name: str, shape: tuple[int, int]) -> Room | None:
        """The estimate called `name`, open for reading; nothing where it is absent or damaged."""
        path = self.folder / f"{name}.npy"
        try:
            kept = StoredSamples.open(path)
        except (OSError, ValueError, EOFError):
            path.unlink(missing_ok=True)
            return None
        if kept.shape != shape:
            kept.close()
            return None
        os.utime(self.folder)
        return kept

    @contextmanager
    def create(self, name: str, shape: tuple[int, int]) -> Iterator[Room]:
        """Room for an estimate on disk; it takes its final name once the context has ended well."""
        part = self.folder / f"{name}.part"
        room = StoredSamples.create(part, shape)
        try:
            yield room
            room.close()
            part.replace(self.folder / f"{name}.npy")
        finally:
            room.close()
            part.unlink(missing_ok=True)


class AnalysisCache:
    """All analyses on disk, least recently used ones removed beyond a limit."""

    def __init__(self, folder: Path, limit_bytes: int = CACHE_LIMIT_BYTES) -> None:
        self.folder = folder
        self.limit_bytes = limit_bytes

    def estimates(self, content_hash: str, model_hash: str, loop: bool = False) -> DiskEstimates:
        """The place of one mixture's estimates by one model. `content_hash` covers samples, rate and channels."""
        facts = f"1 {content_hash} {model_hash}" + (" loop" if loop else "")
        key = hashlib.sha256(facts.encode()).hexdigest()[:32]
        return DiskEstimates(self.folder / key)

    def trim(self, keep: Path) -> None:
        """Remove what was longest unused until the limit holds; `keep` stays."""
        entries = []
        for entry in self.folder.iterdir() if self.folder.is_dir() else ():
            if entry.is_dir():
                size = sum(file.stat().st_size for file in entry.iterdir())
                entries.append((entry.stat().st_mtime, size, entry))
        total = sum(size for _, size, _ in entries)
        for _, size, entry in sorted(entries):
            if total > self.limit_bytes and entry != keep:
                shutil.rmtree(entry, ignore_errors=True)
                total -= size


class Analysis:
    """A mixture, the engine, and the estimates made so far; knows how to render itself."""

    def __init__(self, mixture: Mixture, engine: Engine, estimates: Estimates, loop: bool = False) -> None:
        """`loop`: the mixture's end is followed by its start, so its stems go round without a click."""
        self.mixture = mixture
        self.loop = loop
        self._engine = engine
        self._estimates = estimates
        self.estimate_s = 0.0
        """Seconds spent in the network: 0 where all that was needed was kept."""

    @property
    def model(self) -> str:
        """The model's name and the first digits of its weights' hash."""
        return f"{Path(self._engine.model).name} {self._engine.hash[:12]}"

    def prepare(self, values: Snapshot, automation: Automation = NO_AUTOMATION) -> None:
        """Make the estimates that `values` need and that are not there: the slow part of a render, if any."""
        for variant, _ in self._needed(values, automation):
            self._estimate(variant)

    def prefetch(self, values: Snapshot) -> None:
        """Make the centre estimate too, so that the first turn of `center_amount` is as quick as the rest."""
        if self.mixture.channels > 1:
            self._estimate(Variant(True, values["center_width"]))

    def acapella(self, values: Snapshot, automation: Automation = NO_AUTOMATION) -> Iterator[Samples]:
        """The acapella in consecutive pieces, `[channels, n]`, before its gain."""
        block, piece = self.pieces(values, automation)
        for start in range(0, self.mixture.frames, block):
            yield piece(start)

    def pieces(self, values: Snapshot, automation: Automation = NO_AUTOMATION) -> tuple[int, Callable[[int], Samples]]:
        """The length of the acapella's pieces in samples, and what makes the one from a multiple of it on.

        Pieces can be made in any order, and by several threads where the mixture can be read so.
        """
        frames, rate, mixture = self.mixture.frames, self.mixture.sample_rate, self.mixture.read
        vocals = self._vocals(values, automation)
        block = Grid.of(rate).hop * BLOCK_HOPS
        goes_round = self.loop and not (is_neutral(values) and not automation.only(SPECTRAL))

        def piece(start: int) -> Samples:
            stop = min(start + block, frames)
            if goes_round:
                return self._looped(vocals, start, stop, values, automation)
            return render(mixture, vocals, start, stop, frames, rate, values, automation)

        return block, piece

    def _vocals(self, values: Snapshot, automation: Automation) -> Reader:
        """V = (1-a)·V0 + a·V1, which needs V1 only where a > 0."""
        self.prepare(values, automation)
        lane = automation.lane("center_amount") if self.mixture.channels > 1 else None
        parts = [(self._estimate(v), np.float32(w)) for v, w in self._needed(values, automation)]

        def vocals(start: int, stop: int) -> Samples:
            first, weight = parts[0]
            if lane is not None:
                amount = lane.values(np.arange(start, stop) / self.mixture.sample_rate).astype(np.float32)
                return np.asarray(first[:, start:stop] * (1 - amount) + parts[1][0][:, start:stop] * amount)
            mixed = first[:, start:stop] * weight if weight != 1 else first[:, start:stop]
            for estimate, weight in parts[1:]:
                mixed = mixed + estimate[:, start:stop] * weight
            return mixed

        return vocals

    def _looped(self, vocals: Reader, start: int, stop: int, values: Snapshot, automation: Automation) -> Samples:
        """A piece of a loop; what the transform gives behind the loop's end is led into its start."""
        frames, rate = self.mixture.frames, self.mixture.sample_rate
        mixture = partial(around, self.mixture.read, frames=frames)
        voice = partial(around, vocals, frames=frames)
        piece = render(mixture, voice, start, stop, None, rate, values, automation)
        if start == 0:
            fade, hop = fade_samples(rate, frames), Grid.of(rate).hop
            place = frames // hop * hop
            beyond = render(mixture, voice, place, frames + fade, None, rate, values, automation)[:, frames - place :]
            piece = np.concatenate((led_in(piece[:, :fade], beyond, 0, fade), piece[:, fade:]), axis=1)
        return piece

    def _needed(self, values: Snapshot, automation: Automation) -> list[tuple[Variant, float]]:
        """Estimates and their weights; with a lane for the amount both are needed."""
        amount = values["center_amount"] if self.mixture.channels > 1 else 0.0
        width = values["center_width"]
        weighted = [(Variant(False, width), 1 - amount), (Variant(True, width), amount)]
        if automation.lane("center_amount") and self.mixture.channels > 1:
            return weighted
        return [(variant, weight) for variant, weight in weighted if weight > 0]

    def _estimate(self, variant: Variant) -> Room:
        name, shape = self._engine.file_stem(variant), (self.mixture.channels, self.mixture.frames)
        kept = self._estimates.find(name, shape)
        if kept is not None:
            return kept
        begun = time.perf_counter()
        with self._estimates.create(name, shape) as room:
            self._engine.estimate(self.mixture, variant, room, self.loop)
        self.estimate_s += time.perf_counter() - begun
        found = self._estimates.find(name, shape)
        if found is None:
            raise AudioError("the analysis vanished from the cache as soon as it was made; run the job again")
        return found
