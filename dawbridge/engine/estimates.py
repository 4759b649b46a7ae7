"""The estimates of one mixture: in memory, or on disk under a checksum."""

import os
import shutil
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dawbridge.engine.stored import SampleBuffer, StoredSamples, disk_errors
from dawbridge.errors import DiskError
from dawbridge.files.part import Part, remove_leftovers

Samples = NDArray[np.float32]
"""`[channels, samples]`."""

MEMORY_BYTES = 1_000_000_000
"""Greatest size of an estimate that is held in memory if the disk has no room for it."""

_SEAL = struct.Struct("<4sI")
"""After the samples: a magic number and their CRC-32."""
_MAGIC = b"dbcr"


class Estimates(Protocol):
    """What keeps a mixture's estimates."""

    def find(self, name: str, shape: tuple[int, int]) -> SampleBuffer | None:
        """Return the estimate called `name` of that shape; None if there is none."""

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
        """Return the estimate called `name`, if there is one."""
        return self._kept.get(name)

    @contextmanager
    def create(self, name: str, shape: tuple[int, int]) -> Iterator[Samples]:
        """Give room for an estimate, kept after the context has ended without an error."""
        room = np.zeros(shape, np.float32)
        yield room
        self._kept[name] = room


class DiskEstimates:
    """Estimates of one mixture as sealed `.npy` files in a folder of their own; in memory if the disk is full.

    Several processes may use one folder. Each writes into a temporary of its own, which nobody else opens, seals it
    with the checksum of what lies in it, and renames it: whoever is last wins, and all have made the same.
    """

    def __init__(self, folder: Path, of: Callable[[str], Path] | None = None) -> None:
        """`of`: another model's fingerprint → the folder of the same mixture's estimates by that model."""
        self.folder = folder
        self._of = of
        self._others: dict[str, DiskEstimates] = {}
        self._memory: dict[str, SampleBuffer] = {}

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
        """Return the estimate called `name`, open for reading; None if it is absent or damaged."""
        path = self.folder / f"{name}.npy"
        try:
            kept = StoredSamples.open(path)
        except FileNotFoundError:
            return self._memory.get(name)
        except (OSError, ValueError, EOFError):
            remove(path)
            return None
        if kept.shape != shape or not self._is_sealed(path, kept):
            kept.close()
            remove(path)
            return None
        touch(self.folder)
        return kept

    @contextmanager
    def create(self, name: str, shape: tuple[int, int]) -> Iterator[SampleBuffer]:
        """Give room for an estimate on disk; it takes its final name after the context has ended without an error.

        Raises `DiskError` if neither the disk nor the memory has room.
        """
        try:
            part, room = self._begin(shape)
        except DiskError:
            if 4 * shape[0] * shape[1] > MEMORY_BYTES:
                raise
            held = np.zeros(shape, np.float32)
            yield held
            self._memory[name] = held
            return
        try:
            yield room
            with disk_errors(self.folder):
                part.stream.seek(0, os.SEEK_END)
                part.stream.write(_SEAL.pack(_MAGIC, room.checksum()))
            # no fsync: what a power cut leaves half done has no right checksum
            if not self._take_name(part, name):
                self._memory[name] = room
                return
        except BaseException:
            part.discard()
            raise
        room.close()

    def _begin(self, shape: tuple[int, int]) -> tuple[Part, StoredSamples]:
        """Start a temporary of this process's own, after removing those that dead processes left."""
        with disk_errors(self.folder):
            part = self._part()
        try:
            return part, StoredSamples.begin(part.stream, shape)
        except BaseException:
            part.discard()
            raise

    def _part(self) -> Part:
        remove_leftovers(self.folder)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            return Part.create(self.folder)
        except FileNotFoundError:  # another process trimmed the empty folder in between
            self.folder.mkdir(parents=True, exist_ok=True)
            return Part.create(self.folder)

    def _take_name(self, part: Part, name: str) -> bool:
        """Rename a sealed temporary; False if the folder was removed meanwhile, so that only the open file is left."""
        final = self.folder / f"{name}.npy"
        if os.name == "nt":
            part.close()  # an open file cannot be renamed there
        try:
            part.path.replace(final)
        except FileNotFoundError:
            if os.name == "nt":
                raise DiskError(f"{self.folder} was removed while an analysis was written there; try again") from None
            return False
        facts = final.stat()
        _SEALED[final] = (facts.st_size, facts.st_mtime_ns)
        return True

    def _is_sealed(self, path: Path, kept: StoredSamples) -> bool:
        """Return whether the checksum is right. Computed once per file and process: it costs reading all of it."""
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
"""Files whose checksum this process has seen to be right, with their size and mtime then."""


def remove(path: Path) -> None:
    """Remove a damaged estimate, or whatever else has its name; another process may have removed it."""
    with suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def touch(folder: Path) -> None:
    """Mark it as used now: newer than all others, whatever the wall clock says."""
    with suppress(OSError):
        if folder.parent not in _NEWEST_NS:
            _NEWEST_NS[folder.parent] = max((entry.stat().st_mtime_ns for entry in folder.parent.iterdir()), default=0)
        now = max(time.time_ns(), _NEWEST_NS[folder.parent] + 1)
        os.utime(folder, ns=(now, now))
        _NEWEST_NS[folder.parent] = now


_NEWEST_NS: dict[Path, int] = {}
"""By cache: when the analysis that this process used last was used."""
