"""A world for replays of the scheduler: files, a ledger, an engine and a clock that are dictionaries and numbers."""

from dataclasses import replace
from pathlib import Path

from dawbridge.audio.files import WriteReport
from dawbridge.config.settings import FolderSettings
from dawbridge.engine.job import SeparationResult
from dawbridge.engine.music import TempoKey
from dawbridge.engine.process.messages import Cancel as Stop
from dawbridge.engine.process.messages import Describe, Described, Finished, Identified, Identify
from dawbridge.errors import PresetError
from dawbridge.events import Done, JobState
from dawbridge.files import sightings
from dawbridge.files.stamp import Stamp
from dawbridge.jobs import effects, inputs
from dawbridge.jobs.facts import StemTargets, Twin
from dawbridge.jobs.picking import next_due_s
from dawbridge.jobs.record import untouched
from dawbridge.jobs.scheduler import step
from dawbridge.jobs.state import State
from dawbridge.jobs.stem_names import one_name
from dawbridge.knobs.parameters import DEFAULTS, Change
from dawbridge.knobs.takes import Takes
from tests.jobs.rows import Rows

ROOT = Path("/bounces")


class Replay:
    """One daemon after the other on one ledger. Implements `Facts`."""

    def __init__(self, prefetch=False, describes=False):
        self.now, self.prefetch, self.describes = 100.0, prefetch, describes
        self.rows, self.files, self.clock_ns = Rows(), {}, 0
        self.stems, self.being_read = {}, set()
        self.knobs = dict(DEFAULTS)
        self.engine = None
        self.stopping = False
        self.sent, self.published, self.replies, self.wishes = [], [], [], []
        self.rendered = []
        """Every finished task: path, stamp, values, whether it was a new bounce."""
        self.crashes = 0
        self.begin()

    # --- the world ---

    def write(self, path, content):
        """A file's content changes, as when it is bounced."""
        self.clock_ns += 1
        self.files[path] = (content, Stamp(len(content), self.clock_ns, self.clock_ns, self.clock_ns))

    def move_file(self, old, new):
        """Rename a bounce, with its stems."""
        content, stamp = self.files.pop(old)
        self.clock_ns += 1
        self.files[new] = (content, replace(stamp, changed_ns=self.clock_ns))
        for name in ("acapella", "instrumental"):
            stem = self.stems.pop(_stem(old, name), None)
            if stem is not None:
                self.stems[_stem(new, name)] = stem

    def tick(self, seconds):
        self.now += seconds
        self.step(inputs.Tick())
        assert next_due_s(self.state) > self.now, "a tick that was due has changed nothing: the loop spins"

    def turn(self, name, value):
        previous, self.knobs[name] = self.knobs[name], value
        self.step(inputs.KnobsTurned((Change(name, value, previous, "test", False, self.now),)))

    def ask(self, command):
        request = inputs.Request(command)
        self.step(request)
        (reply,) = [effect for effect in self.replies if effect.answer is request.answer]
        return reply

    def bounce(self, path, content):
        self.write(path, content)
        self.step(sightings.Settling(path))
        self.step(sightings.Settled(path))

    # --- the engine ---

    def finish(self, code=""):
        """The engine ends what it does: well, or with `code`; cancelled if it was told so."""
        message, self.engine = self.engine, None
        if message is None:
            return
        stopped, self.stopping = self.stopping, False
        code = "cancelled" if stopped else code
        if isinstance(message, Describe):
            self.step(Described(message.job_id, None if code else TempoKey()))
            return
        content, stamp = self.files.get(
            message.source if isinstance(message, Identify) else message.job.source, (None, None)
        )
        if isinstance(message, Identify):
            answer = Identified(message.job_id, content or "", code or ("" if content else "unreadable"))
            self.step(answer if not code else Identified(message.job_id, "", code))
        elif code or content is None:
            self.step(Finished(message.job_id, code=code or "unreadable", message=f"because of {code}"))
        elif message.job.prefetch:
            self.step(Finished(message.job_id, SeparationResult(None, content, 1.0, 1.0, 1.0)))
        else:
            self.stems |= dict.fromkeys(stem_files(message), (content, dict(message.job.values)))
            self.rendered.append((message.job.source, stamp, dict(message.job.values), not message.job.live))
            self.step(Finished(message.job_id, SeparationResult(report_of(message), content, 1.0, 1.0, 1.0)))

    def lose(self):
        """The engine dies, and the next one starts."""
        self.engine, self.stopping = None, False
        self.step(inputs.EngineLost("exit code -9"))
        self.step(inputs.EngineReady())

    # --- the daemon ---

    def begin(self):
        """A daemon starts on what the ledger has."""
        self.state, self.engine, self.stopping = State(), None, False
        rows = [self.rows.jobs[each] for each in sorted(self.rows.jobs)]
        unfinished = [row for row in rows if row.state.value in ("settling", "queued", "running", "stalled")]
        unfinished += [row for row in rows if row.passing]
        last = next((self.rows.jobs[each] for each in reversed(self.rows.finished) if each in self.rows.jobs), None)
        last = last if last and last.state is JobState.DONE else None
        self.step(
            inputs.Started(
                dict(self.knobs), sorted(unfinished, key=lambda row: row.id),
                [row for row in rows if row.state is JobState.DONE and row.rendering],
                self._standing(last), (), self.prefetch, self.describes,
            )
        )  # fmt: skip
        for path in sorted(self.files):
            if not self.knows(path):
                self.step(sightings.Settling(path))
                self.step(sightings.Settled(path))
        self.step(inputs.EngineReady())

    def crash(self, event=None, cut=0):
        """kill -9: while the effects of `event` are carried out, after `cut` of them, if there is one."""
        self.crashes += 1
        if event is not None:
            _, wanted = step(self.state, event, self.now, self)
            for effect in [each for each in wanted if isinstance(each, effects.Stored)][:cut]:
                self.rows.store(effect)
        self.begin()

    def step(self, event):
        self.state, wanted = step(self.state, event, self.now, self)
        for effect in [each for each in wanted if isinstance(each, effects.Stored)]:
            self.rows.store(effect)
        for effect in wanted:
            match effect:
                case effects.Send(Stop()):
                    self.stopping = self.engine is not None
                case effects.Send(message):
                    assert self.engine is None, "the engine was sent a second task"
                    self.engine = message
                    self.sent.append(message)
                case effects.Publish(event):
                    self.published.append(event)
                case effects.Reply():
                    self.replies.append(effect)
                case effects.Watch(action, path):
                    self.wishes.append((action, path))

    def settle(self, rounds=400):
        """Let time pass and the engine work until nothing is to be done any more."""
        for _ in range(rounds):
            if self.engine is not None:
                self.finish()
                continue
            due = next_due_s(self.state)
            if due == float("inf"):
                return
            self.tick(max(due - self.now, 0.0) + 1e-6)
        raise AssertionError("it never comes to rest")

    def dones(self):
        return [event for event in self.published if isinstance(event, Done)]

    # --- facts ---

    def new_id(self):
        self.rows.last_id += 1
        return self.rows.last_id

    def stamp(self, path):
        return self.files.get(path, (None, None))[1]

    def is_away(self, path):
        return False

    def is_watched(self, path):
        return path.is_relative_to(ROOT)

    def folder(self, path):
        return FolderSettings(ROOT)

    def submitted(self, path):
        return Path(path)

    def record(self, job_id):
        return self.rows.jobs.get(job_id)

    def newest_id(self, path):
        return max((row.id for row in self.rows.jobs.values() if row.path == path), default=0)

    def takes(self, job_id):
        return self.rows.takes.get(job_id, Takes())

    def duration_s(self, bounce):
        return float("inf")

    def presets(self):
        return ()

    def preset(self, name):
        raise PresetError(name)

    def is_reading(self, bounce):
        return bounce in self.being_read

    def beside(self, job_id, bounce):
        return None

    def targets(self, bounce, tempo_key=None):
        acapella, instrumental = (_stem(bounce, name).with_suffix("") for name in ("acapella", "instrumental"))
        claim = "" if self.rows.claims.get(one_name(acapella)) == bounce else one_name(acapella)
        return StemTargets(acapella, instrumental, claim)

    def stems_of(self, bounce):
        return ()

    def older_stems(self, bounce):
        return ()

    def is_familiar(self, path, stamp):
        own = self._done_of(path)
        if own:
            return _touched(own, stamp)
        return any(row.stamp.size == stamp.size for row in self._gone(path))

    def twin(self, path, stamp, content_hash):
        own = self._done_of(path)
        if own:
            same = own.content_hash == content_hash and _touched(own, stamp)
            return Twin(own, (own.acapella, own.instrumental), ()) if same else None
        stems = tuple(str(_stem(path, name)) for name in ("acapella", "instrumental"))
        for row in self._gone(path):
            if row.content_hash == content_hash and all(Path(stem) in self.stems for stem in stems):
                return Twin(row, stems, ())
        return None

    def knows(self, path):
        rows = [row for row in self.rows.jobs.values() if row.path == path]
        if not rows:
            return False
        last = max(rows, key=lambda row: row.id)
        return untouched(last.stamp, self.stamp(path)) and last.state.value in (
            "failed", "cancelled", "queued", "running", "done",
        )  # fmt: skip

    def _standing(self, row):
        """The record, on whose stems the test's own disk is asked: without any if they are there."""
        there = row and all(stem in self.stems for stem in row.stems)
        return replace(row, acapella="", instrumental="") if there else row

    def _done_of(self, path):
        rows = [row for row in self.rows.jobs.values() if row.path == path and row.state is JobState.DONE]
        return max(rows, key=lambda row: row.id) if rows else None

    def _gone(self, path):
        rows = (row for row in self.rows.jobs.values() if row.state is JobState.DONE and row.content_hash)
        return [row for row in rows if row.path != path and row.path not in self.files]


def stem_files(task):
    """Where a task's stems go."""
    return [path.with_name(path.name + ".wav") for path in (task.job.acapella, task.job.instrumental)]


def report_of(task):
    """What the engine reports of them."""
    return WriteReport(*stem_files(task), "WAV", "PCM_24", float("-inf"), 0, 0.0)


def _stem(bounce, name):
    return bounce.parent / "separated" / f"{bounce.stem}_{name}.wav"


def _touched(row, stamp):
    return row.stamp is not None and (row.stamp.size, row.stamp.modified_ns) == (stamp.size, stamp.modified_ns)
