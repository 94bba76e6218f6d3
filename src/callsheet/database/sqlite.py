"""SQLite behind the event loop, with hardly a trip to its thread.

aiosqlite makes four for each statement: for the cursor, the statement, its rows, and the cursor's
end. Each waits for its turn in the loop, milliseconds when that is busy, and a transaction that
writes holds up every other writer meanwhile. Here a statement makes one trip, and none in a
transaction that was begun as a small one. What may wait for a lock or for the disk always goes to
the thread: a beginning while another process writes, and every commit of what was written.
"""

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final, Self

import aiosqlite
from sqlalchemy import URL
from sqlalchemy.dialects.sqlite.aiosqlite import dialect

_ROWS_AT_ONCE: Final = 64  # of a cursor that is read bit by bit; ours are read whole
_BREATH_S: Final = 0.01  # after so long in place the loop gets a turn between two statements
_KNOWS_SUBSEC: Final = (3, 42)


class SqliteConnection(aiosqlite.Connection):
    """A connection that knows whether its thread is at work on it.

    While it is not, what touches neither file nor lock is done in place.
    """

    def __init__(self, connector: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(connector, _ROWS_AT_ONCE)
        self._thread.daemon = True
        self._asked = self._done = 0  # each is counted by one thread alone
        self._writes = self._small = False
        self._breathed = 0.0

    @property
    def idle(self) -> bool:
        """Whether the thread has done all that it was asked, for a cancelled caller too."""
        return self._asked == self._done

    @property
    def in_place(self) -> bool:
        """Whether statements are small, and cannot have to wait for anything."""
        return self._small and self.idle

    async def begin(self, *, writes: bool, small: bool) -> None:
        """Begin a transaction; one that writes has the lock then. Raises OperationalError."""
        self._writes, self._small = writes, small
        self._breathed = time.monotonic()
        if not writes:
            self._conn.execute("BEGIN")  # takes nothing yet
        elif not self._begun_at_once():
            await self._execute(self._conn.execute, "BEGIN IMMEDIATE")

    def _begun_at_once(self) -> bool:
        """Take the lock if it is free."""
        (patience,) = self._conn.execute("PRAGMA busy_timeout").fetchone()
        self._conn.execute("PRAGMA busy_timeout=0")
        try:
            self._conn.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:  # whatever it is, waiting shows it
            return False
        finally:
            self._conn.execute(f"PRAGMA busy_timeout={patience}")
        return True

    async def commit(self) -> None:
        """Commit; what was written is on disk then."""
        if self._writes or not self.idle:
            await super().commit()
        else:
            self._conn.commit()

    async def rollback(self) -> None:
        """Roll back, if there is anything to."""
        if not self.idle or self._conn.in_transaction:
            await super().rollback()

    async def breathe(self) -> None:
        """Give the loop a turn if it had none for a while."""
        now = time.monotonic()
        if now - self._breathed > _BREATH_S:
            await asyncio.sleep(0)
            self._breathed = time.monotonic()

    def cursor(self) -> "SqliteCursor":  # type: ignore[override]  # it is entered like the other
        """Make a cursor."""
        return SqliteCursor(self, self._conn.cursor())

    async def in_thread(self, work: Callable[[], Any]) -> Any:
        """Do work on the connection in its thread, after what that was asked before."""

        def counted() -> Any:
            try:
                return work()
            finally:
                self._done += 1

        self._asked += 1
        return await super()._execute(counted)  # type: ignore[no-untyped-call]

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return await self.in_thread(partial(fn, *args, **kwargs))


class SqliteCursor(aiosqlite.Cursor):
    """A cursor that brings a statement's rows along."""

    _conn: SqliteConnection

    def __init__(self, connection: SqliteConnection, cursor: sqlite3.Cursor) -> None:
        super().__init__(connection, cursor)
        self._rows: list[Any] = []

    async def execute(self, sql: str, parameters: Any = None) -> Self:
        """Run a statement and read all its rows."""
        if self._conn.in_place:
            self._rows = self._run(sql, parameters or ())
            await self._conn.breathe()
        else:
            self._rows = await self._conn.in_thread(partial(self._run, sql, parameters or ()))
        return self

    async def executemany(self, sql: str, parameters: Any) -> Self:
        """Run a statement with each of many parameters."""
        if self._conn.in_place:
            self._cursor.executemany(sql, parameters)
            await self._conn.breathe()
        else:
            await self._conn.in_thread(partial(self._cursor.executemany, sql, parameters))
        return self

    async def fetchall(self) -> list[Any]:
        """Answer the rows that were not taken yet."""
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        """End the statement, so that the file can move on."""
        if self._conn.idle:
            self._cursor.close()
        else:  # its caller was cancelled in the middle of it
            await super().close()

    def _run(self, sql: str, parameters: Any) -> list[Any]:
        self._cursor.execute(sql, parameters)
        return self._cursor.fetchall() if self._cursor.description else []


def sqlite_connector(url: URL) -> Callable[[], Awaitable[SqliteConnection]]:
    """Make what opens connections to the file of a URL, for `create_async_engine`."""
    args, options = dialect().create_connect_args(url)
    to_file: Callable[[], sqlite3.Connection] = partial(sqlite3.connect, *args, **options)

    def opened() -> sqlite3.Connection:
        raw = to_file()
        teach_subsec(raw)
        return raw

    async def connect() -> SqliteConnection:
        connection = SqliteConnection(opened)
        await connection
        return connection

    return connect


def teach_subsec(connection: sqlite3.Connection) -> None:
    """Teach an old SQLite `unixepoch('subsec')`, which stands in the tables of the durable engine.

    It writes so from Python 3.12 on, whose builders may have had a SQLite of before 3.42, and the
    file may come from another machine. No other use of the function is ours or the engine's.
    """
    if sqlite3.sqlite_version_info < _KNOWS_SUBSEC:
        connection.create_function("unixepoch", 1, _unixepoch)


def _unixepoch(asked: object) -> float | None:
    return time.time() if asked == "subsec" else None
