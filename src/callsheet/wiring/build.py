"""Builds every service from the settings: the only place that knows everything."""

import time
from decimal import Decimal

from callsheet.accounts.key_ring import KeyKeeper
from callsheet.accounts.members import Members
from callsheet.accounts.provider_keys import AuditStore, ProviderKeyStore
from callsheet.accounts.sealing import Sealer
from callsheet.accounts.service import Accounts
from callsheet.accounts.store import KeyStore, MemberStore, SessionStore
from callsheet.assets.service import Adopter
from callsheet.assets.store import AssetStore
from callsheet.blobs.content import ContentKeeper
from callsheet.blobs.metered import MeteredStore
from callsheet.blobs.opening import open_store
from callsheet.catalog.registry import FolderCatalog
from callsheet.controls.availability import AvailabilityStore
from callsheet.controls.composites import CompositeRules, CompositeSettings
from callsheet.controls.service import ModelSwitches
from callsheet.controls.store import AnswerStore, SwitchStore
from callsheet.database.clock import DatabaseClock
from callsheet.database.connections import SqlDatabase, sync_engine
from callsheet.database.notifier import JournalNotifier
from callsheet.delivery.ledger import Ledger
from callsheet.delivery.links import AssetLinks
from callsheet.delivery.recovery import Recovery
from callsheet.engine.client import EngineClient
from callsheet.engine.lease import EXECUTORS
from callsheet.engine.shutdown import GracefulShutdown
from callsheet.engine.supervision import Supervisor
from callsheet.intake.service import ReferenceService
from callsheet.intake.store import ReferenceStore
from callsheet.jobs.decisions import DecisionStore
from callsheet.jobs.editing import Editing
from callsheet.jobs.manifest_store import ManifestStore
from callsheet.jobs.store import JobStore
from callsheet.kernel.digests import Sha256
from callsheet.kernel.money import Money
from callsheet.kernel.private_files import private_folder
from callsheet.line.budgets import BudgetControl
from callsheet.line.composed import ComposedTakes
from callsheet.line.composite_rows import CompositeHosting
from callsheet.line.composite_timeouts import CompositeTimeouts
from callsheet.line.composites import Composites
from callsheet.line.context import Jobs, LineContext, References
from callsheet.line.control import JobControl
from callsheet.line.deciding import Decisions
from callsheet.line.direct import DirectOrders
from callsheet.line.estimates import Estimates
from callsheet.line.offers import Offers
from callsheet.line.pipelines import PIPELINES
from callsheet.line.progress import LineProgress
from callsheet.line.provider_keys import ProviderKeyControl
from callsheet.line.restoring import Restorer
from callsheet.line.single import Generations
from callsheet.line.snapshots import Snapshots
from callsheet.line.submission import Submission
from callsheet.media.composing import ProcessCompositor
from callsheet.media.studio import ProcessStudio
from callsheet.money.bookkeeping import Bookkeeping
from callsheet.money.service import MoneyService
from callsheet.net.fetcher import PublicFetcher
from callsheet.orders.context import Books, Media, Providers, Runtime
from callsheet.orders.resolutions import Reconciler
from callsheet.orders.webhook_inbox import WebhookInbox
from callsheet.providers.local import LocalStudio
from callsheet.settings import Settings
from callsheet.takes.composites import HostedComposites
from callsheet.takes.in_flight import InFlightStore
from callsheet.takes.inbox import UploadStore, WebhookStore
from callsheet.takes.store import TakeStore
from callsheet.takes.tokens import WebhookAddresses
from callsheet.telemetry.metrics import Metrics
from callsheet.views.composites import CompositeView
from callsheet.views.files import FileView
from callsheet.views.jobs import JobView
from callsheet.views.journal import JournalView
from callsheet.views.providers import ProviderView
from callsheet.views.state import StateView
from callsheet.views.takes import TakeView
from callsheet.wiring.master_key import master_keys
from callsheet.wiring.providers import (
    hosted,
    keys_from_outside,
    output_fetcher,
    provider_http,
    trusted_authorities,
)
from callsheet.wiring.services import Callsheet, Views

MAX_ASSET_BYTES = 20 * 1024**3


async def build(settings: Settings) -> Callsheet:
    """Read the master key and wire every service. Nothing else is contacted, nothing started.

    Raises MasterKeyRefusedError, MasterKeyUnavailableError, UnusableSecretError, SettingsError and
    UnusableCertificatesError.
    """
    if settings.keeps_data:
        private_folder(settings.data_dir, "CALLSHEET_DATA_DIR")
    keys = await master_keys(settings)
    secret = keys.current
    metrics = Metrics()
    database = SqlDatabase(settings.database)
    blobs = MeteredStore(
        open_store(settings.store, secret=secret, options=settings.store_options),
        lambda operation, result: metrics.store.labels(operation, result).inc(),
    )
    studio = ProcessStudio(settings.drawing_processes)
    compositor = ProcessCompositor(settings.drawing_processes)
    jobs, takes, assets, references = JobStore(), TakeStore(), AssetStore(), ReferenceStore()
    loops = Supervisor(lambda name: metrics.loop_failures.labels(name).inc())
    notifier = JournalNotifier(database, jobs.sequences, loops)
    engine = EngineClient(sync_engine(database.url, pooled=database.pooled), notifier)
    trusted = trusted_authorities(settings)
    fetcher = PublicFetcher(allow_hosts=frozenset(settings.fetch_allow), tls=trusted)
    outputs = output_fetcher(settings, trusted)
    clock = DatabaseClock(database)
    http = provider_http(settings, trusted)
    base = settings.public_url.rstrip("/") or settings.prefix
    links = AssetLinks(secret, base, clock)
    ring = KeyKeeper(
        database,
        ProviderKeyStore(),
        AuditStore(),
        Sealer(keys.current, keys.former),
        clock,
        keys_from_outside(settings),
    )
    addresses = WebhookAddresses(secret, settings.public_url.rstrip("/"), keys.former)
    money = MoneyService(daily_budget=_money(settings.daily_budget_usd))
    switches, answers = SwitchStore(), AnswerStore()
    catalog = FolderCatalog(today=lambda: clock().date())
    books = Books(
        database=database,
        takes=takes,
        in_flight=InFlightStore(
            living=EXECUTORS.c.id if database.dialect == "postgresql" else None
        ),
        webhooks=WebhookStore(),
        uploads=UploadStore(),
        money=money,
        assets=assets,
        availability=AvailabilityStore(),
        switches=switches,
        metrics=metrics,
        clock=clock,
        passed_s=clock.passed_s,
    )
    providers = Providers(
        catalog=catalog,
        hosted=hosted(settings, http),
        keys=ring,
        webhook_address=addresses.address,
        public_link=links.asset if settings.public_url else _no_link,
        downloader=outputs,
    )
    shutdown = GracefulShutdown(settings.shutdown_grace_s)
    work = Jobs(jobs, notifier, engine, PIPELINES, clock)
    composite_settings = CompositeSettings(
        database, AuditStore(), clock, _composite_rules(settings)
    )
    hosted_composites = HostedComposites()
    composed = ComposedTakes(work, takes, catalog, composite_settings, hosted_composites, metrics)
    progress = LineProgress(database, work, takes, composed)
    line = LineContext(
        books=books,
        providers=providers,
        media=Media(blobs, Adopter(blobs, ContentKeeper(blobs, MAX_ASSET_BYTES), studio), studio),
        runtime=Runtime(shutdown),
        progress=progress,
        jobs=work,
        references=References(references, ReferenceService(fetcher, studio)),
        estimates=Estimates(catalog, database, takes, clock),
        local={LocalStudio.name: LocalStudio(studio, compositor)},
        parallel=settings.drawing_processes,
    )
    direct = DirectOrders(line, answers)
    hosting = CompositeHosting(line, composite_settings)
    generations = Generations(line, switches, answers, direct)
    view = StateView(jobs, takes, assets, links)
    models = ModelSwitches(database, switches, catalog, clock)

    def corrupt(_job: str, _reason: str) -> None:
        metrics.ledgers.labels("corrupt").inc()

    decided = DecisionStore()
    ledger, recovery = Ledger(blobs, clock, corrupt), Recovery(blobs, corrupt)
    return Callsheet(
        settings=settings,
        database=database,
        engine=engine,
        notifier=notifier,
        line=line,
        loops=loops,
        shutdown=shutdown,
        accounts=Accounts(database, clock, KeyStore(), MemberStore(), SessionStore()),
        members=Members(database, MemberStore(), SessionStore(), AuditStore(), clock),
        provider_keys=ring,
        switches=models,
        offers=Offers(catalog, line.providers.hosted, models, ring, line.estimates, clock),
        submission=Submission(line, switches, answers, hosting),
        generations=generations,
        composites=Composites(line, generations, fetcher, hosting),
        composite_settings=composite_settings,
        composite_timeouts=CompositeTimeouts(line, progress, composite_settings, hosted_composites),
        direct=direct,
        control=JobControl(line),
        budgets=BudgetControl(database, jobs, money, clock),
        key_control=ProviderKeyControl(line, ring),
        view=view,
        views=_views(line, view, ring),
        links=links,
        ledger=ledger,
        editing=Editing(database, jobs, ManifestStore(), notifier, clock),
        decisions=Decisions(database, jobs, takes, decided, notifier, clock),
        snapshots=Snapshots(
            database, jobs, takes, assets, references, answers, decided, recovery, clock
        ),
        restorer=Restorer(line, ledger, answers, recovery),
        metrics=metrics,
        fetcher=fetcher,
        outputs=outputs,
        studio=studio,
        compositor=compositor,
        store=blobs,
        answers=answers,
        money=Bookkeeping(database, money, clock),
        webhook_inbox=WebhookInbox(line, addresses),
        reconciler=Reconciler(line),
        clock=clock,
        provider_http=http,
        started_at=time.time(),
    )


def _composite_rules(settings: Settings) -> CompositeRules:
    given = {name: getattr(settings, name) for name in CompositeRules.model_fields}
    return CompositeRules.model_validate(given)


def _views(ctx: LineContext, view: StateView, ring: KeyKeeper) -> Views:
    database, jobs, takes, assets = (
        ctx.books.database,
        ctx.jobs.store,
        ctx.books.takes,
        ctx.books.assets,
    )
    providers = ProviderView(
        database, ctx.providers.hosted, ctx.books.availability, takes, ring, ctx.books.clock
    )
    return Views(
        JobView(database, jobs, takes, view),
        JournalView(database, jobs, assets, view),
        TakeView(database, takes, assets, view.links, providers),
        FileView(database, jobs, assets, ctx.media.blobs),
        providers,
        CompositeView(database, ctx.books.clock),
    )


def _no_link(_sha256: Sha256) -> None:
    """Nobody outside reaches us."""


def _money(amount: Decimal | None) -> Money | None:
    return None if amount is None else Money.usd(amount)
