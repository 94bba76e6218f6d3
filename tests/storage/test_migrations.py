"""The schema: migrations make what the code says, however many processes run them."""

import asyncio
import subprocess
import sys
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

import callsheet.wiring  # noqa: F401  # every room's tables are known once all rooms are
from callsheet.database.connections import SqlDatabase, parse_url, sync_engine
from callsheet.database.schema import migrate, standing
from callsheet.ports.database import METADATA

# What a process that migrates needs, and no more: everything else takes three times as long.
MIGRATING = """
import asyncio, sys
from callsheet.database.connections import SqlDatabase
from callsheet.database.schema import migrate

async def go():
    database = SqlDatabase(sys.argv[1])
    try:
        print(await migrate(database))
    finally:
        await database.close()

asyncio.run(go())
"""


async def migrated(url: str) -> bool:
    """Migrate once; tells whether anything was missing."""
    database = SqlDatabase(url)
    try:
        changed = await migrate(database)
        assert (await standing(database)).is_usable
        return changed
    finally:
        await database.close()


def differences(url: str) -> list[Any]:
    """Compare the database with the code's tables, the engine's own left out."""

    def ours(_object: Any, name: str | None, kind: str, reflected: bool, _to: Any) -> bool:  # noqa: FBT001  # alembic's signature
        return not (kind == "table" and reflected and name not in METADATA.tables)

    engine = sync_engine(parse_url(url))
    with engine.connect() as connection:
        options = {"include_object": ours, "compare_type": True}
        context = MigrationContext.configure(connection, opts=options)
        found: list[Any] = compare_metadata(context, METADATA)
    engine.dispose()
    return found


async def test_migrations_make_what_the_code_says(empty_database_url: str) -> None:
    """On an empty database they leave no table, column or index missing, and none too many."""
    assert await migrated(empty_database_url)
    assert not await migrated(empty_database_url)
    assert differences(empty_database_url) == []


def test_five_processes_migrate_at_once(empty_database_url: str) -> None:
    """All end well, one does the work, and the schema is right."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", MIGRATING, empty_database_url], stdout=subprocess.PIPE
        )
        for _ in range(5)
    ]
    said = [process.communicate(timeout=60)[0].strip() for process in processes]
    assert [process.returncode for process in processes] == [0] * 5
    assert said.count(b"True") == 1
    assert differences(empty_database_url) == []


async def test_money_is_written_through(tmp_path: Any) -> None:
    """SQLite runs with a write-ahead log, full synchronisation and foreign keys in force."""
    database = SqlDatabase(f"sqlite:///{tmp_path}/a.db")
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    try:
        for begin in (database.begin, database.read):
            async with begin() as connection:
                for name, value in wanted.items():
                    assert await connection.scalar(sa.text(f"PRAGMA {name}")) == value
        engine = sync_engine(database.url)
        with engine.connect() as plain:
            for name, value in wanted.items():
                assert plain.scalar(sa.text(f"PRAGMA {name}")) == value
        engine.dispose()
    finally:
        await database.close()


@pytest.mark.parametrize("bad", ["mysql://x/y", "sqlite://", "", "nonsense", "postgresql"])
def test_other_databases_are_refused_by_name(bad: str) -> None:
    """Only files of SQLite and PostgreSQL are spoken; a password is not shown."""
    with pytest.raises(ValueError, match="CALLSHEET_DATABASE_URL") as caught:
        _raise(bad)
    assert "secret" not in str(caught.value)


def _raise(url: str) -> None:
    try:
        parse_url(url.replace("x/", "u:secret@x/"))
    except Exception as error:
        raise ValueError(str(error)) from error


def test_text_with_a_nul_is_a_named_error(empty_postgres_url: str) -> None:
    """What PostgreSQL cannot hold is refused as input, not met as a defect."""
    from callsheet.database.connections import UnstorableValueError

    async def go() -> None:
        database = SqlDatabase(empty_postgres_url)
        try:
            async with database.begin() as connection:
                await connection.execute(sa.select(sa.literal("a\x00b")))
        finally:
            await database.close()

    with pytest.raises(UnstorableValueError, match="NUL"):
        asyncio.run(go())
