"""Analyses on disk: found again by their content, checked, and the least recently used removed beyond a limit."""

import hashlib
import os
import shutil
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dawbridge.config.paths import state_folder
from dawbridge.engine.stored import SampleBuffer, StoredSamples
from dawbridge.errors import ConfigError, DiskError

Samples = NDArray[np.float32]
"""`[channels, samples]`."""

CACHE_LIMIT_BYTES = 5_000_000_000
MEMORY_BYTES = 1_000_000_000
"""An estimate that finds no room on the disk is held in memory up to this size."""

_SEAL = struct.Struct("<4sI")
"""Behind the samples: a magic and their CRC-32."""
_MAGIC = b"dbcr"
_AFTER_TRIMMING = 0.95
"""Part of the limit that is kept once it was passed, so that not every bounce passes it again."""
_LOOK_EVERY = 1000
"""Bounces after which all analyses are looked at again."""


class Estimates(Protocol):
    """Where a mixture's estimates are kept."""

    def find(self, name: str, shape: tuple[int, int]) -> SampleBuffer | None:
        """The estimate called `name` of that shape, or nothing."""

    def create(self, name: str, shape: tuple[int, int]) -> AbstractContextManager[SampleBuffer]:
        """Give room for an estimate; it is kept only if the context ends without an error."""

    def of(self, fingerprint: str) -> "Estimates":
        """Return where the same mixture's estimates by another model are kept."""


class MemoryEstimates:
    """Estimates in memory."""

    def __init__(self) -> None:
        self._kept: dict[str, Samples] = {}
        self._others: dict[str, MemoryEstimates] = {}

    def of(self, fingerprint: str) -> "MemoryEstimates":
        """Return where the same mixture's estimates by another model are kept."""
        return self._others.setdefault(fingerprint, MemoryEstimates())

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
    """Estimates of one mixture as sealed `.npy` files in a folder of their own; in memory where the disk is full."""

    def __init__(self, folder: Path, of: Callable[[str], Path] | None = None) -> None:
        """`of`: another model's fingerprint → the folder of the same mixture's estimates by that model."""
        self.folder = folder
        self._of = of
        self._others: dict[str, DiskEstimates] = {}
        self._memory = MemoryEstimates()

    @property
    def folders(self) -> list[Path]:
        """The folder, and those of the other models that were asked for."""
        return [self.folder, *(other.folder for other in self._others.values())]

    def of(self, fingerprint: str) -> "DiskEstimates":
        """Return where the same mixture's estimates by another model are kept."""
        if fingerprint not in self._others:
            folder = self._of(fingerprint) if self._of else self.folder.with_name(f"{self.folder.name}-{fingerprint}")
            self._others[fingerprint] = DiskEstimates(folder)
        return self._others[fingerprint]

    def find(self, name: str, shape: tuple[int, int]) -> SampleBuffer | None:
        """The estimate called `name`, open for reading; nothing where it is absent or damaged."""
        path = self.folder / f"{name}.npy"
        try:
            kept = StoredSamples.open(path)
        except FileNotFoundError:
            return self._memory.find(name, shape)
        except (OSError, ValueError, EOFError):
            path.unlink(missing_ok=True)
            return None
        if kept.shape != shape or not self._is_sealed(path, kept):
            kept.close()
            path.unlink(missing_ok=True)
            return None
        _touch(self.folder)
        return kept

    @contextmanager
    def create(self, name: str, shape: tuple[int, int]) -> Iterator[SampleBuffer]:
        """Room for an estimate on disk; it takes its final name once the context has ended well.

        Raises `DiskError` where neither the disk nor the memory has room.
        """
        part = self.folder / f"{name}.part"
        with ExitStack() as stack:
            stack.callback(part.unlink, missing_ok=True)
            try:
                room = StoredSamples.create(part, shape)
            except DiskError:
                part.unlink(missing_ok=True)
                if 4 * shape[0] * shape[1] > MEMORY_BYTES:
                    raise
                yield stack.enter_context(self._memory.create(name, shape))
                return
            stack.callback(room.close)
            yield room
            seal = _SEAL.pack(_MAGIC, room.checksum())
            room.close()
            with part.open("ab") as stream:
                stream.write(seal)  # no fsync: what a power cut leaves half done has no right checksum
            part.replace(self.folder / f"{name}.npy")

    def _is_sealed(self, path: Path, kept: StoredSamples) -> bool:
        """The checksum is right. Asked once for each file and process: it costs reading all of it."""
        facts = path.stat()
        stamp = (facts.st_size, facts.st_mtime_ns)
        if _SEALED.get(path) == stamp:
            return True
        with path.open("rb") as stream:
            stream.seek(-_SEAL.size, os.SEEK_END)
            magic, checksum = _SEAL.unpack(stream.read(_SEAL.size))
        if magic != _MAGIC or checksum != kept.checksum():
            return False
        _SEALED[path] = stamp
        return True


_SEALED: dict[Path, tuple[int, int]] = {}
"""Files whose checksum this process has seen to be right: size and mtime then."""


@dataclass(frozen=True, slots=True)
class CacheEntry:
    """One mixture's estimates by one model."""

    folder: Path
    size_bytes: int
    used_ns: int
    """Grows with each use; only the order means something."""


class AnalysisCache:
    """All analyses on disk, least recently used ones removed beyond a limit."""

    def __init__(self, folder: Path, limit_bytes: int | None = None) -> None:
        """`limit_bytes`: None for the one that `dawbridge cache limit` set."""
        self.folder = folder
        self._limit_bytes = limit_bytes
        self._room_bytes = self._limit_then = 0
        self._added = 0

    @property
    def limit_bytes(self) -> int:
        """The limit that counts now."""
        return kept_limit() if self._limit_bytes is None else self._limit_bytes

    def estimates(self, content_hash: str, model_hash: str, loop: bool = False) -> DiskEstimates:
        """The place of one mixture's estimates by one model. `content_hash` covers samples, rate and channels."""

        def folder_of(fingerprint: str) -> Path:
            facts = f"1 {content_hash} {fingerprint}" + (" loop" if loop else "")
            return self.folder / hashlib.sha256(facts.encode()).hexdigest()[:32]

        return DiskEstimates(folder_of(model_hash), folder_of)

    def entries(self) -> list[CacheEntry]:
        """All of them, the longest unused first."""
        found = []
        for folder in self.folder.iterdir() if self.folder.is_dir() else ():
            try:
                if folder.is_dir():
                    found.append(CacheEntry(folder, _size(folder), folder.stat().st_mtime_ns))
            except OSError:  # another process removes it
                continue
        return sorted(found, key=lambda entry: (entry.used_ns, entry.folder))

    def trim(self, *keep: Path) -> None:
        """Remove what was longest unused if the limit is passed; `keep`, which were added just now, stay.

        Looking at all of them costs time that grows with their number: it is done where this process's own additions
        may have passed the limit, and now and then for those of other processes.
        """
        if keep and self._has_room_for(keep):
            return
        entries = self.entries()
        total, limit = sum(entry.size_bytes for entry in entries), self.limit_bytes
        wanted = limit if total <= limit else int(_AFTER_TRIMMING * limit)
        for entry in entries:
            if total > wanted and entry.folder not in keep:
                shutil.rmtree(entry.folder, ignore_errors=True)
                total -= entry.size_bytes
        self._room_bytes, self._limit_then, self._added = limit - total, limit, 0

    def _has_room_for(self, added: tuple[Path, ...]) -> bool:
        self._room_bytes -= sum(map(_size, added))
        self._added += 1
        return self._room_bytes >= 0 and self._added < _LOOK_EVERY and self.limit_bytes == self._limit_then

    def clear(self) -> tuple[int, int]:
        """Remove all; how many there were, and their bytes."""
        entries = self.entries()
        for entry in entries:
            shutil.rmtree(entry.folder, ignore_errors=True)
        return len(entries), sum(entry.size_bytes for entry in entries)


def kept_limit() -> int:
    """The limit in bytes that `keep_limit` wrote, else 5 GB."""
    try:
        return max(0, int(_limit_file().read_text(encoding="ascii")))
    except (OSError, ValueError):
        return CACHE_LIMIT_BYTES


def keep_limit(limit_bytes: int) -> None:
    """From now on, for every process. Raises `ConfigError`."""
    file = _limit_file()
    part = file.with_suffix(".part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(str(limit_bytes), encoding="ascii")
        part.replace(file)
    except OSError as error:
        raise ConfigError(f"the limit cannot be kept: {file}: {error.strerror}") from error


def _limit_file() -> Path:
    return state_folder() / "cache-limit"


def _size(folder: Path) -> int:
    """Bytes in it; 0 where it is gone, removed by another process."""
    try:
        return sum(file.stat().st_size for file in folder.iterdir())
    except OSError:
        return 0


def _touch(folder: Path) -> None:
    """Used now: newer than all others, whatever the wall clock says."""
    with suppress(OSError):
        if folder.parent not in _NEWEST_NS:
            _NEWEST_NS[folder.parent] = max((entry.stat().st_mtime_ns for entry in folder.parent.iterdir()), default=0)
        now = max(time.time_ns(), _NEWEST_NS[folder.parent] + 1)
        os.utime(folder, ns=(now, now))
        _NEWEST_NS[folder.parent] = now


_NEWEST_NS: dict[Path, int] = {}
"""By cache: when the analysis that was used last in this process was used."""
