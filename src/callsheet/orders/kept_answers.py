"""Answers that came: a take gets what its order was answered with, whatever was believed before.

An answer that holds what was made is the best evidence there is, wherever its take stands by then:
its process may have stood still or died after it was kept. So our own store is looked into before
a provider or a person is asked.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.kernel.ids import TakeId
from callsheet.kernel.logs import event
from callsheet.orders.context import LOG, OrderContext
from callsheet.orders.evidence import accept_evidence
from callsheet.orders.inline_outputs import PREFIX, Answer, kept_answers, take_of_inline_output
from callsheet.orders.progress import Incident, Moves
from callsheet.orders.recovery_log import answers_since, outputs_of
from callsheet.ports.hosted import HostedProvider
from callsheet.takes.errors import TakeNotFoundError
from callsheet.takes.model import ENDED, OUT, TAKE_MOVES, Take, TakeStatus
from callsheet.takes.moving import TakeUpdate

_ADOPTED: Final = timedelta(
    days=1
)  # for which an inline output outlives a take that has what was made
_UNWANTED: Final = timedelta(days=30)  # ... one that ended without it, or that nobody knows
_SETTLED: Final = timedelta(minutes=1)  # by then whoever kept an inline output has written so
_WITHOUT: Final = frozenset({TakeStatus.HELD, TakeStatus.IN_DOUBT, TakeStatus.RUNNING})


async def accept_answer(
    ctx: OrderContext, provider: HostedProvider, take: Take, answer: Answer
) -> TakeStatus:
    """Let a take have what its order was answered with; answers where it stands then.

    An answer to another order than the one it has is told as any order made twice. So is one to an
    earlier order than the one that is out or in doubt now.
    """
    async with ctx.books.database.begin(small=True) as connection:
        job = await ctx.progress.lock(connection, take.job)
        current = (await ctx.books.in_flight.locked(connection, [take.id]))[take.id]
        own = f"{answer.ticket}.{take.id}"  # where the provider gives a number twice
        same = current.flight.ticket in (None, answer.ticket, own)
        adopting = same and current.status not in ENDED | {TakeStatus.ADOPTING}
        twice = adopting and current.flight.order_no > answer.order_no and current.status in OUT
        doubled = {"take": take.id, "ticket": answer.ticket, "has": current.flight.ticket}
        doubled |= {"provider": provider.name, "price": str(current.price)}
        if adopting:
            known = await ctx.books.in_flight.known_tickets(
                connection, provider.name, [answer.ticket]
            )
            ticket = current.flight.ticket or (own if known else answer.ticket)
            into = Moves(incidents=[Incident("ordered_twice", doubled)] if twice else [])
            await _adopt(ctx, connection, current, ticket, answer, into)
            await ctx.progress.report(connection, job, into)
    if twice:
        LOG.critical("take.ordered_twice", extra=event(job=take.job, **doubled))
        ctx.books.metrics.doubled.labels(provider.name).inc()
    if adopting:
        LOG.info("take.found", extra=event(take=take.id, job=take.job, ticket=answer.ticket))
        ctx.runtime.wake_downloader.set()
        return TakeStatus.ADOPTING
    if not same or current.flight.ticket is None:
        await accept_evidence(ctx, provider, take, answer.ticket)
    return current.status


async def _adopt(
    ctx: OrderContext,
    connection: AsyncConnection,
    take: Take,
    ticket: str,
    answer: Answer,
    into: Moves,
) -> None:
    """Let a locked take be brought stored, by way of `running` where the table knows no other."""
    into.add(take, TakeStatus.ADOPTING)
    if TakeStatus.ADOPTING not in TAKE_MOVES[take.status]:
        await ctx.books.in_flight.move(connection, take, TakeStatus.RUNNING)
        flight = replace(take.flight, epoch=take.flight.epoch + 1)
        take = replace(take, status=TakeStatus.RUNNING, flight=flight)
    now = ctx.books.clock()
    update = TakeUpdate(
        ticket=ticket,
        outputs=answer.outputs,
        running_at=take.times.running_at or now,
        adopting_at=now,
        due_at=now.timestamp(),
        error=None,
        looks=0,
    )
    await ctx.books.in_flight.move(connection, take, TakeStatus.ADOPTING, update)


async def adopt_kept(
    ctx: OrderContext, provider: HostedProvider, takes: Sequence[Take]
) -> list[Take]:
    """Give takes what our own store holds for them; those it holds nothing for are left."""
    answers = await kept_answers(ctx, [take.id for take in takes]) if takes else {}
    logged = [take for take in takes if take.id not in answers and provider.answers_hold_outputs]
    if logged:
        since = min(take.times.ordered_at or take.times.created_at for take in logged)
        names = [take.id for take in logged]
        found = await answers_since(ctx.media.blobs, since, ctx.books.clock(), names)
        answers |= {
            name: [Answer(line.ticket, outputs_of(line), line.order_no)]
            for name, line in found.items()
        }
    for take in takes:
        for answer in answers.get(take.id, ()):
            await accept_answer(ctx, provider, take, answer)
    return [take for take in takes if take.id not in answers]


async def sweep_inline_outputs(ctx: OrderContext, now: datetime) -> int:
    """Bring what lies in our store for takes that wait, and remove what nobody needs any more.

    Answers how many were removed. Raises UnavailableError.
    """
    removed = 0
    waiting: dict[TakeId, Take] = {}
    kept = [info async for info in ctx.media.blobs.list(PREFIX)]
    for info in kept:
        age = now - info.modified_at
        take = waiting.get(take_of_inline_output(info.key)) or await _take(ctx, info.key)
        if take is not None and take.status not in ENDED:
            if take.status in _WITHOUT and age > _SETTLED:
                waiting[take.id] = take
        elif age > (_ADOPTED if take is not None and take.asset else _UNWANTED):
            await ctx.media.blobs.delete(info.key)
            removed += 1
    for take in waiting.values():
        if take.provider in ctx.providers.hosted:
            await adopt_kept(ctx, ctx.providers.hosted[take.provider], [take])
    return removed


async def _take(ctx: OrderContext, key: str) -> Take | None:
    async with ctx.books.database.read() as connection:
        try:
            return await ctx.books.takes.of_any_workspace(connection, take_of_inline_output(key))
        except TakeNotFoundError:
            return None
