"""What came back on orders that were sent: tickets first, then everything else, by job."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.kernel.errors import Failure, NextStep, UnavailableError
from callsheet.kernel.ids import JobId, TakeId
from callsheet.kernel.logs import event
from callsheet.orders.availability import let_job_wait, tell_away, tell_reached
from callsheet.orders.context import LOG, OrderContext
from callsheet.orders.evidence import accept_evidence
from callsheet.orders.inline_outputs import Answer
from callsheet.orders.kept_answers import accept_answer
from callsheet.orders.progress import LockedJob, Moves
from callsheet.orders.settlement import TakeEnding, cancelled, end, ended, failure
from callsheet.orders.terms import call_address, terms_of
from callsheet.ports.hosted import (
    BusyError,
    Ended,
    HostedProvider,
    Made,
    ModelGoneError,
    NotReachedError,
    ProviderBlockedError,
    Recourse,
    Submitted,
    TicketRepeatedError,
)
from callsheet.ports.models import ProviderError, RefusedError
from callsheet.takes.in_flight import Ticketed
from callsheet.takes.missing import name_order, others_tickets, remember
from callsheet.takes.model import Take, TakeStatus
from callsheet.takes.moving import TakeUpdate
from callsheet.takes.schedule import MAX_TRIES, backoff_s, next_look_s

_AWAY_S: Final = 2.0  # how soon a take may be ordered again: when, its provider's absence says


@dataclass(frozen=True, slots=True)
class Result:
    """What became of an attempt to order a take; `due_at` for one that could not be worded yet."""

    provider: HostedProvider
    take: Take
    said: Submitted | ProviderError | UnavailableError
    due_at: float | None = None


def sent_of(take: Take) -> tuple[TakeId, int]:
    """Name a take's newest order, as OrderContext.sending does."""
    return take.id, take.flight.order_no


def made_outputs(made: Made) -> dict[str, Any]:
    """Word where outputs lie, as a take keeps it."""
    return {"urls": list(made.urls), "cost": None if made.cost is None else made.cost.micros}


async def write_results(ctx: OrderContext, results: Sequence[Result]) -> None:
    """Write down what came back. Safe to repeat. Raises UnavailableError.

    Until it is, nobody here judges the orders. What cannot be written at all is looked for then.
    """
    try:
        await _write_results(ctx, results)
    except UnavailableError:
        raise
    except Exception:
        if len(results) == 1:
            ctx.runtime.sending.discard(sent_of(results[0].take))
        raise
    ctx.runtime.sending.difference_update(sent_of(each.take) for each in results)


async def _write_results(ctx: OrderContext, results: Sequence[Result]) -> None:
    for each in results:
        if each.due_at is None:
            said = each.said.code if isinstance(each.said, ProviderError) else "accepted"
            ctx.books.metrics.orders.labels(each.provider.name, said).inc()
    results = await _told_apart(ctx, results)
    await _write_tickets(ctx, [each for each in results if _goes_on(each)])
    by_job: dict[JobId, list[Result]] = defaultdict(list)
    for each in results:
        if not _goes_on(each):
            by_job[each.take.job].append(each)
    for job_id, group in sorted(by_job.items()):
        await _write_refusals(ctx, job_id, group)
    await _act_on_errors(ctx, results)


def _goes_on(result: Result) -> bool:
    """Tell whether an order was accepted and not ended in the same breath."""
    said = result.said
    return isinstance(said, Submitted) and not isinstance(said.standing, Ended)


async def _told_apart(ctx: OrderContext, results: Sequence[Result]) -> list[Result]:
    """Take no ticket that another take has: its order would be followed twice, and this one not."""
    by_provider: dict[str, list[tuple[TakeId, str]]] = defaultdict(list)
    for each in results:
        if isinstance(each.said, Submitted) and _goes_on(each):
            by_provider[each.provider.name].append((each.take.id, each.said.ticket))
    repeated: set[TakeId] = set()
    async with ctx.books.database.read() as connection:
        for name, given in by_provider.items():
            repeated |= await others_tickets(connection, name, given)
    return [
        replace(each, said=_repeated(each.provider.name, each.said.ticket))
        if each.take.id in repeated and isinstance(each.said, Submitted)
        else each
        for each in results
    ]


def _repeated(provider: str, ticket: str) -> TicketRepeatedError:
    said = f"it answered with {ticket}, which is another order's number; look for this one there"
    return TicketRepeatedError(provider, said)


async def _write_tickets(ctx: OrderContext, accepted: Sequence[Result]) -> None:
    """One statement for all, and a closer look only where a take has moved on meanwhile."""
    if not accepted:
        return
    now = ctx.books.clock()
    tickets = [_ticketed(ctx, each, now.timestamp()) for each in accepted]
    async with ctx.books.database.begin(small=True) as connection:
        written = await ctx.books.in_flight.ticket(connection, tickets, now)
        called = await ctx.books.in_flight.wake_called(
            connection, [each.take.id for each in tickets], now
        )
    if called:
        ctx.runtime.wake_poller.set()
    if any(each.status is TakeStatus.ADOPTING for each in tickets):
        ctx.runtime.wake_downloader.set()
    if written == len(tickets):
        return
    for each, ticketed in zip(accepted, tickets, strict=True):
        if ticketed.outputs is None:
            await accept_evidence(ctx, each.provider, each.take, ticketed.ticket)
        else:
            answer = Answer(ticketed.ticket, ticketed.outputs, each.take.flight.order_no)
            await accept_answer(ctx, each.provider, each.take, answer)


def _ticketed(ctx: OrderContext, each: Result, now: float) -> Ticketed:
    submitted = each.said
    assert isinstance(submitted, Submitted)  # noqa: S101  # the caller picked them
    if isinstance(submitted.standing, Made):
        outputs = made_outputs(submitted.standing)
        return Ticketed(each.take, submitted.ticket, TakeStatus.ADOPTING, outputs, now)
    expected = terms_of(ctx, each.take).expected_s
    called = call_address(ctx, each.provider, each.take.id) is not None
    due_at = now + next_look_s(expected, 0, webhook=called)
    return Ticketed(each.take, submitted.ticket, TakeStatus.RUNNING, None, due_at)


async def _write_refusals(ctx: OrderContext, job_id: JobId, group: Sequence[Result]) -> None:
    async with ctx.books.database.begin(small=True) as connection:
        job = await ctx.progress.lock(connection, job_id)
        hand = await ctx.books.in_flight.in_hand(connection, [each.take for each in group])
        into = Moves()
        endings: list[TakeEnding] = []
        for each in group:
            if each.take.id in hand:
                result = replace(each, take=hand[each.take.id])
                endings += await _write_refusal(ctx, connection, job, result, into)
        await end(ctx, connection, job, endings, into)
        await ctx.progress.report(connection, job, into)


async def _write_refusal(
    ctx: OrderContext, connection: AsyncConnection, job: LockedJob, result: Result, into: Moves
) -> list[TakeEnding]:
    """Decide by the error's next step: end the take, let it wait, or find out what happened."""
    take, error, now = result.take, result.said, ctx.books.clock().timestamp()
    if isinstance(error, Submitted):  # it was accepted, and ended before the answer came
        assert isinstance(error.standing, Ended)  # noqa: S101  # the caller picked them
        await name_order(connection, take, error.ticket)
        return [ended(ctx, take, error.standing, cancelled=job.cancelled)]
    if isinstance(error, UnavailableError):  # it could not even be worded
        await ctx.books.in_flight.look_later(connection, [(take.looked_at(), result.due_at)])
        return []
    assert isinstance(error, ProviderError)  # noqa: S101  # the caller picked them
    nothing_out = error.next_step is not NextStep.RECONCILE
    if job.cancelled and nothing_out:
        return [cancelled(take)]
    said = Failure.of(error).to_json()
    LOG.warning("take.not_ordered", extra=event(take=take.id, job=job.id, **said))
    if error.next_step is NextStep.RECONCILE:
        to = TakeStatus.IN_DOUBT
        due_at = None if isinstance(error, TicketRepeatedError) else now  # a person must look
        update = TakeUpdate(error=said, due_at=due_at, looks=0)
        if await ctx.books.in_flight.move(connection, take, to, update):
            into.add(take, to)
    elif isinstance(error, ProviderBlockedError):
        await _wait(ctx, connection, take, None, into)
    elif isinstance(error, NotReachedError):  # for as long as a person lets it: it is no try
        await _wait(ctx, connection, take, now + _AWAY_S, into)
    elif error.next_step is NextStep.WAIT and take.flight.tries + 1 < MAX_TRIES:
        asked = error.retry_after_s if isinstance(error, BusyError) else None
        due_at = now + backoff_s(take.flight.tries, asked)
        sent = take.status is TakeStatus.ORDERED
        if sent and result.provider.recourse is Recourse.LISTING:  # which shows if it was taken
            settles_s = result.provider.settles_s
            await remember(connection, take, now + settles_s, now + 3 * settles_s)
        flight = replace(take.flight, tries=take.flight.tries + 1)
        await _wait(ctx, connection, replace(take, flight=flight), due_at, into)
    else:
        return [failure(take, error)]
    return []


async def _wait(
    ctx: OrderContext, connection: AsyncConnection, take: Take, due_at: float | None, into: Moves
) -> None:
    """Let a take of which nothing was ordered wait; its hold stays."""
    if take.status is TakeStatus.ORDERED:
        to = TakeStatus.HELD
        update = TakeUpdate(due_at=due_at, tries=take.flight.tries)
        if await ctx.books.in_flight.move(connection, take, to, update):
            into.add(take, to)
    else:
        await ctx.books.in_flight.look_later(connection, [(take, due_at)])


async def _act_on_errors(ctx: OrderContext, results: Sequence[Result]) -> None:
    """Act on what concerns more than one take: a key, an empty account, a model, a rest."""
    waiting: dict[tuple[JobId, str], ProviderBlockedError] = {}
    for each in results:
        match each.said:
            case ProviderBlockedError() as error:
                waiting[each.take.job, each.provider.name] = error
            case ModelGoneError() as error:
                async with ctx.books.database.begin() as connection:
                    await ctx.books.switches.turn(
                        connection,
                        each.take.model,
                        enabled=False,
                        reason=str(error),
                        now=ctx.books.clock(),
                    )
            case BusyError(retry_after_s=float() | int() as asked):
                until = ctx.books.clock().timestamp() + asked
                async with ctx.books.database.begin() as connection:
                    await ctx.books.availability.rest(connection, each.provider.name, until)
    for (job_id, _), error in waiting.items():
        await let_job_wait(ctx, job_id, error)
    missed = {each.provider.name: each.said for each in results}
    for name, said in missed.items():
        if isinstance(said, NotReachedError):
            await tell_away(ctx, said)
        elif (
            isinstance(said, Submitted | RefusedError | BusyError)
            and name not in ctx.runtime.reached
        ):
            await tell_reached(ctx, name)
