"""The one database: SQLAlchemy Core over SQLite (WAL) or PostgreSQL (psycopg)."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any, ClassVar, Final

from sqlalchemy import URL, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import (
    ArgumentError,
    DataError,
    DBAPIError,
    InterfaceError,
    OperationalError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from callsheet.database.bulk import write_many_at_once
from callsheet.database.postgres import LINE, prepare_postgresql, understood, with_one_authority
from callsheet.database.sqlite import SqliteConnection, sqlite_connector, teach_subsec
from callsheet.kernel.errors import CallsheetError, InvalidInputError, shown
from callsheet.kernel.masking import masked_url
from callsheet.kernel.private_files import made_folder, private_file, tighten
from callsheet.ports.database import DatabaseUnavailableError

AFTER_COMMIT: Final = "callsheet_after_commit"  # key of connection.info: calls to make then
BUSY_TIMEOUT_MS: Final = 15_000
_WAL_AGAIN_S: Final = 0.002  # others hold the lock for less than that
_POOL_SIZE: Final = 8
# PostgreSQL classes that pass by themselves: connection, resources, operator action, shutdown,
# a transaction that lost a race (serialization, deadlock), and a server that is a copy for now.
_PASSING_STATES: Final = ("08", "53", "57", "40", "25006")
_NO_RIGHT: Final = "42501"
_DAMAGED: Final = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)


class InvalidDatabaseUrlError(InvalidInputError):
    """The database URL is neither sqlite:// nor postgresql://, or is out of form."""

    code: ClassVar[str] = "invalid_database_url"

    def __init__(self, url: str, reason: str = "") -> None:
        said = reason or "write sqlite:////path/to/file.db or postgresql://user:password@host/name"
        super().__init__(f"CALLSHEET_DATABASE_URL {shown(masked_url(url))!r} is not usable; {said}")


class DatabaseUnusableError(CallsheetError):
    """The database answers, and cannot be used: its file is damaged, or our role lacks a right."""

    code: ClassVar[str] = "database_unusable"

    def __init__(self, reason: str) -> None:
        super().__init__(f"the database cannot be used: {reason}")


class UnstorableValueError(InvalidInputError):
    """A value that the database cannot hold, such as a text with a NUL in it."""

    code: ClassVar[str] = "unstorable_value"

    def __init__(self, reason: str) -> None:
        super().__init__(f"a value cannot be stored or looked up: {shown(reason)}")


def parse_url(url: str) -> URL:
    """Read a database URL; only SQLite files and PostgreSQL are spoken.

    Raises InvalidDatabaseUrlError.
    """
    return _parsed(url)[0]


def _parsed(url: str) -> tuple[URL, bool | None]:
    """Read a database URL, and what it says of a pooler in between."""
    try:
        parsed = make_url(with_one_authority(url))
    except (ArgumentError, ValueError) as error:
        raise InvalidDatabaseUrlError(url) from error
    if parsed.get_backend_name() == "sqlite" and parsed.database not in (None, "", ":memory:"):
        return parsed.set(drivername="sqlite"), None
    if parsed.get_backend_name() in ("postgresql", "postgres"):
        try:
            return understood(parsed.set(drivername="postgresql"))
        except ValueError as error:
            raise InvalidDatabaseUrlError(url, str(error)) from error
    raise InvalidDatabaseUrlError(url)


def prepare_sqlite(engine: Engine) -> None:
    """Set every new connection of an engine up: WAL, full sync, patient, keys enforced.

    `synchronous=FULL` because this file holds money: a power cut must not take back a commit.
    """

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        _switch_to_wal(connection)
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()


def _switch_to_wal(connection: Any) -> None:
    """Switch a file to WAL, patiently.

    Of several that do so at once with a new file some are told that it is locked, without being
    let wait: SQLite sees a deadlock coming (https://sqlite.org/c3ref/busy_handler.html).
    """
    until = time.monotonic() + BUSY_TIMEOUT_MS / 1_000
    while True:
        cursor = connection.cursor()
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(_WAL_AGAIN_S)
        else:
            return
        finally:
            cursor.close()


def sync_engine(url: URL, *, pooled: bool | None = None) -> Engine:
    """Make a blocking engine on the same database, for the durable engine's own threads.

    `pooled` says whether a pooler stands between; None sees for itself.
    """
    if url.get_backend_name() == "postgresql":
        engine = create_engine(
            url.set(drivername="postgresql+psycopg"),
            pool_size=_POOL_SIZE,
            pool_use_lifo=True,
            connect_args={**LINE, "application_name": "callsheet-engine"},
        )
        prepare_postgresql(engine, pooled=pooled)
        return engine
    engine = create_engine(url, pool_size=_POOL_SIZE, max_overflow=0)
    prepare_sqlite(engine)

    # Its transactions read and then write; begun deferred they would fail on a busy database.
    @event.listens_for(engine, "connect")
    def begin_immediate(connection: Any, _record: Any) -> None:
        connection.isolation_level = "IMMEDIATE"
        teach_subsec(connection)

    return engine


class SqlDatabase:
    """Implements ports.database.Database; `dialect` is "sqlite" or "postgresql".

    `pooled` is what its address says of a pooler in between: yes, no, or (None) nothing.
    """

    def __init__(self, url: str) -> None:
        self.url, self.pooled = _parsed(url)
        self.dialect = self.url.get_backend_name()
        # One writer at a time inside a SQLite process: an asyncio queue is fair and costs nothing,
        # SQLite's own busy wait sleeps and can starve.
        self._writer: asyncio.Lock | None = asyncio.Lock() if self.dialect == "sqlite" else None
        self.engine = self._create_engine()

    def _create_engine(self) -> AsyncEngine:
        if self.dialect == "postgresql":
            engine = create_async_engine(
                self.url.set(drivername="postgresql+psycopg"),
                pool_size=_POOL_SIZE,
                max_overflow=_POOL_SIZE,
                pool_timeout=30,
                pool_use_lifo=True,
                connect_args={**LINE, "application_name": "callsheet"},
            )
            prepare_postgresql(engine.sync_engine, pooled=self.pooled)
            write_many_at_once(engine.sync_engine)
            return engine
        _keep_private(self.url.database or "")
        engine = create_async_engine(
            self.url.set(drivername="sqlite+aiosqlite"),
            async_creator=sqlite_connector(self.url),
            pool_size=_POOL_SIZE,
            max_overflow=0,
        )
        prepare_sqlite(engine.sync_engine)

        # The driver's own BEGIN comes late and deferred; ours says at once what it wants.
        @event.listens_for(engine.sync_engine, "connect")
        def no_driver_begin(connection: Any, _record: Any) -> None:
            connection.isolation_level = None

        # A cancelled task's connection is closed, but SQLite keeps a closed connection and its
        # locks for as long as a cursor of it is alive somewhere, in a traceback for instance.
        @event.listens_for(engine.sync_engine, "invalidate")
        def let_locks_go(connection: Any, _record: Any, _error: Any) -> None:
            with suppress(sqlite3.Error):  # it was closed before: nothing is locked
                connection.rollback()

        return engine

    @asynccontextmanager
    async def begin(self, *, small: bool = False) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that writes; see ports.database.Database."""
        after: list[Callable[[], None]] = []
        async with self._guarded(writes=True, small=small) as connection:
            connection.info[AFTER_COMMIT] = after
            yield connection
        for call in after:
            call()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Borrow a connection that only reads; see ports.database.Database."""
        async with self._guarded(writes=False, small=False) as connection:
            yield connection

    @asynccontextmanager
    async def _guarded(self, *, writes: bool, small: bool) -> AsyncIterator[AsyncConnection]:
        try:
            with ExitStack() as turn:
                if writes and self._writer is not None:
                    await self._writer.acquire()
                    turn.callback(self._writer.release)
                async with self.engine.connect() as connection:
                    if self.dialect == "postgresql" and not writes:
                        # what is read is as of each statement anyway, and needs no BEGIN and COMMIT
                        await connection.execution_options(isolation_level="AUTOCOMMIT")
                    async with connection.begin():
                        if self.dialect == "sqlite":
                            await _begin_sqlite(connection, writes=writes, small=small)
                        yield connection
                    turn.close()  # the next one writes while this connection is put away
        except DBAPIError as error:
            if is_passing(error):
                raise DatabaseUnavailableError(str(error.orig)) from error
            if is_unusable(error):
                raise DatabaseUnusableError(str(error.orig)) from error
            if isinstance(error, DataError):
                raise UnstorableValueError(str(error.orig)) from error
            raise
        except PoolTimeoutError as error:
            raise DatabaseUnavailableError("all connections are busy") from error

    async def check(self) -> None:
        """Raise DatabaseUnavailableError unless the database answers."""
        async with self.read() as connection:
            await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Let all connections go."""
        await self.engine.dispose()


def _keep_private(database: str) -> None:
    """Let only ourselves read a SQLite file and what SQLite lays beside it.

    It gives these the mode of the file. Raises UnusableFolderError.
    """
    if database.startswith("file:"):
        return  # SQLite's own form, which may name anything
    path = Path(database)
    made_folder(path.parent, "CALLSHEET_DATABASE_URL")
    private_file(path)
    tighten(path.with_name(path.name + end) for end in ("-wal", "-shm", "-journal"))


async def _begin_sqlite(connection: AsyncConnection, *, writes: bool, small: bool) -> None:
    raw = (await connection.get_raw_connection()).driver_connection
    assert isinstance(raw, SqliteConnection)  # noqa: S101  # our connector makes no other
    try:
        await raw.begin(writes=writes, small=small)
    except sqlite3.OperationalError as error:
        raise DatabaseUnavailableError(str(error)) from error


def is_unusable(error: DBAPIError) -> bool:
    """Tell whether no statement of ours will ever work: see DatabaseUnusableError."""
    return (
        getattr(error.orig, "sqlite_errorcode", None) in _DAMAGED
        or getattr(error.orig, "sqlstate", None) == _NO_RIGHT
    )


def is_passing(error: DBAPIError) -> bool:
    """Tell whether an error is the database's state rather than our statement."""
    if error.connection_invalidated or isinstance(error, InterfaceError):
        return True
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        return str(state).startswith(_PASSING_STATES)
    return isinstance(error, OperationalError) and "no such" not in str(error.orig)
