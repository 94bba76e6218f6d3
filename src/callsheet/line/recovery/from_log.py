"""Rebuilding single generations from the recovery log: those that have no ledger object."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.assets.model import Asset, asset_key, thumbnail_key
from callsheet.controls.model import request_kept
from callsheet.controls.store import AnswerStore
from callsheet.intake.model import RunMode
from callsheet.jobs.model import (
    DONE,
    Cost,
    Entry,
    Job,
    JobKind,
    JobStatus,
    JobTimes,
    ShotStatus,
    Tally,
    Work,
)
from callsheet.kernel.digests import digest_of
from callsheet.kernel.ids import TakeId, WorkspaceId
from callsheet.kernel.money import Money
from callsheet.line.context import LineContext
from callsheet.line.control import PAUSED
from callsheet.line.recovery.from_snapshot import RESTORED_MESSAGE
from callsheet.line.recovery.result import Restored, write_money
from callsheet.line.single import name_of_single, shot_of_single
from callsheet.line.stages import render
from callsheet.orders.inline_outputs import Answer
from callsheet.orders.kept_answers import accept_answer
from callsheet.orders.recovery_log import AnswerLine, OrderLine, all_lines, outputs_of
from callsheet.ports.blobs import BlobNotFoundError
from callsheet.takes.model import ENDED, Digests, Flight, Place, Take, TakeStatus, Times, counted
from callsheet.takes.snapshot import RESTORED_DOUBT

_LOST: Final[Mapping[str, Any]] = {
    "code": "output_lost",
    "message": "it was made and paid for, and the store has it no more",
    "next_step": "stop",
}


@dataclass(frozen=True, slots=True)
class SinglesRestorer:
    """Brings single generations back that the database does not know, from what the log says.

    What the log knows of takes that are there but open, because the database is an older one, is
    brought home as any answer that was kept.
    """

    ctx: LineContext
    answers: AnswerStore
    _open: dict[TakeId, OrderLine] = field(default_factory=dict, init=False)  # not answered so far

    async def restore(self) -> AsyncIterator[Restored]:
        """Go through the log in order of time. Raises UnavailableError."""
        async for lines in all_lines(self.ctx.media.blobs):
            orders = [line for line in lines if isinstance(line, OrderLine)]
            self._open.update({line.take: line for line in await self._unknown(orders)})
            for line in lines:
                if isinstance(line, AnswerLine):
                    order = self._open.pop(line.take, None)
                    if order is None:
                        await self._answer(line)
                    else:
                        yield await self._bring(order, line)
        for order in [*self._open.values()]:
            yield await self._bring(order, None)
        self._open.clear()

    async def _unknown(self, orders: Sequence[OrderLine]) -> list[OrderLine]:
        """Leave out what the database knows."""
        if not orders:
            return []
        async with self.ctx.books.database.read() as connection:
            there = await self.ctx.books.takes.statuses(connection, [line.take for line in orders])
        return [line for line in orders if line.take not in there]

    async def _answer(self, line: AnswerLine) -> None:
        """Give an answer to a take that is there and still open."""
        ctx = self.ctx
        async with ctx.books.database.read() as connection:
            there = await ctx.books.takes.statuses(connection, [line.take])
            if there.get(line.take, TakeStatus.SUCCEEDED) in ENDED:
                return
            take = await ctx.books.takes.of_any_workspace(connection, line.take)
        if take.provider in ctx.providers.hosted:
            answer = Answer(line.ticket, outputs_of(line), line.order_no)
            await accept_answer(ctx, ctx.providers.hosted[take.provider], take, answer)

    async def _bring(self, order: OrderLine, answer: AnswerLine | None) -> Restored:
        asset = None if answer is None else await self._asset(order, answer)
        take = self._take(order, answer, asset)
        job = self._job(order, take)
        shot = shot_of_single(job.id, take.model, take.inputs, take.price)
        status = _SHOTS[take.status]
        ctx = self.ctx
        async with ctx.books.database.begin() as connection:
            await ctx.jobs.store.add(connection, job)
            shot = replace(shot, status=status, error=take.error)
            await ctx.jobs.store.add_shots(connection, [shot])
            await ctx.books.takes.add(connection, [take])
            await ctx.books.assets.add(connection, [asset] if asset else [])
            await write_money(ctx, connection, [take])
            await self._write_answer(connection, job, take)
            entry = Entry(
                "restored", {"version": job.work.sequence, "pictures": int(asset is not None)}
            )
            await ctx.jobs.record(connection, job, [entry])
        return Restored(job.id, rows=1, pictures=int(asset is not None))

    async def _write_answer(self, connection: AsyncConnection, job: Job, take: Take) -> None:
        request = request_kept(job.settings)
        if request is not None:
            answer = {"take": take.id}
            await self.answers.add(connection, job.workspace, request, answer, job.times.created_at)

    async def _asset(self, order: OrderLine, answer: AnswerLine) -> Asset | None:
        """Say what was made, if it is still in the store."""
        blobs, key = self.ctx.media.blobs, asset_key(answer.sha256)
        try:
            await blobs.head(key)
        except BlobNotFoundError:
            return None
        thumbnail = answer.beginning is None
        try:
            await blobs.head(thumbnail_key(answer.sha256))
        except BlobNotFoundError:
            thumbnail = False
        unseen = not thumbnail and answer.beginning is None
        return Asset(
            sha256=answer.sha256,
            workspace=WorkspaceId(order.workspace),
            media_type=answer.media_type,
            size=answer.size,
            created_at=_moment(answer.at),
            made_from={"take": order.take, "model": order.model, "ticket": answer.ticket},
            beginning=answer.beginning,
            width=answer.width,
            height=answer.height,
            thumbnail=thumbnail or answer.beginning is not None,
            examine_at=self.ctx.books.clock().timestamp() if unseen else None,
        )

    def _take(self, order: OrderLine, answer: AnswerLine | None, asset: Asset | None) -> Take:
        at, now = _moment(order.at), self.ctx.books.clock()
        take = Take(
            id=order.take,
            workspace=WorkspaceId(order.workspace),
            place=Place(order.job, row=1, variant=1, attempt=1),
            model=order.model,
            provider=order.provider,
            inputs=order.inputs,
            digests=Digests(digest_of({"model": order.model, "inputs": order.inputs})),
            price=Money(order.price),
            times=Times(created_at=at, ordered_at=at),
            flight=Flight(use=order.use, order_digest=order.digest, order_no=1, epoch=1),
        )
        if answer is None:
            # what was sent with references cannot be told from others in the provider's list
            blind = bool(order.inputs.get("references"))
            return replace(
                take,
                status=TakeStatus.IN_DOUBT,
                flight=replace(
                    take.flight,
                    held_on=now.date().isoformat(),
                    holds=1,
                    due_at=None if blind else now.timestamp(),
                ),
                error=RESTORED_DOUBT if blind else None,
            )
        answered = _moment(answer.at)
        return replace(
            take,
            status=TakeStatus.FAILED if asset is None else TakeStatus.SUCCEEDED,
            asset=None if asset is None else asset.sha256,
            error=_LOST if asset is None else None,
            flight=replace(take.flight, ticket=answer.ticket, outputs=outputs_of(answer)),
            charged=Money(answer.charged),
            note=answer.note,
            times=replace(
                take.times, running_at=answered, adopting_at=answered, finished_at=answered
            ),
        )

    def _job(self, order: OrderLine, take: Take) -> Job:
        """Rebuild the job. One that was at work rests: restoring must not spend by itself."""
        at, ended = _moment(order.at), take.status in ENDED
        message = RESTORED_MESSAGE.format(job=order.job)
        status = _JOBS.get(take.status, JobStatus.WAITING)
        return Job(
            id=order.job,
            workspace=take.workspace,
            kind=JobKind.SINGLE,
            name=name_of_single(order.inputs, order.model),
            run_mode=RunMode.LIVE,
            status=status,
            tally=Tally(rows=1, takes=counted([take.status])),
            cost=Cost(take.price, take.price if take.flight.held_on else Money(), take.charged),
            times=JobTimes(at, take.times.finished_at or at, at, take.times.finished_at),
            work=Work(stage=DONE if ended else render.STEP.stage, paused=not ended),
            problem=None if ended else {"code": PAUSED, "message": message},
            settings=order.settings,
        )


_SHOTS: Final[Mapping[TakeStatus, ShotStatus]] = {
    TakeStatus.IN_DOUBT: ShotStatus.RUNNING,
    TakeStatus.SUCCEEDED: ShotStatus.SUCCEEDED,
    TakeStatus.FAILED: ShotStatus.FAILED,
}
_JOBS: Final[Mapping[TakeStatus, JobStatus]] = {
    TakeStatus.SUCCEEDED: JobStatus.SUCCEEDED,
    TakeStatus.FAILED: JobStatus.FAILED,
}


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
