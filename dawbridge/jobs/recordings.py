"""The loop's part of a recording: it begins and ends, is on disk while it goes on, and outlives the daemon's end."""

from collections.abc import Callable
from concurrent.futures import Future

from dawbridge.errors import DawbridgeError, JobBusyError, JobError
from dawbridge.jobs.inputs import Automate, Command, KeepTake
from dawbridge.jobs.journal import Journal
from dawbridge.jobs.ledger import Ledger
from dawbridge.jobs.requests import RecorderRequest
from dawbridge.jobs.runner import answer
from dawbridge.knobs.automation import NOTHING, Automation
from dawbridge.knobs.recorder import AutomationRecorder

SAVE_EVERY_S = 1.0
"""How often what was moved is written, in seconds."""

Ask = Callable[[Command, "Future[object]"], None]
"""Has the scheduler obey a command, and answer."""


class Recordings:
    """Used by the main loop alone."""

    def __init__(
        self,
        recorder: AutomationRecorder,
        ledger: Ledger,
        owner: str,
        ask: Ask,
        say: Callable[[str], None],
        clock: Callable[[], float],
    ) -> None:
        """`owner` tells this daemon from others that share the ledger; `say` is given a line for the user."""
        self._recorder, self._ledger, self._journal = recorder, ledger, Journal(ledger.database, owner)
        self._ask, self._say, self._clock = ask, say, clock
        self._next_s = float("-inf")

    def obey(self, request: RecorderRequest, focused: int) -> None:
        """Begin a take for the bounce in focus, end it, or clear that bounce's automation; a take goes on meanwhile."""
        if request.action == "clear":
            self._ask(Automate(NOTHING), request.answer)
        elif request.action == "record":
            self._begin(focused, request.answer)
        else:
            self._end(request.answer)

    def mind(self, focused: int) -> None:
        """Once in each turn: the first bounce that comes into focus is the take's, and what was moved is written."""
        recorder = self._recorder
        if not recorder.is_recording:
            return
        recorder.job_id = recorder.job_id or focused
        if self._clock() >= self._next_s and (moves := recorder.fresh()):
            self._next_s = self._clock() + SAVE_EVERY_S
            self._journal.add(recorder.job_id, moves)

    def take_up(self) -> None:
        """The daemon starts: keep the take that a kill cut off."""
        job_id, passes = self._journal.left()
        if passes:
            self._say(f"the take that was being recorded when dawbridge was killed: {self._keep(job_id, passes)}")

    def finish(self) -> None:
        """The daemon ends: keep the take so far."""
        job_id, passes = self._recorder.job_id, self._recorder.stop()
        if passes:
            self._say(f"the take that was being recorded: {self._keep(job_id, passes)}")

    def _begin(self, focused: int, waiting: "Future[object]") -> None:
        try:
            self._recorder.record(focused)
        except JobBusyError as error:
            answer(waiting, error=error)
            return
        if self._recorder.transport.now() is None:
            self._say(
                "recording; nobody says where the playhead is yet: send MIDI time code, MIDI clock or "
                "/dawbridge/transport, and moves count from then on"
            )
        answer(waiting)

    def _end(self, waiting: "Future[object]") -> None:
        was_recording, job_id, passes = self._recorder.is_recording, self._recorder.job_id, self._recorder.stop()
        if passes:
            self._store(job_id, passes, waiting)
            return
        why = "no knob was moved while a position was known" if was_recording else "nothing was being recorded"
        answer(waiting, error=JobError(f"{why}: the automation stays as it was"))

    def _keep(self, job_id: int, passes: tuple[Automation, ...]) -> str:
        """What became of a take that nobody has stopped, in words."""
        kept: Future[object] = Future()
        self._store(job_id, passes, kept)
        try:
            return str(kept.result(0)[1])  # type: ignore[index]
        except DawbridgeError as error:
            return str(error)

    def _store(self, job_id: int, passes: tuple[Automation, ...], waiting: "Future[object]") -> None:
        """In one transaction: a kill leaves the take either in its journal or with its bounce."""
        with self._ledger.together():
            self._ask(KeepTake(passes, job_id), waiting)
            self._journal.clear()
