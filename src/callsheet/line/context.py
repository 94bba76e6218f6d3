"""What the line works with: ordering's capabilities, and its own beside them."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.delivery.outbox import Outbox
from callsheet.intake.service import ReferenceService
from callsheet.intake.store import ReferenceStore
from callsheet.jobs.model import Change, Entry, Job, JobKind
from callsheet.jobs.store import JobStore
from callsheet.line.estimates import Estimates
from callsheet.line.pipeline import Pipeline
from callsheet.orders.context import OrderContext
from callsheet.ports.engine import WorkQueue
from callsheet.ports.models import Provider
from callsheet.ports.notifier import Notifier
from callsheet.quality.verdicts import VerdictStore

LOG = logging.getLogger("callsheet.line")


@dataclass(frozen=True, slots=True)
class Jobs:
    """Where jobs are written down, who is told of it, and who does their work."""

    store: JobStore
    notifier: Notifier
    queue: WorkQueue
    pipelines: Mapping[JobKind, Pipeline]
    clock: Callable[[], datetime]
    outbox: Outbox

    def pipeline(self, job: Job) -> Pipeline:
        """Find what a job goes through."""
        return self.pipelines[job.kind]

    async def record(
        self,
        connection: AsyncConnection,
        job: Job,
        entries: Sequence[Entry],
        change: Change | None = None,
    ) -> Job:
        """Apply a change to a locked job, append to its journal and notify; the job as it is then.

        Whoever watches hears of it when the transaction commits; customers are told of its end.
        """
        changed = await self.store.change(
            connection, job, change or Change(), entries, self.clock()
        )
        await self.notifier.notify(connection, job.id)
        if changed.ended and not job.ended:
            await self.outbox.ended(connection, [changed])
        return changed


@dataclass(frozen=True, slots=True)
class References:
    """Where references are written down, and who fetches and examines them."""

    store: ReferenceStore
    service: ReferenceService


@dataclass(frozen=True, slots=True)
class LineContext(OrderContext):
    """The capabilities of ordering and those of the line.

    `local` are the providers that make takes in this process, by name; `parallel` is how many
    takes it makes at a time.
    """

    jobs: Jobs
    references: References
    estimates: Estimates
    local: Mapping[str, Provider]
    parallel: int
    verdicts: VerdictStore = field(default_factory=VerdictStore)
