"""The schema: which migrations ran, which releases can use it, and running what is missing.

A migration says what kind it is. `expand` adds what older code does not mind; `contract` takes
away or changes what older code needs, and comes a release later. The oldest release that can use a
schema is the one that knows the newest `contract` migration in it. So a new release may migrate
while the old one serves, and going back needs no backup.
"""

import importlib.resources
from typing import ClassVar, Final

from sqlalchemy import Connection, inspect, text

from callsheet.database.connections import SqlDatabase
from callsheet.kernel.errors import CallsheetError
from callsheet.ports.schema import Standing

_FOLDER: Final = "callsheet.database.migrations"
_LOCK: Final = 0x63616C6C  # "call": PostgreSQL's advisory lock while one process migrates
CONTRACT: Final = "contract"
EXPAND: Final = "expand"


class SchemaError(CallsheetError):
    """This release cannot use the database as it is."""

    code: ClassVar[str] = "schema_unusable"


def newest_revision() -> str:
    """Name the newest migration: their file names sort in order, `0001_….py`."""
    names = [
        file.name
        for file in importlib.resources.files(f"{_FOLDER}.versions").iterdir()
        if file.name[:4].isdigit()
    ]
    return max(names)[:4]


async def standing(database: SqlDatabase) -> Standing:
    """Read where the schema stands."""
    async with database.read() as connection:
        return await connection.run_sync(_standing)


def _standing(connection: Connection) -> Standing:
    release = newest_revision()
    tables = inspect(connection)
    if not tables.has_table("alembic_version"):
        return Standing(None, "", release)
    schema = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    oldest = schema  # of a schema that says nothing
    if tables.has_table("schema_range"):
        oldest = connection.execute(text("SELECT oldest FROM schema_range")).scalar()
    return Standing(schema, str(oldest or ""), release)


async def migrate(database: SqlDatabase) -> bool:
    """Run what is missing, one process at a time; False if nothing was.

    Raises SchemaError if the schema is newer than this release can use.
    """
    before = await standing(database)
    if not before.is_behind:
        if not before.is_usable:
            raise SchemaError(before.problem)
        return False
    async with database.begin() as connection:
        if database.dialect == "postgresql":
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        if not (await connection.run_sync(_standing)).is_behind:
            return False  # another process did it while this one waited
        await connection.run_sync(_upgrade)
    return True


def _upgrade(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415  # 0.3 s and 38 MB that a start seldom needs
    from alembic.config import Config  # noqa: PLC0415  # see above
    from alembic.script import ScriptDirectory  # noqa: PLC0415  # see above

    config = Config()
    config.set_main_option("script_location", str(importlib.resources.files(_FOLDER)))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    written = ScriptDirectory.from_config(config).walk_revisions()
    contracts = [each.revision for each in written if kind_of(each.module) == CONTRACT]
    connection.execute(text("DELETE FROM schema_range"))
    connection.execute(
        text("INSERT INTO schema_range (oldest) VALUES (:oldest)"), {"oldest": max(contracts)}
    )


def kind_of(migration: object) -> str:
    """Tell of which kind a migration is. Raises ValueError for one that does not say so."""
    kind = getattr(migration, "kind", None)
    if kind not in (EXPAND, CONTRACT):
        raise ValueError(f"{migration}: set `kind` to {EXPAND!r} or {CONTRACT!r}")
    return str(kind)
