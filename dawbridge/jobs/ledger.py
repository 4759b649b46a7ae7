"""The ledger: what happened to every bounce, in SQLite, so that a restart neither forgets nor repeats."""

import json
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from dawbridge.errors import JobError
from dawbridge.events import JobState
from dawbridge.files.presence import gone
from dawbridge.files.stamp import Stamp
from dawbridge.jobs import storing
from dawbridge.jobs.database import Database, Row
from dawbridge.jobs.effects import Add, Remove, Save, Stored
from dawbridge.jobs.record import FIELDS, JobRecord, kept, path_of, stamp_in
from dawbridge.jobs.schema import SCHEMA, prepare
from dawbridge.knobs import takes_json
from dawbridge.knobs.takes import Takes

__all__ = ["KEPT", "JobRecord", "Ledger"]

KEPT = 10_000
"""How many of the newest jobs are kept whatever became of their files."""
_NEXT_ID = "UPDATE sqlite_sequence SET seq = MAX(seq, ?) + 1 WHERE name = 'jobs' RETURNING seq"
_FIRST_ID = (
    "INSERT INTO sqlite_sequence SELECT 'jobs', ? "
    "WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'jobs') RETURNING seq"
)
_NEWEST = (
    "NOT EXISTS (SELECT 1 FROM jobs AS later WHERE later.path = jobs.path AND later.state = 'done' "
    "AND later.id > jobs.id)"
)
"""Of a file that was done more than once, only the last job says what its stems are."""
LOOKALIKES = 64
"""How many bounces of one size, or of one content, are looked at."""


class Ledger:
    """All jobs of this user. Thread-safe; every call is one transaction."""

    def __init__(self, file: Path) -> None:
        """Open or make the ledger; one that is damaged is set aside. Raises `JobError` if that cannot be done."""
        self.database = Database(file, SCHEMA, prepare=prepare)
        self.problems: list[str] = [self.database.set_aside] if self.database.set_aside else []
        """What could not be read: a damaged file, rows that make no sense. One line each."""
        self._last_id = 0

    def close(self) -> None:
        """Close the database."""
        self.database.close()

    def together(self) -> AbstractContextManager[None]:
        """A block whose writes cost one transaction: ten thousand files that come at once."""
        return self.database.together()

    def new_id(self) -> int:
        """An id, 1 or more, that no job has had and no other process that shares the ledger gets."""
        row = self.database.returning(_NEXT_ID, self._last_id)
        if row is None:
            row = self.database.returning(_FIRST_ID, self._last_id + 1)
        if row is None:  # it cannot be written now
            self._last_id = max(self._last_id, self._highest_id()) + 1
        else:
            self._last_id = int(str(row[0]))
        return self._last_id

    def store(self, effects: Sequence[Stored]) -> None:
        """Carry out what the scheduler wants stored, all of it or nothing, now or as soon as it can be."""
        statements = [statement for effect in effects for statement in storing.statements(effect)]
        if statements:
            self.database.write(*statements)

    def add(self, path: Path, state: JobState) -> int:
        """A new job; its id."""
        job_id = self.new_id()
        self.store([Add(job_id, path, state)])
        return job_id

    def update(self, job_id: int, **fields: object) -> None:
        """Set columns of one job (`state`, `size`, `acapella`, …)."""
        self.store([Save(job_id, fields)])

    def forget(self, job_id: int) -> None:
        """Remove a job, and what kept its file from being taken as new."""
        self.store([Remove(job_id, whole_file=True)])

    def takes(self, job_id: int) -> Takes:
        """A job's automation, and the takes that it came from; what is damaged is left out."""
        rows = self.database.rows("SELECT lanes FROM automations WHERE job = ?", job_id)
        try:
            lanes = json.loads(str(rows[0][0])) if rows else {}
        except (ValueError, RecursionError):
            return Takes()
        return takes_json.read(lanes) if isinstance(lanes, dict) else Takes()

    def get(self, job_id: int) -> JobRecord | None:
        """The job with this id."""
        return next(iter(self._select("WHERE id = ?", job_id)), None)

    def latest(self, path: Path) -> JobRecord | None:
        """The newest job of a file."""
        return next(iter(self._select("WHERE path = ? ORDER BY id DESC LIMIT 1", kept(path))), None)

    def newest_id(self, path: Path) -> int:
        """The id of a file's newest job; 0 if it has none."""
        return int(str(self.database.rows("SELECT MAX(id) FROM jobs WHERE path = ?", kept(path))[0][0] or 0))

    def last_done_of(self, path: Path) -> JobRecord | None:
        """The newest finished job of a file."""
        where = "WHERE path = ? AND state = 'done' ORDER BY id DESC LIMIT 1"
        return next(iter(self._select(where, kept(path))), None)

    def last_done(self) -> JobRecord | None:
        """The bounce that was finished last, by the order in which it was noted, not by the wall clock."""
        where = (
            "WHERE state = 'done' AND id = (SELECT job_id FROM history WHERE state = 'done' AND job_id IN "
            "(SELECT id FROM jobs WHERE state = 'done') ORDER BY id DESC LIMIT 1)"
        )
        return next(iter(self._select(where)), None)

    def unfinished(self) -> list[JobRecord]:
        """Jobs that a stop or a crash left unfinished, and those that failed for a reason that passes; oldest first."""
        found = self._select("WHERE state IN ('settling', 'queued', 'running', 'stalled', 'failed') ORDER BY id")
        return [record for record in found if record.state is not JobState.FAILED or record.passing]

    def unrendered(self) -> list[JobRecord]:
        """Finished jobs of which a render was asked for and did not end: their stems may not match."""
        return self._select("WHERE state = 'done' AND rendering = 1 ORDER BY id")

    def newest(self, count: int) -> list[JobRecord]:
        """The last `count` jobs, oldest first."""
        return self._select("WHERE id IN (SELECT id FROM jobs ORDER BY id DESC LIMIT ?) ORDER BY id", count)

    def page(self, count: int, before: int = 0, state: str = "") -> list[JobRecord]:
        """The newest `count` jobs, the newest first; only those with an id below `before`, or in `state`, if given."""
        where = "WHERE (? = 0 OR id < ?) AND (? = '' OR state = ?) ORDER BY id DESC LIMIT ?"
        return self._select(where, before, before, state, state, count)

    def same_size(self, size: int, name: str) -> list[JobRecord]:
        """Finished bounces of this length in bytes; those whose path ends with `name` first. At most `LOOKALIKES`."""
        where = (
            f"WHERE size = ? AND state = 'done' AND content_hash != '' AND {_NEWEST} "
            "ORDER BY substr(path, -?) = ? DESC, id DESC LIMIT ?"
        )
        return self._select(where, size, len(name), kept(name), LOOKALIKES)

    def unfinished_of(self, size: int, name: str) -> list[JobRecord]:
        """Bounces of this length whose job never came to its end; by `name` as above. At most `LOOKALIKES`."""
        states = "('queued', 'running', 'cancelled')"
        where = f"WHERE size = ? AND state IN {states} ORDER BY substr(path, -?) = ? DESC, id DESC LIMIT ?"
        return self._select(where, size, len(name), kept(name), LOOKALIKES)

    def same_content(self, content_hash: str, name: str) -> list[JobRecord]:
        """Finished bounces with this content; those whose path ends with `name` first. At most `LOOKALIKES`."""
        where = (
            f"WHERE content_hash = ? AND state = 'done' AND {_NEWEST} "
            "ORDER BY substr(path, -?) = ? DESC, id DESC LIMIT ?"
        )
        return self._select(where, content_hash, len(name), kept(name), LOOKALIKES)

    def history(self, job_id: int) -> list[tuple[float, str]]:
        """When (seconds since 1970) the job came into which state."""
        rows = self.database.rows("SELECT at, state FROM history WHERE job_id = ? ORDER BY id", job_id)
        return [(float(str(at)), str(state)) for at, state in rows]

    def is_watched(self, root: Path) -> bool:
        """Whether this folder was watched before."""
        return bool(self.database.rows("SELECT 1 FROM roots WHERE root = ?", kept(root)))

    def begin_root(self, root: Path, baseline: Mapping[Path, Stamp]) -> None:
        """Remember a folder, and the files in it that are not to be done, with their stamps.

        On the disk when it returns: a power cut must not make this folder a new one, whose bounces are left alone.
        """
        self.database.write(*storing.begin_root(root, baseline), durable=True)

    def baseline(self, path: Path) -> Stamp | None:
        """The stamp of a file that was there before its folder was first watched."""
        found = self.database.rows("SELECT size, mtime_ns, inode, changed_ns FROM baseline WHERE path = ?", kept(path))
        return stamp_in(list(found[0])) if found else None

    def stems_of(self, path: Path) -> set[Path]:
        """Every stem that was ever written for a bounce."""
        rows = self.database.rows("SELECT acapella, instrumental FROM jobs WHERE path = ?", kept(path))
        return {path_of(stem) for row in rows for stem in row if stem}

    def is_stem(self, path: Path) -> bool:
        """Whether a job wrote this file."""
        query = "SELECT 1 FROM jobs WHERE acapella = ? OR instrumental = ? LIMIT 1"
        return bool(self.database.rows(query, kept(path), kept(path)))

    def written_at(self, path: Path) -> list[tuple[Path, float]]:
        """Stems of a bounce's jobs that version 0.1 finished, and when (seconds since 1970) their last render ended.

        Later versions know the inode of every bounce, and seal its stems.
        """
        rows = self.database.rows(
            "SELECT acapella, instrumental, (SELECT MAX(at) FROM history WHERE job_id = jobs.id AND state = 'done') "
            "FROM jobs WHERE path = ? AND state = 'done' AND inode = 0",
            kept(path),
        )
        return [(path_of(stem), float(str(row[2] or 0))) for row in rows for stem in row[:2] if stem]

    def owner(self, name: str) -> Path | None:
        """The bounce whose stems have this name."""
        found = self.database.rows("SELECT path FROM claims WHERE name = ?", kept(name))
        return path_of(found[0][0]) if found else None

    def claimed(self, path: Path) -> frozenset[str]:
        """Names that this bounce's stems have had."""
        rows = self.database.rows("SELECT name FROM claims WHERE path = ?", kept(path))
        return frozenset(str(path_of(row[0])) for row in rows)

    def accept(self, path: Path) -> None:
        """Have the next daemon take this file as it is."""
        self.database.write(("INSERT OR REPLACE INTO accepted VALUES (?)", (kept(path),)))

    def take_accepted(self, root: Path) -> list[Path]:
        """Files inside `root` that are to be taken as they are; each is returned once."""
        found = [path_of(row[0]) for row in self.database.rows("SELECT path FROM accepted")]
        mine = [path for path in found if path.is_relative_to(root)]
        if mine:
            self.database.write(*(("DELETE FROM accepted WHERE path = ?", (kept(path),)) for path in mine))
        return mine

    def prune(self, newest: int = KEPT) -> int:
        """Forget jobs older than the `newest` that say nothing any more; how many.

        Those are the ones with a newer job for the same file, and those whose file is gone from a folder that stands.
        """
        old = self._select(
            "WHERE state IN ('done', 'failed', 'cancelled') "
            "AND id NOT IN (SELECT id FROM jobs ORDER BY id DESC LIMIT ?)",
            newest,
        )
        latest = {str(row[0]) for row in self.database.rows("SELECT MAX(id) FROM jobs GROUP BY path")}
        idle = [
            record.id
            for record in old
            if str(record.id) not in latest or (gone(record.path) and not gone(record.path.parent))
        ]
        if idle:
            self.database.write(*storing.remove_jobs(idle))
        return len(idle)

    def _highest_id(self) -> int:
        rows = self.database.rows("SELECT MAX(seq) FROM sqlite_sequence WHERE name = 'jobs'")
        return int(str(rows[0][0] or 0))

    def _select(self, where: str, *arguments: object) -> list[JobRecord]:
        rows = self.database.rows(f"SELECT {FIELDS} FROM jobs {where}", *arguments)
        return [record for record in map(self._read, rows) if record is not None]

    def _read(self, row: Row) -> JobRecord | None:
        """A row; None, and a line about it, if it makes no sense."""
        try:
            return JobRecord.of(row)
        except JobError as error:
            line = f"the ledger has a row that makes no sense and is left out: {error}"
            if line not in self.problems:
                self.problems.append(line)
            return None
