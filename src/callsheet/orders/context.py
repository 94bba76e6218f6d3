"""What ordering works with: four capabilities, and the jobs' one callback, handed in once."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from callsheet.assets.service import Adopter
from callsheet.assets.store import AssetStore
from callsheet.controls.availability import AvailabilityStore
from callsheet.controls.store import SwitchStore
from callsheet.kernel.digests import Sha256
from callsheet.kernel.errors import NotFoundError
from callsheet.kernel.ids import TakeId
from callsheet.money.service import MoneyService
from callsheet.orders.progress import JobProgress
from callsheet.ports.blobs import BlobStore
from callsheet.ports.database import Database
from callsheet.ports.engine import Shutdown
from callsheet.ports.fetching import Downloader
from callsheet.ports.hosted import HostedProvider
from callsheet.ports.keys import KeyRing
from callsheet.ports.models import Catalog
from callsheet.ports.pictures import Studio
from callsheet.takes.in_flight import InFlightStore
from callsheet.takes.inbox import UploadStore, WebhookStore
from callsheet.takes.store import TakeStore
from callsheet.telemetry.metrics import Metrics

LOG = logging.getLogger("callsheet.orders")


@dataclass(frozen=True, slots=True)
class Unreached:
    """A provider that was not reached, so many times one after the other.

    It is tried again at `again_at`, a time of kernel.steady, with one order.
    """

    tries: int
    again_at: float


@dataclass(frozen=True, slots=True)
class Books:
    """What is written down: the database with its clock, and the stores of takes and money."""

    database: Database
    takes: TakeStore
    in_flight: InFlightStore
    webhooks: WebhookStore
    uploads: UploadStore
    money: MoneyService
    assets: AssetStore
    availability: AvailabilityStore
    switches: SwitchStore
    metrics: Metrics
    clock: Callable[[], datetime]
    passed_s: Callable[[datetime], float]  # seconds since then for certain, however clocks were set


@dataclass(frozen=True, slots=True)
class Providers:
    """Who makes takes for money: models, their providers, our keys there and the ways between."""

    catalog: Catalog
    hosted: Mapping[str, HostedProvider]
    keys: KeyRing
    webhook_address: Callable[[str, TakeId], str | None]  # where a provider may call about a take
    public_link: Callable[[Sha256], str | None]  # where the outside can fetch a picture of ours
    downloader: Downloader

    def find(self, name: str) -> HostedProvider:
        """Find a hosted provider. Raises NotFoundError, with the names there are."""
        if name not in self.hosted:
            there = f"there are {', '.join(sorted(self.hosted))}"
            raise NotFoundError("hosted provider", name, there)
        return self.hosted[name]


@dataclass(frozen=True, slots=True)
class Media:
    """Where files lie, and who looks into them and draws."""

    blobs: BlobStore
    adopter: Adopter
    studio: Studio


@dataclass(frozen=True, slots=True)
class Runtime:
    """What this process knows of itself, shared by its loops; nothing of it outlives it."""

    shutdown: Shutdown
    # (take, order_no): what this process sends, or has not written down yet what came of it
    sending: set[tuple[TakeId, int]] = field(default_factory=set)
    away: dict[str, Unreached] = field(default_factory=dict)  # by provider that was not reached
    reached: set[str] = field(default_factory=set)  # providers that were, when last tried
    # set by whoever leaves something to do, for those who do it in the same process
    wake_submitter: asyncio.Event = field(default_factory=asyncio.Event)
    wake_poller: asyncio.Event = field(default_factory=asyncio.Event)
    wake_downloader: asyncio.Event = field(default_factory=asyncio.Event)
    wake_listener: Mapping[str, asyncio.Event] = field(  # by provider
        default_factory=lambda: defaultdict(asyncio.Event)
    )


@dataclass(frozen=True, slots=True)
class OrderContext:
    """The capabilities of ordering, and whom it tells what became of takes."""

    books: Books
    providers: Providers
    media: Media
    runtime: Runtime
    progress: JobProgress
