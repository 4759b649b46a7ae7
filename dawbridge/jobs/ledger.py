"""The ledger: what happened to every bounce, in SQLite, so that a restart neither forgets nor repeats."""

import json
import sqlite3
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from dawbridge.errors import JobError
from dawbridge.events import JobState

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
    updated REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS automations(job INTEGER PRIMARY KEY, lanes TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS jobs_path ON jobs(path);
"""
_FIELDS = "id, path, preset, state, size, mtime_ns, content_hash, settings, acapella, instrumental, message"


@dataclass(frozen=True, slots=True)
class Entry:
    """One job as the ledger has it."""

    id: int
    path: Path
    preset: str
    """Preset that the job asked for; empty: the knobs as they were."""
    state: JobState
    size: int
    """Of the source, in bytes, when the job was queued."""
    mtime_ns: int
    content_hash: str
    settings: Mapping[str, float]
    """Raw parameter values that its stems were rendered with."""
    acapella: str
    instrumental: str
    message: str

    @property
    def stems_stand(self) -> bool:
        """Every stem that the job wrote is still there."""
        return all(Path(stem).is_file() for stem in (self.acapella, self.instrumental) if stem)


class Ledger:
    """All jobs of this user. Thread-safe; every call is one transaction."""

    def __init__(self, file: Path) -> None:
        """Open or make the ledger. Raises `JobError` where that cannot be done."""
        self._lock = threading.Lock()
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(file, check_same_thread=False, isolation_level=None, timeout=10)
            self._database.execute("PRAGMA journal_mode=WAL")
            self._database.execute("PRAGMA synchronous=NORMAL")
            self._database.executescript(_SCHEMA)
        except (OSError, sqlite3.Error) as error:
            raise JobError(f"the ledger {file} cannot be used ({error}); move it away to start a new one") from error

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._database.close()

    def add(self, path: Path, state: JobState) -> int:
        """A new job, its id 1 or more."""
        with self._lock:
            cursor = self._database.execute(
                "INSERT INTO jobs(path, state, updated) VALUES (?, ?, ?)", (str(path), state, time.time())
            )
            return int(cursor.lastrowid or 0)

    def update(self, job_id: int, **fields: object) -> None:
        """Set columns of one job (`state`, `size`, `acapella`, …)."""
        if "settings" in fields:
            fields["settings"] = json.dumps(fields["settings"])
        names = ", ".join(f"{name} = ?" for name in fields)
        with self._lock:
            self._database.execute(
                f"UPDATE jobs SET {names}, updated = ? WHERE id = ?", (*fields.values(), time.time(), job_id)
            )

    def keep_automation(self, job_id: int, lanes: Mapping[str, list[list[float]]]) -> None:
        """Keep a job's automation, `[seconds, raw value]` by parameter."""
        with self._lock:
            self._database.execute("INSERT OR REPLACE INTO automations VALUES (?, ?)", (job_id, json.dumps(lanes)))

    def automation(self, job_id: int) -> dict[str, list[list[float]]]:
        """A job's automation; empty where it has none."""
        with self._lock:
            found = self._database.execute("SELECT lanes FROM automations WHERE job = ?", (job_id,)).fetchone()
        lanes: dict[str, list[list[float]]] = json.loads(found[0]) if found else {}
        return lanes

    def get(self, job_id: int) -> Entry | None:
        """The job with this id."""
        return next(iter(self._select("WHERE id = ?", job_id)), None)

    def latest(self, path: Path) -> Entry | None:
        """The newest job of a file."""
        return next(iter(self._select("WHERE path = ? ORDER BY id DESC LIMIT 1", str(path))), None)

    def last_done(self) -> Entry | None:
        """The bounce that was finished last."""
        return next(iter(self._select("WHERE state = 'done' ORDER BY updated DESC LIMIT 1")), None)

    def unfinished(self) -> list[Entry]:
        """Jobs that a stop or a crash left unfinished, oldest first."""
        return self._select("WHERE state IN ('settling', 'queued', 'running', 'stalled') ORDER BY id")

    def knows(self, path: Path) -> bool:
        """Whether the file, as it is now, was dealt with: done and its stems stand, failed, waiting or left alone."""
        try:
            status = path.stat()
        except OSError:
            return False
        stamp = (status.st_size, status.st_mtime_ns)
        if self._baseline_stamp(path) == stamp:
            return True
        entry = self.latest(path)
        if entry is None or (entry.size, entry.mtime_ns) != stamp:
            return False
        return entry.state in (JobState.FAILED, JobState.CANCELLED, JobState.QUEUED, JobState.RUNNING) or (
            entry.state is JobState.DONE and entry.stems_stand
        )

    def is_watched(self, root: Path) -> bool:
        """Whether this folder was watched before."""
        with self._lock:
            return self._database.execute("SELECT 1 FROM roots WHERE root = ?", (str(root),)).fetchone() is not None

    def begin_root(self, root: Path, baseline: Iterable[Path]) -> None:
        """Remember a folder, and the files in it that are not to be done."""
        rows = []
        for path in baseline:
            try:
                status = path.stat()
            except OSError:
                continue
            rows.append((str(path), status.st_size, status.st_mtime_ns))
        with self._lock, self._database:
            self._database.execute("INSERT OR IGNORE INTO roots VALUES (?, ?)", (str(root), time.time()))
            self._database.executemany("INSERT OR REPLACE INTO baseline VALUES (?, ?, ?)", rows)

    def _baseline_stamp(self, path: Path) -> tuple[int, int] | None:
        with self._lock:
            query = "SELECT size, mtime_ns FROM baseline WHERE path = ?"
            found = self._database.execute(query, (str(path),)).fetchone()
        return (int(found[0]), int(found[1])) if found else None

    def _select(self, where: str, *arguments: object) -> list[Entry]:
        with self._lock:
            rows = self._database.execute(f"SELECT {_FIELDS} FROM jobs {where}", arguments).fetchall()
        return [_entry(row) for row in rows]


def _entry(row: tuple[object, ...]) -> Entry:
    job_id, path, preset, state, size, mtime_ns, content_hash, settings, *rest = row
    acapella, instrumental, message = map(str, rest)
    return Entry(
        int(str(job_id)), Path(str(path)), str(preset), JobState(str(state)), int(str(size)), int(str(mtime_ns)),
        str(content_hash), json.loads(str(settings)), acapella, instrumental, message,
    )  # fmt: skip
