"""OSCQuery: HTTP answers what there is, a WebSocket streams what changes."""

import asyncio
import json
import logging
import re
from collections.abc import Callable, Iterable
from itertools import count
from typing import Protocol

from aiohttp import WSMsgType, web

from dawbridge.errors import PresetError
from dawbridge.events import Bus, PresetsChanged, StateChanged
from dawbridge.knobs.loader import PresetLoader
from dawbridge.knobs.parameters import PARAMETERS, ParameterStore
from dawbridge.surfaces.dispatch import Dispatcher
from dawbridge.surfaces.osc.events import messages, source_of
from dawbridge.surfaces.osc.knobs import READABLE, Knobs
from dawbridge.surfaces.osc.subscribers import Address
from dawbridge.surfaces.overview import News, Overview
from dawbridge.surfaces.web.listeners import STREAM_HZ, Listener
from dawbridge.surfaces.web.tree import ATTRIBUTES, Node, Tree, job_path, preset_path

MAX_CLIENTS = 16
MAX_COMMAND_BYTES = 65536

_LOG = logging.getLogger(__name__)
_ATTRIBUTE = re.compile(r"[A-Z_]{1,40}")


class Osc(Protocol):
    """What obeys the OSC that comes through a WebSocket."""

    def receive(self, datagram: bytes, source: Address, answer: Callable[[bytes], None]) -> None:
        """Obey a datagram; `answer` sends to its client."""

    def disconnect(self, source: Address) -> None:
        """Forget a client."""


class OscQuery:
    """One part of the web server. Used from its event loop's thread, once it is made."""

    def __init__(
        self,
        store: ParameterStore,
        deck: PresetLoader,
        bus: Bus,
        dispatcher: Dispatcher,
        osc: Osc,
        targets: tuple[str, ...],
        about: Node,
        call: Callable[..., None],
    ) -> None:
        """`osc` obeys binary OSC from WebSockets; `targets` is what a MIDI control can be bound to; `about` answers
        `?HOST_INFO`; `call` has a function called in the event loop's thread, from any thread.
        """
        self._deck, self._osc, self._about, self._call = deck, osc, about, call
        self._overview = Overview(bus, {"jobs": None, "automation": None, "midi": None})
        self._tree = Tree(
            Knobs(store), dispatcher, lambda: {"presets": self._presets(), "targets": targets},
            lambda: self._overview.jobs,
        )  # fmt: skip
        self._news = News(lambda: dispatcher.state(only_states=True))
        self._listeners: set[Listener] = set()
        self._known_presets, self._known_jobs = frozenset(self._presets()), frozenset(self._overview.jobs)
        self._numbers = count(1)
        self._turned = store.mailbox(lambda: call(self._hear_turned))
        self._happened = bus.mailbox(lambda: call(self._hear_happened))
        self._is_over = False

    def end(self) -> None:
        """Close the WebSockets."""
        self._is_over = True
        for listener in self._listeners:
            listener.woken.set()

    def close(self) -> None:
        """Stop listening to store and bus."""
        self._turned.close()
        self._happened.close()
        self._overview.close()

    def answer(self, path: str, query: str) -> web.Response:
        """The node at a path, or one attribute of it."""
        if query and not _ATTRIBUTE.fullmatch(query):
            return web.Response(status=400, text="ask for one attribute: ?VALUE, ?TYPE, ?HOST_INFO, ...\n")
        if query == "HOST_INFO":
            return web.json_response(self._about)
        node = self._tree.node(path)
        if node is None:
            return web.Response(status=404, text="nothing is at this path; GET / lists everything\n")
        if not query:
            return web.json_response(node)
        if query not in ATTRIBUTES or query not in node:
            return web.Response(status=204)
        return web.json_response({query: node[query]})

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """One WebSocket, until it goes."""
        if len(self._listeners) >= MAX_CLIENTS:
            return web.Response(status=503, text=f"there are {MAX_CLIENTS} listeners already\n")
        stream = web.WebSocketResponse(heartbeat=30, max_msg_size=MAX_COMMAND_BYTES)
        listener = Listener((f"ws:{request.remote}", next(self._numbers)))
        if not self._listeners:  # the first is told only what changes from now on
            self._news.take()
            self._known_jobs = frozenset(self._overview.jobs)
        self._listeners.add(listener)
        try:
            await stream.prepare(request)
            await self._converse(listener, stream)
        finally:
            self._listeners.discard(listener)
            self._osc.disconnect(listener.source)
        return stream

    async def _converse(self, listener: Listener, stream: web.WebSocketResponse) -> None:
        sender = asyncio.create_task(self._send(listener, stream))
        try:
            async for message in stream:
                if message.type is WSMsgType.TEXT:
                    self._obey(listener, message.data)
                elif message.type is WSMsgType.BINARY and message.data:
                    self._osc.receive(message.data, listener.source, lambda data: self._call(listener.answer, data))
        finally:
            sender.cancel()

    async def _send(self, listener: Listener, stream: web.WebSocketResponse) -> None:
        """Send the newest values, at most `STREAM_HZ` times a second: a slow reader gets fewer, never old ones."""
        while not self._is_over:
            await listener.woken.wait()
            for message in listener.taken(self._tree.values):
                await (stream.send_str(message) if isinstance(message, str) else stream.send_bytes(message))
            await asyncio.sleep(1 / STREAM_HZ)
        await stream.close()

    def _obey(self, listener: Listener, text: str) -> None:
        """`{"COMMAND": "LISTEN" or "IGNORE", "DATA": path}`; anything else is ignored."""
        try:
            command = json.loads(text)
            name, path = command["COMMAND"], command["DATA"]
        except (ValueError, TypeError, KeyError, RecursionError):
            _LOG.debug("OSCQuery: not a command: %s", text[:200])
            return
        if name == "LISTEN" and isinstance(path, str) and self._tree.values(path) is not None:
            listener.paths.add(path)
        elif name == "IGNORE" and isinstance(path, str):
            listener.paths.discard(path)

    def _hear_turned(self) -> None:
        batches = self._turned.drain()
        if not self._listeners:
            return
        for change in (change for batch in batches for change in batch if change.changed):
            for suffix in READABLE:
                self._tell(PARAMETERS[change.name].address + suffix, change.origin)
        for path in self._news.take():
            self._tell(path, "")

    def _hear_happened(self) -> None:
        for event in self._happened.drain():
            if isinstance(event, PresetsChanged):
                self._tell_presets(event.name)
            if not self._listeners:
                continue
            if isinstance(event, StateChanged):
                self._tell(job_path(event.job_id), "")
            for row, _ in messages(event):
                self._tell(row.address, getattr(event, "origin", ""))
        if not self._listeners:
            return
        self._tell_jobs()
        for path in self._news.take():
            self._tell(path, "")

    def _tell(self, path: str, origin: str) -> None:
        source = source_of(origin)
        for listener in self._listeners:
            listener.tell(path, source)

    def _tell_presets(self, names: Iterable[str]) -> None:
        """Presets are paths of the tree; clients that build their controls from it are told which came and went."""
        before, self._known_presets = self._known_presets, frozenset(names)
        self._tell_paths(map(preset_path, before), map(preset_path, self._known_presets))
        if before != self._known_presets:
            self._tell_all({"COMMAND": "PATH_CHANGED", "DATA": "/dawbridge/preset"})

    def _tell_jobs(self) -> None:
        before, self._known_jobs = self._known_jobs, frozenset(self._overview.jobs)
        self._tell_paths(map(job_path, before), map(job_path, self._known_jobs))

    def _tell_paths(self, before: Iterable[str], now: Iterable[str]) -> None:
        gone, come = set(before), set(now)
        for command, paths in (("PATH_REMOVED", gone - come), ("PATH_ADDED", come - gone)):
            for path in sorted(paths):
                self._tell_all({"COMMAND": command, "DATA": path})

    def _tell_all(self, command: dict[str, str]) -> None:
        for listener in self._listeners:
            listener.answer(json.dumps(command))

    def _presets(self) -> tuple[str, ...]:
        try:
            return self._deck.presets.names()
        except PresetError:
            return ()
