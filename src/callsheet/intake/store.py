"""Rows of a job's references: each named once, fetched once, examined once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.ports.database import METADATA, bound

REFERENCES = sa.Table(
    "job_references",
    METADATA,
    sa.Column("job", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("fetch", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("sha256", sa.Text),
    sa.Column("pixels", sa.Text),
    sa.Column("likeness", sa.Text),
    sa.Column("working", sa.Text),
    sa.Column("media_type", sa.Text),
    sa.Column("width", sa.Integer),
    sa.Column("height", sa.Integer),
    sa.Column("error", sa.JSON(none_as_null=True)),
)


class ReferenceStatus(StrEnum):
    """How far a reference is."""

    PENDING = "pending"
    STORED = "stored"  # its bytes are ours (sha256); not yet examined
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class JobReference:
    """One reference of a job. `key` is its canonical name, `fetch` the address to ask.

    `working` names the safe copy that drawing uses; `pixels` and `likeness` compare pictures.
    """

    key: str
    source: str
    fetch: str
    status: ReferenceStatus
    sha256: str | None = None
    pixels: str | None = None
    likeness: str | None = None
    working: str | None = None
    media_type: str | None = None
    width: int | None = None
    height: int | None = None
    error: Mapping[str, Any] | None = None


_COLUMNS = [column.name for column in REFERENCES.columns if column.name != "job"]


class ReferenceStore:
    """Reads and writes a job's references; every method works in the caller's transaction."""

    async def add(
        self, connection: AsyncConnection, job: str, references: Iterable[JobReference]
    ) -> None:
        """Write the references of a new job."""
        rows = [
            {"job": job, **{name: getattr(each, name) for name in _COLUMNS}} for each in references
        ]
        if rows:
            await connection.execute(sa.insert(REFERENCES), rows)

    async def all(self, connection: AsyncConnection, job: str) -> list[JobReference]:
        """Read a job's references, in order of key."""
        query = sa.select(REFERENCES).where(REFERENCES.c.job == job).order_by(REFERENCES.c.key)
        rows = (await connection.execute(query)).mappings()
        return [
            JobReference(
                **{
                    **{name: row[name] for name in _COLUMNS},
                    "status": ReferenceStatus(row["status"]),
                }
            )
            for row in rows
        ]

    async def update(
        self, connection: AsyncConnection, job: str, references: Sequence[JobReference]
    ) -> None:
        """Write what became of references."""
        columns = [name for name in _COLUMNS if name not in ("key", "source", "fetch")]
        statement = (
            sa.update(REFERENCES)
            .where(REFERENCES.c.job == job, REFERENCES.c.key == bound(REFERENCES.c.key))
            .values({name: bound(REFERENCES.c[name]) for name in columns})
        )
        values = [
            {f"b_{name}": getattr(each, name) for name in ("key", *columns)} for each in references
        ]
        if values:
            await connection.execute(statement, values)

    async def retry_failed(self, connection: AsyncConnection, job: str) -> None:
        """Let failed references be fetched again."""
        await connection.execute(
            sa.update(REFERENCES)
            .where(REFERENCES.c.job == job, REFERENCES.c.status == ReferenceStatus.FAILED)
            .values(status=ReferenceStatus.PENDING, error=None)
        )
