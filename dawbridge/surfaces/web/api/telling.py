"""Turns what happens into messages for the open pages. What needs files is collected, and read by another thread."""

import asyncio
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from dawbridge.errors import DawbridgeError
from dawbridge.events import (
    Done,
    Event,
    Failed,
    JobForgotten,
    JobInfo,
    MidiForgotten,
    MidiHeard,
    MidiLearned,
    MidiLearnEnded,
    Notice,
    PresetEndChosen,
    PresetLoaded,
    PresetMorphed,
    PresetsChanged,
    Progress,
    QueueLength,
    StateChanged,
)
from dawbridge.knobs.parameters import PARAMETERS, Changes
from dawbridge.surfaces.web.api.desk import Desk
from dawbridge.surfaces.web.api.facts import version_of
from dawbridge.surfaces.web.api.views import STEMS, stem_path, value_event

Json = dict[str, Any]

PAUSE_S = 0.05
"""Between two looks at the ledger, in seconds, however much happens."""
_MIDI = {
    MidiLearned: "learned", MidiLearnEnded: "ended", MidiForgotten: "forgotten", MidiHeard: "heard",
}  # fmt: skip


class Telling:
    """Used from the event loop's thread alone."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._jobs: set[int] = set()
        self._stems: set[int] = set()
        self._state_is_old = False
        self._last_state: Json = {}
        self._task: asyncio.Task[None] | None = None

    def hear_turned(self, batches: Iterable[Changes]) -> None:
        """Knobs were turned."""
        for change in (change for batch in batches for change in batch if change.changed):
            message = value_event(PARAMETERS[change.name], change.value, change.origin)
            self._desk.streams.tell(message, f"value {change.name}")
            self._state_is_old = True
        self._begin()

    def look_again(self) -> None:
        """The state has changed."""
        self._state_is_old = True
        self._begin()

    def hear_happened(self, events: Iterable[Event]) -> None:
        """Events of the bus."""
        for event in events:
            self._desk.memory.note(event)
            self._hear(event)
            if not isinstance(event, Progress | MidiHeard | Notice):
                self._state_is_old = True
        self._begin()

    def _hear(self, event: Event) -> None:
        tell = self._desk.streams.tell
        match event:
            case StateChanged(job_id) | Failed(job_id) | JobInfo(job_id) | JobForgotten(job_id):
                self._jobs.add(job_id)
            case Progress(job_id, fraction):
                eta_s = self._desk.memory.of(job_id).eta_s
                tell({"type": "progress", "id": job_id, "fraction": fraction, "eta_s": eta_s}, f"progress {job_id}")
            case Done(job_id):
                self._jobs.add(job_id)
                self._stems.add(job_id)
            case Notice(text):
                tell({"type": "notice", "text": text})
            case PresetLoaded(index, name):
                tell({"type": "preset", "what": "loaded", "index": index, "name": name})
            case PresetsChanged(_, names):
                tell({"type": "preset", "what": "list", "names": list(names)})
            case PresetMorphed(position, origin):
                tell({"type": "preset", "what": "morph", "position": position, "origin": origin}, "morph")
            case PresetEndChosen(end, name, origin):
                tell({"type": "preset", "what": "end", "end": end, "name": name, "origin": origin})
            case QueueLength():
                return
            case _:
                facts = asdict(event)
                if isinstance(event, MidiHeard):
                    facts["data"] = list(event.data[:16])
                tell({"type": "midi", "what": _MIDI[type(event)], **facts})

    def _begin(self) -> None:
        """Have what needs files read, unless nobody is there to hear it."""
        if not len(self._desk.streams):
            self._jobs.clear()
            self._stems.clear()
            self._state_is_old = False
            return
        if self._task is None and (self._jobs or self._stems or self._state_is_old):
            self._task = asyncio.create_task(self._read_all())

    async def _read_all(self) -> None:
        try:
            while self._jobs or self._stems or self._state_is_old:
                jobs, self._jobs = self._jobs, set()
                stems, self._stems = self._stems, set()
                state_is_old, self._state_is_old = self._state_is_old, False
                for message, key in await self._desk.run(self._read, jobs, stems, state_is_old):
                    self._desk.streams.tell(message, key)
                await asyncio.sleep(PAUSE_S)
        finally:
            self._task = None

    def _read(self, jobs: set[int], stems: set[int], state_is_old: bool) -> list[tuple[Json, str]]:
        found: list[tuple[Json, str]] = []
        for job_id in sorted(jobs | stems):
            try:
                record = self._desk.record(job_id)
            except DawbridgeError:
                found.append(({"type": "job", "id": job_id, "removed": True}, f"job {job_id}"))
                continue
            found.append(({"type": "job", **self._desk.row(record)}, f"job {job_id}"))
            if job_id in stems:
                paths = {stem: path for stem in STEMS if (path := stem_path(record, stem))}
                versions = {stem: version_of(path) for stem, path in paths.items()}
                found.append(({"type": "stems", "id": job_id, "versions": versions}, f"stems {job_id}"))
        if state_is_old:
            state = self._desk.state()
            if state != self._last_state:
                self._last_state = state
                found.append(({**state, "type": "state", "busy": state["state"]}, "state"))
        return found
