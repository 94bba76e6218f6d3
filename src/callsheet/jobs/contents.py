"""What shots of a job are to show now, by digest, with what they begin from."""

from collections.abc import Collection

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.jobs.content import content_digest
from callsheet.jobs.model import Shot
from callsheet.jobs.store import JobStore
from callsheet.kernel.digests import Sha256
from callsheet.kernel.ids import JobId


async def contents_of(
    jobs: JobStore, connection: AsyncConnection, job: JobId, rows: Collection[int]
) -> dict[int, Sha256]:
    """Digest what some shots of a job are to show now, by row."""
    shots = {shot.row: shot for shot in await jobs.shots_of(connection, job, rows)}
    named = {row for shot in shots.values() for row in shot.plan.depends_on}
    others = await jobs.shots_of(connection, job, named - shots.keys())
    known: dict[int, Shot] = shots | {shot.row: shot for shot in others}
    return {
        row: content_digest(shot, [known[each] for each in shot.plan.depends_on])
        for row, shot in shots.items()
    }
