"""Every service, built and not yet started, and what may be done with them as a whole."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial

import httpx2
from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.accounts.key_ring import KeyKeeper
from callsheet.accounts.members import Members
from callsheet.accounts.service import Accounts
from callsheet.assets.service import Adopter
from callsheet.blobs.content import ContentStore, sweep_incoming
from callsheet.controls.claiming import Claims
from callsheet.controls.composites import CompositeSettings
from callsheet.controls.service import ModelSwitches
from callsheet.controls.store import AnswerStore
from callsheet.database.clock import DatabaseClock
from callsheet.database.connections import SqlDatabase
from callsheet.database.notifier import JournalNotifier
from callsheet.database.schema import SchemaError, migrate, standing
from callsheet.database.worker_lock import WorkerLock, WorkerRunningError
from callsheet.delivery.customer_webhooks import CustomerWebhooks
from callsheet.delivery.ledger import Ledger
from callsheet.delivery.links import AssetLinks
from callsheet.delivery.webhook_sender import WebhookSender
from callsheet.engine.client import EngineClient
from callsheet.engine.lease import LeaseKeeper, executor_name
from callsheet.engine.runner import Runner
from callsheet.engine.shutdown import GracefulShutdown
from callsheet.engine.supervision import Supervisor
from callsheet.intake.limits import Limits
from callsheet.jobs.editing import Editing
from callsheet.kernel.errors import UnavailableError
from callsheet.line.budgets import BudgetControl
from callsheet.line.chores import Chores
from callsheet.line.composite_timeouts import CompositeTimeouts
from callsheet.line.composites import Composites
from callsheet.line.context import LineContext
from callsheet.line.control import JobControl
from callsheet.line.deciding import Decisions
from callsheet.line.direct import DirectOrders
from callsheet.line.films import Films
from callsheet.line.judging import Judges
from callsheet.line.ledgers import LedgerKeeper
from callsheet.line.offers import Offers
from callsheet.line.packages import Packages
from callsheet.line.patience import patient
from callsheet.line.pipelines import PIPELINES
from callsheet.line.price_checks import PriceChecks
from callsheet.line.productions import Productions
from callsheet.line.provider_keys import ProviderKeyControl
from callsheet.line.quality_gate import TechnicalGate
from callsheet.line.recovery.restorer import Restorer
from callsheet.line.recovery.snapshots import Snapshots
from callsheet.line.single import Generations
from callsheet.line.stages.render import ORDER_WORK, order
from callsheet.line.submission import Submission
from callsheet.line.tools import StageTools
from callsheet.media.composing import ProcessCompositor
from callsheet.media.credentials.client import ProcessCredentials
from callsheet.media.studio import ProcessStudio
from callsheet.money.bookkeeping import Bookkeeping
from callsheet.net.fetcher import PublicFetcher
from callsheet.net.outputs import OutputFetcher
from callsheet.orders.auditor import Auditor
from callsheet.orders.downloader import OutputDownloader
from callsheet.orders.loops import DuePoller
from callsheet.orders.poller import StatusPoller
from callsheet.orders.push_listener import Listener
from callsheet.orders.resolutions import Reconciler
from callsheet.orders.submitter import Submitter
from callsheet.orders.webhook_inbox import WebhookInbox
from callsheet.ports.engine import Loop, Work
from callsheet.ports.schema import Standing
from callsheet.provenance.recorded import Recorded
from callsheet.provenance.service import Signing
from callsheet.reviews.service import Reviews
from callsheet.settings import Settings
from callsheet.telemetry.metrics import Metrics
from callsheet.views.composites import CompositeView
from callsheet.views.evidence import EvidenceView
from callsheet.views.files import FileView
from callsheet.views.gates import GateView
from callsheet.views.jobs import JobView
from callsheet.views.journal import JournalView
from callsheet.views.judging import JudgeView
from callsheet.views.providers import ProviderView
from callsheet.views.quality import QualityView
from callsheet.views.state import StateView
from callsheet.views.takes import TakeView

CHECK_S = 0.4
LAST_LEDGERS_S = 5.0  # systems kill what takes longer to end
SQLITE_EXECUTOR = "local"  # one worker process at a time, which finds its own work after a restart


@dataclass(frozen=True, slots=True)
class Views:
    """Every question that people and programs ask, each answered by one verb."""

    jobs: JobView
    journal: JournalView
    takes: TakeView
    files: FileView
    providers: ProviderView
    composites: CompositeView
    quality: QualityView
    gates: GateView
    evidence: EvidenceView
    judges: JudgeView


@dataclass(frozen=True, slots=True)
class Callsheet:
    """Every service, built and not yet started."""

    settings: Settings
    database: SqlDatabase
    engine: EngineClient
    notifier: JournalNotifier
    line: LineContext
    loops: Supervisor
    shutdown: GracefulShutdown
    accounts: Accounts
    members: Members
    provider_keys: KeyKeeper
    switches: ModelSwitches
    offers: Offers
    price_checks: PriceChecks
    submission: Submission
    generations: Generations
    claims: Claims
    direct: DirectOrders
    composites: Composites
    composite_settings: CompositeSettings
    composite_timeouts: CompositeTimeouts
    control: JobControl
    budgets: BudgetControl
    key_control: ProviderKeyControl
    view: StateView
    views: Views
    links: AssetLinks
    ledger: Ledger
    editing: Editing
    reviews: Reviews
    decisions: Decisions
    technical: TechnicalGate
    judges: Judges
    films: Films
    productions: Productions
    packages: Packages
    customer_webhooks: CustomerWebhooks
    webhook_sender: WebhookSender
    snapshots: Snapshots
    restorer: Restorer
    metrics: Metrics
    fetcher: PublicFetcher
    outputs: OutputFetcher
    studio: ProcessStudio
    compositor: ProcessCompositor
    credentials: ProcessCredentials
    signing: Signing
    recorded: Recorded
    store: ContentStore
    answers: AnswerStore
    money: Bookkeeping
    webhook_inbox: WebhookInbox
    reconciler: Reconciler
    clock: DatabaseClock
    provider_http: Mapping[str, httpx2.AsyncClient]
    started_at: float

    @property
    def limits(self) -> Limits:
        """The bounds on one batch."""
        return Limits(max_rows=self.settings.max_rows, max_variants=self.settings.max_variants)

    @property
    def adopter(self) -> Adopter:
        """Brings files into the store."""
        return self.line.media.adopter

    @property
    def providers(self) -> Collection[str]:
        """The names of the providers that work in this process; hosted ones are `views`' affair."""
        return self.line.local.keys()

    async def ready(self) -> bool:
        """Bring the schema up to date (True if it was not) and begin to listen.

        Raises LockdownMissingError where `require_lockdown` asks for more than there is, and
        SchemaError for a schema that this release cannot use, or may not bring up to date.
        """
        if self.settings.require_lockdown:
            await self.studio.insist_on_locks()
        changed = False
        if self.settings.migrate == "auto":
            changed = await migrate(self.database)
        elif problem := (await self.schema()).problem:
            raise SchemaError(problem)
        if changed or not await self.engine.is_migrated():
            await self.engine.migrate()
        await self.clock.sync()
        self.notifier.start()
        return changed

    async def measure(self) -> None:
        """Bring the gauges that are read from the database up to date."""
        async with self.database.read() as connection:
            takes = await self.line.books.takes.count_open(connection)
            jobs = await self.line.jobs.store.count_open(connection)
        self.metrics.show(takes, jobs)

    async def schema(self) -> Standing:
        """Tell where the database's schema stands, and whether this release can use it."""
        return await standing(self.database)

    def stage_tools(self, ledgers: LedgerKeeper) -> StageTools:
        """Gather what the works of stages get."""
        return StageTools(
            self.line,
            self.view,
            self.signing,
            ledgers.write_through,
            self.technical,
            self.judges,
            self.films,
        )

    def works(self, ledgers: LedgerKeeper) -> Mapping[str, Work]:
        """Name every work of the line."""
        ctx = self.line
        tools = self.stage_tools(ledgers)
        works = {ORDER_WORK: patient(ctx, ORDER_WORK, partial(order, ctx))}
        for step in {step for pipeline in PIPELINES.values() for step in pipeline.steps}:
            work = partial(step.work, tools)
            works[step.stage] = patient(ctx, step.stage, work, attempts=step.attempts)
        return works

    def runner(self, ledgers: LedgerKeeper) -> Runner:
        """Make the part that runs works in this process."""
        return Runner(
            self.engine,
            self.works(ledgers),
            executor=SQLITE_EXECUTOR if self._is_sqlite else executor_name(),
            concurrency=self.line.parallel + 2,
            loops=self.loops,
        )

    def lease_keeper(self, executor: str) -> LeaseKeeper | None:
        """Make the part that takes over from dead processes; SQLite has one process only."""
        if self._is_sqlite:
            return None

        async def release(connection: AsyncConnection, executor: str) -> None:
            await self.line.books.in_flight.free_claims(connection, executor, self.clock())
            await self.notifier.notify_work(connection)  # its works are in the queue again

        return LeaseKeeper(self.database, executor, release)

    def chores(self) -> Chores:
        """Make the part that cleans up once an hour."""
        sweep = partial(sweep_incoming, self.store)
        deliveries = self.customer_webhooks.deliveries
        return Chores(self.line, self.ledger, self.answers, sweep, deliveries)

    def ledger_keeper(self) -> LedgerKeeper:
        """Make the part that keeps the ledger objects up with the journals."""
        return LedgerKeeper(self.line, self.view, self.ledger, self.snapshots)

    @asynccontextmanager
    async def working(self, then: Callable[[], None] = lambda: None) -> AsyncIterator[None]:
        """Do the line's work in this process for as long as the block lasts.

        At the end nothing more is claimed, orders that are out may be answered within the grace,
        and `then` is called; what is being made here is broken off and taken up by whoever works
        next. Raises WorkerRunningError if a SQLite database has its worker already.
        """
        lock = WorkerLock(self.database.url.database or "") if self._is_sqlite else None
        if lock is not None:
            lock.take()
        ledgers = self.ledger_keeper()
        runner = self.runner(ledgers)
        lease = self.lease_keeper(runner.executor)
        ctx, loops, who = self.line, self.loops, runner.executor
        orderer = Submitter(ctx, who)
        others = (StatusPoller(ctx, who), OutputDownloader(ctx, who))
        claiming: list[asyncio.Task[None]] = []
        ordering: list[asyncio.Task[None]] = []
        chores: list[asyncio.Task[None]] = []
        try:
            if lease is not None:
                await lease.beat()  # before the first work: work without a lease is taken away
            await self._free_own_claims(runner)
            await runner.launch()
            ordering += loops.start_all(orderer.loops())
            ordering += loops.start_all(self.direct.loops(who))
            late = self.composite_timeouts
            for part in (*others, Listener(ctx), DuePoller(ctx), Auditor(ctx), late):
                claiming += loops.start_all(part.loops())
            kept: dict[str, Loop] = {"clock": self.clock.run, "ledgers": ledgers.run}
            kept["chores"] = self.chores().run
            kept["webhooks"] = partial(self.webhook_sender.run, who)
            if lease is not None:
                kept["lease"] = lease.run
            chores += loops.start_all(kept)
            yield
        finally:
            loops.let_go()
            self.shutdown.begin()
            closing = asyncio.create_task(runner.close(), name="runner-close")
            await _stopped(claiming)
            for claimant in others:
                await claimant.end()
            await self.direct.end()  # both while the lease is still held
            await orderer.end()
            then()
            await _stopped(ordering)
            await closing
            await _stopped(chores)
            with suppress(UnavailableError, TimeoutError):  # whoever works next writes them then
                async with asyncio.timeout(LAST_LEDGERS_S):
                    await ledgers.catch_up()
            if lock is not None:
                lock.release()

    @asynccontextmanager
    async def ordering(self) -> AsyncIterator[None]:
        """Order from this process, which works not, what is answered at once.

        Not on SQLite: there whoever works does. A lease tells the workers that what is on its way
        from here is nobody else's to judge, as long as this process lives.
        """
        lease = self.lease_keeper(executor_name())
        if lease is None:
            yield
            return
        tasks: list[asyncio.Task[None]] = []
        try:
            await lease.beat()
            loops: dict[str, Loop] = {"lease": lease.keep, "clock": self.clock.run}
            tasks += self.loops.start_all({**loops, **self.direct.loops(lease.executor)})
            yield
        finally:
            self.loops.let_go()
            self.shutdown.begin()
            await self.direct.end()
            await _stopped(tasks)

    async def _free_own_claims(self, runner: Runner) -> None:
        """Take up what an earlier process of the same name had claimed: it is gone."""
        async with self.database.begin() as connection:
            await self.line.books.in_flight.free_claims(connection, runner.executor, self.clock())

    @asynccontextmanager
    async def at_work(self, say: Callable[[str], None]) -> AsyncIterator[None]:
        """Work in this process, unless one that is up on the same data does it already."""
        async with AsyncExitStack() as stack:
            try:
                await stack.enter_async_context(self.working())
            except WorkerRunningError as running:
                say(f"{running}; it will do the work")
            yield

    @property
    def _is_sqlite(self) -> bool:
        return self.database.dialect == "sqlite"

    async def checks(self) -> dict[str, str]:
        """Ask every service that the house stands on, side by side and bounded in time."""

        async def schema() -> None:
            if problem := (await self.schema()).problem:
                raise UnavailableError(problem)

        asked: dict[str, Awaitable[None]] = {
            "database": self.database.check(),
            "store": self.line.media.blobs.check(),
            "migrations": schema(),
        }
        results = await asyncio.gather(*(_checked(check) for check in asked.values()))
        return {**dict(zip(asked, results, strict=True)), "loops": self._loops()}

    def _loops(self) -> str:
        if self.shutdown.asked.is_set():
            return "this process ends"
        down = self.loops.down()
        return "; ".join(f"{name} {said}" for name, said in down.items()) or "ok"

    async def close(self) -> None:
        """Let everything go."""
        await self.notifier.close()
        await self.outputs.close()
        await self.fetcher.close()
        await self.studio.close()
        await self.technical.close()
        await self.compositor.close()
        await self.credentials.close()
        for http in self.provider_http.values():
            await http.aclose()
        await self.line.media.blobs.close()
        await self.engine.close()
        await self.database.close()


async def _stopped(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _checked(check: Awaitable[None]) -> str:
    try:
        async with asyncio.timeout(CHECK_S):
            await check
    except TimeoutError:
        return f"no answer within {CHECK_S} s"
    except UnavailableError as problem:
        return str(problem)
    return "ok"
