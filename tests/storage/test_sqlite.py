"""SQLite behind the event loop: few trips to its thread, and a loop that always goes on."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import make_url, text

from callsheet.database.connections import SqlDatabase, sync_engine
from callsheet.database.sqlite import SqliteConnection
from callsheet.ports.database import DatabaseUnavailableError

INSERT = text("INSERT INTO t VALUES (:n)")
SLOW = text(
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000)"
    " SELECT count(*) FROM n"
)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[SqlDatabase]:
    """Make a database with a table of numbers."""
    database = SqlDatabase(f"sqlite:///{tmp_path}/some.db")
    async with database.begin() as connection:
        await connection.execute(text("CREATE TABLE t (n INTEGER)"))
    yield database
    await database.close()


@contextmanager
def another_writer(database: SqlDatabase) -> Iterator[sqlite3.Connection]:
    """Hold the write lock, as another process would."""
    with closing(sqlite3.connect(str(database.url.database), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield other


async def numbers(database: SqlDatabase) -> list[int]:
    """Read what is in the table."""
    async with database.read() as connection:
        return list((await connection.execute(text("SELECT n FROM t ORDER BY n"))).scalars())


async def test_old_sqlite_knows_the_time_that_the_engine_asks_it(database: SqlDatabase) -> None:
    """The durable engine's tables ask for milliseconds, which SQLite tells from 3.42 on."""
    async with database.begin() as connection:
        await connection.execute(
            text(
                "CREATE TABLE dated (n INTEGER, ms INTEGER NOT NULL DEFAULT (unixepoch('subsec')))"
            )
        )
        await connection.execute(text("INSERT INTO dated (n) VALUES (1)"))
    engine = sync_engine(database.url)
    with engine.begin() as blocking:
        blocking.execute(text("INSERT INTO dated (n) VALUES (2)"))
        (first, second) = blocking.execute(text("SELECT ms FROM dated ORDER BY n")).scalars()
    engine.dispose()
    assert 0 <= second - first < 60


async def ticks(count: int) -> None:
    """Let the loop go round."""
    for _ in range(count):
        await asyncio.sleep(0.002)


@pytest.mark.parametrize(("small", "trips"), [(True, 1), (False, 4)])
async def test_trips_to_the_thread(database: SqlDatabase, *, small: bool, trips: int) -> None:
    """A small transaction goes there for its commit alone, others for each statement too."""
    async with database.begin(small=small) as connection:
        raw = (await connection.get_raw_connection()).driver_connection
        assert isinstance(raw, SqliteConnection)
        before = raw._asked
        await connection.execute(INSERT, [{"n": n} for n in range(3)])
        await connection.execute(INSERT, {"n": 3})
        assert (await connection.execute(text("SELECT count(*) FROM t"))).scalar() == 4
    assert raw._asked - before == trips
    assert await numbers(database) == [0, 1, 2, 3]


async def test_who_waits_for_the_lock_does_not_stop_the_loop(database: SqlDatabase) -> None:
    """The lock is let go only after the loop went round while somebody waited for it."""

    async def write() -> None:
        async with database.begin(small=True) as connection:
            await connection.execute(INSERT, {"n": 1})

    with another_writer(database) as other:
        writing = asyncio.create_task(write())
        await ticks(20)
        assert not writing.done()
        other.execute("INSERT INTO t VALUES (0)")
        other.execute("COMMIT")
    await writing
    assert await numbers(database) == [0, 1]


async def test_who_gives_up_waiting_leaves_no_lock(database: SqlDatabase) -> None:
    """The lock that its thread still gets is given back."""

    async def write() -> None:
        async with database.begin(small=True) as connection:
            await connection.execute(INSERT, {"n": 1})

    with another_writer(database) as other:
        writing = asyncio.create_task(write())
        await ticks(10)
        writing.cancel()
        await ticks(10)
        other.execute("COMMIT")
    with pytest.raises(asyncio.CancelledError):
        await writing
    with another_writer(database) as other:  # free for other processes
        other.execute("ROLLBACK")
    async with database.begin(small=True) as connection:
        await connection.execute(INSERT, {"n": 2})
    assert await numbers(database) == [2]


async def test_long_small_transaction_lets_the_loop_go_round(database: SqlDatabase) -> None:
    """Between statements the loop gets its turn."""
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    async with database.begin(small=True) as connection:
        before = turns
        for _ in range(5):
            await connection.execute(SLOW)
        assert turns - before >= 4
    counting.cancel()


async def test_failed_small_transaction_leaves_nothing(database: SqlDatabase) -> None:
    """It is rolled back, and the next one on the same connection works in its own way."""

    async def fail() -> None:
        async with database.begin(small=True) as connection:
            await connection.execute(INSERT, {"n": 1})
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        await fail()
    assert await numbers(database) == []
    async with database.begin() as connection:
        raw = (await connection.get_raw_connection()).driver_connection
        assert isinstance(raw, SqliteConnection)
        assert not raw.in_place
        await connection.execute(INSERT, {"n": 2})
    assert await numbers(database) == [2]


async def test_lock_that_is_never_let_go_is_told(
    database: SqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is the database's state, and passes."""
    monkeypatch.setattr("callsheet.database.connections.BUSY_TIMEOUT_MS", 50)
    await database.engine.dispose()  # the next connection is as patient as that
    with another_writer(database), pytest.raises(DatabaseUnavailableError, match="locked"):
        async with database.begin(small=True):
            pytest.fail("it has no lock")


def test_several_may_open_a_new_file_at_once(tmp_path: Path) -> None:
    """None of them is told that it is locked while another makes it a file with a log of writes."""
    at_once = threading.Barrier(8)

    def opened(number: int) -> None:
        engine = sync_engine(make_url(f"sqlite:///{tmp_path}/{number}.db"))
        at_once.wait()
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE IF NOT EXISTS t (a INTEGER)"))
        engine.dispose()

    with ThreadPoolExecutor(8) as threads:
        for number in range(100):
            list(threads.map(opened, [number] * 8))
