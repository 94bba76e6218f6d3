"""What the line works with: the rooms' stores and the building's services, handed in once."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.assets.service import Adopter
from callsheet.assets.store import AssetStore
from callsheet.intake.service import ReferenceDesk
from callsheet.intake.store import ReferenceStore
from callsheet.jobs.model import Change, Entry, Job
from callsheet.jobs.store import JobStore
from callsheet.ports.bell import Bell
from callsheet.ports.blobs import BlobStore
from callsheet.ports.database import Database
from callsheet.ports.engine import WorkQueue
from callsheet.ports.models import Catalog, Provider
from callsheet.ports.pictures import Studio
from callsheet.takes.store import TakeStore
from callsheet.telemetry.metrics import Metrics

LOG = logging.getLogger("callsheet.line")


@dataclass(frozen=True, slots=True)
class House:
    """Everything a stage may use."""

    database: Database
    blobs: BlobStore
    bell: Bell
    queue: WorkQueue
    catalog: Catalog
    providers: dict[str, Provider]
    studio: Studio
    jobs: JobStore
    takes: TakeStore
    assets: AssetStore
    references: ReferenceStore
    desk: ReferenceDesk
    adopter: Adopter
    metrics: Metrics
    clock: Callable[[], datetime]
    parallel: int  # how many takes this process makes at a time

    async def record(
        self,
        connection: AsyncConnection,
        job: Job,
        entries: Sequence[Entry],
        change: Change | None = None,
    ) -> int:
        """Apply a change to a locked job, append to its journal and ring; the new sequence."""
        sequence = await self.jobs.change(
            connection, job, change or Change(), entries, self.clock()
        )
        await self.bell.ring(connection, job.id)
        return sequence
