"""The ledger: what happened to every bounce, in SQLite, so that a restart neither forgets nor repeats."""

import json
import sqlite3
import threading
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path

from dawbridge.events import JobState
from dawbridge.files.presence import gone
from dawbridge.jobs.database import Database, Statement
from dawbridge.jobs.record import FIELDS, JobRecord, kept, path_of

__all__ = ["KEPT", "JobRecord", "Ledger"]

KEPT = 10_000
"""So many newest jobs are kept whatever became of their files."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS roots(root TEXT PRIMARY KEY, first_watched REAL NOT NULL);
CREATE TABLE IF NOT EXISTS baseline(path TEXT PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS jobs(
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    path TEXT NOT NULL,
    preset TEXT NOT NULL DEFAULT '',
    state TEXT NOT NULL,
    size INTEGER NOT NULL DEFAULT -1,
    mtime_ns INTEGER NOT NULL DEFAULT -1,
    content_hash TEXT NOT NULL DEFAULT '',
    settings TEXT NOT NULL DEFAULT '{}',
    acapella TEXT NOT NULL DEFAULT '',
    instrumental TEXT NOT NULL DEFAULT '',
    message TEXT NOT NULL DEFAULT '',
    code TEXT NOT NULL DEFAULT '',
    rendering INTEGER NOT NULL DEFAULT 0,
    updated REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS automations(job INTEGER PRIMARY KEY, lanes TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS jobs_path ON jobs(path);
CREATE INDEX IF NOT EXISTS jobs_state ON jobs(state);
CREATE TABLE IF NOT EXISTS history(
    id INTEGER PRIMARY KEY AUTOINCREMENT, job_id INTEGER NOT NULL, at REAL NOT NULL, state TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS history_job ON history(job_id);
CREATE TABLE IF NOT EXISTS claims(name TEXT PRIMARY KEY, path TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS claims_path ON claims(path);
CREATE TABLE IF NOT EXISTS accepted(path TEXT PRIMARY KEY);
"""


class Ledger:
    """All jobs of this user. Thread-safe; every call is one transaction."""

    def __init__(self, file: Path) -> None:
        """Open or make the ledger. Raises `JobError` where that cannot be done."""
        self.database = Database(file, _SCHEMA)
        self._bring_up_to_date()
        self._lock = threading.Lock()
        self._last_id = self._highest_id()

    def close(self) -> None:
        """Close the database."""
        self.database.close()

    def together(self) -> AbstractContextManager[None]:
        """A block whose writes cost one transaction: ten thousand files that come at once."""
        return self.database.together()

    def add(self, path: Path, state: JobState) -> int:
        """A new job, its id 1 or more."""
        sql = "INSERT INTO jobs(id, path, state, updated) VALUES (?, ?, ?, ?)"
        with self._lock:
            while True:
                self._last_id += 1
                now = time.time()
                row = (self._last_id, kept(path), state, now)
                try:
                    self.database.write((sql, row), _history(self._last_id, state, now))
                    return self._last_id
                except sqlite3.IntegrityError:  # another daemon shares the ledger
                    self._last_id = self._highest_id()

    def update(self, job_id: int, **fields: object) -> None:
        """Set columns of one job (`state`, `size`, `acapella`, …)."""
        if "settings" in fields:
            fields["settings"] = json.dumps(fields["settings"])
        fields |= {name: kept(str(fields[name])) for name in ("acapella", "instrumental", "message") if name in fields}
        names = ", ".join(f"{name} = ?" for name in fields)
        now = time.time()
        statements: list[Statement] = [
            (f"UPDATE jobs SET {names}, updated = ? WHERE id = ?", (*fields.values(), now, job_id))
        ]
        if "state" in fields:
            statements.append(_history(job_id, str(fields["state"]), now))
        self.database.write(*statements)

    def forget(self, job_id: int) -> None:
        """Remove a job, and what kept its file from being taken as new."""
        entry = self.get(job_id)
        if entry is None:
            return
        self.database.write(
            ("DELETE FROM history WHERE job_id IN (SELECT id FROM jobs WHERE path = ?)", (kept(entry.path),)),
            ("DELETE FROM jobs WHERE path = ?", (kept(entry.path),)),
            ("DELETE FROM baseline WHERE path = ?", (kept(entry.path),)),
        )

    def keep_automation(self, job_id: int, lanes: Mapping[str, list[list[float]]]) -> None:
        """Keep a job's automation, `[seconds, raw value]` by parameter."""
        self.database.write(("INSERT OR REPLACE INTO automations VALUES (?, ?)", (job_id, json.dumps(lanes))))

    def automation(self, job_id: int) -> dict[str, list[list[float]]]:
        """A job's automation; empty where it has none."""
        rows = self.database.rows("SELECT lanes FROM automations WHERE job = ?", job_id)
        lanes: dict[str, list[list[float]]] = json.loads(str(rows[0][0])) if rows else {}
        return lanes

    def get(self, job_id: int) -> JobRecord | None:
        """The job with this id."""
        return next(iter(self._select("WHERE id = ?", job_id)), None)

    def latest(self, path: Path) -> JobRecord | None:
        """The newest job of a file."""
        return next(iter(self._select("WHERE path = ? ORDER BY id DESC LIMIT 1", kept(path))), None)

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
        return [entry for entry in found if entry.state is not JobState.FAILED or entry.passing]

    def half_rendered(self) -> list[JobRecord]:
        """Done jobs whose last render was cut off: their stems may not belong together."""
        return self._select("WHERE state = 'done' AND rendering = 1 ORDER BY id")

    def newest(self, count: int) -> list[JobRecord]:
        """The last `count` jobs, oldest first."""
        return self._select("WHERE id IN (SELECT id FROM jobs ORDER BY id DESC LIMIT ?) ORDER BY id", count)

    def history(self, job_id: int) -> list[tuple[float, str]]:
        """When (seconds since 1970) the job came into which state."""
        rows = self.database.rows("SELECT at, state FROM history WHERE job_id = ? ORDER BY id", job_id)
        return [(float(str(at)), str(state)) for at, state in rows]

    def knows(self, path: Path) -> bool:
        """Whether the file, as it is now, was dealt with: done and its stems stand, failed, waiting or left alone."""
        try:
            status = path.stat()
        except OSError:
            return False
        stamp = (status.st_size, status.st_mtime_ns)
        entry = self.latest(path)
        if entry is None:
            return self._baseline_stamp(path) == stamp
        if (entry.size, entry.mtime_ns) != stamp:
            return entry.size == -1 and entry.state is JobState.CANCELLED and self._baseline_stamp(path) == stamp
        return entry.state in (JobState.FAILED, JobState.CANCELLED, JobState.QUEUED, JobState.RUNNING) or (
            entry.state is JobState.DONE and entry.stems_stand
        )

    def is_watched(self, root: Path) -> bool:
        """Whether this folder was watched before."""
        return bool(self.database.rows("SELECT 1 FROM roots WHERE root = ?", kept(root)))

    def begin_root(self, root: Path, baseline: Mapping[Path, tuple[int, int]]) -> None:
        """Remember a folder, and the files in it that are not to be done, with size (bytes) and mtime (ns).

        On the disk when it returns: a power cut must not make this folder a new one, whose bounces are left alone.
        """
        self.database.write(
            *(
                ("INSERT OR REPLACE INTO baseline VALUES (?, ?, ?)", (kept(path), size, mtime_ns))
                for path, (size, mtime_ns) in baseline.items()
            ),
            ("INSERT OR IGNORE INTO roots VALUES (?, ?)", (kept(root), time.time())),
            durable=True,
        )

    def stems_of(self, path: Path) -> set[Path]:
        """Every stem that was ever written for a bounce."""
        rows = self.database.rows("SELECT acapella, instrumental FROM jobs WHERE path = ?", kept(path))
        return {path_of(stem) for row in rows for stem in row if stem}

    def owner(self, name: str) -> Path | None:
        """The bounce whose stems have this name."""
        found = self.database.rows("SELECT path FROM claims WHERE name = ?", kept(name))
        return path_of(found[0][0]) if found else None

    def claimed(self, path: Path) -> frozenset[str]:
        """Names that this bounce's stems have had."""
        return frozenset(
            str(path_of(row[0])) for row in self.database.rows("SELECT name FROM claims WHERE path = ?", kept(path))
        )

    def claim(self, name: str, path: Path) -> None:
        """From now on this name is that bounce's."""
        self.database.write(("INSERT OR REPLACE INTO claims VALUES (?, ?)", (kept(name), kept(path))))

    def accept(self, path: Path) -> None:
        """The next daemon is to take this file as it is."""
        self.database.write(("INSERT OR REPLACE INTO accepted VALUES (?)", (kept(path),)))

    def take_accepted(self, root: Path) -> list[Path]:
        """Files inside `root` that are to be taken as they are; each told once."""
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
            entry.id
            for entry in old
            if str(entry.id) not in latest or (gone(entry.path) and not gone(entry.path.parent))
        ]
        if idle:
            self.database.write(
                *(("DELETE FROM jobs WHERE id = ?", (job_id,)) for job_id in idle),
                *(("DELETE FROM history WHERE job_id = ?", (job_id,)) for job_id in idle),
                ("DELETE FROM claims WHERE path NOT IN (SELECT path FROM jobs)", ()),
            )
        return len(idle)

    def _baseline_stamp(self, path: Path) -> tuple[int, int] | None:
        found = self.database.rows("SELECT size, mtime_ns FROM baseline WHERE path = ?", kept(path))
        return (int(str(found[0][0])), int(str(found[0][1]))) if found else None

    def _bring_up_to_date(self) -> None:
        """Columns that a ledger of an earlier version lacks."""
        there = {row[1] for row in self.database.rows("PRAGMA table_info(jobs)")}
        for name, kind in (("code", "TEXT NOT NULL DEFAULT ''"), ("rendering", "INTEGER NOT NULL DEFAULT 0")):
            if name not in there:
                self.database.write((f"ALTER TABLE jobs ADD COLUMN {name} {kind}", ()))

    def _highest_id(self) -> int:
        rows = self.database.rows("SELECT MAX(seq) FROM sqlite_sequence WHERE name = 'jobs'")
        return int(str(rows[0][0] or 0))

    def _select(self, where: str, *arguments: object) -> list[JobRecord]:
        return [JobRecord.of(row) for row in self.database.rows(f"SELECT {FIELDS} FROM jobs {where}", *arguments)]


def _history(job_id: int, state: str, now: float) -> Statement:
    return "INSERT INTO history(job_id, at, state) VALUES (?, ?, ?)", (job_id, now, state)
