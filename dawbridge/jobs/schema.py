"""The ledger's tables, and how a ledger of an earlier version gets them."""

import sqlite3
from contextlib import closing
from functools import cache

from dawbridge.jobs.record import MAX_ID

VERSION = 3
"""Kept as `PRAGMA user_version`. Version 0.1 of dawbridge left it at 0."""

SCHEMA = """
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
CREATE INDEX IF NOT EXISTS jobs_state ON jobs(state);
CREATE TABLE IF NOT EXISTS history(
    id INTEGER PRIMARY KEY AUTOINCREMENT, job_id INTEGER NOT NULL, at REAL NOT NULL, state TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS history_job ON history(job_id);
CREATE TABLE IF NOT EXISTS claims(name TEXT PRIMARY KEY, path TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS claims_path ON claims(path);
CREATE TABLE IF NOT EXISTS accepted(path TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS recording(
    seq INTEGER PRIMARY KEY AUTOINCREMENT, owner TEXT NOT NULL, job INTEGER NOT NULL, moves TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS recording_owner ON recording(owner);
"""

_COLUMNS = (
    ("jobs", "code", "TEXT NOT NULL DEFAULT ''"),
    ("jobs", "rendering", "INTEGER NOT NULL DEFAULT 0"),
    ("jobs", "inode", "INTEGER NOT NULL DEFAULT 0"),
    ("jobs", "changed_ns", "INTEGER NOT NULL DEFAULT 0"),
    ("jobs", "tempo_key", "TEXT NOT NULL DEFAULT ''"),
    ("baseline", "inode", "INTEGER NOT NULL DEFAULT 0"),
    ("baseline", "changed_ns", "INTEGER NOT NULL DEFAULT 0"),
)
"""Columns that came later. 0 for `inode` and `changed_ns` means that they are not known."""

_INDEXES = (
    "DROP INDEX IF EXISTS jobs_size",
    "DROP INDEX IF EXISTS jobs_content",
    "CREATE INDEX IF NOT EXISTS done_size ON jobs(size) WHERE state = 'done'",
    "CREATE INDEX IF NOT EXISTS done_content ON jobs(content_hash) WHERE state = 'done'",
)
"""Those of finished jobs alone: thousands of bounces of one length may wait."""


def prepare(connection: sqlite3.Connection) -> None:
    """Bring the tables up to `VERSION`, and see that they are ours. Raises `sqlite3.Error`."""
    _migrate(connection)
    triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
    if triggers:
        raise sqlite3.DatabaseError(f"it has a trigger that dawbridge did not make: {triggers[0][0]}")
    for table, wanted in _wanted().items():
        missing = sorted(wanted - _columns(connection, table))
        if missing:
            raise sqlite3.DatabaseError(f"its table {table} has no column {missing[0]}")
    largest = "(SELECT COALESCE(MAX(id), 0) FROM jobs WHERE id <= ?)"
    sql = f"UPDATE sqlite_sequence SET seq = {largest} WHERE name = 'jobs' AND (seq > ? OR typeof(seq) != 'integer')"
    connection.execute(sql, (MAX_ID, MAX_ID))


@cache
def _wanted() -> dict[str, set[str]]:
    """The columns of each table, by a ledger that is made on the spot."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as fresh:
        fresh.executescript(SCHEMA)
        _migrate(fresh)
        tables = [str(name) for (name,) in fresh.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {table: _columns(fresh, table) for table in tables}


def _columns(connection: sqlite3.Connection, table: str) -> set[str]:
    return {str(row[1]) for row in connection.execute(f"PRAGMA table_info({table})")}


def _migrate(connection: sqlite3.Connection) -> None:
    """In one transaction."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version >= VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for table, name, kind in _COLUMNS:
            if name not in _columns(connection, table):
                connection.execute(f"ALTER TABLE {table} ADD COLUMN {name} {kind}")
        for index in _INDEXES:
            connection.execute(index)
        connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
