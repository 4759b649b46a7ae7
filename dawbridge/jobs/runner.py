"""Carries out what the scheduler wants: stores, reports, sends and answers. Used by the main loop alone."""

import logging
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Literal

from dawbridge.audio.provenance import is_intact
from dawbridge.engine.process.messages import ToEngine
from dawbridge.errors import DawbridgeError, JobError
from dawbridge.events import Bus
from dawbridge.jobs.effects import Discard, Effect, Publish, Reply, Send, Stored, Watch
from dawbridge.jobs.facts import Facts
from dawbridge.jobs.inputs import Input, Request
from dawbridge.jobs.ledger import Ledger
from dawbridge.jobs.picking import next_due_s
from dawbridge.jobs.requests import NO_FOCUS, Focused, Status
from dawbridge.jobs.scheduler import step
from dawbridge.jobs.state import State

_LOG = logging.getLogger(__name__)

ToWatch = Callable[[Literal["accept", "forget"], Path], None]


class JobRunner:
    """The scheduler with its state, and hands."""

    def __init__(
        self,
        ledger: Ledger,
        facts: Facts,
        bus: Bus,
        clock: Callable[[], float],
        send: Callable[[ToEngine], None],
        watch: ToWatch,
    ) -> None:
        """`send` passes a message to the engine; `watch` a wish to the watch of the file's folder."""
        self._ledger, self._facts, self._bus, self._clock = ledger, facts, bus, clock
        self._send, self._watch = send, watch
        self.state = State()
        self.due_s = float("inf")
        """When `handle` wants a `Tick` at the latest, on the loop's clock; infinite if it does not."""
        self._status: Status = ("idle", 0)
        self._focus: Focused = NO_FOCUS

    def handle(self, event: Input) -> None:
        """One step of the scheduler, and all that it wants done. Never raises for what an event says."""
        try:
            self.state, effects = step(self.state, event, self._clock(), self._facts)
        except DawbridgeError as error:
            _LOG.exception("%s", event)
            effects = _refused(event, error)
        except Exception:
            _LOG.exception("%s", event)
            effects = _refused(event, JobError("the daemon could not do that; its log says more"))
        self.carry_out(effects)
        self.due_s = next_due_s(self.state)

    def carry_out(self, effects: list[Effect]) -> None:
        """Store first, in one transaction, then the rest in order."""
        stored = [effect for effect in effects if isinstance(effect, Stored)]
        if stored:
            self._ledger.store(stored)
        self._status, self._focus = self._now(), self._focused_now()
        for effect in effects:
            match effect:
                case Publish(event):
                    self._bus.publish(event)
                case Send(message):
                    self._send(message)
                case Watch(action, path):
                    self._watch(action, path)
                case Discard(stem):
                    _discard(stem)
                case Reply():
                    answer(effect.answer, effect.result, effect.error)

    def status(self) -> Status:
        """What the daemon does, and how many bounces wait. From any thread, at once."""
        return self._status

    def focused(self) -> Focused:
        """The job that knobs re-render. From any thread, at once."""
        return self._focus

    def _focused_now(self) -> Focused:
        job = self.state.jobs.get(self.state.focused)
        return (job.id, job.path.name, *job.stems) if job else NO_FOCUS

    def _now(self) -> Status:
        return ("busy" if self.state.running else "idle"), len(self.state.queue)


def answer(future: "Future[object]", result: object = None, error: BaseException | None = None) -> None:
    """Resolve a request, unless whoever asked has given up."""
    if future.done() or not future.set_running_or_notify_cancel():
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(result)


def _refused(event: Input, error: DawbridgeError) -> list[Effect]:
    return [Reply(event.answer, error=error)] if isinstance(event, Request) else []


def _discard(stem: Path) -> None:
    with suppress(OSError):
        if is_intact(stem):
            stem.unlink(missing_ok=True)
