"""Databases that have every table and no row: made once, and copied for each test.

To bring an empty one up to date costs a third of a second on SQLite and more on PostgreSQL, which
is more than many a test does with it. Tests of that very step begin with empty ones.
"""

import functools
import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql

from tests.databases import Cluster
from tests.support import warm

_NAME: Final = "with_every_table"  # of PostgreSQL's template
_LOCK: Final = 0x74657374  # "test": one process makes the template of a cluster


@functools.cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="callsheet-templates-")


@functools.cache
def sqlite_template() -> Path:
    """Make the SQLite file to copy, once in this process."""
    file = Path(_folder().name) / "callsheet.db"
    _migrate(f"sqlite:///{file}")
    return file


def lay_sqlite(file: Path) -> None:
    """Put a SQLite file with every table where there is none."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not file.exists():
        shutil.copy(sqlite_template(), file)


def create_postgres(cluster: Cluster) -> str:
    """Make a PostgreSQL database with every table; returns its URL."""
    _ensure_template(cluster)
    return cluster.create_database(_NAME)


@functools.cache
def _ensure_template(cluster: Cluster) -> None:
    """Make the template of a cluster, unless another process did."""
    with cluster.connect() as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        if _is_there(connection):
            return
        url = cluster.create_database()
        _migrate(url)
        made, name = sql.Identifier(url.rpartition("/")[2]), sql.Identifier(_NAME)
        connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(made, name))


def _is_there(connection: psycopg.Connection[tuple[object, ...]]) -> bool:
    found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [_NAME])
    return found.fetchone() is not None


def _migrate(url: str) -> None:
    with tempfile.TemporaryDirectory(dir=_folder().name) as name:
        done = warm.run(
            ["migrate"],
            folder=Path(name),
            environment={**os.environ, "CALLSHEET_DATABASE_URL": url},
            timeout_s=60,
            typed="",
        )
    assert done.returncode == 0, done.stderr
