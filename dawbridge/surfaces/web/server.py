"""The web server: one TCP port for OSCQuery, the page and its API. One event loop, in a thread of its own."""

import asyncio
import threading
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager

from aiohttp import web

from dawbridge.errors import DawbridgeError
from dawbridge.events import Bus, Notice
from dawbridge.knobs.loader import PresetLoader
from dawbridge.knobs.parameters import PARAMETERS, ParameterStore
from dawbridge.surfaces.dispatch import Dispatcher
from dawbridge.surfaces.web.announce import Announcement
from dawbridge.surfaces.web.api.asking import STATUS, error_body
from dawbridge.surfaces.web.api.desk import marking
from dawbridge.surfaces.web.api.site import Site
from dawbridge.surfaces.web.connections import Connections, bind
from dawbridge.surfaces.web.guard import MAX_JSON_BYTES, Guard, Handler
from dawbridge.surfaces.web.oscquery import Osc, OscQuery
from dawbridge.surfaces.web.tree import host_info
from dawbridge.surfaces.web.trust import is_loopback


class WebServer:
    """Binds on construction; `serve` then blocks in its own thread until `close`."""

    name = "web"

    def __init__(
        self,
        store: ParameterStore,
        deck: PresetLoader,
        bus: Bus,
        dispatcher: Dispatcher,
        osc: Osc,
        *,
        host: str,
        port: int,
        osc_port: int,
        targets: Iterable[str] = tuple(PARAMETERS),
        announce: bool = True,
        site: Site | None = None,
    ) -> None:
        """Listen on TCP `host`:`port` (0: any free port).

        `dispatcher` has the commands; `osc` obeys binary OSC from WebSockets; `targets` is what a MIDI control can be
        bound to. `announce` it and OSC on the local network, unless `host` is loopback. `site`: the page and its API.
        Raises `ControlError` if the port is taken.
        """
        self._site, self._bus = site, bus
        self._socket = bind(host, port)
        self._host, self._port = self._socket.getsockname()[:2]
        self._guard = Guard(self._host, self._port)
        self._osc_port, self._announce = osc_port, announce and not is_loopback(host)
        self._connections = Connections()
        self._loop = asyncio.new_event_loop()
        self._over = asyncio.Event()
        about = host_info(self._host, osc_port, self._port)
        self._query = OscQuery(store, deck, bus, dispatcher, osc, tuple(targets), about, self._call)

    @property
    def address(self) -> tuple[str, int]:
        """Host and port that are really bound."""
        return self._host, self._port

    @property
    def page(self) -> str:
        """The page's address; empty if there is none."""
        return self._guard.address if self._site else ""

    def lines(self) -> Iterable[str]:
        """Where it listens."""
        if self._site:
            yield f"page: {self._guard.address}"
        yield f"OSCQuery on http://{self._host}:{self._port}"

    def serve(self, stop: threading.Event | None = None) -> None:
        """Answer until `close` is called. Blocks."""
        try:
            if not (stop and stop.is_set()):
                self._loop.run_until_complete(self._serve())
        finally:
            self._query.close()
            if self._site:
                self._site.close()
            self._loop.close()
            self._socket.close()

    def close(self) -> None:
        """End `serve`. From any thread; if it never ran, the port stays taken until the program ends."""
        self._call(self._over.set)

    async def _serve(self) -> None:
        app = web.Application(middlewares=[self._checked], client_max_size=MAX_JSON_BYTES)
        app.on_response_prepare.append(self._protect)
        if self._site:
            self._site.add_routes(app)
            self._site.start(self._call, self._busy)
        app.router.add_get("/{path:.*}", self._answer)
        runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=0.5)
        await runner.setup()
        assert runner.server is not None  # setup made it
        tasks = [
            asyncio.create_task(self._connections.accept(self._socket, runner.server)),
            asyncio.create_task(self._connections.mind()),
        ]
        await asyncio.gather(self._announced(), self._over.wait())
        for task in tasks:
            task.cancel()
        self._query.end()
        if self._site:
            self._site.end()
        await runner.cleanup()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _announced(self) -> None:
        if self._announce:
            await Announcement(self._host, self._port, self._osc_port, self._say).stand(self._over)

    @web.middleware
    async def _checked(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse who may not ask; turn a refusal of ours into an answer."""
        if isinstance(request.transport, asyncio.Transport):
            self._connections.heard(request.transport)
        answer = self._guard.refusal(request, guarded=False) or self._guard.welcome(request)
        if answer is None and (request.path.startswith(("/api", "/page")) or self._wants_page(request)):
            answer = self._guard.refusal(request, guarded=True)
        try:
            return answer or await handler(request)
        except DawbridgeError as error:
            status = getattr(error, "status", STATUS.get(error.code, 400))
            return web.json_response(error_body(error), status=status)

    async def _protect(self, request: web.Request, answer: web.StreamResponse) -> None:
        self._guard.protect(request, answer)

    def _busy(self, request: web.Request) -> AbstractContextManager[None]:
        transport = request.transport

        def mark(on: bool) -> None:
            if isinstance(transport, asyncio.Transport):
                self._connections.streams(transport, on)

        return marking(mark)

    def _wants_page(self, request: web.Request) -> bool:
        is_root = request.path == "/" and not request.query_string
        return self._site is not None and is_root and "text/html" in request.headers.get("Accept", "")

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Upgrade", "").lower() == "websocket":
            with self._busy(request):
                return await self._query.stream(request)
        if self._site and self._wants_page(request):
            return self._site.index(request)
        return self._query.answer(request.path, request.query_string)

    def _say(self, text: str) -> None:
        self._bus.publish(Notice(text))

    def _call(self, function: Callable[..., None], *arguments: object) -> None:
        try:
            self._loop.call_soon_threadsafe(function, *arguments)
        except RuntimeError:  # the loop is closed
            return
