"""Keeps analyses on disk: finds them by their content, checks them, and removes the least recently used ones."""

import hashlib
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from dawbridge.config.paths import state_folder
from dawbridge.engine.estimates import DiskEstimates, remove
from dawbridge.errors import ConfigError
from dawbridge.files.part import FOREIGN_AGE_S, is_part, remove_leftovers
from dawbridge.files.small import read_small, write_whole

CACHE_LIMIT_BYTES = 5_000_000_000
_AFTER_TRIMMING = 0.95
"""Share of the limit that is kept after it was passed, so that not every bounce passes it again."""
_LOOK_EVERY = 1000
"""Number of bounces after which all analyses are looked at again."""


@dataclass(frozen=True, slots=True)
class CacheEntry:
    """One mixture's estimates by one model."""

    folder: Path
    size_bytes: int
    used_ns: int
    """When it was used last; only the order has a meaning."""


class AnalysisCache:
    """All analyses on disk; beyond a limit the least recently used ones are removed."""

    def __init__(self, folder: Path, limit_bytes: int | None = None) -> None:
        """`limit_bytes`: None for the limit that `dawbridge cache limit` set."""
        self.folder = folder
        self._limit_bytes = limit_bytes
        self._room_bytes = self._limit_then = 0
        self._added = 0

    @property
    def limit_bytes(self) -> int:
        """The limit in force now."""
        return kept_limit() if self._limit_bytes is None else self._limit_bytes

    def estimates(self, content_hash: str, model_hash: str, loop: bool = False) -> DiskEstimates:
        """Return where one mixture's estimates by one model are kept; `content_hash` covers samples, rate and channels.

        The key is that of version 0.1, whose analyses are still found.
        """

        def folder_of(fingerprint: str) -> Path:
            facts = f"1 {content_hash} {fingerprint}" + (" loop" if loop else "")
            return self.folder / hashlib.sha256(facts.encode()).hexdigest()[:32]

        return DiskEstimates(folder_of(model_hash), folder_of)

    def entries(self) -> list[CacheEntry]:
        """List all analyses, the longest unused first."""
        found = []
        for folder in self.folder.iterdir() if self.folder.is_dir() else ():
            try:
                if folder.is_dir():
                    found.append(CacheEntry(folder, _size(folder), folder.stat().st_mtime_ns))
            except OSError:  # another process is removing it
                continue
        return sorted(found, key=lambda entry: (entry.used_ns, entry.folder))

    def trim(self, *keep: Path) -> None:
        """If the limit is passed, remove what was longest unused; `keep`, which were added just now, stay.

        Looking at all of them costs time that grows with their number: it is done if this process's own additions
        may have passed the limit, and now and then for those of other processes.
        """
        if keep and self._has_room_for(keep):
            return
        entries = self.entries()
        total, limit = sum(entry.size_bytes for entry in entries), self.limit_bytes
        wanted = limit if total <= limit else int(_AFTER_TRIMMING * limit)
        for entry in entries:
            if total > wanted and entry.folder not in keep:
                _remove_entry(entry.folder)
                total -= entry.size_bytes
            else:
                _sweep(entry.folder)
        self._room_bytes, self._limit_then, self._added = limit - total, limit, 0

    def _has_room_for(self, added: tuple[Path, ...]) -> bool:
        self._room_bytes -= sum(map(_size, added))
        self._added += 1
        return self._room_bytes >= 0 and self._added < _LOOK_EVERY and self.limit_bytes == self._limit_then

    def clear(self) -> tuple[int, int]:
        """Remove all analyses; return their number and their size in bytes."""
        entries = self.entries()
        for entry in entries:
            _remove_entry(entry.folder)
        return len(entries), sum(entry.size_bytes for entry in entries)


def kept_limit() -> int:
    """Return the limit in bytes that `keep_limit` wrote, or 5 GB."""
    try:
        return max(0, int(read_small(_limit_file(), 64)))
    except (OSError, ValueError):
        return CACHE_LIMIT_BYTES


def keep_limit(limit_bytes: int) -> None:
    """Set the limit for every process from now on. Raises `ConfigError`."""
    file = _limit_file()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, str(limit_bytes))
    except OSError as error:
        raise ConfigError(f"the limit cannot be kept: {file}: {error.strerror}") from error


def _limit_file() -> Path:
    return state_folder() / "cache-limit"


def _size(folder: Path) -> int:
    """Return the bytes in it; 0 if another process has removed it."""
    try:
        return sum(file.stat().st_size for file in folder.iterdir())
    except OSError:
        return 0


def _remove_entry(folder: Path) -> None:
    """Remove an analysis, but not what another process is writing there."""
    remove_leftovers(folder)
    with suppress(OSError):
        for path in folder.iterdir():
            if not is_part(path.name):
                remove(path)
        folder.rmdir()


def _sweep(folder: Path) -> None:
    """Remove the temporaries of dead processes, and those of version 0.1, which were not locked, after a day."""
    remove_leftovers(folder)
    with suppress(OSError):
        for path in folder.glob("*.part"):
            if not is_part(path.name) and time.time() - path.stat().st_mtime > FOREIGN_AGE_S:
                remove(path)
