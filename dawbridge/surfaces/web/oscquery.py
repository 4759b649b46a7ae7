"""The OSCQuery server: HTTP answers what there is, a WebSocket streams what changes. Needs the extra `oscquery`."""

import asyncio
import json
import logging
import re
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from dawbridge.errors import ControlError
from dawbridge.events import Bus, Notice, PresetMorphed
from dawbridge.knobs.loader import PresetLoader
from dawbridge.knobs.parameters import PARAMETERS, ParameterStore
from dawbridge.surfaces.osc.codec import encode
from dawbridge.surfaces.osc.knobs import FACES, Knobs
from dawbridge.surfaces.web.announce import Announcement
from dawbridge.surfaces.web.tree import ATTRIBUTES, MORPH, Tree, host_info

if TYPE_CHECKING:
    from aiohttp import web

MAX_CLIENTS = 16
STREAM_HZ = 30
MAX_COMMAND_BYTES = 4096

_LOG = logging.getLogger(__name__)
_ATTRIBUTE = re.compile(r"[A-Z_]{1,40}")


@dataclass(eq=False, slots=True)
class _Listener:
    """One WebSocket: what it listens to, and what waits for it, only the newest of each value."""

    paths: set[str] = field(default_factory=set)
    waiting: dict[str, None] = field(default_factory=dict)
    woken: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, path: str) -> None:
        if path in self.paths:
            self.waiting[path] = None
            self.woken.set()


class OscQueryServer:
    """Binds on construction; `serve` then blocks in its own thread until `close`."""

    def __init__(
        self,
        store: ParameterStore,
        deck: PresetLoader,
        bus: Bus,
        commands: Iterable[str],
        *,
        host: str,
        port: int,
        osc_port: int,
        announce: bool = True,
    ) -> None:
        """Listen on TCP `host`:`port` (0: any free port); `commands` are OSC addresses that are no parameters.
        `announce` it and OSC on the local network.

        Raises `ControlError` for want of aiohttp, or where the port is taken.
        """
        try:
            import aiohttp  # noqa: F401
        except ImportError:
            raise ControlError("no OSCQuery: aiohttp is not installed; pip install 'dawbridge[oscquery]'") from None
        self._tree = Tree(Knobs(store), commands, deck)
        self._socket = _bind(host, port)
        self._host, self._port = self._socket.getsockname()[:2]
        self._osc_port, self._bus, self._announce = osc_port, bus, announce
        self._listeners: set[_Listener] = set()
        self._loop = asyncio.new_event_loop()
        self._over = asyncio.Event()
        self._turned = store.mailbox(lambda: self._call(self._hear_turned))
        self._happened = bus.mailbox(lambda: self._call(self._hear_happened))

    @property
    def address(self) -> tuple[str, int]:
        """Host and port that are really bound."""
        return self._host, self._port

    def serve(self) -> None:
        """Answer until `close` is called. Blocks."""
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._turned.close()
            self._happened.close()
            self._loop.close()
            self._socket.close()

    def close(self) -> None:
        """End `serve`. From any thread; where it never ran, the port stays taken until the program ends."""
        self._call(self._over.set)

    async def _serve(self) -> None:
        from aiohttp import web

        app = web.Application()
        app.router.add_get("/{path:.*}", self._answer)
        runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=0.5)
        await runner.setup()
        await web.SockSite(runner, self._socket).start()
        await asyncio.gather(self._announced(), self._over.wait())
        for listener in self._listeners:
            listener.woken.set()
        await runner.cleanup()

    async def _announced(self) -> None:
        if self._announce:
            await Announcement(self._host, self._port, self._osc_port, self._say).stand(self._over)

    async def _answer(self, request: "web.Request") -> "web.StreamResponse":
        from aiohttp import web

        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._stream(request)
        query = request.query_string
        if query and not _ATTRIBUTE.fullmatch(query):
            return web.Response(status=400, text="ask for one attribute: ?VALUE, ?TYPE, ?HOST_INFO, ...\n")
        if query == "HOST_INFO":
            return web.json_response(host_info(self._host, self._osc_port, self._port))
        node = self._tree.node(request.path)
        if node is None:
            return web.Response(status=404, text="nothing lies at this path; GET / lists all\n")
        if not query:
            return web.json_response(node)
        if query not in ATTRIBUTES or query not in node:
            return web.Response(status=204)
        return web.json_response({query: node[query]})

    async def _stream(self, request: "web.Request") -> "web.StreamResponse":
        from aiohttp import WSMsgType, web

        origin = request.headers.get("Origin")
        if origin and urlsplit(origin).netloc != request.host:
            return web.Response(status=403, text="a web page from elsewhere may not listen here\n")
        if len(self._listeners) >= MAX_CLIENTS:
            return web.Response(status=503, text=f"there are {MAX_CLIENTS} listeners already\n")
        stream = web.WebSocketResponse(heartbeat=30, max_msg_size=MAX_COMMAND_BYTES)
        await stream.prepare(request)
        listener = _Listener()
        self._listeners.add(listener)
        sender = asyncio.create_task(self._send(listener, stream))
        try:
            async for message in stream:
                if message.type is WSMsgType.TEXT:
                    self._obey(listener, message.data)
        finally:
            self._listeners.discard(listener)
            sender.cancel()
        return stream

    async def _send(self, listener: _Listener, stream: "web.WebSocketResponse") -> None:
        """Newest values only, at most `STREAM_HZ` times a second: a slow reader gets fewer, never old ones."""
        while not self._over.is_set():
            await listener.woken.wait()
            listener.woken.clear()
            waiting, listener.waiting = listener.waiting, {}
            for path in waiting:
                value = self._tree.value(path)
                if value is not None:
                    await stream.send_bytes(encode(path, (value,)))
            await asyncio.sleep(1 / STREAM_HZ)
        await stream.close()

    def _obey(self, listener: _Listener, text: str) -> None:
        """`{"COMMAND": "LISTEN" or "IGNORE", "DATA": path}`; anything else is passed over."""
        try:
            command = json.loads(text)
            name, path = command["COMMAND"], command["DATA"]
        except (ValueError, TypeError, KeyError, RecursionError):
            _LOG.debug("OSCQuery: not a command: %s", text[:200])
            return
        if name == "LISTEN" and isinstance(path, str) and self._tree.value(path) is not None:
            listener.paths.add(path)
        elif name == "IGNORE" and isinstance(path, str):
            listener.paths.discard(path)

    def _hear_turned(self) -> None:
        changes = [change for batch in self._turned.drain() for change in batch if change.changed]
        self._tell([PARAMETERS[change.name].address + face for change in changes for face in FACES[:3]])

    def _hear_happened(self) -> None:
        if any(isinstance(event, PresetMorphed) for event in self._happened.drain()):
            self._tell([MORPH])

    def _say(self, text: str) -> None:
        self._bus.publish(Notice(text))

    def _tell(self, paths: list[str]) -> None:
        for listener in self._listeners:
            for path in paths:
                listener.tell(path)

    def _call(self, function: Callable[..., None], *arguments: object) -> None:
        try:
            self._loop.call_soon_threadsafe(function, *arguments)
        except RuntimeError:  # the loop is closed
            return


def _bind(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        bound = socket.socket(family, kind, protocol)
    except OSError as error:
        raise ControlError(f"no OSCQuery: {host!r}: {error}") from error
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(where)
        bound.listen(64)
    except OSError as error:
        bound.close()
        reason = f"{host}, TCP port {port}: {error.strerror}"
        raise ControlError(f"no OSCQuery on {reason}; choose another with --http-port") from error
    bound.setblocking(False)
    return bound
