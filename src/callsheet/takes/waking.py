"""What takes are due for, and letting them be looked at before, because a provider says something.

What it says may come in the middle of a look that began before. Such a look has seen the past: it
loses its claim, so that what it writes does not put the next look off again.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.kernel.ids import TakeId
from callsheet.ports.database import one_of
from callsheet.takes.inbox import WEBHOOKS
from callsheet.takes.model import OUT, TakeStatus
from callsheet.takes.tables import TAKES, TO_LOOK_AT, TO_ORDER


@dataclass(frozen=True, slots=True)
class Due:
    """What some take is due for."""

    to_order: bool
    to_follow: bool
    to_bring: bool


def woken(now: datetime) -> dict[str, Any]:
    """Word that takes are due now, and that no look which has begun may put them off."""
    return {"due_at": now.timestamp(), "epoch": TAKES.c.epoch + 1, "claimed_by": None}


class WakeStore:
    """Tells of due takes and makes takes due; every method works in the caller's transaction."""

    async def due(self, connection: AsyncConnection, now: datetime) -> Due:
        """Tell what some take is due for."""

        def some(*where: sa.ColumnElement[bool] | sa.TextClause) -> sa.Exists:
            return sa.exists().where(*where, TAKES.c.due_at <= now.timestamp())

        to_look_at = sa.text(TO_LOOK_AT)
        query = sa.select(
            some(sa.text(TO_ORDER)),
            some(to_look_at, TAKES.c.status.in_(OUT)),
            some(to_look_at, TAKES.c.status == TakeStatus.ADOPTING),
        )
        return Due(*map(bool, (await connection.execute(query)).one()))

    async def wake(self, connection: AsyncConnection, take: TakeId, now: datetime) -> None:
        """Let a take that is out be looked at now.

        The row is locked first: of this and the transaction that writes its ticket, the second one
        sees what the first did.
        """
        lock = sa.select(TAKES.c.status).where(TAKES.c.id == take).with_for_update()
        status = await connection.scalar(lock)
        if status in (TakeStatus.RUNNING, TakeStatus.IN_DOUBT):
            await connection.execute(sa.update(TAKES).where(TAKES.c.id == take).values(woken(now)))

    async def wake_called(
        self, connection: AsyncConnection, takes: Sequence[TakeId], now: datetime
    ) -> int:
        """Let those takes be looked at now about which webhooks came before their tickets.

        Answers how many.
        """
        called = sa.select(WEBHOOKS.c.take).where(one_of(WEBHOOKS.c.take, takes))
        wake = sa.update(TAKES).where(TAKES.c.id.in_(called)).values(due_at=now.timestamp())
        return (await connection.execute(wake)).rowcount

    async def wake_ended(
        self, connection: AsyncConnection, provider: str, tickets: Collection[str], now: datetime
    ) -> set[str]:
        """Let running takes be looked at now of which a provider says that they ended.

        Answers the tickets that are dealt with. Others are not written yet, or somebody is writing
        to their takes this very moment: they shall be asked for again.
        """
        found = (
            sa.select(TAKES.c.id, TAKES.c.ticket, TAKES.c.status)
            .where(TAKES.c.provider == provider, one_of(TAKES.c.ticket, tickets))
            .with_for_update(skip_locked=True)
        )
        rows = (await connection.execute(found)).all()
        running = [row.id for row in rows if row.status == TakeStatus.RUNNING]
        if running:
            wake = sa.update(TAKES).where(one_of(TAKES.c.id, running))
            await connection.execute(wake.values(woken(now)))
        return {row.ticket for row in rows}

    async def tickets_running(self, connection: AsyncConnection, provider: str) -> set[str]:
        """Name the tickets of a provider's orders that run, as far as is known."""
        query = sa.select(TAKES.c.ticket).where(
            sa.text(TO_LOOK_AT),
            TAKES.c.provider == provider,
            TAKES.c.status == TakeStatus.RUNNING,
        )
        return {row.ticket for row in await connection.execute(query)}

    async def is_out(self, connection: AsyncConnection, provider: str) -> bool:
        """Tell whether orders are out at a provider."""
        query = sa.select(sa.literal(1)).where(
            sa.text(TO_LOOK_AT), TAKES.c.provider == provider, TAKES.c.status.in_(OUT)
        )
        return await connection.scalar(query.limit(1)) is not None

    async def count_running(self, connection: AsyncConnection, provider: str) -> int:
        """Count a provider's orders that run, as far as is known."""
        query = sa.select(sa.func.count()).where(
            sa.text(TO_LOOK_AT),
            TAKES.c.provider == provider,
            TAKES.c.status == TakeStatus.RUNNING,
        )
        return await connection.scalar(query) or 0
