"""One generation asked for over the API: a job of one shot and one take."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.catalog.asking import InvalidModelInputsError, checked
from callsheet.controls.model import Request, kept_request
from callsheet.controls.store import AnswerStore, SwitchStore
from callsheet.intake.model import RunMode
from callsheet.jobs.content import content_digest
from callsheet.jobs.model import (
    Change,
    Cost,
    Entry,
    Job,
    JobKind,
    JobTimes,
    JobUpdate,
    Shot,
    Tally,
    Work,
)
from callsheet.kernel.errors import FieldError, InvalidInputError, shown
from callsheet.kernel.ids import JobId, TakeId, WorkspaceId, new_id
from callsheet.kernel.money import Money
from callsheet.line.context import LineContext
from callsheet.line.direct import DirectOrders, Ended, OnItsWay
from callsheet.line.direct_booking import Replayed, Wish
from callsheet.line.estimates import settings_of
from callsheet.line.new_takes import new_take
from callsheet.line.pipeline import Pipeline
from callsheet.line.stages import deliver, quote, render
from callsheet.line.stages.render import send_out
from callsheet.line.transitions import enter
from callsheet.orders.terms import require_keys
from callsheet.ports.models import Execution, ModelCard, ModelDisabledError
from callsheet.takes.model import (
    ENDED,
    UNCORRECTED,
    Correction,
    Take,
    moved,
    quoted_take,
)

# A single generation is priced when it is asked for, and begins with its order; retried, it is
# priced again.
SINGLE: Final = Pipeline(JobKind.SINGLE, (quote.STEP, render.STEP, deliver.STEP))
_DEFAULT_SIDE: Final = 1_024
_KEPT: Final = ("prompt", "width", "height")  # by a shot, under names of its own


@dataclass(frozen=True, slots=True)
class Started:
    """A take that is in the books; `replayed` if it was there before."""

    take: TakeId
    replayed: bool = False
    ended: asyncio.Task[Ended | None] | None = None  # tells how it ended, if that is known here


@dataclass(frozen=True, slots=True)
class _Asked:
    """One generation as it was asked for, checked."""

    card: ModelCard
    inputs: Mapping[str, Any]
    corrections: Mapping[str, Correction]


@dataclass(frozen=True, slots=True)
class Quoted:
    """What one generation would cost: what its card says, corrected if that is an estimate."""

    card: ModelCard
    listed: Money
    correction: Correction

    @property
    def price(self) -> Money:
        """What would be set aside for it."""
        return self.correction.of(self.listed)


def name_of_single(inputs: Mapping[str, Any], title: str) -> str:
    """Name the job of one generation by what was asked, or by its model's title."""
    return str(inputs.get("prompt", title))[:80]


def shot_of_single(job: JobId, model: str, inputs: Mapping[str, Any], price: Money) -> Shot:
    """Word the one shot of a single generation."""
    return Shot(
        job=job,
        row=1,
        scene_id=str(inputs.get("scene") or "single"),
        prompt=str(inputs.get("prompt", "")),
        model=model,
        width=int(inputs.get("width", _DEFAULT_SIDE)),
        height=int(inputs.get("height", _DEFAULT_SIDE)),
        variants=1,
        quoted=price,
        inputs={name: value for name, value in inputs.items() if name not in _KEPT},
    )


@dataclass(frozen=True, slots=True)
class Generations:
    """Single generations: quoted, asked for, waited for."""

    ctx: LineContext
    switches: SwitchStore
    answers: AnswerStore
    direct: DirectOrders

    async def quote(self, model: str, inputs: Mapping[str, Any]) -> Quoted:
        """Price one generation.

        Raises UnknownModelError, InvalidInputError, DatabaseUnavailableError.
        """
        card, worded = self._checked(model, inputs)
        price = card.price(card.inputs.model_validate(worded))
        return Quoted(card, price, await self.ctx.estimates.correction(card))

    def _checked(self, model: str, inputs: Mapping[str, Any]) -> tuple[ModelCard, dict[str, Any]]:
        card = self.ctx.providers.catalog.card(model)
        try:
            valid = checked(card, inputs)
        except InvalidModelInputsError as error:
            faults = [
                replace(fault, field=f"inputs.{fault.field}".rstrip(".")) for fault in error.errors
            ]
            raise InvalidInputError(f"{faults[0].field}: {faults[0].message}", faults) from error
        for place, each in enumerate(getattr(valid, "references", ())):
            if each.mode not in card.reference_modes:
                allowed = ", ".join(sorted(card.reference_modes))
                said = f"{card.id} takes references as {allowed}"
                fault = FieldError(f"inputs.references.{place}.mode", said, shown(each.mode))
                raise InvalidInputError(f"{fault.field}: {said}", [fault])
        return card, valid.model_dump(mode="json")

    async def start(
        self,
        workspace: WorkspaceId,
        model: str,
        inputs: Mapping[str, Any],
        run_mode: RunMode,
        request: Request | None = None,
        *,
        settings: Mapping[str, Any] | None = None,
    ) -> Started:
        """Write one take down and order it; the same request answers the same take.

        What a model answers at once is ordered from here (see orders.direct). Everything else, and
        what must wait for its provider, goes the way of a batch. Either way the store knows what
        costs money before it may be ordered.

        `settings` go to the job; with them it goes the way of a batch.
        """
        card, worded = self._checked(model, inputs)
        ctx = self.ctx
        corrections = await ctx.estimates.corrections([card])
        if run_mode is RunMode.LIVE:
            await require_keys(ctx, workspace, [(card, card.use(worded))])
            if settings is None and self.direct.takes_on(card):
                asked = _Asked(card, worded, corrections)
                started = await self._at_once(workspace, asked, request)
                if started is not None:
                    return started
        async with ctx.books.database.begin() as connection:
            closed = (await self.switches.all(connection)).closed(card, ctx.books.clock().date())
            if closed is not None:
                raise ModelDisabledError(model, closed)
            asked = _Asked(card, worded, corrections)
            job, shot, take = self._worded(workspace, asked, run_mode)
            kept = {**job.settings, **(settings or {}), **kept_request(request)}
            job = replace(job, settings=kept)
            if request:
                answer = {"take": take.id}
                if not await self.answers.add(
                    connection, workspace, request, answer, ctx.books.clock()
                ):
                    twin = await self.answers.find(connection, workspace, request)
                    return Started(TakeId((twin or answer)["take"]), replayed=True)
            await self._allowed(connection, take, worded, run_mode)
            await ctx.jobs.store.add(connection, job)
            await ctx.jobs.store.add_shots(connection, [shot])
            await ctx.books.takes.add(connection, [take])
            change = Change(
                takes=moved([(None, take.status)]), update=JobUpdate(started_at=ctx.books.clock())
            )
            created = Entry("created", {"take": take.id})
            job = await ctx.jobs.record(connection, job, [created], change)
            if run_mode is RunMode.LIVE and take.provider in ctx.providers.hosted:
                await enter(ctx.jobs, connection, job, render.STEP)
            else:
                await send_out(ctx, connection, job, [take.id], rank=1)
        return Started(take.id)

    async def _allowed(
        self,
        connection: AsyncConnection,
        take: Take,
        worded: Mapping[str, Any],
        run_mode: RunMode,
    ) -> None:
        """Let a budget and the references refuse a take that is about to be added."""
        books = self.ctx.books
        if run_mode is RunMode.LIVE:
            await books.money.affordable(connection, take.workspace, take.price, books.clock())
        for each in worded.get("references", ()):
            await books.assets.find(connection, take.workspace, each["sha256"])

    async def _at_once(
        self, workspace: WorkspaceId, asked: _Asked, request: Request | None
    ) -> Started | None:
        """Order from here what is answered at once; None if it must wait."""
        references = asked.inputs.get("references", ())
        if references:
            async with self.ctx.books.database.read() as connection:
                for each in references:
                    await self.ctx.books.assets.find(connection, workspace, each["sha256"])
        job, shot, take = self._worded(workspace, asked, RunMode.LIVE)
        job = replace(job, settings={**job.settings, **kept_request(request)})
        match await self.direct.order(Wish(job, shot, take, asked.card, request)):
            case OnItsWay(take=name, ended=ended):
                return Started(name, ended=ended)
            case Replayed(take=name):
                return Started(name, replayed=True)
            case _:
                return None

    async def ended(self, started: Started, wait_s: float) -> Ended | None:
        """Wait for a take that is ordered from here, at most so long; None if it has not ended."""
        if started.ended is None or wait_s <= 0:
            return None
        await asyncio.wait({started.ended}, timeout=wait_s)
        return started.ended.result() if started.ended.done() else None

    def _worded(
        self,
        workspace: WorkspaceId,
        asked: _Asked,
        run_mode: RunMode,
    ) -> tuple[Job, Shot, Take]:
        now, card, inputs = self.ctx.books.clock(), asked.card, asked.inputs
        correction = asked.corrections.get(card.id, UNCORRECTED)
        price = correction.of(card.price(card.inputs.model_validate(inputs)))
        job = Job(
            id=JobId(new_id("job")),
            workspace=workspace,
            kind=JobKind.SINGLE,
            name=name_of_single(inputs, card.title),
            run_mode=run_mode,
            tally=Tally(rows=1),
            cost=Cost(quoted=price),
            times=JobTimes(created_at=now, updated_at=now),
            settings=settings_of(asked.corrections),
            work=Work(stage=render.STEP.stage),
        )
        shot = shot_of_single(job.id, card.id, inputs, price)
        if run_mode is RunMode.DRY_RUN and card.execution is not Execution.LOCAL:
            return job, shot, new_take(self.ctx, job, shot, 1, 1)
        # its references are inputs here: there is no merging
        content = content_digest(shot)
        return job, shot, quoted_take(job, 1, 1, 1, card, inputs, now, correction, content, price)

    async def take(self, workspace: WorkspaceId, take: str) -> Take:
        """Read a take. Raises TakeNotFoundError."""
        async with self.ctx.books.database.read() as connection:
            return await self.ctx.books.takes.find(connection, workspace, take)

    async def wait(self, workspace: WorkspaceId, take_id: str, wait_s: float) -> Take:
        """Wait for a take to end, at most so long; answers it as it then stands."""
        loop = asyncio.get_running_loop()
        until = loop.time() + wait_s
        while True:
            async with self.ctx.books.database.read() as connection:
                take = await self.ctx.books.takes.find(connection, workspace, take_id)
                seen = (
                    await self.ctx.jobs.store.of_any_workspace(connection, take.job)
                ).work.sequence
            left = until - loop.time()
            if take.status in ENDED or left <= 0:
                return take
            await self.ctx.jobs.notifier.wait(take.job, seen, left)
