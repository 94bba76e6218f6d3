"""Releases: an admin lets files leave that rules refuse, and says why."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.jobs.tables import JOBS
from callsheet.kernel.ids import JobId
from callsheet.ports.database import METADATA, UtcTime

RELEASES: Final = sa.Table(
    "releases",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("job", sa.ForeignKey(JOBS.c.id, ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("refusals", sa.JSON, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Release:
    """Who let files leave against which refusals; `refusals` tells each by its key."""

    id: str
    job: JobId
    by: str
    reason: str
    refusals: dict[str, str]
    at: datetime


class ReleaseStore:
    """Reads and writes releases; every method works in the caller's transaction."""

    async def add(self, connection: AsyncConnection, release: Release) -> None:
        """Write a release."""
        row = {name: getattr(release, name) for name in Release.__dataclass_fields__}
        await connection.execute(sa.insert(RELEASES), row)

    async def of_job(self, connection: AsyncConnection, job: JobId) -> list[Release]:
        """Read the releases of a job, in order."""
        query = sa.select(RELEASES).where(RELEASES.c.job == job)
        rows = await connection.execute(query.order_by(RELEASES.c.at, RELEASES.c.id))
        return [Release(**row) for row in rows.mappings()]
