"""Commands over HTTP and from the page's stream: the same tables and the same refusals as over OSC."""

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import Any

from dawbridge.commands import Command, Value, only_outgoing
from dawbridge.errors import DawbridgeError, did_you_mean
from dawbridge.surfaces.arguments import Refused
from dawbridge.surfaces.dispatch import Dispatcher
from dawbridge.surfaces.osc.knobs import Knobs

PATIENCE_S = 10.0
"""How long the daemon's loop may take to answer a request, in seconds."""
STATUS = {
    "unknown_address": 404, "unknown_job": 404, "unknown_preset": 404, "path_not_allowed": 403, "read_only": 403,
    "busy": 409, "too_many_clients": 503, "internal": 503, "unreadable": 422, "disk": 503,
}  # fmt: skip
"""HTTP status of an error's code; 400 for any other."""
_NOT_HERE = "is for OSC clients; over HTTP GET /api/state and /api/parameters, and read /api/events"


class HttpCaller:
    """A `Caller`: collects what one request is answered."""

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self.replies: list[tuple[str, list[Value]]] = []
        self.waits_for: tuple[Future[object], Callable[[object], None]] | None = None

    @property
    def origin(self) -> str:
        return self._origin

    def reply(self, address: str, values: Iterable[Value] = ()) -> None:
        self.replies.append((address, list(values)))

    def defer(self, request: "Future[object]", finish: Callable[[object], None]) -> None:
        self.waits_for = request, finish

    def finished(self, row: Command) -> None:
        return


class Asking:
    """Obeys one message at a time, from the event loop's thread."""

    def __init__(self, knobs: Callable[[], Knobs], dispatcher: Dispatcher) -> None:
        """`knobs` makes the parameters' addresses for one request: they keep what is collected in it."""
        self._knobs, self._dispatcher = knobs, dispatcher
        self._outgoing = only_outgoing()

    async def ask(self, address: str, arguments: tuple[object, ...], origin: str) -> dict[str, Any]:
        """What is answered: `reply`, the values of the last message, and `replies`, all of them by address.

        Raises `DawbridgeError` for a refusal; its `code` is one of `commands.CODES`.
        """
        caller = HttpCaller(origin)
        knobs = self._knobs()
        if knobs.knows(address):
            self._turn(knobs, address, arguments, caller)
        else:
            await self._command(address, arguments, caller)
        replies = [{"address": address, "values": values} for address, values in caller.replies]
        return {"ok": True, "reply": replies[-1]["values"] if replies else [], "replies": replies}

    @staticmethod
    def _turn(knobs: Knobs, address: str, arguments: tuple[object, ...], caller: HttpCaller) -> None:
        try:
            knobs.handle(address, arguments, caller.reply, caller.origin)
        finally:
            knobs.apply(caller.origin, caller.reply)

    async def _command(self, address: str, arguments: tuple[object, ...], caller: HttpCaller) -> None:
        row = self._dispatcher.find(address)
        if row is None or address in self._outgoing:
            known = [command.address for command in self._dispatcher.commands]
            raise Refused("unknown_address", f"nothing is at {address[:200]}{did_you_mean(address, known)}")
        if isinstance(row.call, str) and row.call.startswith("client."):
            raise Refused("unknown_address", f"{address} {_NOT_HERE}")
        self._dispatcher.obey(row, address, arguments, caller)
        if caller.waits_for:
            request, finish = caller.waits_for
            finish(await answer_of(request))


async def answer_of(request: "Future[Any]") -> Any:
    """The result of a request to the daemon's loop. Raises its `DawbridgeError`, `Refused` if none comes in time."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await asyncio.wrap_future(request)
    except TimeoutError:
        raise Refused("busy", f"no answer within {PATIENCE_S:.0f} s; it may still be done, look at the jobs") from None
    except asyncio.CancelledError:
        if request.cancelled():
            raise Refused("internal", "the request was dropped; dawbridge is ending") from None
        raise


def error_body(error: DawbridgeError) -> dict[str, Any]:
    """What a refusal is answered with."""
    return {"error": {"code": error.code, "message": str(error)}}
