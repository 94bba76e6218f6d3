"""Connections to PostgreSQL: which are asked whether they stand, and what reading costs."""

import asyncio
from contextlib import suppress

import pytest
import sqlalchemy as sa

from callsheet.database.connections import SqlDatabase, sync_engine
from callsheet.ports.database import DatabaseUnavailableError
from tests.databases import Cluster

BACKEND = sa.text("SELECT pg_backend_pid()")
RESTED_S = 1.1


async def backend(database: SqlDatabase) -> int:
    """Name the server process behind some connection, and keep it for a moment."""
    async with database.read() as connection:
        await asyncio.sleep(0.05)
        return int((await connection.execute(BACKEND)).scalar_one())


async def test_rested_connections_are_replaced_unseen(private_postgres: Cluster) -> None:
    """After a restart of the server nobody meets the old ones."""
    database = SqlDatabase(private_postgres.create_database())
    engine = sync_engine(database.url)
    before = set(await asyncio.gather(*(backend(database) for _ in range(4))))
    with engine.connect() as blocking:
        before.add(int(blocking.execute(BACKEND).scalar_one()))
    private_postgres.restart()
    await asyncio.sleep(RESTED_S)

    after = set(await asyncio.gather(*(backend(database) for _ in range(4))))
    with engine.connect() as blocking:
        after.add(int(blocking.execute(BACKEND).scalar_one()))

    assert len(before) == len(after) == 5
    assert not before & after
    engine.dispose()
    await database.close()


async def test_one_in_use_tells_of_the_others(private_postgres: Cluster) -> None:
    """Right after a restart one of them fails, in words that are waited for, and all are gone."""
    database = SqlDatabase(private_postgres.create_database())
    await asyncio.gather(*(backend(database) for _ in range(4)))
    private_postgres.stop("immediate")
    with pytest.raises(DatabaseUnavailableError):
        await backend(database)
    private_postgres.start()
    for _ in range(4):
        assert await backend(database)
    await database.close()


async def test_reading_opens_no_transaction_and_writing_does(postgres_url: str) -> None:
    """The same connection reads without one, and takes back what an error broke off."""
    database = SqlDatabase(postgres_url)
    state = sa.text("SELECT state FROM pg_stat_activity WHERE pid = :pid")
    async with database.read() as connection:
        pid = (await connection.execute(BACKEND)).scalar_one()
        async with database.read() as other:
            assert (await other.execute(state, {"pid": pid})).scalar_one() == "idle"
    with suppress(ZeroDivisionError):
        async with database.begin() as connection:
            await connection.execute(sa.text("CREATE TABLE half_done (n INTEGER)"))
            raise ZeroDivisionError
    async with database.read() as connection:
        found = await connection.execute(sa.text("SELECT to_regclass('half_done')"))
        assert found.scalar_one() is None
    await database.close()
