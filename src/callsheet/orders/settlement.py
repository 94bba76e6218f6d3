"""How takes end: outcome, asset and money, written down in one transaction with their job."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.assets.lineage import Lineage, add_lineage, of_take
from callsheet.assets.model import Asset
from callsheet.kernel.errors import Failure
from callsheet.kernel.logs import event
from callsheet.kernel.money import Money
from callsheet.money.model import Crossing, Holding, Settlement
from callsheet.orders.context import LOG, Books, OrderContext
from callsheet.orders.progress import Incident, LockedJob, Moves
from callsheet.orders.terms import terms_of
from callsheet.ports.hosted import Ended
from callsheet.ports.models import ProviderError
from callsheet.takes.model import TAKE_MOVES, Outcome, Take, TakeStatus
from callsheet.takes.outputs import add_outputs


@dataclass(frozen=True, slots=True)
class TakeEnding:
    """How a take ended that was claimed under `take.flight.epoch`; `asset` is what was made.

    `others` came with it, and are its further outputs.
    """

    take: Take
    outcome: Outcome
    asset: Asset | None = None
    others: tuple[Asset, ...] = ()


def failure(take: Take, error: ProviderError, charged: Money | None = None) -> TakeEnding:
    """Word the end of a take that failed; without `charged` all of its hold is given back."""
    error_json = Failure.of(error).to_json()
    outcome = Outcome(take.id, take.flight.epoch, error=error_json, charged=charged or Money())
    return TakeEnding(take, outcome)


def cancelled(take: Take) -> TakeEnding:
    """Word the end of a take that is not wanted any more and of which nothing was ordered."""
    return TakeEnding(take, Outcome(take.id, take.flight.epoch, cancelled=True))


def holding_of(take: Take) -> Holding:
    """Name the hold that is open for a take."""
    return Holding(
        take=take.id,
        epoch=take.flight.holds,
        amount=take.price,
        job=take.job,
        model=take.model,
        provider=take.provider,
        workspace=take.workspace,
        day=take.flight.held_on or "",
    )


async def end(
    ctx: OrderContext,
    connection: AsyncConnection,
    job: LockedJob,
    endings: Sequence[TakeEnding],
    into: Moves,
) -> list[TakeEnding]:
    """End takes of a locked job, once: those that somebody claimed, or ordered, since are left out.

    Money that was held is charged as far as the outcome says, and the rest given back.
    """
    current = await ctx.books.takes.current(connection, [each.take.id for each in endings])
    valid = [
        each
        for each in endings
        if each.take.id in current and _may_end(each, *current[each.take.id])
    ]
    made = [asset for each in valid for asset in (each.asset, *each.others) if asset]
    await ctx.books.assets.add(connection, made)
    now, outcomes = ctx.books.clock(), [each.outcome for each in valid]
    await ctx.books.takes.finish(connection, outcomes, now)
    await add_outputs(connection, outcomes)
    await add_lineage(connection, [fact for each in valid for fact in _lineage(each, now)])
    await settle(ctx.books, connection, job, valid, into)
    for each in valid:
        as_it_is = replace(each.take, status=current[each.take.id][0])
        into.add(as_it_is, each.outcome.status)
        ctx.books.metrics.takes.labels(each.outcome.status).inc()
    return valid


def _lineage(ending: TakeEnding, now: datetime) -> list[Lineage]:
    made = [asset.sha256 for asset in (ending.asset, *ending.others) if asset]
    return of_take(ending.take, made, now) if made else []


def _may_end(ending: TakeEnding, status: TakeStatus, epoch: int, order_no: int) -> bool:
    as_read = (epoch, order_no) == (ending.outcome.epoch, ending.take.flight.order_no)
    return as_read and ending.outcome.status in TAKE_MOVES[status]


async def settle(
    books: Books,
    connection: AsyncConnection,
    job: LockedJob,
    endings: Sequence[TakeEnding],
    into: Moves,
) -> None:
    """Turn open holds into charges and releases."""
    into.charged += sum(each.outcome.charged.micros for each in endings)
    held = [each for each in endings if each.take.flight.held_on]
    if not held:
        return
    settlements = [Settlement(holding_of(each.take), each.outcome.charged, None) for each in held]
    crossings = await books.money.settle(connection, settlements, books.clock())
    into.held -= sum(each.take.price.micros for each in held)
    into.incidents += tell_crossings(books, job, crossings)


def tell_crossings(books: Books, job: LockedJob, crossings: Sequence[Crossing]) -> list[Incident]:
    """Say that budgets are nearly or wholly used up: in the log, and in the job's journal.

    One that a provider's charge took past its limit is an error: a person must hear of it.
    """
    incidents = []
    for crossing in crossings:
        said = {
            "budget": crossing.scope,
            "share": crossing.share,
            "committed": str(crossing.committed),
            "limit": str(crossing.limit),
        }
        where = {"workspace": job.workspace, "job": job.id}
        if crossing.overrun > Money():
            said["overrun"] = str(crossing.overrun)
            LOG.error("budget.overrun", extra=event(**where, **said))
            books.metrics.overruns.labels(crossing.scope).inc()
        else:
            LOG.warning("budget.crossed", extra=event(**where, **said))
        incidents.append(Incident("budget", said))
    return incidents


class TimeLimitError(ProviderError):
    """The provider was not done within the model's time limit; it was told to stop."""

    code = "time_limit"


def ended(ctx: OrderContext, take: Take, found: Ended, *, cancelled: bool) -> TakeEnding:
    """Word the end of a take that came to nothing."""
    cost = take.price if found.cost is None else found.cost
    if found.cancelled and not cancelled and not take.flight.cancel_asked:
        limit = terms_of(ctx, take).time_limit_s
        error: ProviderError = TimeLimitError(take.provider, f"not done within {limit:g} s")
    else:
        error = found.error
    ending = failure(take, error, charged=Money(cost.micros))
    return replace(ending, outcome=replace(ending.outcome, cancelled=cancelled))
