"""What the watch reports, as the scheduler takes it: files that come, change, stay unfinished and go."""

from dataclasses import replace
from pathlib import Path

from dawbridge.events import JobState, StateChanged
from dawbridge.jobs import live
from dawbridge.jobs.effects import Publish, Save, Watch
from dawbridge.jobs.inputs import FoundBefore, Started
from dawbridge.jobs.record import LOST, JobRecord, stamp_columns, untouched
from dawbridge.jobs.state import WAITING, Job
from dawbridge.jobs.turn import RETRY_S, Turn


def started(turn: Turn, event: Started) -> None:
    """Take up what the last run left: the newest finished bounce is in focus, unfinished files settle again."""
    state = turn.state
    state.knobs, state.prefetch, state.describes = dict(event.knobs), event.prefetch, event.describes
    for record in event.unfinished:
        if turn.facts.is_watched(record.path):
            _take_up(turn, record)
    for record in event.unrendered:
        if turn.facts.is_watched(record.path) and untouched(record.stamp, turn.facts.stamp(record.path)):
            state.rerenders[turn.restore(record).id] = None
            turn.do(Publish(StateChanged(record.id, record.state, str(record.path))))  # whoever listens learns its name
    last = event.last_done
    if last is not None and turn.facts.is_watched(last.path):
        if last.stems_stand:
            state.focused = turn.restore(last).id
        else:
            state.focus_if_found = last.id
    for path in event.accepted:
        turn.do(Watch("accept", path))


def found_before(turn: Turn, event: FoundBefore) -> None:
    """Files of before the first watch: one that is a bounce of ours, moved here, is recognised; the rest is left."""
    for path in event.paths:
        stamp = turn.facts.stamp(path)
        if stamp is not None and turn.facts.is_familiar(path, stamp):
            job = turn.begin(path, JobState.QUEUED)
            turn.enqueue(replace(job, familiar=True, only_if_familiar=True))


def settling(turn: Turn, path: Path) -> None:
    """A file is being written: a job for it, in place of one that is under way."""
    turn.state.dismissed.pop(path, None)
    supersede(turn, path)
    turn.begin(path, JobState.SETTLING)


def stalled(turn: Turn, path: Path, reason: str, acceptable: bool) -> None:
    """A file does not become whole. `acceptable`: it may be taken as it is, if the user says so."""
    dismissed = turn.state.dismissed.get(path)
    if dismissed is not None and untouched(dismissed, turn.facts.stamp(path)):
        return
    job = turn.move(waiting(turn, path), JobState.STALLED, message=reason)
    turn.state.stalled.add(job.id)
    how = f"; or take it as it is: dawbridge jobs accept {job.id}, or OSC /dawbridge/job/accept {job.id}"
    turn.say(job, f"stalled: {reason}{how if acceptable else ''}")


def waits(turn: Turn, path: Path, reason: str) -> None:
    """A file looks whole and is not taken yet."""
    dismissed = turn.state.dismissed.get(path)
    if dismissed is not None and untouched(dismissed, turn.facts.stamp(path)):
        return
    turn.say(waiting(turn, path), reason)


def settled(turn: Turn, path: Path, preset_folder: str | None) -> None:
    """A file is whole: queue it, unless its job was cancelled and it is as it was then."""
    stamp = turn.facts.stamp(path)
    dismissed = turn.state.dismissed.pop(path, None)
    if stamp is None or (dismissed is not None and untouched(dismissed, stamp)):
        return
    preset = turn.facts.folder(path).preset
    if preset_folder and preset_folder in turn.facts.presets():
        preset = preset_folder
    job = replace(waiting(turn, path), preset=preset, familiar=turn.facts.is_familiar(path, stamp))
    turn.enqueue(turn.put(job))


def gone(turn: Turn, path: Path) -> None:
    """A file was deleted or moved away: its job is dropped, unless it is done."""
    turn.state.dismissed.pop(path, None)
    supersede(turn, path)


def supersede(turn: Turn, path: Path) -> None:
    """What is under way for a file is out of date."""
    for job in turn.state.of(path):
        running = turn.state.running
        if running is not None and running.job_id == job.id and job.id not in turn.state.queue:
            turn.state.running = replace(running, superseded=True)
            turn.cancel_running()
        elif job.state is JobState.DONE:
            turn.state.rerenders.pop(job.id, None)
            turn.state.later.pop(job.id, None)
        elif job.state in WAITING or job.id in turn.state.later:
            if turn.is_running(job):
                turn.cancel_running()
            turn.drop(job)


def waiting(turn: Turn, path: Path) -> Job:
    """The job of a file that settles or stalled; a new one if there is none."""
    states = (JobState.SETTLING, JobState.STALLED)
    found = next((job for job in turn.state.of(path) if job.state in states), None)
    return found or turn.begin(path, JobState.SETTLING)


def stopping(turn: Turn) -> None:
    """The daemon ends: what was turned and not rendered yet is noted for the next start."""
    turn.state.noted_s = float("-inf")
    live.note(turn)


def _take_up(turn: Turn, record: JobRecord) -> None:
    """One job of an earlier run: queue it, or let the watch find its file again."""
    if record.state in (JobState.SETTLING, JobState.STALLED):
        turn.do(Save(record.id, {"state": JobState.CANCELLED, **stamp_columns(None)}))
        return
    stamp = turn.facts.stamp(record.path)
    if untouched(record.stamp, stamp):
        turn.enqueue(turn.restore(record))
    elif stamp is None and turn.facts.is_away(record.path):
        turn.wait(turn.restore(record), turn.now + RETRY_S)
    else:
        turn.do(Save(record.id, {"state": JobState.CANCELLED, "code": LOST}))
