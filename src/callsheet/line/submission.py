"""From a clean draft to a job in the books: models checked, priced, written down at once."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.controls.model import Request, kept_request
from callsheet.controls.store import AnswerStore, SwitchStore
from callsheet.delivery.webhooks import Webhook
from callsheet.intake.model import BatchDraft, RunMode
from callsheet.intake.references import unique_sources, uses_of
from callsheet.intake.store import JobReference, ReferenceStatus
from callsheet.jobs.asked import Asked, refuse_twin
from callsheet.jobs.model import (
    Cost,
    Entry,
    Job,
    JobKind,
    JobTimes,
    Shot,
    Tally,
)
from callsheet.jobs.productions import Production, ProductionStore
from callsheet.kernel.ids import JobId, WorkspaceId, new_id
from callsheet.kernel.logs import event
from callsheet.kernel.money import Money
from callsheet.kernel.paging import paged
from callsheet.line.accepted import Accepted, Priced
from callsheet.line.composed import COMPOSITE
from callsheet.line.composite_rows import (
    CompositeHosting,
)
from callsheet.line.context import LOG, LineContext
from callsheet.line.estimates import settings_of
from callsheet.line.pricing import Pricing, Terms, of_use
from callsheet.line.signing import SigningPolicy
from callsheet.line.transitions import enter
from callsheet.money.errors import BudgetExceededError
from callsheet.money.model import Scope
from callsheet.orders.terms import require_keys
from callsheet.ports.models import Kind, ModelCard
from callsheet.quality.asked import SETTING, settings_of_quality
from callsheet.quality.judge.wish import QUALITY, read_wish
from callsheet.quality.judge.wish import SETTING as JUDGE_SETTING
from callsheet.takes.standing import row_entry

_ROWS_AT_ONCE: Final = 250


@dataclass(frozen=True, slots=True)
class _Worded:
    """A batch that may be written down, with its rows; `uses` are those that money is spent on."""

    job: Job
    quote: Priced
    shots: list[Shot]
    references: list[JobReference]
    uses: list[tuple[ModelCard, Kind]]
    takes: int
    reference_uses: int


@dataclass(frozen=True, slots=True)
class Submission:
    """Accepts batches."""

    ctx: LineContext
    switches: SwitchStore
    answers: AnswerStore
    signing: SigningPolicy
    hosting: CompositeHosting
    examines_live: bool = True  # takes of live batches that do not say

    @property
    def _pricing(self) -> Pricing:
        return Pricing(self.ctx, self.hosting)

    async def price(self, draft: BatchDraft, quality: Mapping[str, Any] | None = None) -> Priced:
        """Price a draft, in all and by row; `quality` is what is asked about it.

        Raises ModelInputError, InvalidJudgeError, UnknownModelError, DatabaseUnavailableError.
        """
        pricing = self._pricing
        async with self.ctx.books.database.read() as connection:
            switches = await self.switches.all(connection)
            hosting = await pricing.hosting(connection, draft, switches, None)
        terms = await pricing.terms(None, draft, read_wish(quality or {}), hosting)
        return await asyncio.to_thread(pricing.priced, draft, terms)

    async def submit(
        self,
        workspace: WorkspaceId,
        draft: BatchDraft,
        *,
        request: Request | None = None,
        stored: Mapping[str, str] | None = None,
        settings: Mapping[str, Any] | None = None,
        budget: Money | None = None,
        asked: Asked | None = None,
        sign: bool = False,
        webhook: Webhook | None = None,
        production: Production | None = None,
    ) -> Accepted:
        """Write a batch down and send it into the line; all of it or nothing.

        `stored` maps the sources of references whose bytes are in the store already to their
        hashes. `budget` bounds what a live job may ever commit, retries included. What it makes is
        signed before it leaves if it says `sign`; `webhook` is told of its end. With `production`
        its rows are the shots of a film. Raises
        InvalidInputError for odd settings of quality, SigningOffError, a SigningKeyError,
        ModelInputError, BudgetExceededError, IdempotencyMismatchError, AskedAlreadyError,
        DatabaseUnavailableError.
        """
        pricing = self._pricing
        async with self.ctx.books.database.read() as connection:
            if request and (answer := await self.answers.find(connection, workspace, request)):
                return await asyncio.to_thread(Accepted.from_answer, answer)
            switches = await self.switches.all(connection)
            hosting = await pricing.hosting(connection, draft, switches, workspace)
        judge = read_wish((settings or {}).get(QUALITY, {}))
        terms = await pricing.terms(switches, draft, judge, hosting)
        signing = await asyncio.to_thread(self.signing.settings, asked=sign)
        settings = {
            **self._examined(draft, settings or {}),
            **signing,
            **kept_request(request),
            **({COMPOSITE: True} if hosting else {}),
        }
        if judge is not None:
            settings[JUDGE_SETTING] = judge.to_json()
        # in a thread: a large sheet must not hold everybody else up
        worded = await asyncio.to_thread(
            self._worded, workspace, draft, terms, settings, stored or {}
        )
        job, quote = worded.job, worded.quote
        job = replace(job, asked=asked.digest) if asked else job
        job = replace(job, kind=JobKind.PRODUCTION) if production else job
        if job.run_mode is RunMode.LIVE:
            await require_keys(self.ctx, workspace, worded.uses)
        accepted = Accepted(job.id, job.run_mode, quote)
        answer = await asyncio.to_thread(accepted.to_answer) if request else {}
        async with self.ctx.books.database.begin() as connection:
            if request:
                now = self.ctx.books.clock()
                if not await self.answers.add(connection, workspace, request, answer, now):
                    twin = await self.answers.find(connection, workspace, request)
                    return await asyncio.to_thread(Accepted.from_answer, twin or answer)
            if asked is not None:
                await refuse_twin(connection, workspace, asked)
            if job.run_mode is RunMode.LIVE:
                await self._afford(connection, job, budget)
            await self._write(connection, job, worded, production)
            if webhook is not None:
                await self.ctx.jobs.outbox.watch(connection, replace(webhook, job=job.id))
        LOG.info(
            "batch.started",
            extra=event(
                job=job.id,
                workspace=workspace,
                items=len(worded.shots),
                takes=worded.takes,
                reference_uses=worded.reference_uses,
                references=len(worded.references),
                run_mode=job.run_mode,
                quoted=str(job.cost.quoted),
            ),
        )
        return accepted

    def _examined(self, draft: BatchDraft, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Settle what of quality was asked, so that a setting changed later changes no job."""
        live = draft.run_mode is RunMode.LIVE
        asked = settings.get(SETTING, {})
        rest = {name: value for name, value in settings.items() if name != SETTING}
        kept = settings_of_quality(asked, live=live, by_default=self.examines_live)
        return {**rest, **kept}

    async def _afford(self, connection: AsyncConnection, job: Job, budget: Money | None) -> None:
        """Refuse a job that some budget does not cover, and write its own down."""
        money, now = self.ctx.books.money, self.ctx.books.clock()
        if budget is not None:
            if job.cost.quoted > budget:
                raise BudgetExceededError("this job", asked=job.cost.quoted, left=budget)
            await money.set_budget(
                connection, job.workspace, Scope.JOB, job.id, budget, by="its author", now=now
            )
        await money.affordable(connection, job.workspace, job.cost.quoted, now)

    async def _write(
        self,
        connection: AsyncConnection,
        job: Job,
        worded: _Worded,
        production: Production | None,
    ) -> None:
        ctx = self.ctx
        await ctx.jobs.store.add(connection, job)
        if production is not None:
            await ProductionStore().add(connection, replace(production, job=job.id))
        for shots in paged(worded.shots, _ROWS_AT_ONCE):
            await ctx.jobs.store.add_shots(connection, shots)
        for references in paged(worded.references, _ROWS_AT_ONCE):
            await ctx.references.store.add(connection, job.id, references)
        said = {"rows": job.tally.rows, "name": job.name, "run_mode": job.run_mode}
        created = Entry("created", said)
        refused = [
            row_entry(shot.row, shot.scene_id, shot.status, error=shot.error)
            for shot in worded.shots
            if not shot.model
        ]
        # nobody else knows it yet
        job = await ctx.jobs.record(connection, job, [created, *refused])
        await enter(ctx.jobs, connection, job, ctx.jobs.pipeline(job).first)

    def _worded(
        self,
        workspace: WorkspaceId,
        draft: BatchDraft,
        terms: Terms,
        settings: Mapping[str, Any],
        stored: Mapping[str, str],
    ) -> _Worded:
        job_id, now = JobId(new_id("job")), self.ctx.books.clock()
        shots = self._pricing.shots(job_id, draft, terms)
        quote = self._pricing.quote(draft, shots, terms)
        told: dict[str, Any] = {
            "columns": list(draft.columns),
            "known_columns": dict(draft.known_columns),
            "notes": [*quote.notes],
            **({"in_place": True} if draft.in_place else {}),
        }
        job = Job(
            id=job_id,
            workspace=workspace,
            kind=JobKind.BATCH,
            name=draft.name,
            run_mode=draft.run_mode,
            tally=Tally(rows=len(shots), failed_rows=len(quote.refused)),
            cost=Cost(quoted=quote.total),
            times=JobTimes(created_at=now, updated_at=now),
            settings={**told, **settings_of(terms.corrections), **settings},
        )
        return _Worded(
            job,
            quote,
            shots,
            _references(draft, stored),
            uses=self._uses(shots) if job.run_mode is RunMode.LIVE else [],
            takes=sum(shot.variants for shot in shots if shot.model),
            reference_uses=sum(len(shot.references.asked) for shot in shots),
        )

    def _uses(self, shots: Iterable[Shot]) -> list[tuple[ModelCard, Kind]]:
        """List what rows use of which provider, each once."""
        found: dict[tuple[str, Kind], ModelCard] = {}
        for shot in shots:
            if not shot.model:
                continue
            card = self.ctx.providers.catalog.card(shot.model)
            use = card.use({**shot.inputs, "references": of_use(card, shot)})
            found.setdefault((card.provider, use), card)
        return [(card, use) for (_, use), card in found.items()]


def _references(draft: BatchDraft, stored: Mapping[str, str]) -> list[JobReference]:
    """List every reference of a batch once, whoever names it."""
    drafts = [each for row in draft.rows for each in row.references]
    return [
        JobReference(
            key=use.key,
            source=use.source,
            fetch=use.fetch,
            status=ReferenceStatus.STORED if use.source in stored else ReferenceStatus.PENDING,
            sha256=stored.get(use.source),
        )
        for use in unique_sources(uses_of((*drafts, *draft.global_references)))
    ]
