"""Takes that are hosted composites: counted where they are let go, and replaced where too slow."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.kernel.ids import JobId, TakeId
from callsheet.ports.database import METADATA, UtcTime
from callsheet.takes.model import Take
from callsheet.takes.tables import OPEN, TAKES

HOSTED_COMPOSITES = sa.Table(
    "hosted_composites",
    METADATA,
    sa.Column("take", sa.ForeignKey(TAKES.c.id, ondelete="CASCADE"), primary_key=True),
    sa.Column("at", UtcTime, nullable=False),  # it was let go to be ordered
    sa.Column("replaced_at", UtcTime),  # a local one took its place, while its order went on
    sa.Index(None, "at"),
)
_LOCK: Final = 7_420_051  # of PostgreSQL, for counting and adding in one
_HOUR: Final = timedelta(hours=1)
_WAITED_FOR: Final = timedelta(days=7)  # bounds what is looked through


@dataclass(frozen=True, slots=True)
class Bound:
    """A limit of hosted composites: so many in a `span`, of which `left` may still go."""

    span: str
    limit: int
    left: int


class HostedComposites:
    """Reads and writes them; every method works in the caller's transaction."""

    async def lock(self, connection: AsyncConnection) -> None:
        """Let no other process count until this transaction ends; SQLite has one writer anyway."""
        if connection.dialect.name == "postgresql":
            await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))

    async def let_go(self, connection: AsyncConnection, takes: Collection[TakeId]) -> set[TakeId]:
        """Name those of some takes that were let go before."""
        query = sa.select(HOSTED_COMPOSITES.c.take).where(HOSTED_COMPOSITES.c.take.in_(takes))
        return {TakeId(row.take) for row in await connection.execute(query)}

    async def replaced(self, connection: AsyncConnection, takes: Collection[TakeId]) -> set[TakeId]:
        """Name those of some takes whose place a local one has taken."""
        query = sa.select(HOSTED_COMPOSITES.c.take).where(
            HOSTED_COMPOSITES.c.take.in_(takes), HOSTED_COMPOSITES.c.replaced_at.is_not(None)
        )
        return {TakeId(row.take) for row in await connection.execute(query)}

    async def bounds(
        self,
        connection: AsyncConnection,
        *,
        at_once: int,
        per_hour: int,
        per_day: int,
        now: datetime,
    ) -> tuple[Bound, Bound, Bound]:
        """Count against the limits: those under way, of the last hour, of the day (UTC)."""
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        under_way = (
            sa.select(sa.func.count())
            .select_from(HOSTED_COMPOSITES.join(TAKES, TAKES.c.id == HOSTED_COMPOSITES.c.take))
            .where(OPEN)
        )
        since = sa.select(sa.func.count()).select_from(HOSTED_COMPOSITES)
        counts = (
            under_way,
            since.where(HOSTED_COMPOSITES.c.at > now - _HOUR),
            since.where(HOSTED_COMPOSITES.c.at >= midnight),
        )
        open_, hour, day = [await connection.scalar(query) or 0 for query in counts]
        return (
            Bound("at a time", at_once, max(0, at_once - open_)),
            Bound("in an hour", per_hour, max(0, per_hour - hour)),
            Bound("in a day", per_day, max(0, per_day - day)),
        )

    async def add(
        self, connection: AsyncConnection, takes: Sequence[TakeId], now: datetime
    ) -> None:
        """Write down that takes are let go; from here on they count."""
        if takes:
            rows = [{"take": take, "at": now} for take in takes]
            await connection.execute(sa.insert(HOSTED_COMPOSITES), rows)

    async def overdue(
        self, connection: AsyncConnection, before: datetime, most: int
    ) -> dict[JobId, list[TakeId]]:
        """List takes by job that were let go before a time, are open, and nothing replaces yet."""
        query = (
            sa.select(TAKES.c.id, TAKES.c.job)
            .join(HOSTED_COMPOSITES, HOSTED_COMPOSITES.c.take == TAKES.c.id)
            .where(
                HOSTED_COMPOSITES.c.at.between(before - _WAITED_FOR, before),
                HOSTED_COMPOSITES.c.replaced_at.is_(None),
                OPEN,
            )
            .order_by(HOSTED_COMPOSITES.c.at)
            .limit(most)
        )
        found: dict[JobId, list[TakeId]] = {}
        for row in await connection.execute(query):
            found.setdefault(JobId(row.job), []).append(TakeId(row.id))
        return found

    async def replace(
        self, connection: AsyncConnection, takes: Sequence[Take], now: datetime
    ) -> None:
        """Write down that local ones take the place of these."""
        these = HOSTED_COMPOSITES.c.take.in_([take.id for take in takes])
        await connection.execute(sa.update(HOSTED_COMPOSITES).where(these).values(replaced_at=now))
