"""The ledger's file: SQLite that never keeps the daemon waiting and never loses what could not be written yet."""

import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from dawbridge.errors import JobError

Statement = tuple[str, tuple[object, ...]]
Row = tuple[object, ...]

OPENING_S = 10.0
"""How long another program may hold the file when it is opened."""
BUSY_S = 0.25
"""How long it may keep a write waiting; after that the write waits in memory and the daemon goes on."""
AGAIN_S = 1.0


class Database:
    """One connection. Thread-safe; each call is one transaction.

    A write that the file refuses (locked by another program, disk full, read-only) is kept in memory and made up for,
    in order, as soon as it can be; `trouble` then says why.
    """

    def __init__(
        self,
        file: Path,
        schema: str,
        clock: Callable[[], float] = time.monotonic,
        prepare: Callable[[sqlite3.Connection], None] = lambda _: None,
    ) -> None:
        """Open or make the file; `prepare` brings one of an earlier version up to date, and may refuse it.

        A file that is damaged is set aside, and a new one begun; `set_aside` says so. Raises `JobError` for one that
        cannot be used.
        """
        self.file, self._clock = file, clock
        self._lock = threading.RLock()
        self._late: deque[list[Statement]] = deque()
        self._again_at = 0.0
        self._together = False
        self._batch: list[list[Statement]] = []
        self.trouble = ""
        """Why writes wait; empty while all is written."""
        self.set_aside = ""
        """A line about a damaged file that was set aside; empty if there was none."""
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._connection = _opened(file, schema, prepare)
            except sqlite3.DatabaseError as error:
                if isinstance(error, sqlite3.OperationalError):
                    raise
                self.set_aside = _set_aside(file, error)
                self._connection = _opened(file, schema, prepare)
        except (OSError, sqlite3.Error) as error:
            raise JobError(
                f"the ledger {file} cannot be used ({error}); let this user read and write it and its folder, or move "
                "it away to start a new one"
            ) from error

    @property
    def waiting(self) -> int:
        """How many transactions wait in memory."""
        return len(self._late)

    def write(self, *statements: Statement, durable: bool = False) -> None:
        """All of them or none, now or later. `durable`: on the disk, not only in the system's memory, on return.

        Raises `sqlite3.IntegrityError`, nothing else.
        """
        with self._lock:
            if self._late and not self.catch_up():
                self._late.append(list(statements))
                return
            try:
                self._transact(statements, durable)
            except sqlite3.IntegrityError:
                raise
            except sqlite3.DatabaseError as error:
                self._put_off(error)
                self._late.append(list(statements))

    def returning(self, sql: str, *arguments: object) -> Row | None:
        """Write one statement now and return its row; None, and nothing is written, if that cannot be done now."""
        with self._lock:
            if not self.catch_up():
                return None
            try:
                rows: list[Row] = self._connection.execute(sql, arguments).fetchall()
                return rows[0] if rows else None
            except sqlite3.DatabaseError:
                return None

    @contextmanager
    def together(self) -> Iterator[None]:
        """All writes of this block, from any thread, in one transaction where the file lets; else one by one."""
        with self._lock:
            if self._together or not self.catch_up():
                yield
                return
            try:
                self._connection.execute("BEGIN IMMEDIATE")
            except sqlite3.DatabaseError:
                yield
                return
            self._together = True
            try:
                yield
            finally:
                self._commit()

    def _commit(self) -> None:
        """End a common transaction; what the disk refuses at the last moment waits in memory."""
        if not self._together:
            return
        self._together = False
        try:
            self._connection.execute("COMMIT")
        except sqlite3.DatabaseError as error:
            self._put_off(error)
            self._late.extend(self._batch)
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        self._batch = []

    def catch_up(self) -> bool:
        """Write what waits, where it is time to try again; whether nothing waits any more."""
        with self._lock:
            while self._late:
                if self._clock() < self._again_at:
                    return False
                try:
                    self._transact(self._late[0], durable=False)
                except sqlite3.IntegrityError:
                    pass  # another daemon was there first
                except sqlite3.DatabaseError as error:
                    self._put_off(error)
                    return False
                self._late.popleft()
            self.trouble = ""
            return True

    def rows(self, query: str, *arguments: object) -> list[Row]:
        """What a query finds. Raises `JobError` where the file cannot be read."""
        with self._lock:
            try:
                found: list[Row] = self._connection.execute(query, arguments).fetchall()
            except sqlite3.DatabaseError as error:
                raise JobError(f"the ledger {self.file} cannot be read now ({error}); try again") from error
            return found

    def close(self) -> None:
        """Write what waits, if it can be, and close."""
        with self._lock:
            self._again_at = 0.0
            self.catch_up()
            self._connection.close()

    def _within(self, statements: list[Statement] | tuple[Statement, ...]) -> None:
        """Inside a common transaction: all of them or none."""
        connection = self._connection
        connection.execute("SAVEPOINT one")
        try:
            for sql, arguments in statements:
                connection.execute(sql, arguments)
            self._batch.append(list(statements))
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK TO one")
            else:  # SQLite itself gave the whole transaction up
                self._together = False
                self._late.extend(self._batch)
                self._batch = []
            raise
        finally:
            if connection.in_transaction:
                connection.execute("RELEASE one")

    def _put_off(self, error: sqlite3.Error) -> None:
        self.trouble = str(error)
        self._again_at = self._clock() + AGAIN_S

    def _transact(self, statements: list[Statement] | tuple[Statement, ...], durable: bool) -> None:
        connection = self._connection
        if self._together:
            self._within(statements)
            return
        if durable:
            connection.execute("PRAGMA synchronous=FULL")
        try:
            connection.execute("BEGIN IMMEDIATE")
            try:
                for sql, arguments in statements:
                    connection.execute(sql, arguments)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        finally:
            if durable:
                connection.execute("PRAGMA synchronous=NORMAL")


def _opened(file: Path, schema: str, prepare: Callable[[sqlite3.Connection], None]) -> sqlite3.Connection:
    """A connection to a file that is whole and up to date. Raises `sqlite3.Error`."""
    connection = sqlite3.connect(file, check_same_thread=False, isolation_level=None, timeout=OPENING_S)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise sqlite3.DatabaseError(str(found))
        try:
            connection.executescript(schema)
            prepare(connection)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_ERROR:  # its tables are not such as are asked for
                raise sqlite3.DatabaseError(str(error)) from error
            raise
        connection.execute(f"PRAGMA busy_timeout={int(BUSY_S * 1000)}")
    except BaseException:
        connection.close()
        raise
    return connection


def _set_aside(file: Path, error: sqlite3.Error) -> str:
    """Give a damaged file another name; the line about it. Raises `OSError`."""
    number = next(number for number in count(1) if not file.with_name(f"{file.name}.damaged-{number}").exists())
    aside = file.with_name(f"{file.name}.damaged-{number}")
    for tail in ("", "-wal", "-shm"):
        part = file.with_name(file.name + tail)
        if part.exists():
            part.replace(aside.with_name(aside.name + tail))
    return f"the ledger was damaged ({error}) and begins again; what was left of it is {aside}"
