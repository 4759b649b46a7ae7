"""Page and API as one part of the web server: its routes, what it hears, its end."""

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web

from dawbridge.events import Bus
from dawbridge.knobs.loader import PresetLoader
from dawbridge.knobs.parameters import ParameterStore
from dawbridge.surfaces.dispatch import Dispatcher
from dawbridge.surfaces.web.api.desk import Desk, Mark
from dawbridge.surfaces.web.api.handlers import Api
from dawbridge.surfaces.web.api.routes import ROUTES
from dawbridge.surfaces.web.api.static import StaticFiles
from dawbridge.surfaces.web.api.telling import Telling
from dawbridge.surfaces.web.api.world import World

_LOOK_EVERY_S = 15.0
_POSITION_EVERY_S = 0.25


class Site:
    """Made before the server runs."""

    def __init__(
        self, store: ParameterStore, deck: PresetLoader, bus: Bus, dispatcher: Dispatcher, world: World
    ) -> None:
        self._store, self._bus = store, bus
        self.desk = Desk(store, deck, dispatcher, world)
        self._telling = Telling(self.desk)
        self._files = StaticFiles()
        self._tasks: list[asyncio.Task[None]] = []

    def add_routes(self, app: web.Application) -> None:
        """Add everything below `/api/` and `/page/`."""
        api = Api(self.desk)
        for route in ROUTES:
            handler: Callable[[web.Request], Awaitable[web.StreamResponse]] = getattr(api, route.handler)
            if route.method == "GET":
                app.router.add_get(route.path, handler)
            else:
                app.router.add_route(route.method, route.path, handler)
        app.router.add_route("*", "/api/{rest:.*}", _nothing)
        app.router.add_get("/page", self._to_page)
        app.router.add_get("/page/{name:.*}", self._file)

    def start(self, call: Callable[[Callable[[], None]], None], mark: Mark) -> None:
        """Hear what happens; in the event loop's thread. `call` has a function called there, from any thread."""
        self.desk.busy = mark
        turned = self._store.mailbox(lambda: call(lambda: self._telling.hear_turned(turned.drain())))
        happened = self._bus.mailbox(lambda: call(lambda: self._telling.hear_happened(happened.drain())))
        self._close_mailboxes = (turned.close, happened.close)
        self._tasks += [asyncio.create_task(self._mind()), asyncio.create_task(self._follow())]

    def end(self) -> None:
        """Let the streams end; in the event loop's thread."""
        for close in self._close_mailboxes:
            close()
        for task in self._tasks:
            task.cancel()
        self.desk.end()

    def close(self) -> None:
        """Free threads and files, after the loop has ended."""
        self.desk.close()

    def index(self, request: web.Request) -> web.Response:
        """The page itself."""
        return self._files.answer(request, "index.html")

    async def _file(self, request: web.Request) -> web.StreamResponse:
        return self._files.answer(request, request.match_info["name"])

    async def _to_page(self, _request: web.Request) -> web.StreamResponse:
        return web.Response(status=308, headers={"Location": "/page/"})

    async def _mind(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            self.desk.close_idle()

    async def _follow(self) -> None:
        """Tell open pages where the playhead is, and what else changes without an event: focus, queue, zero."""
        last, last_rest = self.desk.position(), self.desk.rest()
        while True:
            await asyncio.sleep(_POSITION_EVERY_S)
            if not len(self.desk.streams):
                continue
            now, rest = self.desk.position(), self.desk.rest()
            if now != last:
                self.desk.streams.tell({"type": "position", **now}, "position")
            if rest != last_rest:
                self._telling.look_again()
            last, last_rest = now, rest


async def _nothing(request: web.Request) -> web.StreamResponse:
    error = {
        "code": "unknown_address",
        "message": f"nothing is at {request.path[:200]}; GET /api/openapi.json lists all",
    }
    known = {route.path for route in ROUTES if "{" not in route.path}
    status = 405 if request.path in known else 404
    return web.json_response({"error": error}, status=status)
