"""What the handlers share: threads for files, pictures, open streams, and what is told to these."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, TypeVar

from aiohttp import web

from dawbridge.commands import Value
from dawbridge.errors import DawbridgeError, JobError
from dawbridge.jobs.ledger import JobRecord
from dawbridge.knobs.loader import PresetLoader
from dawbridge.knobs.parameters import ParameterStore
from dawbridge.surfaces.arguments import Refused
from dawbridge.surfaces.dispatch import Dispatcher
from dawbridge.surfaces.osc.knobs import Knobs
from dawbridge.surfaces.web.api import views
from dawbridge.surfaces.web.api.asking import Asking, error_body
from dawbridge.surfaces.web.api.facts import FactsShelf
from dawbridge.surfaces.web.api.listening import Listening
from dawbridge.surfaces.web.api.memory import JobMemory
from dawbridge.surfaces.web.api.streams import Streams
from dawbridge.surfaces.web.api.uploads import Uploads
from dawbridge.surfaces.web.api.world import World
from dawbridge.surfaces.web.pictures.sources import Sources
from dawbridge.surfaces.web.pictures.store import PictureStore
from dawbridge.surfaces.web.pictures.worker import PictureWorker
from dawbridge.version import VERSION

T = TypeVar("T")
Json = dict[str, Any]

FILE_THREADS = 4
LISTED = 50
"""Jobs in the first message of a stream, and in a list unless it is asked for more."""
POSITION = "/dawbridge/position"

Mark = Callable[[web.Request], AbstractContextManager[None]]


def _unmarked(_request: web.Request) -> AbstractContextManager[None]:
    return nullcontext()


class Desk:
    """Made before the server runs; used from its event loop's thread, except for what says that it blocks."""

    def __init__(self, store: ParameterStore, deck: PresetLoader, dispatcher: Dispatcher, world: World) -> None:
        self.store, self.world = store, world
        self._deck, self._dispatcher = deck, dispatcher
        self._threads = ThreadPoolExecutor(FILE_THREADS, "page-files")
        heard, drawn = Sources(), Sources()
        self._pools = (heard, drawn)  # one of its own for pictures: whoever listens does not wait for them
        self.store_of_pictures = PictureStore(world.cache)
        self.pictures = PictureWorker(self.store_of_pictures, drawn)
        self.memory, self.shelf = JobMemory(), FactsShelf()
        self.asking = Asking(lambda: Knobs(store), dispatcher)
        self.streams = Streams(self._snapshot, self._obey_stream)
        self.uploads = Uploads(self.run, world.why_not, world.upload_limit_bytes)
        self.listening = Listening(self.run, heard)
        self.busy: Mark = _unmarked
        """Marks a request's connection as one that may take long, for the length of a block."""
        self._completing: set[str] = set()

    async def run(self, function: Callable[..., T], *arguments: object) -> T:
        """Call a function that touches files in another thread."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, *arguments)

    def end(self) -> None:
        """Close the streams."""
        self.streams.end()

    def close(self) -> None:
        """Free threads and files."""
        self.pictures.close()
        self._threads.shutdown(wait=True, cancel_futures=True)
        for pool in self._pools:
            pool.close()

    def close_idle(self) -> None:
        """Close audio files that nobody has read for a while."""
        for pool in self._pools:
            pool.close_idle()

    async def obey(self, message: Json, origin: str) -> Json:
        """Do what `{"address": ..., "arguments": [...]}` says; the answer. Raises `DawbridgeError`."""
        address, arguments = message.get("address"), message.get("arguments", [])
        if not isinstance(address, str) or not isinstance(arguments, list):
            raise Refused("bad_args", 'send {"address": "/dawbridge/...", "arguments": [...]}')
        return await self.asking.ask(address, tuple(arguments), origin)

    def complete(self, job_id: int, stem: str, path: Path, version: str) -> None:
        """Have the overview of a long file made, and tell the pages when its peaks are exact."""
        if version in self._completing:
            return
        self._completing.add(version)
        loop, made = asyncio.get_running_loop(), self.pictures.complete(path, version)

        def tell(future: "Future[bool]") -> None:
            is_made = not future.cancelled() and future.exception() is None
            with suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(self._completed, job_id, stem, version, is_made)

        made.add_done_callback(tell)

    def state(self) -> Json:
        """What dawbridge does now. Blocks."""
        state, queue = self.world.status()
        read = self._dispatcher.state()
        focus = read["/dawbridge/focus"]
        return {
            "version": VERSION,
            "state": state,
            "queue": queue,
            "focus": dict(zip(("id", "name", "acapella", "instrumental"), focus, strict=True)),
            "preset": {"name": self._deck.current, "index": self._deck.index},
            "changed": bool(self._deck.is_changed),
            "morph": {"a": self._deck.end("a"), "b": self._deck.end("b"), "position": self._deck.position},
            "zero": read["/dawbridge/position/zero"][0],
            **self.position(),
            "learn": read["/dawbridge/midi/learning"][0],
            "folders": [{"path": str(folder), "away": not folder.is_dir()} for folder in self.world.folders],
            "surfaces": list(self.world.surfaces()),
            "subscribers": list(self.world.subscribers()),
        }

    def position(self) -> Json:
        """Where the playhead is and who says so (null: nobody has), and whether knob moves are recorded."""
        read = self._dispatcher.state(only_states=True)
        seconds, playing, source = read[POSITION]
        known = {"seconds": seconds, "playing": bool(playing), "source": source}
        return {
            "position": known if float(seconds) >= 0 else None,
            "recording": bool(read["/dawbridge/automation/recording"][0]),
        }

    def rest(self) -> dict[str, tuple[Value, ...]]:
        """What programs can read, without the playhead's position."""
        return {address: values for address, values in self._dispatcher.state().items() if address != POSITION}

    def presets(self) -> list[Json]:
        """All presets. Blocks."""
        return [views.preset_row(index, preset) for index, preset in enumerate(self._deck.presets.list(), 1)]

    def jobs(self, limit: int = LISTED, before: int = 0, state: str = "") -> list[Json]:
        """Jobs, the newest first. Blocks; raises `JobError`."""
        return [self.row(record) for record in self.world.ledger.page(limit, before, state)]

    def record(self, job_id: int) -> JobRecord:
        """Blocks; raises `JobError` for a job that is not in the ledger."""
        found = self.world.ledger.get(job_id)
        if found is None:
            raise JobError(f"there is no job {job_id}")
        return found

    def row(self, record: JobRecord) -> Json:
        """A job as lists show it. Blocks."""
        automation = bool(self.world.ledger.takes(record.id).automation)
        return views.job_row(record, self.memory.of(record.id), self.shelf, automation)

    def automation(self, job_id: int) -> Json:
        """What moves a job's knobs, its takes, and how much can be undone and redone. Blocks."""
        return views.automation(self.world.ledger.takes(job_id))

    def details(self, job_id: int) -> Json:
        """A job with everything about it. Blocks; raises `JobError`."""
        record = self.record(job_id)
        return views.job_details(record, self.row(record), self.world.ledger, self.shelf)

    def _completed(self, job_id: int, stem: str, version: str, made: bool) -> None:
        self._completing.discard(version)
        if made:
            self.streams.tell({"type": "peaks", "id": job_id, "stem": stem, "version": version})

    async def _snapshot(self) -> Json:
        def read() -> Json:
            return {"state": self.state(), "jobs": self.jobs(), "presets": self.presets()}

        try:
            found = await self.run(read)
        except DawbridgeError as error:
            found = error_body(error)
        return {"type": "snapshot", **found, "parameters": views.parameters(self.store)}

    async def _obey_stream(self, message: Json, origin: str) -> Json:
        answered = {"id": message.get("id")}
        try:
            return {"type": "reply", **answered, **await self.obey(message, origin)}
        except DawbridgeError as error:
            return {"type": "error", **answered, "address": message.get("address"), **error_body(error)["error"]}


@contextmanager
def marking(mark: Callable[[bool], None]) -> Iterator[None]:
    """`mark(True)` for the length of a block."""
    mark(True)
    try:
        yield
    finally:
        mark(False)
