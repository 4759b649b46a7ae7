"""A file that is dropped on the page: streamed to disk beside the bounces, and given its name in one step."""

import asyncio
import os
import shutil
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aiohttp import web

from dawbridge.errors import DawbridgeError, PathNotAllowedError
from dawbridge.files.devices import is_device
from dawbridge.files.part import Part
from dawbridge.files.publish import publish

LIMIT_BYTES = 4 * 2**30
SPARE_BYTES = 256 * 2**20
"""What stays free on the disk: the stems need room too."""
AT_ONCE = 4
STALL_S = 30.0
"""How long an upload may send nothing, in seconds."""
_PIECE_BYTES = 2**18
_LONGEST_NAME = 200


class UploadError(DawbridgeError):
    """An upload that is refused or broke off; `status` is the answer's."""

    def __init__(self, status: int, code: str, message: str) -> None:
        self.status, self.code = status, code
        super().__init__(message)


class Uploads:
    """At most `AT_ONCE` at a time. What breaks off leaves nothing behind."""

    def __init__(
        self, run: Callable[..., Any], why_not: Callable[[Path], str] = lambda _: "", limit_bytes: int = LIMIT_BYTES
    ) -> None:
        """`run` awaits a function in another thread; `why_not`: why a file would not be taken for a bounce."""
        self._run, self._why_not, self._limit = run, why_not, limit_bytes
        self._now = 0

    async def take(self, request: web.Request, folder: Path, name: str) -> Path:
        """Read the request's body into `folder` under `name`, or the next free one. Raises `UploadError`."""
        final = folder / checked_name(name)
        self._refuse(request.content_length, final)
        if self._now >= AT_ONCE:
            raise UploadError(503, "busy", f"{AT_ONCE} files are being uploaded already; try again when one is done")
        self._now += 1
        try:
            return await self._receive(request, final)
        except OSError as error:
            text = f"{folder} does not take the file ({error.strerror}); check the disk and its permissions"
            raise UploadError(507, "disk", text) from error
        finally:
            self._now -= 1

    def _refuse(self, length: int | None, final: Path) -> None:
        if length is not None and length > self._limit:
            text = f"the file has {length} bytes; allowed are {self._limit}; copy it into the folder instead"
            raise UploadError(413, "too_large", text)
        reason = self._why_not(final)
        if reason:
            raise UploadError(400, "bad_name", f"{final.name} would be left alone: {reason}")
        try:
            free = shutil.disk_usage(final.parent).free
        except OSError as error:
            raise UploadError(507, "disk", f"{final.parent} is not there now ({error.strerror})") from error
        if free < (length or 0) + SPARE_BYTES:
            raise UploadError(507, "disk", f"{free / 1e6:.0f} MB are free in {final.parent}; make room")

    async def _receive(self, request: web.Request, final: Path) -> Path:
        part: Part = await self._run(Part.create, final.parent)
        try:
            await self._fill(request, part)
            return await self._run(publish, part, final, lambda _: False)  # type: ignore[no-any-return]
        finally:
            await asyncio.shield(self._run(part.discard))

    async def _fill(self, request: web.Request, part: Part) -> None:
        written = 0
        while True:
            try:
                async with asyncio.timeout(STALL_S):
                    piece = await request.content.read(_PIECE_BYTES)
            except TimeoutError:
                raise UploadError(408, "stalled", f"nothing came for {STALL_S:.0f} s; send the file again") from None
            if not piece:
                break
            written += len(piece)
            if written > self._limit:
                raise UploadError(413, "too_large", f"the file is longer than {self._limit} bytes")
            await self._run(_write, part, piece)
        if written == 0:
            raise UploadError(400, "empty", "the file is empty")


def checked_name(name: str) -> str:
    """The file name, in composed characters, if it is one that stays in its folder. Raises `UploadError`."""
    name = unicodedata.normalize("NFC", name)
    wrong = (
        not name
        or len(os.fsencode(name)) > _LONGEST_NAME
        or name.startswith(".")
        or name != name.strip(" .")
        or any(c in '/\\:*?"<>|' or unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in name)
        or is_device(name)
    )
    if wrong:
        raise UploadError(
            400, "bad_name",
            f"{name[:60]!r} cannot be a bounce's name; allowed are up to {_LONGEST_NAME} bytes without "
            '/ \\ : * ? " < > | and control characters, and no dot or space at either end',
        )  # fmt: skip
    return name


def folder_at(folders: tuple[Path, ...], index: str) -> Path:
    """The watched folder of that number, from 0. Raises `PathNotAllowedError`."""
    if not (index.isascii() and index.isdecimal() and len(index) < 6 and int(index) < len(folders)):
        raise PathNotAllowedError(f"there is no watched folder number {index[:20]}; there are 0..{len(folders) - 1}")
    return folders[int(index)]


def _write(part: Part, piece: bytes) -> None:
    rest = memoryview(piece)
    while rest:
        rest = rest[part.stream.write(rest) :]
