"""Intending: money set aside, limits counted and the order written down, before it is sent."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.controls.availability import availability_of
from callsheet.kernel.steady import steady_s
from callsheet.money.errors import BudgetExceededError
from callsheet.orders.context import OrderContext
from callsheet.orders.payloads import PreparedOrder
from callsheet.orders.progress import LockedJob, Moves
from callsheet.orders.settlement import end, failure, holding_of, tell_crossings
from callsheet.ports.hosted import HostedProvider
from callsheet.takes.limits import room
from callsheet.takes.model import TakeStatus

_REST_S: Final = 5.0  # how soon to look again at a provider that rests, or is shut
_FULL_S: Final = 1.0  # how soon to look again at a provider whose limits are used up


async def intend(
    ctx: OrderContext, provider: HostedProvider, wanted: Sequence[PreparedOrder]
) -> list[PreparedOrder]:
    """Write down that orders of one job are about to be sent; answers those that may be.

    One transaction sets the money aside, counts the provider's limits and moves the takes to
    `ordered`: after a crash all of it is there or none. An order must be on its way soon after,
    because others may begin to look for it. What may not be ordered now is given back,
    to be looked at later; what no budget covers waits for a person, with its job.
    """
    async with ctx.books.database.begin(small=True) as connection:
        job = await ctx.progress.lock(connection, wanted[0].take.job)
        hand = await ctx.books.in_flight.in_hand(connection, [each.take for each in wanted])
        ready = [replace(each, take=hand[each.take.id]) for each in wanted if each.take.id in hand]
        send_by = steady_s() + provider.settles_s / 6
        now = ctx.books.clock()
        # everybody locks a job first, then its provider: nobody waits in a ring
        availability = await ctx.books.availability.lock(connection, provider.name)
        into = Moves()
        ready = await _admitted(ctx, connection, job, ready, into)
        if not job.wants_orders:
            if into.moves:
                await ctx.progress.report(connection, job, into)
            await ctx.books.in_flight.look_later(connection, [(each.take, None) for each in ready])
            return []
        if availability.resting_until > now.timestamp() or availability.is_shut:
            await _give_back(ctx, connection, ready, now.timestamp() + _REST_S)
            if into.moves:
                await ctx.progress.report(connection, job, into)
            return []
        availabilities = await ctx.books.availability.all(connection)
        shut = [
            each
            for each in ready
            if availability_of(availabilities, provider.name, each.order.key.print).is_shut
        ]
        await _give_back(ctx, connection, shut, now.timestamp())
        ready = [each for each in ready if each not in shut]
        free = await room(connection, provider.name, provider.pace, len(ready), now)
        await _give_back(ctx, connection, ready[free:], now.timestamp() + _FULL_S)
        covered, refused = await _hold(ctx, connection, job, ready[:free], into)
        due_at = now.timestamp() + provider.settles_s
        orders = [(each.take, each.digest) for each in covered]
        written = await ctx.books.in_flight.order(connection, orders, now, due_at)
        # they are in hand: anything else is a defect, and then nothing is written, nothing sent
        assert written == len(orders), f"{written} of {len(orders)} orders"  # noqa: S101  # a defect
        for each in covered:
            into.add(hand[each.take.id], TakeStatus.ORDERED)
        waits = None
        if refused is not None:
            rest = [(each.take, None) for each in ready[len(covered) : free]]
            await ctx.books.in_flight.look_later(connection, rest)
            waits = {"code": refused.code, "message": str(refused)}
        await ctx.progress.report(connection, job, into, waits)
    return [_to_send(each, send_by) for each in covered]


async def _admitted(
    ctx: OrderContext,
    connection: AsyncConnection,
    job: LockedJob,
    ready: Sequence[PreparedOrder],
    into: Moves,
) -> list[PreparedOrder]:
    """Keep the orders that the job's owner lets go; those that it refuses end here."""
    admission = await ctx.progress.admit(connection, job, [each.take for each in ready])
    if not admission.refused and not admission.later:
        return list(ready)
    endings = [
        failure(each.take, admission.refused[each.take.id])
        for each in ready
        if each.take.id in admission.refused
    ]
    await end(ctx, connection, job, endings, into)
    later = [each for each in ready if each.take.id in admission.later]
    await _give_back(ctx, connection, later, ctx.books.clock().timestamp() + _FULL_S)
    gone = {*admission.refused, *admission.later}
    return [each for each in ready if each.take.id not in gone]


def _to_send(each: PreparedOrder, send_by: float) -> PreparedOrder:
    """Speak of the order that is written down now."""
    flight = replace(each.take.flight, order_no=each.take.flight.order_no + 1)
    take = replace(each.take, flight=flight)
    return replace(each, take=take, order=replace(each.order, send_by=send_by))


async def _give_back(
    ctx: OrderContext, connection: AsyncConnection, rest: Sequence[PreparedOrder], due_at: float
) -> None:
    await ctx.books.in_flight.look_later(connection, [(each.take, due_at) for each in rest])


async def _hold(
    ctx: OrderContext,
    connection: AsyncConnection,
    job: LockedJob,
    ready: Sequence[PreparedOrder],
    into: Moves,
) -> tuple[list[PreparedOrder], BudgetExceededError | None]:
    """Set money aside for as many takes, from the first, as all budgets cover."""
    now = ctx.books.clock()
    day = now.date().isoformat()
    held = [each if each.take.flight.held_on else _held(each, day) for each in ready]
    most = await ctx.books.money.hold_most(
        connection, [holding_of(each.take) for each in held], now
    )
    pairs = zip(ready[: most.count], held, strict=False)
    into.held += sum(after.take.price.micros for before, after in pairs if before is not after)
    into.incidents += tell_crossings(ctx.books, job, most.crossings)
    return held[: most.count], most.refused


def _held(each: PreparedOrder, day: str) -> PreparedOrder:
    flight = replace(each.take.flight, held_on=day, holds=each.take.flight.holds + 1)
    return replace(each, take=replace(each.take, flight=flight))
