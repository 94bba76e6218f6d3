"""Evidence that an order exists: a ticket that came late, in a listing or by a webhook."""

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.kernel.ids import TakeId
from callsheet.kernel.logs import event
from callsheet.orders.context import LOG, OrderContext
from callsheet.orders.progress import Incident, LockedJob, Moves
from callsheet.orders.terms import key_for
from callsheet.ports.hosted import HostedProvider, TicketUnknownError
from callsheet.ports.models import ProviderError
from callsheet.takes.errors import TakeNotFoundError
from callsheet.takes.missing import remember_second
from callsheet.takes.model import OUT, TAKE_MOVES, Take, TakeStatus
from callsheet.takes.moving import TakeUpdate


async def accept_evidence(
    ctx: OrderContext, provider: HostedProvider, take: Take, ticket: str
) -> bool:
    """Give a take the ticket of an order that was made for it, whatever was believed before.

    Tells whether it is this take's, and not another's.

    `take` is as it was read by whoever speaks: of its order at that time. A second order for one
    take should not exist. If one does, it is reported and the provider is asked to stop it; the
    first one counts. If the take was ordered again since and that order's answer is out, or lost,
    there are two of which one is known: that is reported as well.
    """
    said = {"take": take.id, "ticket": ticket}
    async with ctx.books.database.begin(small=True) as connection:
        job = await ctx.progress.lock(connection, take.job)
        current = (await ctx.books.in_flight.locked(connection, [take.id]))[take.id]
        known = await ctx.books.in_flight.known_tickets(connection, provider.name, [ticket])
        if known and current.flight.ticket != ticket:
            return False  # an order that another take has: not evidence of this one's
        if current.flight.ticket == ticket or await ctx.progress.noted(
            connection, job.id, "ordered_twice", "ticket", ticket
        ):
            return True
        found = current.flight.ticket is None and TakeStatus.RUNNING in TAKE_MOVES[current.status]
        twice = not found or (
            current.flight.order_no > take.flight.order_no and current.status in OUT
        )
        doubled = {**said, "has": current.flight.ticket, "provider": provider.name}
        doubled["price"] = str(current.price)
        incident = Incident("ordered_twice", doubled)
        if found:
            await _run(ctx, connection, job, current, ticket, [incident] if twice else [])
        else:
            await ctx.progress.note(connection, job, incident)
            now = ctx.books.clock()
            until = now.timestamp() + provider.lists_for_s
            await remember_second(connection, current, ticket, now, until)
    if found:
        LOG.info("take.found", extra=event(job=job.id, **said))
        ctx.runtime.wake_poller.set()
    if twice:
        LOG.critical("take.ordered_twice", extra=event(job=job.id, **doubled))
        ctx.books.metrics.doubled.labels(provider.name).inc()
    if not found:
        await _stop(ctx, provider, current, ticket)
    return True


async def _run(
    ctx: OrderContext,
    connection: AsyncConnection,
    job: LockedJob,
    take: Take,
    ticket: str,
    incidents: list[Incident],
) -> None:
    """Let a locked take be followed under a ticket."""
    now, to = ctx.books.clock(), TakeStatus.RUNNING
    update = TakeUpdate(ticket=ticket, running_at=now, due_at=now.timestamp(), looks=0, error=None)
    await ctx.books.in_flight.move(connection, take, to, update)
    into = Moves(incidents=incidents)
    into.add(take, to)
    await ctx.progress.report(connection, job, into)


async def _stop(ctx: OrderContext, provider: HostedProvider, take: Take, ticket: str) -> None:
    try:
        await provider.cancel(ticket, await key_for(ctx, take))
    except ProviderError as error:
        LOG.warning("take.not_stopped", extra=event(take=take.id, reason=str(error)))


async def accept_strays(
    ctx: OrderContext, provider: HostedProvider, strays: Mapping[TakeId, str]
) -> None:
    """Take orders for evidence that a list shows with the ids of takes that nobody asked about."""
    for take_id, ticket in strays.items():
        async with ctx.books.database.read() as connection:
            try:
                take = await ctx.books.takes.of_any_workspace(connection, take_id)
            except TakeNotFoundError:
                LOG.error("take.stranger_listed", extra=event(take=take_id, ticket=ticket))
                continue
        if take.status is not TakeStatus.ORDERED:  # then its own answer is on its way
            await accept_evidence(ctx, provider, take, ticket)


async def follow_up(ctx: OrderContext, take: Take, ticket: str) -> bool:
    """Look into a webhook that told of an order which its take does not have; False if it fails.

    The provider must know it, too: an address can be called by whoever has seen it.
    """
    provider = ctx.providers.hosted.get(take.provider)
    if provider is None:
        return False
    try:
        await provider.poll(ticket, await key_for(ctx, take))
    except TicketUnknownError:
        LOG.warning("take.stranger_told", extra=event(take=take.id, ticket=ticket))
        return True
    except ProviderError as error:
        LOG.warning("take.stray_unread", extra=event(take=take.id, reason=str(error)))
        return False
    await accept_evidence(ctx, provider, take, ticket)
    return True
