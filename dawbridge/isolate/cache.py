"""Analyses on disk: found again by their content, checked, and the least recently used removed beyond a limit."""

import errno
import hashlib
import os
import shutil
import struct
import time
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dawbridge.config import state_folder
from dawbridge.errors import ConfigError, DiskError

Samples = NDArray[np.float32]
"""`[channels, samples]`."""

CACHE_LIMIT_BYTES = 5_000_000_000
MEMORY_BYTES = 1_000_000_000
"""An estimate that finds no room on the disk is held in memory up to this size."""

_SEAL = struct.Struct("<4sI")
"""Behind the samples: a magic and their CRC-32."""
_MAGIC = b"dbcr"
_CHUNK_BYTES = 1 << 24


class Estimates(Protocol):
    """Where a mixture's estimates are kept."""

    def find(self, name: str, shape: tuple[int, int]) -> Samples | None:
        """The estimate called `name` of that shape, or nothing."""

    def create(self, name: str, shape: tuple[int, int]) -> AbstractContextManager[Samples]:
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
    """Estimates of one mixture as sealed `.npy` files in a folder of their own; in memory where the disk is full."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._memory = MemoryEstimates()

    def find(self, name: str, shape: tuple[int, int]) -> Samples | None:
        """The estimate called `name` as a read-only memory map; nothing where it is absent or damaged."""
        path = self.folder / f"{name}.npy"
        try:
            kept = np.load(path, mmap_mode="r", allow_pickle=False)
            sound = kept.shape == shape and kept.dtype == np.float32 and self._is_sealed(path, kept)
        except FileNotFoundError:
            return self._memory.find(name, shape)
        except (OSError, ValueError, EOFError):
            sound = False
        if not sound:
            path.unlink(missing_ok=True)
            return None
        _touch(self.folder)
        found: Samples = kept
        return found

    @contextmanager
    def create(self, name: str, shape: tuple[int, int]) -> Iterator[Samples]:
        """Room for an estimate on disk; it takes its final name once the context has ended well.

        Raises `DiskError` where neither the disk nor the memory has room.
        """
        part = self.folder / f"{name}.part"
        with ExitStack() as stack:
            stack.callback(part.unlink, missing_ok=True)
            try:
                room = self._room(part, shape)
            except OSError as error:
                part.unlink(missing_ok=True)
                yield stack.enter_context(self._held(name, shape, error))
                return
            yield room
            if isinstance(room, np.memmap):
                room.flush()
            seal = _SEAL.pack(_MAGIC, _checksum(room))
            del room
            with part.open("ab") as stream:
                stream.write(seal)
                stream.flush()
                os.fsync(stream.fileno())
            part.replace(self.folder / f"{name}.npy")

    def _room(self, part: Path, shape: tuple[int, int]) -> Samples:
        """All blocks are taken now: a map of a file that finds no room while it is filled ends the process."""
        self.folder.mkdir(parents=True, exist_ok=True)
        size = 4 * shape[0] * shape[1]
        with part.open("wb") as stream:
            form = {"descr": np.lib.format.dtype_to_descr(np.dtype(np.float32)), "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(stream, form)
            stream.flush()
            _take_blocks(stream.fileno(), stream.tell() + size, self.folder)
        room: Samples = np.lib.format.open_memmap(part, mode="r+")
        return room

    def _held(self, name: str, shape: tuple[int, int], error: OSError) -> AbstractContextManager[Samples]:
        if 4 * shape[0] * shape[1] > MEMORY_BYTES:
            raise DiskError(f"{self.folder}: no room for the analysis ({error.strerror}); make room, or lower the "
                            "limit: dawbridge cache limit 1GB") from error  # fmt: skip
        return self._memory.create(name, shape)

    def _is_sealed(self, path: Path, kept: Samples) -> bool:
        """The checksum is right. Asked once for each file and process: it costs reading all of it."""
        facts = path.stat()
        stamp = (facts.st_size, facts.st_mtime_ns)
        if _SEALED.get(path) == stamp:
            return True
        with path.open("rb") as stream:
            stream.seek(-_SEAL.size, os.SEEK_END)
            magic, checksum = _SEAL.unpack(stream.read(_SEAL.size))
        if magic != _MAGIC or checksum != _checksum(kept):
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

    @property
    def limit_bytes(self) -> int:
        """The limit that counts now."""
        return kept_limit() if self._limit_bytes is None else self._limit_bytes

    def estimates(self, content_hash: str, model_hash: str) -> DiskEstimates:
        """The place of one mixture's estimates by one model. `content_hash` covers samples, rate and channels."""
        key = hashlib.sha256(f"1 {content_hash} {model_hash}".encode()).hexdigest()[:32]
        return DiskEstimates(self.folder / key)

    def entries(self) -> list[CacheEntry]:
        """All of them, the longest unused first."""
        found = []
        for folder in self.folder.iterdir() if self.folder.is_dir() else ():
            try:
                if folder.is_dir():
                    size = sum(file.stat().st_size for file in folder.iterdir())
                    found.append(CacheEntry(folder, size, folder.stat().st_mtime_ns))
            except OSError:  # another process removes it
                continue
        return sorted(found, key=lambda entry: (entry.used_ns, entry.folder))

    def trim(self, keep: Path | None = None) -> None:
        """Remove what was longest unused until the limit holds; `keep` stays."""
        entries = self.entries()
        total, limit = sum(entry.size_bytes for entry in entries), self.limit_bytes
        for entry in entries:
            if total > limit and entry.folder != keep:
                shutil.rmtree(entry.folder, ignore_errors=True)
                total -= entry.size_bytes

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


def _touch(folder: Path) -> None:
    """Used now: newer than all others, whatever the wall clock says."""
    with suppress(OSError):
        newest = max((entry.stat().st_mtime_ns for entry in folder.parent.iterdir() if entry != folder), default=0)
        now = max(time.time_ns(), newest + 1)
        os.utime(folder, ns=(now, now))


def _take_blocks(handle: int, size: int, folder: Path) -> None:
    """Make an open file `size` bytes long, on disk. Raises `OSError` where they do not fit."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(handle, 0, size)
        return
    if shutil.disk_usage(folder).free < size:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    os.truncate(handle, size)


def _checksum(samples: Samples) -> int:
    """CRC-32 over the bytes, in pieces that bound the memory."""
    flat = samples.reshape(-1).view(np.uint8)
    checksum = 0
    for start in range(0, len(flat), _CHUNK_BYTES):
        checksum = zlib.crc32(flat[start : start + _CHUNK_BYTES].tobytes(), checksum)
    return checksum
