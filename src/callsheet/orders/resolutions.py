"""What a person decides about a take that came to a stop, when nobody else can tell any more.

Before a person is believed our own store is looked into: an answer that lies there says more. What
each verdict does in each state:

    state         ask                        spent              never ordered
    quoted, held  nothing is out: refused    refused            refused
    ordered       answer awaited: refused    refused            refused
    in doubt      asks the provider now      ends, charged      ordered now, once none can arrive
    running       asks the provider now      ends, charged      refused: it was accepted
    adopting      brings it home now         ends, charged      refused: it was made
    ended         refused                    refused            refused
"""

import math
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.kernel.errors import ConflictError
from callsheet.kernel.ids import TakeId, WorkspaceId
from callsheet.kernel.logs import event
from callsheet.orders.context import LOG, OrderContext
from callsheet.orders.kept_answers import adopt_kept
from callsheet.orders.progress import LockedJob, Moves
from callsheet.orders.reconciler import not_ordered
from callsheet.orders.settlement import end, failure
from callsheet.ports.models import ProviderError
from callsheet.takes.model import ENDED, OUT, WAITING, Take, TakeStatus
from callsheet.takes.moving import TakeUpdate


class Resolution(StrEnum):
    """What a person found out."""

    ASK = "ask"  # nothing yet: ask the provider again, or bring home what it made, now
    SPENT = "spent"  # it was made and paid for; what was made is lost
    NEVER_ORDERED = "never_ordered"  # nothing was ordered: order it now


class TakeDecidedError(ConflictError):
    """It is known what became of this take."""

    code = "not_in_doubt"


class NothingOrderedError(ConflictError):
    """Nothing is out for this take: there is nothing to find out."""

    code = "nothing_ordered"


class OrderUnderWayError(ConflictError):
    """An order is on its way, and its answer awaited; without one the take comes to be in doubt."""

    code = "order_under_way"


class TooEarlyError(ConflictError):
    """The order could still arrive at the provider: nobody can know yet that it never will."""

    code = "too_early"

    def __init__(self, take: Take, left_s: float) -> None:
        super().__init__(
            f"an order for take {take.id} could still arrive at {take.provider}; look there again,"
            f" and decide in {math.ceil(left_s)} s"
        )
        self.left_s = left_s


class OrderAcceptedError(ConflictError):
    """The provider accepted the order: ordering it again would pay twice."""

    code = "order_accepted"


class SpentError(ProviderError):
    """A person found that it was paid for and that nothing of it can be had."""

    code = "spent_and_lost"


@dataclass(frozen=True, slots=True)
class Reconciler:
    """Takes decisions about takes that are out; each is one transaction and safe to repeat."""

    ctx: OrderContext

    async def decide(
        self, workspace: WorkspaceId, take_id: str, verdict: Resolution, by: str
    ) -> None:
        """Decide about a take, unless our own store holds the answer to its order.

        Raises TakeNotFoundError, TakeDecidedError, NothingOrderedError, OrderUnderWayError,
        OrderAcceptedError, TooEarlyError.
        """
        ctx = self.ctx
        async with ctx.books.database.read() as connection:
            found = await ctx.books.takes.find(connection, workspace, take_id)
        provider = ctx.providers.hosted.get(found.provider)
        asked = found.status in OUT or found.status is TakeStatus.HELD
        if provider and asked and not await adopt_kept(ctx, provider, [found]):
            verdict = Resolution.ASK
        async with ctx.books.database.begin(small=True) as connection:
            job = await ctx.progress.lock(connection, found.job)
            take = (await ctx.books.in_flight.locked(connection, [found.id]))[found.id]
            _check(take, verdict)
            if verdict is Resolution.NEVER_ORDERED and provider is not None:
                self._check_settled(take, provider.settles_s)
            into = Moves()
            await self._write(connection, job, take, verdict, by, into)
            await ctx.progress.report(connection, job, into)
        LOG.info("take.decided", extra=event(take=take_id, verdict=verdict, by=by))
        for waking in (
            ctx.runtime.wake_submitter,
            ctx.runtime.wake_poller,
            ctx.runtime.wake_downloader,
        ):
            waking.set()

    def _check_settled(self, take: Take, settles_s: float) -> None:
        """Refuse to order again while the first order could still arrive. Raises TooEarlyError."""
        passed_s = self.ctx.books.passed_s(take.times.ordered_at or take.times.created_at)
        if passed_s < settles_s:
            raise TooEarlyError(take, settles_s - passed_s)

    async def _write(
        self,
        connection: AsyncConnection,
        job: LockedJob,
        take: Take,
        verdict: Resolution,
        by: str,
        into: Moves,
    ) -> None:
        ctx = self.ctx
        match verdict:
            case Resolution.ASK:
                lost = take.status is TakeStatus.IN_DOUBT and take.flight.ticket is not None
                to = TakeStatus.RUNNING if lost else take.status
                now = ctx.books.clock().timestamp()
                await ctx.books.in_flight.move(
                    connection, take, to, TakeUpdate(due_at=now, looks=0)
                )
                into.add(take, to)
            case Resolution.NEVER_ORDERED:
                await not_ordered(ctx, connection, job, take, into)
            case Resolution.SPENT:
                lost_error = SpentError(take.provider, f"paid for and lost, says {by}")
                await end(ctx, connection, job, [failure(take, lost_error, take.price)], into)

    async def decide_all(
        self, workspace: WorkspaceId, job_id: str, verdict: Resolution, by: str
    ) -> list[TakeId]:
        """Decide alike about every take of a job that is in doubt; which they were."""
        ctx = self.ctx
        async with ctx.books.database.read() as connection:
            job = await ctx.progress.find(connection, workspace, job_id)
            doubtful = await ctx.books.in_flight.in_doubt(connection, job)
        for take in doubtful:
            with suppress(ConflictError):  # it came to be known meanwhile
                await self.decide(workspace, take, verdict, by)
        return doubtful


def _check(take: Take, verdict: Resolution) -> None:
    """Refuse what cannot be decided about a take as it stands, and say why."""
    if take.status in ENDED:
        raise TakeDecidedError(f"take {take.id} is {take.status}: there is nothing to decide")
    if take.status in WAITING:
        raise NothingOrderedError(
            f"take {take.id} is {take.status}: nothing is out for it; it waits to be ordered"
        )
    if take.status is TakeStatus.ORDERED:
        raise OrderUnderWayError(
            f"take {take.id} is ordered: its answer is awaited, and without one it will be in doubt"
        )
    if verdict is Resolution.NEVER_ORDERED and take.status is not TakeStatus.IN_DOUBT:
        raise OrderAcceptedError(
            f"take {take.id} is {take.status}: {take.provider} accepted its order as"
            f" {take.flight.ticket}"
        )
