"""The page's files, from the wheel: read once, answered with an ETag and, if the browser takes it, gzipped."""

import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

FOLDER = Path(__file__).parent.parent / "page"
TYPES = {
    ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml", ".png": "image/png", ".ico": "image/x-icon",
    ".json": "application/json", ".webmanifest": "application/manifest+json", ".txt": "text/plain; charset=utf-8",
    ".woff2": "font/woff2", ".map": "application/json",
}  # fmt: skip
"""Types of the files that are served; any other is not."""
_LEAST_GZIPPED = 1024


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One file in memory."""

    content: bytes
    zipped: bytes
    """Gzipped; empty if that saves nothing."""
    type: str
    etag: str

    @classmethod
    def read(cls, path: Path) -> "StaticFile":
        """Raises `OSError`."""
        content = path.read_bytes()
        zipped = gzip.compress(content, 9, mtime=0) if len(content) >= _LEAST_GZIPPED else b""
        tag = f'"{hashlib.sha256(content).hexdigest()[:20]}"'
        return cls(content, zipped if len(zipped) < len(content) * 0.9 else b"", TYPES[path.suffix], tag)


class StaticFiles:
    """All files of the page by their path below `/page/`, read at the start: no path of a request is ever opened."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._files = {
            path.relative_to(folder).as_posix(): StaticFile.read(path)
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.suffix in TYPES
        }

    def __contains__(self, name: str) -> bool:
        return name in self._files

    def answer(self, request: web.Request, name: str) -> web.Response:
        """The file called `name`; 404 if the page has none."""
        file = self._files.get(name or "index.html")
        if file is None:
            return web.Response(status=404, text="the page has no such file\n")
        headers = {"ETag": file.etag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding", "Content-Type": file.type}
        if file.etag in request.headers.get("If-None-Match", ""):
            return web.Response(status=304, headers=headers)
        if file.zipped and "gzip" in request.headers.get("Accept-Encoding", ""):
            return web.Response(body=file.zipped, headers={**headers, "Content-Encoding": "gzip"})
        return web.Response(body=file.content, headers=headers)
