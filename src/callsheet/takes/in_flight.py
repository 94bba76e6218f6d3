"""Rows of takes on their way through a hosted provider.

Nobody waits for a provider: a take that somebody must look at says when, in `due_at`, and whoever
works claims what is due. A claim is a new epoch, a name and a later `due_at`: after that time, or
as soon as the name is known to be dead, the take is due again. What a claimant writes is written
only if the epoch is still its own, if the take is still at the order that it speaks of, and if the
table of moves leads there from where the take stands.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.kernel.digests import Sha256
from callsheet.kernel.ids import JobId, TakeId
from callsheet.kernel.unset import given
from callsheet.ports.database import one_of
from callsheet.ports.models import IN_PROCESS
from callsheet.takes.claims import ClaimStore
from callsheet.takes.model import OUT, Take, TakeStatus, check_move
from callsheet.takes.moving import (
    DOUBT,
    LATER,
    MADE,
    ORDER,
    OUTPUTS,
    TICKET,
    UNCHANGED,
    TakeUpdate,
    mine,
)
from callsheet.takes.tables import TAKES, TO_ORDER
from callsheet.takes.waking import woken


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


@dataclass(frozen=True, slots=True)
class InFlightStore(ClaimStore):
    """Claims and moves hosted takes; every method works in the caller's transaction."""

    async def order(
        self,
        connection: AsyncConnection,
        takes: Sequence[tuple[Take, Sha256]],
        now: datetime,
        due_at: float,
    ) -> int:
        """Write that orders with these digests are about to be sent: each take's next order.

        Answers how many were: one that is not written down must not be sent.
        """
        rows = [
            mine(
                take,
                order_digest=digest,
                ordered_at=now,
                due_at=due_at,
                held_on=take.flight.held_on,
                holds=take.flight.holds,
            )
            for take, digest in takes
        ]
        return (await connection.execute(ORDER, rows)).rowcount if rows else 0

    async def ticket(
        self, connection: AsyncConnection, tickets: Sequence[Ticketed], now: datetime
    ) -> int:
        """Write tickets of orders that stand as this claim left them; answers how many did."""
        written = 0
        for to, statement in TICKET.items():
            rows = [
                mine(
                    each.take,
                    ticket=each.ticket,
                    outputs=each.outputs,
                    due_at=each.due_at,
                    running_at=now,
                    adopting_at=now if each.outputs else None,
                )
                for each in tickets
                if each.status is to
            ]
            if rows:
                written += (await connection.execute(statement, rows)).rowcount
        return written

    async def look_later(
        self, connection: AsyncConnection, takes: Sequence[tuple[Take, float | None]]
    ) -> None:
        """Give claimed takes back, each with when to look next and its counts.

        None is never: until somebody releases them.
        """
        rows = [
            mine(
                take,
                due_at=due_at,
                looks=take.flight.looks,
                tries=take.flight.tries,
                misses=take.flight.misses,
                missed_at=take.flight.missed_at,
            )
            for take, due_at in takes
        ]
        if rows:
            await connection.execute(LATER, rows)

    async def made(
        self,
        connection: AsyncConnection,
        takes: Sequence[tuple[Take, dict[str, Any]]],
        now: datetime,
    ) -> None:
        """Write where the outputs of running takes lie; they are due for adoption at once."""
        rows = [
            mine(take, outputs=outputs, adopting_at=now, due_at=now.timestamp())
            for take, outputs in takes
        ]
        if rows:
            await connection.execute(MADE, rows)

    async def set_outputs(
        self, connection: AsyncConnection, take: Take, outputs: dict[str, Any]
    ) -> None:
        """Note where the outputs lie now, after the provider was asked again."""
        await connection.execute(OUTPUTS, mine(take, outputs=outputs))

    async def doubt(self, connection: AsyncConnection, takes: Sequence[Take]) -> None:
        """Say of claimed takes that nobody knows what became of their orders."""
        if takes:
            await connection.execute(DOUBT, [mine(take) for take in takes])

    async def move(
        self,
        connection: AsyncConnection,
        take: Take,
        to: TakeStatus,
        update: TakeUpdate = UNCHANGED,
    ) -> bool:
        """Move one take of a locked job, if it is as it was read, under a new epoch.

        False if it had moved on meanwhile: then nothing is written. Raises IllegalMoveError.
        """
        if to is not take.status:
            check_move(take.id, take.status, to)
        as_read = sa.update(TAKES).where(
            TAKES.c.id == take.id,
            TAKES.c.epoch == take.flight.epoch,
            TAKES.c.order_no == take.flight.order_no,
            TAKES.c.status == take.status,
        )
        fresh = {"epoch": TAKES.c.epoch + 1, "claimed_by": None, "misses": 0, "missed_at": None}
        moved = as_read.values(status=to, **fresh, **given(update))
        return bool((await connection.execute(moved)).rowcount)

    async def ask_to_cancel(self, connection: AsyncConnection, job: JobId, now: datetime) -> int:
        """Note that the orders of a job shall be stopped; answers how many are not done yet."""
        out = sa.and_(TAKES.c.job == job, TAKES.c.provider.not_in(IN_PROCESS))
        ask = sa.update(TAKES).where(out, TAKES.c.status.in_(OUT))
        await connection.execute(ask.values(cancel_asked=True))
        running = sa.update(TAKES).where(out, TAKES.c.status == TakeStatus.RUNNING)
        await connection.execute(running.values(woken(now)))
        left = sa.select(sa.func.count()).where(
            out, TAKES.c.status.in_(OUT | {TakeStatus.ADOPTING})
        )
        return await connection.scalar(left) or 0

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
