"""Audio by HTTP ranges: the file itself if every browser plays and seeks it to the sample, else as a virtual WAV."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from aiohttp import web

from dawbridge.audio.files import AudioInfo
from dawbridge.files.opening import open_regular
from dawbridge.surfaces.web.api.ranges import Span, UnsatisfiableError, asked_span
from dawbridge.surfaces.web.api.wav import VirtualWav
from dawbridge.surfaces.web.pictures.sources import Sources

AT_ONCE = 24
STALL_S = 20.0
"""How long a listener may read nothing, in seconds: then its connection is ended, and a player asks again."""
PIECE_BYTES = 2**18
_WRITTEN_BYTES = 2**16
_CONTAINERS, _SUBTYPES = ("WAV", "WAVEX"), ("PCM_16", "PCM_24", "FLOAT")
_FULL = "that many are listening already; ask again in a moment"

Read = Callable[[Span], bytes]


class Listening:
    """Answers with audio, at most `AT_ONCE` at a time."""

    def __init__(self, run: Callable[..., Any], sources: Sources) -> None:
        """`run` awaits a function in another thread."""
        self._run, self._sources = run, sources
        self._now = 0

    async def answer(self, request: web.Request, path: Path, version: str) -> web.StreamResponse:
        """The file at `path`, or the span of it that is asked for. Raises `AudioError`."""
        if self._now >= AT_ONCE:
            return web.json_response(
                {"error": {"code": "busy", "message": _FULL}}, status=503, headers={"Retry-After": "1"}
            )
        self._now += 1
        try:
            info: AudioInfo = await self._run(self._info, path)
            if is_played(info) and request.query.get("as") != "wav":
                with await self._run(open_regular, path) as stream:
                    size = os.fstat(stream.fileno()).st_size
                    return await self._send(request, version, size, lambda span: _read_at(stream, span))
            wav = VirtualWav.of(info)
            return await self._send(request, f"{version}-wav", wav.size, lambda span: self._virtual(path, wav, span))
        finally:
            self._now -= 1

    def layout(self, path: Path) -> VirtualWav:
        """The virtual WAV of a file. Blocks; raises `AudioError`."""
        return VirtualWav.of(self._info(path))

    def _info(self, path: Path) -> AudioInfo:
        with self._sources.borrow(path) as source:
            return source.info

    def _virtual(self, path: Path, wav: VirtualWav, span: Span) -> bytes:
        with self._sources.borrow(path) as source:
            return wav.read(source, span)

    async def _send(self, request: web.Request, tag: str, size: int, read: Read) -> web.StreamResponse:
        etag = f'"{tag}"'
        headers = {"Accept-Ranges": "bytes", "ETag": etag, "Content-Type": "audio/wav", "Cache-Control": "no-cache"}
        if request.query.get("v") == tag.removesuffix("-wav"):
            headers["Cache-Control"] = "private, max-age=31536000, immutable"
        if etag in request.headers.get("If-None-Match", ""):
            return web.Response(status=304, headers=headers)
        asked = request.headers.get("Range") if request.headers.get("If-Range", etag) == etag else None
        try:
            span = asked_span(asked, size)
        except UnsatisfiableError:
            return web.Response(status=416, headers={**headers, "Content-Range": f"bytes */{size}"})
        if span:
            headers["Content-Range"] = f"bytes {span.start}-{span.stop - 1}/{size}"
        whole = span or Span(0, size)
        answer = web.StreamResponse(status=206 if span else 200, headers=headers)
        answer.content_length = whole.length
        await answer.prepare(request)
        if request.method != "HEAD":
            await self._pour(request, answer, whole, read)
        return answer

    async def _pour(self, request: web.Request, answer: web.StreamResponse, whole: Span, read: Read) -> None:
        for start in range(whole.start, whole.stop, PIECE_BYTES):
            piece = await self._run(read, Span(start, min(start + PIECE_BYTES, whole.stop)))
            for place in range(0, len(piece), _WRITTEN_BYTES):
                try:
                    async with asyncio.timeout(STALL_S):
                        await answer.write(piece[place : place + _WRITTEN_BYTES])
                except TimeoutError:
                    if request.transport is not None:
                        request.transport.abort()
                    return
        await answer.write_eof()


def is_played(info: AudioInfo) -> bool:
    """Whether every browser plays the file as it is, and seeks in it to the sample."""
    is_plain = info.container in _CONTAINERS and info.subtype in _SUBTYPES
    return is_plain and info.channels <= 2 and info.frames < 2**28


def _read_at(stream: BinaryIO, span: Span) -> bytes:
    stream.seek(span.start)
    piece = stream.read(span.length)
    if len(piece) < span.length:
        raise OSError("the file became shorter")
    return piece
