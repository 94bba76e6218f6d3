"""A task that is cancelled in the middle of a write leaves no lock behind."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text

from callsheet.database.connections import SqlDatabase

_SLOW = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000)"
    " SELECT count(*) FROM n"
)


async def test_cancelled_writer_lets_others_write(tmp_path: Path) -> None:
    """The next writer does not wait, even while somebody keeps the cancelled task's traceback."""
    database = SqlDatabase(f"sqlite:///{tmp_path}/some.db")
    async with database.begin() as connection:
        await connection.execute(text("CREATE TABLE t (n INTEGER)"))
    writing = asyncio.Event()

    async def write() -> None:
        async with database.begin() as connection:
            await connection.execute(text("INSERT INTO t VALUES (1)"))
            writing.set()
            while True:
                await connection.execute(text(_SLOW))

    task = asyncio.create_task(write())
    await writing.wait()
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError) as kept:
        await task
    async with asyncio.timeout(10):  # the busy wait of SQLite alone is longer
        async with database.begin() as connection:
            await connection.execute(text("INSERT INTO t VALUES (2)"))
            rows = (await connection.execute(text("SELECT n FROM t"))).scalars().all()
    assert rows == [2]
    assert kept.traceback
    await database.close()
