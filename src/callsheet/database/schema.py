"""Bringing the schema up to date; alembic is imported only when there is something to do."""

import importlib.resources
from typing import Final

from sqlalchemy import Connection, inspect, text

from callsheet.database.connections import SqlDatabase

_FOLDER: Final = "callsheet.database.migrations"
_LOCK: Final = 0x63616C6C  # "call": PostgreSQL's advisory lock while one process migrates


def newest_revision() -> str:
    """Name the newest migration: their file names sort in order, `0001_….py`."""
    names = [
        file.name
        for file in importlib.resources.files(f"{_FOLDER}.versions").iterdir()
        if file.name[:4].isdigit()
    ]
    return max(names)[:4]


async def is_current(database: SqlDatabase) -> bool:
    """Tell whether the database has the newest schema."""
    async with database.read() as connection:
        return await connection.run_sync(_revision) == newest_revision()


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


async def migrate(database: SqlDatabase) -> bool:
    """Run what is missing, one process at a time; False if nothing was."""
    if await is_current(database):
        return False
    async with database.begin() as connection:
        if database.dialect == "postgresql":
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        if await connection.run_sync(_revision) == newest_revision():
            return False  # another process did it while this one waited
        await connection.run_sync(_upgrade)
    return True


def _upgrade(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415  # 0.3 s and 38 MB that a start seldom needs
    from alembic.config import Config  # noqa: PLC0415  # see above

    config = Config()
    config.set_main_option("script_location", str(importlib.resources.files(_FOLDER)))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
