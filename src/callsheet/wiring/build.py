"""Builds every service from the settings: the only place that knows everything."""

import time
from decimal import Decimal

import callsheet
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
from callsheet.controls.claiming import Claims
from callsheet.controls.composites import CompositeRules, CompositeSettings
from callsheet.controls.service import ModelSwitches
from callsheet.controls.store import AnswerStore, SwitchStore
from callsheet.database.clock import DatabaseClock
from callsheet.database.connections import SqlDatabase, sync_engine
from callsheet.database.notifier import JournalNotifier
from callsheet.delivery.checksums import ChecksumStore
from callsheet.delivery.customer_webhooks import CustomerWebhooks
from callsheet.delivery.ledger import Ledger
from callsheet.delivery.links import AssetLinks
from callsheet.delivery.outbox import Outbox
from callsheet.delivery.package import PackageStore
from callsheet.delivery.recovery import Recovery
from callsheet.delivery.releases import ReleaseStore
from callsheet.delivery.webhook_sender import WebhookSender
from callsheet.delivery.webhook_store import CustomerWebhookStore, DeliveryStore
from callsheet.engine.client import EngineClient
from callsheet.engine.lease import EXECUTORS
from callsheet.engine.shutdown import GracefulShutdown
from callsheet.engine.supervision import Supervisor
from callsheet.intake.service import ReferenceService
from callsheet.intake.store import ReferenceStore
from callsheet.jobs.decisions import DecisionStore
from callsheet.jobs.editing import Editing
from callsheet.jobs.manifest_store import ManifestStore
from callsheet.jobs.productions import ProductionStore
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
from callsheet.line.films import Films
from callsheet.line.judge_pictures import JudgePictures
from callsheet.line.judging import Judges
from callsheet.line.offers import Offers
from callsheet.line.package_building import PackageBuilder
from callsheet.line.package_survey import Surveyor
from callsheet.line.packages import Packages
from callsheet.line.pipelines import PIPELINES
from callsheet.line.price_checks import PriceChecks
from callsheet.line.productions import Productions
from callsheet.line.progress import LineProgress
from callsheet.line.provider_keys import ProviderKeyControl
from callsheet.line.quality_gate import TechnicalGate
from callsheet.line.recovery.restorer import Restorer
from callsheet.line.recovery.snapshots import Snapshots
from callsheet.line.signing import SigningPolicy
from callsheet.line.single import Generations
from callsheet.line.submission import Submission
from callsheet.media.composing import ProcessCompositor
from callsheet.media.credentials.client import ProcessCredentials
from callsheet.media.filming.studio import FilmStudio
from callsheet.media.studio import ProcessStudio
from callsheet.money.bookkeeping import Bookkeeping
from callsheet.money.service import MoneyService
from callsheet.net.fetcher import PublicFetcher
from callsheet.orders.context import Books, Media, Providers, Runtime
from callsheet.orders.resolutions import Reconciler
from callsheet.orders.webhook_inbox import WebhookInbox
from callsheet.provenance.gathering import Gathering
from callsheet.provenance.keys import keys_in
from callsheet.provenance.recorded import Recorded
from callsheet.provenance.service import Signing
from callsheet.provenance.store import SignatureStore
from callsheet.provenance.verifying import Verifier, roots_in
from callsheet.providers.local import LocalStudio
from callsheet.quality.examinations import ExaminationStore
from callsheet.quality.judge.store import JudgingStore
from callsheet.reviews.service import Reviews
from callsheet.settings import Settings
from callsheet.takes.composites import HostedComposites
from callsheet.takes.in_flight import InFlightStore
from callsheet.takes.inbox import UploadStore, WebhookStore
from callsheet.takes.store import TakeStore
from callsheet.takes.tokens import WebhookAddresses
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
    sealer = Sealer(keys.current, keys.former)
    webhooks, deliveries = CustomerWebhookStore(), DeliveryStore()
    ring = KeyKeeper(
        database,
        ProviderKeyStore(),
        AuditStore(),
        sealer,
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
    outbox = Outbox(webhooks, deliveries, base, clock)
    work = Jobs(jobs, notifier, engine, PIPELINES, clock, outbox)
    composite_settings = CompositeSettings(
        database, AuditStore(), clock, _composite_rules(settings)
    )
    hosted_ones = HostedComposites()
    progress = LineProgress(
        database,
        work,
        takes,
        ComposedTakes(work, takes, catalog, composite_settings, hosted_ones, metrics),
    )
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
    direct, hosting = DirectOrders(line, answers), CompositeHosting(line, composite_settings)
    generations = Generations(line, switches, answers, direct)
    quality = QualityView(database, jobs, takes, assets)
    signatures, credentials, decided = SignatureStore(), ProcessCredentials(), DecisionStore()
    view = StateView(jobs, takes, assets, links, quality, signatures)
    verifier = Verifier(
        credentials, roots_in(settings.provenance_folder, settings.provenance_roots)
    )
    recorded = Recorded(database, signatures, verifier)
    signing = _signing(settings, line, studio, signatures, verifier)
    submission = Submission(
        line,
        switches,
        answers,
        SigningPolicy(settings.sign, signing),
        hosting,
        examines_live=settings.qa_technical == "on",
    )
    models = ModelSwitches(database, switches, catalog, clock)

    def corrupt(_job: str, _reason: str) -> None:
        metrics.ledgers.labels("corrupt").inc()

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
        submission=submission,
        films=Films(FilmStudio(), settings.data_dir / "films"),
        productions=Productions(database, jobs, submission, ProductionStore()),
        price_checks=PriceChecks(
            catalog,
            line.providers.hosted,
            ring,
            database,
            line.estimates.overrides,
            line.estimates,
            clock,
        ),
        generations=generations,
        claims=Claims(database, clock),
        composites=Composites(line, generations, fetcher, hosting),
        composite_settings=composite_settings,
        composite_timeouts=CompositeTimeouts(line, progress, composite_settings, hosted_ones),
        direct=direct,
        control=JobControl(line),
        budgets=BudgetControl(database, jobs, money, clock),
        key_control=ProviderKeyControl(line, ring),
        view=view,
        views=_views(line, view, ring, recorded),
        links=links,
        ledger=ledger,
        editing=Editing(database, jobs, ManifestStore(), notifier, clock),
        reviews=Reviews(database, jobs, takes, assets, notifier, clock),
        decisions=Decisions(database, work, takes, decided, line.verdicts),
        technical=TechnicalGate(
            database, ExaminationStore(), assets, blobs, clock, settings.drawing_processes
        ),
        judges=Judges(line, _pictures(line, studio), JudgingStore()),
        packages=_packages(line, view, decided),
        customer_webhooks=CustomerWebhooks(
            database, webhooks, deliveries, AuditStore(), sealer, fetcher, clock
        ),
        webhook_sender=WebhookSender(
            database, webhooks, deliveries, sealer, fetcher, metrics, clock
        ),
        snapshots=Snapshots(
            database,
            jobs,
            takes,
            assets,
            references,
            answers,
            decided,
            line.verdicts,
            JudgingStore(),
            recovery,
            clock,
        ),
        restorer=Restorer(line, ledger, answers, recovery),
        metrics=metrics,
        fetcher=fetcher,
        outputs=outputs,
        studio=studio,
        compositor=compositor,
        credentials=credentials,
        signing=signing,
        recorded=recorded,
        store=blobs,
        answers=answers,
        money=Bookkeeping(database, money, clock),
        webhook_inbox=WebhookInbox(line, addresses),
        reconciler=Reconciler(line),
        clock=clock,
        provider_http=http,
        started_at=time.time(),
    )


def _signing(
    settings: Settings,
    ctx: LineContext,
    studio: ProcessStudio,
    signatures: SignatureStore,
    verifier: Verifier,
) -> Signing:
    books, folder = ctx.books, settings.provenance_folder
    return Signing(
        Gathering(books.database, ctx.media.blobs, studio, books.takes, verifier),
        ctx.media.adopter,
        books.assets,
        signatures,
        keys_in(folder, settings.provenance_key, settings.provenance_cert),
        books.clock,
        callsheet.__version__,
    )


def _composite_rules(settings: Settings) -> CompositeRules:
    given = {name: getattr(settings, name) for name in CompositeRules.model_fields}
    return CompositeRules.model_validate(given)


def _views(ctx: LineContext, view: StateView, ring: KeyKeeper, recorded: Recorded) -> Views:
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
        TakeView(database, takes, assets, view.links, providers, view.quality),
        FileView(database, jobs, assets, takes, ctx.media.blobs),
        providers,
        CompositeView(database, ctx.books.clock),
        view.quality,
        GateView(database, view.quality, assets),
        EvidenceView(assets, takes, DecisionStore(), ctx.media.blobs, ctx.media.studio, recorded),
        JudgeView(database, JudgingStore(), takes),
    )


def _pictures(ctx: LineContext, studio: ProcessStudio) -> JudgePictures:
    return JudgePictures(ctx.media.blobs, ctx.media.adopter, studio, studio.inspector)


def _packages(ctx: LineContext, view: StateView, decisions: DecisionStore) -> Packages:
    database, blobs = ctx.books.database, ctx.media.blobs
    store = PackageStore(blobs)
    return Packages(
        database,
        ctx.jobs.store,
        Surveyor(database, view, ctx.books.takes, decisions),
        PackageBuilder(database, ChecksumStore(), blobs, store),
        store,
        ReleaseStore(),
        AuditStore(),
        ctx.books.clock,
    )


def _no_link(_sha256: Sha256) -> None:
    """Nobody outside reaches us."""


def _money(amount: Decimal | None) -> Money | None:
    return None if amount is None else Money.usd(amount)
