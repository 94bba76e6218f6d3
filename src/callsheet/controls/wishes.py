"""Wishes: what clients asked for that may ask again, and whether they have their answer.

Clients of other APIs repeat a request when its answer is lost, without an id of their own. A wish
is such a request, and `delivery` says how far its answer came: a repeat of one that was lost is the
same wish, an equal request of somebody who has their answer is a new one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.ports.database import METADATA, UtcTime


class Delivery(StrEnum):
    """How far an answer came."""

    OPEN = "open"  # it is being made
    UNDELIVERED = "undelivered"  # its client was gone before the last byte
    UNFINISHED = "unfinished"  # told that it is not known yet
    DELIVERED = "delivered"


WISHES: Final = sa.Table(
    "wishes",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("credential", sa.Text, nullable=False),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("key", sa.Text),
    sa.Column("delivery", sa.Text, nullable=False),
    sa.Column("changed_at", UtcTime, nullable=False, index=True),
    sa.Index("ix_wishes_twins", "credential", "path", "digest"),
    sa.Index("uq_wishes_key", "credential", "path", "key", unique=True),
)


@dataclass(frozen=True, slots=True)
class Wish:
    """A request as it is kept: who asked what where; `key` is the client's own, if it gave one."""

    id: str
    credential: str
    path: str
    digest: str
    key: str | None
    delivery: Delivery
    changed_at: datetime


class WishStore:
    """Reads and writes wishes; every method works in the caller's transaction."""

    async def twins(self, connection: AsyncConnection, wish: Wish) -> Sequence[Wish]:
        """Read the wishes that are equal to one, the oldest first."""
        query = sa.select(WISHES).where(
            WISHES.c.credential == wish.credential,
            WISHES.c.path == wish.path,
            WISHES.c.digest == wish.digest,
            WISHES.c.key.is_(None),
        )
        return await self._read(connection, query)

    async def by_key(self, connection: AsyncConnection, wish: Wish) -> Wish | None:
        """Read the wish that has the same key, or None."""
        query = sa.select(WISHES).where(
            WISHES.c.credential == wish.credential,
            WISHES.c.path == wish.path,
            WISHES.c.key == wish.key,
        )
        return next(iter(await self._read(connection, query)), None)

    async def _read(
        self, connection: AsyncConnection, query: sa.Select[tuple[object]]
    ) -> list[Wish]:
        rows = (await connection.execute(query.order_by(WISHES.c.id))).mappings()
        return [Wish(**{**row, "delivery": Delivery(row["delivery"])}) for row in rows]

    async def add(self, connection: AsyncConnection, wish: Wish) -> None:
        """Write a new wish."""
        names = ("id", "credential", "path", "digest", "key", "delivery", "changed_at")
        row = {name: getattr(wish, name) for name in names}
        await connection.execute(sa.insert(WISHES), [row])

    async def take(self, connection: AsyncConnection, wish: Wish, now: datetime) -> bool:
        """Open a wish again that is as it was read; False if somebody else was quicker."""
        query = (
            sa.update(WISHES)
            .where(
                WISHES.c.id == wish.id,
                WISHES.c.delivery == wish.delivery,
                WISHES.c.changed_at == wish.changed_at,
            )
            .values(delivery=Delivery.OPEN, changed_at=now)
        )
        return (await connection.execute(query)).rowcount == 1

    async def set(
        self, connection: AsyncConnection, wish: str, delivery: Delivery, now: datetime
    ) -> None:
        """Write down how far an answer came."""
        query = sa.update(WISHES).where(WISHES.c.id == wish)
        await connection.execute(query.values(delivery=delivery, changed_at=now))

    async def sweep(self, connection: AsyncConnection, before: datetime) -> None:
        """Forget wishes that nobody has asked about since."""
        await connection.execute(sa.delete(WISHES).where(WISHES.c.changed_at < before))
