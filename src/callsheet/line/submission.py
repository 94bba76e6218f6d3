"""From a clean draft to a job in the books: models checked, priced, written down at once."""

import asyncio
import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.catalog.asking import InvalidModelInputsError, checked, usual_size
from callsheet.controls.model import Request, Switches, kept_request
from callsheet.controls.store import AnswerStore, SwitchStore
from callsheet.delivery.webhooks import Webhook
from callsheet.intake.model import BatchDraft, RefusedRow, RowDraft, RunMode
from callsheet.intake.references import ReferenceUse, unique_sources, uses_of
from callsheet.intake.store import JobReference, ReferenceStatus
from callsheet.jobs.asked import Asked, refuse_twin
from callsheet.jobs.model import (
    AskedReference,
    Cost,
    Entry,
    Job,
    JobKind,
    JobTimes,
    Shot,
    ShotReferences,
    ShotStatus,
    Tally,
)
from callsheet.kernel.counting import how_many
from callsheet.kernel.errors import NextStep
from callsheet.kernel.ids import JobId, WorkspaceId, new_id
from callsheet.kernel.logs import event
from callsheet.kernel.money import Money
from callsheet.kernel.paging import paged
from callsheet.line.composed import COMPOSITE
from callsheet.line.composite_rows import (
    LOCAL_COMPOSITE,
    CompositeHosting,
    Hosting,
    row_inputs,
)
from callsheet.line.context import LOG, LineContext
from callsheet.line.estimates import corrections_in, settings_of
from callsheet.line.faults import Faults
from callsheet.line.judge_price import price_of_judging
from callsheet.line.new_takes import PREVIEW_MODEL
from callsheet.line.own_inputs import OwnInputs
from callsheet.line.signing import SigningPolicy
from callsheet.line.take_inputs import HOSTED_MODEL, take_inputs
from callsheet.line.transitions import enter
from callsheet.money.errors import BudgetExceededError
from callsheet.money.model import Scope
from callsheet.orders.terms import require_keys
from callsheet.ports.models import SAMPLE, Kind, ModelCard, UnknownModelError
from callsheet.quality.asked import SETTING, settings_of_quality
from callsheet.quality.judge.wish import QUALITY, JudgeWish, insist_it_sees, read_wish
from callsheet.quality.judge.wish import SETTING as JUDGE_SETTING
from callsheet.takes.model import UNCORRECTED, Correction
from callsheet.takes.standing import row_entry

_ROWS_AT_ONCE: Final = 250
_NO_SIZE: Final = (1_024, 1_024)  # of a model that knows none


@dataclass(frozen=True, slots=True)
class Priced:
    """What rows would cost live, and the corrections by which estimates were multiplied.

    `notes` are what a person should know before it is spent; `refused` are rows that are left out,
    and why. `judging` is what a judge costs.
    """

    per_row: tuple[tuple[int, Money], ...]
    corrections: Mapping[str, Correction]
    notes: tuple[str, ...] = ()
    refused: tuple[tuple[int, str], ...] = ()
    judging: Money = Money()

    @property
    def total(self) -> Money:
        """The price of all rows, and of having judged what is made."""
        return Money(sum(price.micros for _, price in self.per_row) + self.judging.micros)


@dataclass(slots=True)
class _Terms:
    """What rows are held against, and what is wrong with them; `switches` None asks for none."""

    switches: Switches | None
    corrections: Mapping[str, Correction]
    own: OwnInputs
    judge: JudgeWish | None = None
    faults: Faults = field(default_factory=Faults)
    surplus: set[str] = field(default_factory=set)  # models of which a note says so already
    hosting: Hosting | None = None  # of a batch with composites

    def tell_surplus(self, card: ModelCard, row: RowDraft) -> None:
        """Note that a row names more references than its model takes, once for a model."""
        named = len(row.references)
        if named <= card.max_references or card.id in self.surplus:
            return
        self.surplus.add(card.id)
        takes = f"at most {card.max_references}" if card.max_references else "no"
        self.own.notes.add(
            f"row {row.row} names {named} references, and {card.id} takes {takes}: what is left out"
            " is listed with each row"
        )

    def check(self) -> None:
        """Raise ModelInputError if anything was wrong."""
        self.own.check_shared(self.faults)
        self.faults.check()


@dataclass(frozen=True, slots=True)
class Accepted:
    """A batch that is in the books, with its price. `replayed` if it was there before."""

    job: JobId
    run_mode: str
    quote: Priced
    replayed: bool = False

    def to_answer(self) -> dict[str, Any]:
        """Write as JSON, for the same question asked again."""
        said = settings_of(self.quote.corrections)
        judging = {"judging": self.quote.judging.micros} if self.quote.judging > Money() else {}
        told = {
            "prices": prices_text(self.quote.per_row),
            "notes": [*self.quote.notes],
            "refused": [[row, message] for row, message in self.quote.refused],
            **said,
            **judging,
        }
        return {"job": self.job, "run_mode": self.run_mode, **told}

    @classmethod
    def from_answer(cls, answer: Mapping[str, Any]) -> "Accepted":
        """Read back what `to_answer` wrote."""
        listed = ((row, Money(micros)) for row, micros in answer.get("rows", ()))  # before 0.9
        rows = prices_of(answer["prices"]) if "prices" in answer else tuple(listed)
        refused = tuple((row, message) for row, message in answer.get("refused", ()))
        notes = tuple(answer.get("notes", ()))
        judging = Money(answer.get("judging", 0))
        quote = Priced(rows, corrections_in(answer), notes, refused, judging)
        return cls(JobId(answer["job"]), answer["run_mode"], quote, replayed=True)


def prices_text(prices: Iterable[tuple[int, Money]]) -> str:
    """Write prices by row as text: rows one after the other of the same price are one word."""
    words: list[str] = []
    first = last = -1
    price = Money()
    for row, each in prices:
        if row == last + 1 and each == price:
            last = row
            continue
        if last >= 0:
            words.append(f"{first}-{last}:{price.micros}")
        first, last, price = row, row, each
    if last >= 0:
        words.append(f"{first}-{last}:{price.micros}")
    return " ".join(words)


def prices_of(text: str) -> tuple[tuple[int, Money], ...]:
    """Read back what `prices_text` wrote."""
    prices: list[tuple[int, Money]] = []
    for word in text.split():
        rows, _, micros = word.partition(":")
        first, _, last = rows.partition("-")
        price = Money(int(micros))
        prices += [(row, price) for row in range(int(first), int(last) + 1)]
    return tuple(prices)


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

    async def price(self, draft: BatchDraft, quality: Mapping[str, Any] | None = None) -> Priced:
        """Price a draft, in all and by row; `quality` is what is asked about it.

        Raises ModelInputError, InvalidJudgeError, UnknownModelError, DatabaseUnavailableError.
        """
        async with self.ctx.books.database.read() as connection:
            switches = await self.switches.all(connection)
            hosting = await self._hosting(connection, draft, switches, None)
        terms = await self._terms(None, draft, read_wish(quality or {}), hosting)
        return await asyncio.to_thread(self._priced, draft, terms)

    def _priced(self, draft: BatchDraft, terms: _Terms) -> Priced:
        shots = self._shots(JobId(""), draft, terms)
        return self._quote(draft, shots, terms)

    def _quote(self, draft: BatchDraft, shots: Sequence[Shot], terms: _Terms) -> Priced:
        """Sum up what shots cost, and what was said of the sheet and of its models."""
        made = [shot for shot in shots if shot.model]
        prices = tuple([(shot.row, shot.quoted) for shot in made])
        left_out = [shot for shot in shots if not shot.model]
        refused = tuple([(shot.row, (shot.error or {})["message"]) for shot in left_out])
        notes = (*draft.notes, *terms.own.notes.all())
        if terms.judge is None:
            return Priced(prices, terms.corrections, notes, refused)
        catalog = self.ctx.providers.catalog
        judging = price_of_judging(catalog, made, terms.judge, terms.corrections)
        times = how_many(terms.judge.askings, "time")
        said = f"{terms.judge.model} is asked {times} about each take, ${judging} at most in all"
        return Priced(prices, terms.corrections, (*notes, said), refused, judging)

    def _shots(self, job: JobId, draft: BatchDraft, terms: _Terms) -> list[Shot]:
        """Turn rows into shots, by row; those at fault too, where the author says to keep going.

        Raises ModelInputError.
        """
        shots = [_refused(job, row) for row in draft.refused]
        for row in draft.rows:
            shot = self._shot(job, draft, row, terms)
            if shot is not None:
                shots.append(shot)
            elif draft.keep_going:
                shots.append(_refused(job, _at_fault(row, terms.faults)))
                terms.faults = Faults()
        if draft.keep_going and not any(shot.model for shot in shots):
            for shot in shots:
                error = dict(shot.error or {})
                terms.faults.add(error["code"], shot.row, "prompt", error["message"], "")
        terms.check()
        return sorted(shots, key=lambda shot: shot.row)

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
    ) -> Accepted:
        """Write a batch down and send it into the line; all of it or nothing.

        `stored` maps the sources of references whose bytes are in the store already to their
        hashes. `budget` bounds what a live job may ever commit, retries included. What it makes is
        signed before it leaves if it says `sign`; `webhook` is told of its end. Raises
        InvalidInputError for odd settings of quality, SigningOffError, a SigningKeyError,
        ModelInputError, BudgetExceededError, IdempotencyMismatchError, AskedAlreadyError,
        DatabaseUnavailableError.
        """
        async with self.ctx.books.database.read() as connection:
            if request and (answer := await self.answers.find(connection, workspace, request)):
                return await asyncio.to_thread(Accepted.from_answer, answer)
            switches = await self.switches.all(connection)
            hosting = await self._hosting(connection, draft, switches, workspace)
        judge = read_wish((settings or {}).get(QUALITY, {}))
        terms = await self._terms(switches, draft, judge, hosting)
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
            await self._write(connection, job, worded)
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

    async def _write(self, connection: AsyncConnection, job: Job, worded: _Worded) -> None:
        ctx = self.ctx
        await ctx.jobs.store.add(connection, job)
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
        terms: _Terms,
        settings: Mapping[str, Any],
        stored: Mapping[str, str],
    ) -> _Worded:
        job_id, now = JobId(new_id("job")), self.ctx.books.clock()
        shots = self._shots(job_id, draft, terms)
        quote = self._quote(draft, shots, terms)
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

    async def _hosting(
        self,
        connection: AsyncConnection,
        draft: BatchDraft,
        switches: Switches,
        workspace: WorkspaceId | None,
    ) -> Hosting | None:
        """Decide whether a batch's composites are hosted; None for one without any."""
        if all(row.composite is None for row in draft.rows):
            return None
        return await self.hosting.now(connection, switches, workspace)

    async def _terms(
        self,
        switches: Switches | None,
        draft: BatchDraft,
        judge: JudgeWish | None,
        hosting: Hosting | None,
    ) -> _Terms:
        if judge is not None:
            insist_it_sees(self.ctx.providers.catalog.card(judge.model))
        corrections = await self._corrections(draft, judge, hosting)
        return _Terms(switches, corrections, OwnInputs(draft), judge, hosting=hosting)

    async def _corrections(
        self, draft: BatchDraft, judge: JudgeWish | None, hosting: Hosting | None
    ) -> dict[str, Correction]:
        cards = [hosting.card] if hosting and hosting.card else []
        asked = {row.model or PREVIEW_MODEL for row in draft.rows}
        for model in asked | ({judge.model} if judge else set()):
            with contextlib.suppress(UnknownModelError):  # its rows are refused by name
                cards.append(self.ctx.providers.catalog.card(model))
        return await self.ctx.estimates.corrections(cards)

    def _uses(self, shots: Iterable[Shot]) -> list[tuple[ModelCard, Kind]]:
        """List what rows use of which provider, each once."""
        found: dict[tuple[str, Kind], ModelCard] = {}
        for shot in shots:
            if not shot.model:
                continue
            card = self.ctx.providers.catalog.card(shot.model)
            use = card.use({**shot.inputs, "references": _of_use(card, shot)})
            found.setdefault((card.provider, use), card)
        return [(card, use) for (_, use), card in found.items()]

    def _card(self, draft: BatchDraft, row: RowDraft, terms: _Terms) -> ModelCard | None:
        """Find a row's model, if it may be asked now."""
        if draft.run_mode is RunMode.LIVE and not row.model and not row.composite:
            message = "a live row needs a model; name one in the column model, or for all rows"
            terms.faults.add("model_missing", row.row, "model", message, "")
            return None
        model = _model_of(row)
        try:
            card = self.ctx.providers.catalog.card(model)
        except UnknownModelError as error:
            terms.faults.add(error.code, row.row, "model", str(error), model)
            return None
        today = self.ctx.books.clock().date()
        closed = terms.switches.closed(card, today) if terms.switches else None
        if closed is not None:
            message = f"model {model!r} is off: {closed}"
            terms.faults.add("model_disabled", row.row, "model", message, model)
            return None
        return card

    def _shot(self, job: JobId, draft: BatchDraft, row: RowDraft, terms: _Terms) -> Shot | None:
        faults = terms.faults
        card = self._card(draft, row, terms)
        own = terms.own.of(card, row, faults) if card else None
        if card is None or own is None:
            return None
        named, told = own
        shared = draft.global_references
        if row.composite and terms.hosting:
            scene = row.composite.scene
            named = {**named, **row_inputs(row.composite, terms.hosting, scene)}
            shared = ()  # a composite is of its own pictures alone
        width, height = row.size or usual_size(card) or _NO_SIZE
        shot = Shot(
            job=job,
            row=row.row,
            scene_id=row.scene_id,
            prompt=row.prompt,
            model=_model_of(row),
            width=width,
            height=height,
            variants=row.variants,
            references=ShotReferences(
                asked=tuple(map(_asked, uses_of((*row.references, *shared))))
            ),
            extra={**row.extra, **row.cells},
            inputs=named,
        )
        if not _references_fit(card, shot, row, faults):
            return None
        terms.tell_surplus(card, row)
        try:
            inputs = checked(card, take_inputs(card, card, _with_samples(card, shot), 1))
        except InvalidModelInputsError as error:
            faults.add_asked(error, shot, told)
            return None
        if named:
            plain = inputs.model_dump(mode="json", include={*named})
            shot = replace(shot, inputs={name: plain[name] for name in named})
        return replace(shot, quoted=self._price(card, shot, inputs, terms) * row.variants)

    def _price(self, card: ModelCard, shot: Shot, inputs: BaseModel, terms: _Terms) -> Money:
        """Price one variant; of a composite that is hosted, its order."""
        if hosted := shot.inputs.get(HOSTED_MODEL):
            wanted, card = card, self.ctx.providers.catalog.card(hosted)
            inputs = checked(card, take_inputs(wanted, card, _with_samples(wanted, shot), 1))
        return terms.corrections.get(card.id, UNCORRECTED).of(card.price(inputs))


def _model_of(row: RowDraft) -> str:
    """Name the model that a row is made by: its own, or what composites and previews are."""
    return LOCAL_COMPOSITE if row.composite else row.model or PREVIEW_MODEL


def _at_fault(row: RowDraft, faults: Faults) -> RefusedRow:
    """Sum up what is wrong between a row and its model."""
    message = "; ".join(f"{each.field}: {each.message}" for each in faults.errors)
    cells = {**row.extra, **row.cells}
    return RefusedRow(row.row, row.scene_id, faults.code, message, cells)


def _refused(job: JobId, row: RefusedRow) -> Shot:
    """Write down a row that is not made: without a model, nothing can ever be ordered of it."""
    width, height = _NO_SIZE
    return Shot(
        job=job,
        row=row.row,
        scene_id=row.scene_id,
        prompt="",
        model="",
        width=width,
        height=height,
        variants=1,
        status=ShotStatus.FAILED,
        extra=row.cells,
        error={"code": row.code, "message": row.message, "next_step": NextStep.STOP},
    )


def _references_fit(card: ModelCard, shot: Shot, row: RowDraft, faults: Faults) -> bool:
    """Check what a row asks of its references; those of the whole batch go where they fit."""
    for use in row.references:
        if card.max_references and not card.takes(use.mode):
            allowed = ", ".join(sorted(card.reference_modes))
            said = (
                f"{card.id} takes references as {allowed}, not as {use.mode};"
                f" say so behind the address: …|{min(card.reference_modes)}"
            )
            faults.add("reference_mode", row.row, "references", said, use.source)
            return False
    count = len(_of_use(card, shot))
    if count < card.min_references:
        said = f"{card.id} begins from {card.min_references} reference pictures; name them here"
        faults.add("reference_missing", row.row, "references", said, count)
        return False
    return True


def _of_use(card: ModelCard, shot: Shot) -> list[AskedReference]:
    return [each for each in shot.references.asked if card.takes(each.mode)]


def _with_samples(card: ModelCard, shot: Shot) -> Shot:
    """Put samples in place of references that are not fetched yet, to price a row."""
    sample = {"sha256": SAMPLE, "working": SAMPLE}
    samples = ({**sample, "mode": each.mode} for each in _of_use(card, shot))
    return replace(shot, references=replace(shot.references, kept=tuple(samples)))


def _asked(use: ReferenceUse) -> AskedReference:
    return AskedReference(use.source, use.key, use.mode)


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
