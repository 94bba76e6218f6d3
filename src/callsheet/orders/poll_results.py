"""What looks at running takes found, and what becomes of the takes then."""

import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from callsheet.kernel.ids import JobId
from callsheet.kernel.logs import event
from callsheet.orders.availability import shut
from callsheet.orders.context import OrderContext
from callsheet.orders.progress import Moves
from callsheet.orders.recording import made_outputs
from callsheet.orders.settlement import end, ended
from callsheet.orders.terms import call_address, terms_of
from callsheet.ports.hosted import (
    BusyError,
    Ended,
    HostedProvider,
    Made,
    Pending,
    ProviderBlockedError,
    Standing,
    TicketUnknownError,
)
from callsheet.ports.models import ProviderError
from callsheet.takes.model import Flight, Take, TakeStatus
from callsheet.takes.moving import TakeUpdate
from callsheet.takes.schedule import backoff_s, next_look_s

_LOG = logging.getLogger("callsheet.orders")
_MISSES: Final = 5  # looks at which a provider does not know a ticket, over so many `settles_s`


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at a running take found."""

    provider: HostedProvider
    take: Take
    found: Standing | ProviderError
    key_print: str = ""
    rest_s: float = 0.0  # before which the next look is not due


def lateness_s(ctx: OrderContext, take: Take) -> float:
    """Say for how long a running take is over its model's time limit; negative before that."""
    limit = terms_of(ctx, take).time_limit_s
    began = take.times.running_at or take.times.created_at
    return ctx.books.passed_s(began) - limit


async def write_looks(ctx: OrderContext, looks: Sequence[Look]) -> None:
    """Write down what looks found. Safe to repeat. Raises UnavailableError."""
    now = ctx.books.clock()
    made = [(each.take, made_outputs(each.found)) for each in looks if isinstance(each.found, Made)]
    later = [(each, _next(ctx, each)) for each in looks]
    resting = [(take, due_at) for _, (take, due_at, ended) in later if not ended]
    async with ctx.books.database.begin(small=True) as connection:
        await ctx.books.in_flight.made(connection, made, now)
        await ctx.books.in_flight.look_later(connection, resting)
    if made:
        ctx.runtime.wake_downloader.set()
    by_job: dict[JobId, list[Look]] = defaultdict(list)
    for each, (_, _, over) in later:
        if over and not isinstance(each.found, Made):
            by_job[each.take.job].append(each)
    for job_id, group in sorted(by_job.items()):
        await _write_endings(ctx, job_id, group)
    for each in looks:
        match each.found:
            case ProviderBlockedError() as error:
                await shut(ctx, error, each.key_print)
            case BusyError(retry_after_s=float() | int() as asked):
                async with ctx.books.database.begin() as connection:
                    until = now.timestamp() + asked
                    await ctx.books.availability.rest(connection, each.provider.name, until)


def _next(ctx: OrderContext, look: Look) -> tuple[Take, float | None, bool]:
    """Decide about one look: when to look again, or that the take's state changes."""
    take, now = look.take, ctx.books.clock().timestamp()
    counted = take.looked_at()
    if isinstance(look.found, Pending):
        counted = replace(counted, flight=replace(counted.flight, misses=0, missed_at=None))
    match look.found:
        case Made() | Ended():
            return take, None, True
        case TicketUnknownError():
            counted = replace(counted, flight=_missed(counted.flight, now))
            return counted, now + look.provider.settles_s, _is_gone(ctx, look, counted)
        case Pending() if lateness_s(ctx, take) > terms_of(ctx, take).time_limit_s:
            return take, None, True  # told to stop long ago, and it goes on
        case Pending():
            webhook = call_address(ctx, look.provider, take.id) is not None
            expected = terms_of(ctx, take).expected_s
            wait = max(look.rest_s, next_look_s(expected, counted.flight.looks, webhook=webhook))
            if take.flight.cancel_asked:
                wait = min(wait, 2.0)
            return counted, now + wait, False
        case BusyError(retry_after_s=asked):
            return counted, now + backoff_s(counted.flight.looks, asked), False
        case _:
            return counted, now + backoff_s(counted.flight.looks), False


def _missed(flight: Flight, now: float) -> Flight:
    return replace(flight, misses=flight.misses + 1, missed_at=flight.missed_at or now)


def _is_gone(ctx: OrderContext, look: Look, take: Take) -> bool:
    """Tell whether a provider that does not know its own ticket has had its chances.

    A server of many may not have heard of an order yet, or be restored from what it was: one 404
    says little. What is said at every look, over minutes, counts.
    """
    reason = str(look.found)
    _LOG.warning("take.missed", extra=event(take=take.id, misses=take.flight.misses, reason=reason))
    since = datetime.fromtimestamp(take.flight.missed_at or 0.0, UTC)
    return (
        take.flight.misses >= _MISSES
        and ctx.books.passed_s(since) >= _MISSES * look.provider.settles_s
    )


async def _write_endings(ctx: OrderContext, job_id: JobId, group: Sequence[Look]) -> None:
    async with ctx.books.database.begin(small=True) as connection:
        job = await ctx.progress.lock(connection, job_id)
        into, endings = Moves(), []
        hand = await ctx.books.in_flight.in_hand(connection, [each.take for each in group])
        for each in group:
            if each.take.id not in hand:
                continue
            take = hand[each.take.id]
            if isinstance(each.found, Ended):
                cancelled = job.cancelled and each.found.cancelled
                endings.append(ended(ctx, take, each.found, cancelled=cancelled))
            else:  # only a person can tell what became of it
                said, to = _unanswerable(each), TakeStatus.IN_DOUBT
                update = TakeUpdate(error=said, due_at=None)
                if await ctx.books.in_flight.move(connection, take, to, update):
                    into.add(take, to)
        await end(ctx, connection, job, endings, into)
        await ctx.progress.report(connection, job, into)


def _unanswerable(look: Look) -> dict[str, str]:
    reason = str(look.found) if isinstance(look.found, ProviderError) else "it does not end"
    return {
        "code": "in_doubt",
        "message": f"{reason}; look it up at {look.take.provider}"
        f" (order {look.take.flight.ticket}), then decide with: callsheet takes reconcile"
        f" {look.take.id} --spent or --never-ordered",
        "next_step": "reconcile",
    }
