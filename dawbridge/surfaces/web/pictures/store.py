"""Pictures on disk, within a limit: what was not looked at for longest goes first. Thread-safe."""

import hashlib
import os
import threading
from contextlib import suppress
from pathlib import Path

from dawbridge.files.small import read_small, write_whole

LIMIT_BYTES = 256 * 2**20
_LARGEST = 64 * 2**20


class PictureStore:
    """Bytes by key. A disk that takes nothing is no error: then everything is computed again."""

    def __init__(self, folder: Path, limit_bytes: int = LIMIT_BYTES) -> None:
        self._folder, self._limit = folder, limit_bytes
        self._lock = threading.Lock()
        self._total: int | None = None

    @property
    def size(self) -> int:
        """Bytes that it takes on disk."""
        with self._lock:
            return self._counted()

    def get(self, key: str) -> bytes | None:
        """What was put under `key`, if it is still there."""
        path = self._path(key)
        try:
            content = read_small(path, _LARGEST)
            os.utime(path)
        except OSError:
            return None
        return content

    def put(self, key: str, content: bytes) -> None:
        """Keep `content`, and drop the oldest beyond the limit. Never raises."""
        path = self._path(key)
        with self._lock, suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            total = self._counted()
            write_whole(path, content)
            self._total = total + len(content)
            if self._total > self._limit:
                self._make_room()

    def _path(self, key: str) -> Path:
        return self._folder / hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()[:32]

    def _counted(self) -> int:
        if self._total is None:
            self._total = sum(size for _, size, _ in self._files())
        return self._total

    def _make_room(self) -> None:
        """Go down to three quarters, so that this is not needed with each picture."""
        files = sorted(self._files())
        total = sum(size for _, size, _ in files)
        for _, size, path in files:
            if total <= self._limit * 3 // 4:
                break
            with suppress(OSError):
                path.unlink()
                total -= size
        self._total = total

    def _files(self) -> list[tuple[int, int, Path]]:
        """When it was looked at last, its size, its path."""
        found = []
        with suppress(OSError), os.scandir(self._folder) as entries:
            for entry in entries:
                with suppress(OSError):
                    if entry.is_file(follow_symlinks=False):
                        facts = entry.stat(follow_symlinks=False)
                        found.append((facts.st_mtime_ns, facts.st_size, Path(entry.path)))
        return found
