"""Rows of takes on their way through a hosted provider.

Nobody waits for a provider: a take that somebody must look at says when, in `due_at`, and whoever
works claims what is due. A claim is a new epoch, a name and a later `due_at`: after that time, or
as soon as the name is known to be dead, the take is due again. What a claimant writes is written
only if the epoch is still its own.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.kernel.digests import Sha256
from callsheet.kernel.ids import JobId, TakeId
from callsheet.ports.database import bound, one_of
from callsheet.takes.model import OUT, WAITING, Take, TakeStatus, check_move
from callsheet.takes.post import WEBHOOKS
from callsheet.takes.tables import MINE, TAKES, TO_LOOK_AT, TO_ORDER, WAITS, take_of
from callsheet.takes.waking import WakeStore


def _write(*where: sa.ColumnElement[bool] | sa.TextClause, **values: Any) -> sa.Update:
    """Word one statement for many takes of ours: each named by b_id and b_epoch."""
    return sa.update(TAKES).where(*MINE, *where).values(values)


_ORDER = _write(
    WAITS,
    status=TakeStatus.ORDERED,
    order_digest=bound(TAKES.c.order_digest),
    ordered_at=bound(TAKES.c.ordered_at),
    due_at=bound(TAKES.c.due_at),
    held_on=bound(TAKES.c.held_on),
    holds=bound(TAKES.c.holds),
    looks=0,
)
_TICKET = _write(
    TAKES.c.status == TakeStatus.ORDERED,
    status=bound(TAKES.c.status),
    ticket=bound(TAKES.c.ticket),
    outputs=bound(TAKES.c.outputs),
    due_at=bound(TAKES.c.due_at),
    running_at=bound(TAKES.c.running_at),
    adopting_at=bound(TAKES.c.adopting_at),
    claimed_by=None,
    looks=0,
)
_LATER = _write(
    due_at=bound(TAKES.c.due_at),
    looks=bound(TAKES.c.looks),
    tries=bound(TAKES.c.tries),
    claimed_by=None,
)
_MADE = _write(
    TAKES.c.status == TakeStatus.RUNNING,
    status=TakeStatus.ADOPTING,
    outputs=bound(TAKES.c.outputs),
    adopting_at=bound(TAKES.c.adopting_at),
    due_at=bound(TAKES.c.due_at),
    claimed_by=None,
    looks=0,
)
_DOUBT = _write(TAKES.c.status == TakeStatus.ORDERED, status=TakeStatus.IN_DOUBT, looks=0)
_OUTPUTS = _write(TAKES.c.status == TakeStatus.ADOPTING, outputs=bound(TAKES.c.outputs))

_WOKEN_S: Final = 5.0  # somebody looks for what is due many times in that time


@dataclass(frozen=True, slots=True)
class Claim:
    """Who claims, when, and for how many seconds nobody else shall."""

    who: str
    now: datetime
    for_s: float


@dataclass(frozen=True, slots=True)
class Ticketed:
    """An order that the provider accepted: what to write down at once.

    `status` is `running`, or `adopting` with the `outputs` that came with the answer.
    """

    take: Take
    ticket: str
    status: TakeStatus
    outputs: dict[str, Any] | None
    due_at: float


class FlightStore(WakeStore):
    """Claims and moves hosted takes; every method works in the caller's transaction."""

    async def release(
        self, connection: AsyncConnection, takes: Collection[TakeId], rank: int, now: datetime
    ) -> None:
        """Let waiting takes be ordered from now on; of two, the one of lower rank goes first."""
        await connection.execute(
            sa.update(TAKES)
            .where(one_of(TAKES.c.id, takes), TAKES.c.status.in_(WAITING))
            .values(due_at=now.timestamp(), rank=rank, looks=0, tries=0)
        )

    async def providers_waited_for(self, connection: AsyncConnection, now: datetime) -> set[str]:
        """Name the providers that takes wait to be ordered from."""
        query = sa.select(TAKES.c.provider).where(
            sa.text(TO_ORDER), TAKES.c.due_at <= now.timestamp()
        )
        return {row.provider for row in await connection.execute(query.distinct())}

    async def claim_to_order(
        self, connection: AsyncConnection, provider: str, claim: Claim, limit: int
    ) -> list[Take]:
        """Claim takes that may be ordered, those of lower rank first."""
        due = sa.select(TAKES.c.id).where(
            sa.text(TO_ORDER),
            TAKES.c.provider == provider,
            TAKES.c.due_at <= claim.now.timestamp(),
        )
        return await self._claim(
            connection, due.order_by(TAKES.c.rank, TAKES.c.due_at).limit(limit), claim
        )

    async def claim_to_look_at(
        self,
        connection: AsyncConnection,
        statuses: Collection[TakeStatus],
        claim: Claim,
        limit: int,
        *,
        of: str | None = None,
        but: Collection[str] = (),
    ) -> list[Take]:
        """Claim takes that are out and due for a look, the longest due first.

        Those `of` one provider only, or of all `but` some: of these only what was woken just now,
        by a webhook or by somebody who cancels.
        """
        due = sa.select(TAKES.c.id).where(
            sa.text(TO_LOOK_AT),
            TAKES.c.status.in_(statuses),
            TAKES.c.due_at <= claim.now.timestamp(),
        )
        if of is not None:
            due = due.where(TAKES.c.provider == of)
        if but:
            called = sa.exists().where(WEBHOOKS.c.take == TAKES.c.id)
            woken = sa.and_(
                TAKES.c.due_at > claim.now.timestamp() - _WOKEN_S,
                sa.or_(TAKES.c.cancel_asked, called),
            )
            due = due.where(sa.or_(TAKES.c.provider.not_in(sorted(but)), woken))
        return await self._claim(connection, due.order_by(TAKES.c.due_at).limit(limit), claim)

    async def _claim(
        self, connection: AsyncConnection, due: sa.Select[tuple[str]], claim: Claim
    ) -> list[Take]:
        take_them = (
            sa.update(TAKES)
            .where(TAKES.c.id.in_(due.with_for_update(skip_locked=True)))
            .values(
                claimed_by=claim.who,
                epoch=TAKES.c.epoch + 1,
                due_at=claim.now.timestamp() + claim.for_s,
            )
            .returning(TAKES)
        )
        rows = (await connection.execute(take_them)).mappings()
        return sorted((take_of(row) for row in rows), key=lambda take: (take.job, take.row))

    async def in_hand(
        self, connection: AsyncConnection, takes: Sequence[Take]
    ) -> dict[TakeId, Take]:
        """Read those of some claimed takes that are still under the claim's epoch."""
        epochs = {take.id: take.epoch for take in takes}
        query = sa.select(TAKES).where(one_of(TAKES.c.id, epochs))
        found = [take_of(row) for row in (await connection.execute(query)).mappings()]
        return {take.id: take for take in found if take.epoch == epochs[take.id]}

    async def order(
        self,
        connection: AsyncConnection,
        takes: Sequence[tuple[Take, Sha256]],
        now: datetime,
        due_at: float,
    ) -> None:
        """Write that orders with these digests are about to be sent."""
        rows = [
            {
                "b_id": take.id,
                "b_epoch": take.epoch,
                "b_order_digest": digest,
                "b_ordered_at": now,
                "b_due_at": due_at,
                "b_held_on": take.held_on,
                "b_holds": take.holds,
            }
            for take, digest in takes
        ]
        if rows:
            await connection.execute(_ORDER, rows)

    async def ticket(
        self, connection: AsyncConnection, tickets: Sequence[Ticketed], now: datetime
    ) -> int:
        """Write tickets of orders that stand as this claim left them; answers how many did."""
        rows = [
            {
                "b_id": each.take.id,
                "b_epoch": each.take.epoch,
                "b_status": each.status,
                "b_ticket": each.ticket,
                "b_outputs": each.outputs,
                "b_due_at": each.due_at,
                "b_running_at": now,
                "b_adopting_at": now if each.outputs else None,
            }
            for each in tickets
        ]
        if not rows:
            return 0
        return (await connection.execute(_TICKET, rows)).rowcount

    async def look_later(
        self, connection: AsyncConnection, takes: Sequence[tuple[Take, float | None]]
    ) -> None:
        """Give claimed takes back, each with when to look next and its counts of looks and tries.

        None is never: until somebody releases them.
        """
        rows = [
            {
                "b_id": take.id,
                "b_epoch": take.epoch,
                "b_due_at": due_at,
                "b_looks": take.looks,
                "b_tries": take.tries,
            }
            for take, due_at in takes
        ]
        if rows:
            await connection.execute(_LATER, rows)

    async def made(
        self,
        connection: AsyncConnection,
        takes: Sequence[tuple[Take, dict[str, Any]]],
        now: datetime,
    ) -> None:
        """Write where the outputs of running takes lie; they are due for adoption at once."""
        rows = [
            {
                "b_id": take.id,
                "b_epoch": take.epoch,
                "b_outputs": outputs,
                "b_adopting_at": now,
                "b_due_at": now.timestamp(),
            }
            for take, outputs in takes
        ]
        if rows:
            await connection.execute(_MADE, rows)

    async def set_outputs(
        self, connection: AsyncConnection, take: Take, outputs: dict[str, Any]
    ) -> None:
        """Note where the outputs lie now, after the provider was asked again."""
        row = {"b_id": take.id, "b_epoch": take.epoch, "b_outputs": outputs}
        await connection.execute(_OUTPUTS, row)

    async def doubt(self, connection: AsyncConnection, takes: Sequence[Take]) -> None:
        """Say of claimed takes that nobody knows what became of their orders."""
        rows = [{"b_id": take.id, "b_epoch": take.epoch} for take in takes]
        if rows:
            await connection.execute(_DOUBT, rows)

    async def move(
        self,
        connection: AsyncConnection,
        take: Take,
        to: TakeStatus,
        **values: Any,
    ) -> None:
        """Move one take that this transaction holds (its job is locked), under a new epoch.

        Raises IllegalMoveError.
        """
        if to is not take.status:
            check_move(take.id, take.status, to)
        await connection.execute(
            sa.update(TAKES)
            .where(TAKES.c.id == take.id)
            .values(status=to, epoch=TAKES.c.epoch + 1, claimed_by=None, **values)
        )

    async def ask_to_cancel(self, connection: AsyncConnection, job: JobId, now: datetime) -> int:
        """Note that the orders of a job shall be stopped; answers how many are not done yet."""
        out = sa.and_(TAKES.c.job == job, TAKES.c.provider != "local")
        ask = sa.update(TAKES).where(out, TAKES.c.status.in_(OUT))
        await connection.execute(ask.values(cancel_asked=True))
        running = sa.update(TAKES).where(out, TAKES.c.status == TakeStatus.RUNNING)
        await connection.execute(running.values(due_at=now.timestamp()))
        left = sa.select(sa.func.count()).where(
            out, TAKES.c.status.in_(OUT | {TakeStatus.ADOPTING})
        )
        return await connection.scalar(left) or 0

    async def free_claims(self, connection: AsyncConnection, who: str, now: datetime) -> int:
        """Make what a dead process had claimed due at once; answers how many takes."""
        free = (
            sa.update(TAKES)
            .where(TAKES.c.claimed_by == who, TAKES.c.due_at.is_not(None))
            .values(claimed_by=None, due_at=now.timestamp())
        )
        return (await connection.execute(free)).rowcount

    async def in_doubt(self, connection: AsyncConnection, job: JobId) -> list[TakeId]:
        """List the takes of a job of which nobody knows whether they were ordered."""
        query = sa.select(TAKES.c.id).where(
            TAKES.c.job == job, TAKES.c.status == TakeStatus.IN_DOUBT
        )
        return [TakeId(row.id) for row in await connection.execute(query.order_by(TAKES.c.id))]

    async def jobs_waiting_for(self, connection: AsyncConnection, provider: str) -> list[JobId]:
        """Name the jobs of which takes wait to be ordered from a provider."""
        query = sa.select(TAKES.c.job).where(sa.text(TO_ORDER), TAKES.c.provider == provider)
        return sorted(JobId(row.job) for row in await connection.execute(query.distinct()))

    async def hold_back(self, connection: AsyncConnection, job: JobId, provider: str) -> None:
        """Order nothing more for a job from a provider until its takes are released again."""
        await connection.execute(
            sa.update(TAKES)
            .where(sa.text(TO_ORDER), TAKES.c.provider == provider, TAKES.c.job == job)
            .values(due_at=None, claimed_by=None, epoch=TAKES.c.epoch + 1)
        )

    async def known_tickets(
        self, connection: AsyncConnection, provider: str, tickets: Collection[str]
    ) -> set[str]:
        """Tell which of some tickets belong to takes already."""
        query = sa.select(TAKES.c.ticket).where(
            TAKES.c.provider == provider, one_of(TAKES.c.ticket, tickets)
        )
        return {row.ticket for row in await connection.execute(query)}
