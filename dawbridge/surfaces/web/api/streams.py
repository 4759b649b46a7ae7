"""The page's stream of events: JSON over a WebSocket. A client that reads slowly gets the newest, never old ones."""

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from aiohttp import WSMsgType, web

Json = dict[str, Any]

MAX_CLIENTS = 16
STREAM_HZ = 30
STALL_S = 20.0
"""How long a client may take nothing, in seconds."""
MAX_MESSAGE_BYTES = 65_536
BEAT_S = 10.0
"""A client hears something at least this often, in seconds: one that does not has lost the connection."""
_MAX_LINES = 256


class Stream:
    """One client: what waits to be sent to it."""

    def __init__(self) -> None:
        self._newest: dict[str, Json] = {}
        self._lines: deque[Json] = deque(maxlen=_MAX_LINES)
        self.woken = asyncio.Event()

    def put(self, message: Json, key: str = "") -> None:
        """Send it with the next turn; of messages with the same `key` only the newest."""
        if key:
            self._newest.pop(key, None)
            self._newest[key] = message
        else:
            self._lines.append(message)
        self.woken.set()

    def take(self) -> list[Json]:
        """What is to be sent now."""
        self.woken.clear()
        messages = [*self._lines, *self._newest.values()]
        self._lines.clear()
        self._newest.clear()
        return messages


class Streams:
    """All clients. Used from the event loop's thread alone."""

    def __init__(self, snapshot: Callable[[], Any], obey: Callable[[Json, str], Any]) -> None:
        """`snapshot` awaits the first message; `obey` awaits the answer to a message that a client sends."""
        self._snapshot, self._obey = snapshot, obey
        self._streams: set[Stream] = set()
        self._over = False

    def __len__(self) -> int:
        return len(self._streams)

    def tell(self, message: Json, key: str = "") -> None:
        """Send to everybody; of messages with the same `key` only the newest waits."""
        for stream in self._streams:
            stream.put(message, key)

    def end(self) -> None:
        """Close all connections."""
        self._over = True
        for stream in self._streams:
            stream.woken.set()

    async def serve(self, request: web.Request, origin: str) -> web.StreamResponse:
        """One client, until it goes."""
        if len(self._streams) >= MAX_CLIENTS or self._over:
            text = "dawbridge is ending" if self._over else f"{MAX_CLIENTS} pages are open already; close one"
            return web.json_response({"error": {"code": "too_many_clients", "message": text}}, status=503)
        socket = web.WebSocketResponse(heartbeat=30, max_msg_size=MAX_MESSAGE_BYTES)
        stream = Stream()
        self._streams.add(stream)
        sender: asyncio.Task[None] | None = None
        try:
            await socket.prepare(request)
            sender = asyncio.create_task(self._send(request, socket, stream))
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await self._hear(stream, message.data, origin)
        finally:
            self._streams.discard(stream)
            if sender:
                sender.cancel()
        return socket

    async def _send(self, request: web.Request, socket: web.WebSocketResponse, stream: Stream) -> None:
        with suppress(ConnectionError):
            try:
                await _written(socket, await self._snapshot())
                while not self._over:
                    if not await _within(BEAT_S, stream.woken.wait()):
                        stream.put({"type": "beat"})
                    for message in stream.take():
                        await _written(socket, message)
                    await asyncio.sleep(1 / STREAM_HZ)
                await socket.close()
            except TimeoutError:
                if request.transport is not None:
                    request.transport.abort()

    async def _hear(self, stream: Stream, text: str, origin: str) -> None:
        try:
            message = json.loads(text)
        except (ValueError, RecursionError):
            message = None
        if not isinstance(message, dict):
            stream.put({"type": "error", "code": "bad_args", "message": "send an object: address, arguments"})
            return
        stream.put(await self._obey(message, origin))


async def _within(seconds: float, coming: Awaitable[object]) -> bool:
    """Whether it comes in this time."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await coming
            return True
    return False


async def _written(socket: web.WebSocketResponse, message: Json) -> None:
    async with asyncio.timeout(STALL_S):
        await socket.send_str(json.dumps(message))
