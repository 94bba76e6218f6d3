"""Jobs by what they ask for: a sheet is recognised by the digest of all that it asks."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.jobs.errors import AskedAlreadyError
from callsheet.jobs.model import Job
from callsheet.jobs.tables import JOBS, job_of
from callsheet.kernel.digests import Sha256
from callsheet.kernel.ids import JobId, WorkspaceId


@dataclass(frozen=True, slots=True)
class Asked:
    """What a batch asks for, by digest, and the jobs that its author knows to have asked for it.

    With `known` None it is begun whatever there is.
    """

    digest: Sha256
    known: frozenset[JobId] | None


async def jobs_that_ask(
    connection: AsyncConnection, workspace: WorkspaceId, asked: Sha256
) -> list[Job]:
    """List the jobs that ask for exactly this, newest first."""
    query = sa.select(JOBS).where(JOBS.c.workspace == workspace, JOBS.c.asked == asked)
    query = query.order_by(JOBS.c.id.desc())
    return [job_of(row) for row in (await connection.execute(query)).mappings()]


async def _lock(connection: AsyncConnection, asked: Sha256) -> None:
    """Let nobody else begin a job that asks for this until the transaction ends.

    On SQLite whoever writes is alone anyway.
    """
    if connection.dialect.name == "postgresql":
        key = int(asked[:15], 16)
        await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))


async def any_job(connection: AsyncConnection) -> bool:
    """Tell whether the database knows any job at all."""
    return (await connection.execute(sa.select(JOBS.c.id).limit(1))).first() is not None


async def refuse_twin(connection: AsyncConnection, workspace: WorkspaceId, asked: Asked) -> None:
    """Raise AskedAlreadyError if a job asks for the same that was not there a moment ago."""
    if asked.known is None:
        return
    await _lock(connection, asked.digest)
    for job in await jobs_that_ask(connection, workspace, asked.digest):
        if job.id not in asked.known:
            raise AskedAlreadyError(job.id)
