"""What each route answers. Whatever touches a file or the ledger is done in other threads."""

import asyncio
import json
import re
import shutil
from ipaddress import ip_address
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import numpy as np
from aiohttp import web

from dawbridge.errors import DawbridgeError, JobError, ParameterError, PathNotAllowedError
from dawbridge.jobs.ledger import JobRecord
from dawbridge.knobs.automation import AUTOMATABLE, MAX_POINTS, Automation
from dawbridge.surfaces import checks
from dawbridge.surfaces.arguments import Refused
from dawbridge.surfaces.web.api import openapi, views
from dawbridge.surfaces.web.api.asking import answer_of
from dawbridge.surfaces.web.api.desk import Desk
from dawbridge.surfaces.web.api.facts import version_of
from dawbridge.surfaces.web.api.revealing import reveal
from dawbridge.surfaces.web.api.routes import ROUTES, Field
from dawbridge.surfaces.web.api.uploads import folder_at
from dawbridge.surfaces.web.pictures.spectrogram import LEVELS, Grid
from dawbridge.version import VERSION

T = TypeVar("T")
Json = dict[str, Any]

MAX_AUTOMATION_BYTES = 4 * 2**20
_TO_THE_END = 0
_CLIENT = re.compile(r"[A-Za-z0-9_-]{1,32}")
_FIELDS = {(route.handler, field.name): field for route in ROUTES for field in route.fields}
_FOR_EVER = {"Cache-Control": "private, max-age=31536000, immutable"}


class Api:
    """The handlers, by the names that the table of routes gives."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._world = desk, desk.world
        self._document = json.dumps(openapi.document())
        self._automating = asyncio.Lock()

    async def openapi(self, _: web.Request) -> web.StreamResponse:
        return web.Response(text=self._document, content_type="application/json")

    async def state(self, _: web.Request) -> web.StreamResponse:
        return web.json_response(await self._desk.run(self._desk.state))

    async def health(self, _: web.Request) -> web.StreamResponse:
        return web.json_response(await self._desk.run(self._health))

    async def parameters(self, _: web.Request) -> web.StreamResponse:
        return web.json_response(views.parameters(self._desk.store))

    async def presets(self, _: web.Request) -> web.StreamResponse:
        return web.json_response(await self._desk.run(self._desk.presets))

    async def events(self, request: web.Request) -> web.StreamResponse:
        with self._desk.busy(request):
            return await self._desk.streams.serve(request, origin_of(request))

    async def jobs(self, request: web.Request) -> web.StreamResponse:
        limit = number(request, "jobs", "limit", 50)
        before = number(request, "jobs", "before", 0)
        state = text(request, "jobs", "state", "")
        return web.json_response(await self._desk.run(self._desk.jobs, limit, before, state))

    async def job(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(await self._desk.run(self._desk.details, number(request, "job", "id")))

    async def submit(self, request: web.Request) -> web.StreamResponse:
        given = await json_body(request)
        path, preset = given.get("path"), given.get("preset", "")
        if not isinstance(path, str) or not isinstance(preset, str) or given.keys() - {"path", "preset"}:
            raise Refused("bad_args", 'send {"path": "a file in a watched folder"}, and "preset" if you like')
        answer = await self._desk.asking.ask("/dawbridge/job/submit", (path, preset), origin_of(request))
        return web.json_response({"id": answer["reply"][0], "path": answer["reply"][1]}, status=201)

    async def command(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(await self._desk.obey(await json_body(request), origin_of(request)))

    async def upload(self, request: web.Request) -> web.StreamResponse:
        folder = folder_at(self._world.folders, request.match_info["folder"])
        with self._desk.busy(request):
            path = await self._desk.uploads.take(request, folder, request.match_info["name"])
        return web.json_response({"path": str(path), "name": path.name}, status=201)

    async def audio(self, request: web.Request) -> web.StreamResponse:
        path, version = await self._stem(request, "audio")
        text(request, "audio", "as", "")
        with self._desk.busy(request):
            return await self._desk.listening.answer(request, path, version)

    async def layout(self, request: web.Request) -> web.StreamResponse:
        path, version = await self._stem(request, "layout")
        wav = await self._desk.run(self._desk.listening.layout, path)
        facts = {"rate_hz": wav.sample_rate, "channels": wav.channels, "frames": wav.frames, "version": version}
        return web.json_response({**facts, **views.wav_layout(wav)})

    async def peaks(self, request: web.Request) -> web.StreamResponse:
        points = number(request, "peaks", "points", 1024)
        start, stop = number(request, "peaks", "start", 0), number(request, "peaks", "stop", _TO_THE_END)
        path, version = await self._stem(request, "peaks")
        drawn = await asyncio.wrap_future(
            self._desk.pictures.peaks(path, version, points, start, None if stop == _TO_THE_END else stop)
        )
        headers = cache_headers(request, version)
        if b'"exact": false' in drawn[:200]:
            self._desk.complete(number(request, "peaks", "id"), request.match_info["stem"], path, version)
            headers = {"Cache-Control": "no-store"}
        return web.Response(body=drawn, content_type="application/json", headers=headers)

    async def grid(self, request: web.Request) -> web.StreamResponse:
        path, version = await self._stem(request, "grid")
        wav = await self._desk.run(self._desk.listening.layout, path)
        grid = Grid(wav.sample_rate, wav.frames)
        levels = [
            {"level": level, "tiles": grid.tiles(level), "column_s": grid.hop(level) / wav.sample_rate}
            for level in LEVELS[: grid.top_level + 1]
        ]
        facts = {"version": version, "highest_hz": grid.highest_hz, "lowest_hz": 30.0, "floor_db": -90.0}
        return web.json_response({**facts, "levels": levels})

    async def tile(self, request: web.Request) -> web.StreamResponse:
        axis = text(request, "tile", "axis", "")
        level, place = number(request, "tile", "level"), number(request, "tile", "tile")
        path, version = await self._stem(request, "tile")
        drawing = self._desk.pictures.tile(path, version, "log" if axis == "log" else "linear", level, place)
        drawn = await asyncio.wrap_future(drawing)
        if drawn is None:
            return web.json_response({"error": {"code": "no_tile", "message": "the bounce ends before it"}}, status=404)
        return web.Response(body=drawn, content_type="image/png", headers=cache_headers(request, version))

    async def reveal(self, request: web.Request) -> web.StreamResponse:
        if not ip_address(request.remote or "0.0.0.0").is_loopback:
            raise PathNotAllowedError("only a page on the computer with the bounces can show a folder there")
        record = await self._desk.run(self._desk.record, number(request, "reveal", "id"))
        await self._desk.run(
            reveal, next(path for path in (record.acapella, record.instrumental, str(record.path)) if path)
        )
        return web.json_response({"ok": True})

    async def automation(self, request: web.Request) -> web.StreamResponse:
        record = await self._desk.run(self._desk.record, number(request, "automation", "id"))
        return web.json_response(await self._desk.run(self._desk.automation, record.id))

    async def automate(self, request: web.Request) -> web.StreamResponse:
        record = await self._desk.run(self._desk.record, number(request, "automate", "id"))
        body = await json_body(request, MAX_AUTOMATION_BYTES)
        lanes, before = checked_lanes(body), body.get("before")
        async with self._automating:
            if before is not None and before != (await self._desk.run(self._desk.automation, record.id))["lanes"]:
                raise Refused("busy", "the automation was changed elsewhere meanwhile; look at it, and change it again")
            await answer_of(self._world.automate(Automation.of(lanes), record.id))
            return web.json_response({"ok": True, **await self._desk.run(self._desk.automation, record.id)})

    async def _stem(self, request: web.Request, handler: str) -> tuple[Path, str]:
        """The file of the stem that is asked for, and its version. Raises `JobError`, `PathNotAllowedError`."""
        job_id, stem = number(request, handler, "id"), text(request, handler, "stem", "")
        return await self._desk.run(self._stem_file, job_id, stem)

    def _stem_file(self, job_id: int, stem: str) -> tuple[Path, str]:
        record: JobRecord = self._desk.record(job_id)
        path = views.stem_path(record, stem)
        if path is None:
            raise JobError(f"job {job_id} has no {stem}")
        if stem == "mixture" and not self._world.is_inside(path.resolve()):
            raise PathNotAllowedError(f"job {job_id}: its bounce is outside the watched folders")
        version = version_of(path)
        if not version:
            raise JobError(f"job {job_id}: its {stem} is not there now")
        return path, version

    def _health(self) -> Json:
        def room(path: Path) -> Json:
            try:
                return {"path": str(path), "away": False, "free_bytes": shutil.disk_usage(path).free}
            except OSError:
                return {"path": str(path), "away": True, "free_bytes": None}

        trouble = self._world.ledger.database.trouble
        return {
            "version": VERSION,
            "packages": {"aiohttp": aiohttp.__version__, "numpy": np.__version__},
            "folders": [room(folder) for folder in self._world.folders],
            "pictures_bytes": self._desk.store_of_pictures.size,
            "ledger_trouble": trouble,
            "checks": [line._asdict() for line in (*checks.standing(), checks.ffmpeg(), *checks.models())],
            "surfaces": list(self._world.surfaces()),
            "subscribers": list(self._world.subscribers()),
            "pages": len(self._desk.streams),
        }


def number(request: web.Request, handler: str, name: str, default: int | None = None) -> int:
    """A whole number in the path or the query, within its field's range. Raises `Refused`."""
    field = _FIELDS[handler, name]
    given = request.match_info.get(name, request.query.get(name))
    if given is None and default is not None:
        return default
    if given is None or not (given.isascii() and given.isdecimal() and len(given) <= 18):
        raise _wrong(field, given)
    value = int(given)
    if (field.low is not None and value < field.low) or (field.high is not None and value > field.high):
        raise _wrong(field, given)
    return value


def text(request: web.Request, handler: str, name: str, default: str) -> str:
    """One of a field's choices, in the path or the query. Raises `Refused`."""
    field = _FIELDS[handler, name]
    given = request.match_info.get(name, request.query.get(name, default))
    if given != default and given not in field.choices:
        raise _wrong(field, given)
    return given


async def json_body(request: web.Request, limit: int = 65_536) -> Json:
    """The request's JSON object. Raises `Refused` for anything else, `web.HTTPRequestEntityTooLarge`."""
    body = bytearray()
    async for piece in request.content.iter_chunked(65_536):
        body += piece
        if len(body) > limit:
            raise web.HTTPRequestEntityTooLarge(limit, len(body))
    try:
        given = json.loads(bytes(body))
    except (ValueError, RecursionError):
        raise Refused("bad_args", "the body is not JSON") from None
    if not isinstance(given, dict):
        raise Refused("bad_args", "the body must be a JSON object")
    return given


def checked_lanes(given: Json) -> dict[str, list[list[float]]]:
    """Breakpoints by parameter. Raises `Refused`, `ParameterError`."""
    lanes = given.get("lanes")
    if not isinstance(lanes, dict):
        raise Refused("bad_args", 'send {"lanes": {"mask_depth": [[seconds, value], ...]}}')
    for name, points in lanes.items():
        if name not in AUTOMATABLE:
            raise ParameterError(
                f"{str(name)[:60]!r} cannot be automated; allowed are {', '.join(sorted(AUTOMATABLE))}"
            )
        if not isinstance(points, list) or len(points) > MAX_POINTS or not all(map(_is_point, points)):
            raise Refused("bad_args", f"{name}: points are [seconds, value], seconds 0..86400, {MAX_POINTS} at most")
    return lanes


def cache_headers(request: web.Request, version: str) -> dict[str, str]:
    """For ever if the request names this version, else not at all."""
    return _FOR_EVER if request.query.get("v") == version else {"Cache-Control": "no-store"}


def origin_of(request: web.Request) -> str:
    """Who it is, as in a `Change`: what the page calls itself, so that it knows its own moves, or its address."""
    given = request.headers.get("X-Dawbridge-Client") or request.query.get("client") or ""
    return f"page:{given}" if _CLIENT.fullmatch(given) else f"page:{request.remote}"


def _is_point(point: object) -> bool:
    return (
        isinstance(point, list)
        and len(point) == 2
        and all(isinstance(one, int | float) and not isinstance(one, bool) and abs(one) < 1e12 for one in point)
        and 0 <= point[0] <= 86_400
    )


def _wrong(field: Field, given: str | None) -> DawbridgeError:
    if field.choices:
        allowed = "one of " + ", ".join(field.choices)
    else:
        allowed = "a whole number" + (f" from {field.low:g}" if field.low is not None else "")
        allowed += f" to {field.high:g}" if field.high is not None else ""
    return Refused("bad_args", f"{field.name} = {str(given)[:60]!r}: allowed is {allowed}")
