"""What the line works with: the rooms' stores and the building's services, handed in once."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.assets.service import Adopter
from callsheet.assets.store import AssetStore
from callsheet.controls.availability import AvailabilityStore
from callsheet.controls.store import SwitchStore
from callsheet.engine.shutdown import Shutdown
from callsheet.engine.supervision import Supervisor
from callsheet.intake.service import ReferenceService
from callsheet.intake.store import ReferenceStore
from callsheet.jobs.model import Change, Entry, Job
from callsheet.jobs.store import JobStore
from callsheet.kernel.digests import Sha256
from callsheet.kernel.errors import NotFoundError
from callsheet.kernel.ids import TakeId
from callsheet.line.estimates import Estimates
from callsheet.money.service import MoneyService
from callsheet.ports.blobs import BlobStore
from callsheet.ports.database import Database
from callsheet.ports.engine import WorkQueue
from callsheet.ports.fetching import Downloader
from callsheet.ports.hosted import HostedProvider
from callsheet.ports.keys import KeyRing
from callsheet.ports.models import Catalog, Provider
from callsheet.ports.notifier import Notifier
from callsheet.ports.pictures import Studio
from callsheet.takes.in_flight import InFlightStore
from callsheet.takes.inbox import UploadStore, WebhookStore
from callsheet.takes.store import TakeStore
from callsheet.telemetry.metrics import Metrics

LOG = logging.getLogger("callsheet.line")


@dataclass(frozen=True, slots=True)
class Away:
    """A provider that was not reached, so many times one after the other.

    It is tried again at `again_at`, a time of kernel.steady, with one order.
    """

    tries: int
    again_at: float


@dataclass(frozen=True, slots=True)
class House:
    """Everything a stage may use."""

    database: Database
    blobs: BlobStore
    notifier: Notifier
    queue: WorkQueue
    catalog: Catalog
    providers: dict[str, Provider]
    hosted: Mapping[str, HostedProvider]
    studio: Studio
    jobs: JobStore
    takes: TakeStore
    in_flight: InFlightStore
    webhooks: WebhookStore
    uploads: UploadStore
    availability: AvailabilityStore
    switches: SwitchStore
    money: MoneyService
    estimates: Estimates
    assets: AssetStore
    references: ReferenceStore
    reference_service: ReferenceService
    downloader: Downloader
    adopter: Adopter
    metrics: Metrics
    clock: Callable[[], datetime]
    passed_s: Callable[[datetime], float]  # seconds since then for certain, however clocks were set
    keys: KeyRing
    webhook_address: Callable[[str, TakeId], str | None]  # where a provider may call about a take
    public_link: Callable[[Sha256], str | None]  # where the outside can fetch a picture of ours
    parallel: int  # how many takes this process makes at a time
    loops: Supervisor
    ending: Shutdown
    # (take, order_no): what this process sends, or has not written down yet what came of it
    sending: set[tuple[TakeId, int]] = field(default_factory=set)
    away: dict[str, Away] = field(default_factory=dict)  # by provider that was not reached
    reached: set[str] = field(default_factory=set)  # providers that were, when last tried
    # rung by whoever leaves something to do, for those who do it in the same process
    wake_submitter: asyncio.Event = field(default_factory=asyncio.Event)
    wake_poller: asyncio.Event = field(default_factory=asyncio.Event)
    wake_downloader: asyncio.Event = field(default_factory=asyncio.Event)
    wake_listener: Mapping[str, asyncio.Event] = field(  # by provider
        default_factory=lambda: defaultdict(asyncio.Event)
    )

    def provider(self, name: str) -> HostedProvider:
        """Find a hosted provider. Raises NotFoundError, with the names there are."""
        if name not in self.hosted:
            there = f"there are {', '.join(sorted(self.hosted))}"
            raise NotFoundError("hosted provider", name, there)
        return self.hosted[name]

    async def record(
        self,
        connection: AsyncConnection,
        job: Job,
        entries: Sequence[Entry],
        change: Change | None = None,
    ) -> Job:
        """Apply a change to a locked job, append to its journal and ring; the job as it is then."""
        changed = await self.jobs.change(connection, job, change or Change(), entries, self.clock())
        await self.notifier.ring(connection, job.id)
        return changed
