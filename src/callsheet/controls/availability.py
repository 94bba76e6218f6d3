"""Rows of providers: which may be asked now, which must rest, which need a person first."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.ports.database import METADATA, UtcTime

AVAILABILITY = sa.Table(
    "provider_doors",
    METADATA,
    sa.Column("provider", sa.Text, primary_key=True),
    sa.Column("key_print", sa.Text, primary_key=True, server_default=""),
    sa.Column("resting_until", sa.Float, nullable=False, server_default="0"),
    sa.Column("code", sa.Text),
    sa.Column("reason", sa.Text),
    sa.Column("changed_at", UtcTime),
)
SWITCHED_OFF: Final = "provider_off"
_NOT_SWITCHED_OFF: Final = sa.or_(
    AVAILABILITY.c.code.is_(None), AVAILABILITY.c.code != SWITCHED_OFF
)
_ALL: Final = sa.select(AVAILABILITY)
_OPEN: Final = sa.update(AVAILABILITY).values(code=None, reason=None)


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether a provider takes our orders: in all, or with one key if `key_print` is not empty.

    It is the state of a circuit breaker that a person may open and close, too.

    Until `resting_until` (seconds since 1970) it asked to be left alone. `code` and `reason` say
    why no order would pass; None if nothing is known against it. A new key has
    one of its own.
    """

    provider: str
    key_print: str = ""
    resting_until: float = 0.0
    code: str | None = None
    reason: str = ""

    @property
    def is_shut(self) -> bool:
        """Tell whether orders are known not to pass."""
        return self.code is not None


Availabilities = Mapping[tuple[str, str], Availability]


def availability_of(
    availabilities: Availabilities, provider: str, key_print: str = ""
) -> Availability:
    """Find a provider's availability, or the one for a key there."""
    return availabilities.get((provider, key_print), Availability(provider, key_print))


class AvailabilityStore:
    """Reads and writes availability; every method works in the caller's transaction."""

    async def lock(
        self, connection: AsyncConnection, provider: str, key_print: str = ""
    ) -> Availability:
        """Read it for a provider and keep every other transaction from ordering there meanwhile."""
        query = sa.select(AVAILABILITY).where(*_at(provider, key_print)).with_for_update()
        found = (await connection.execute(query)).mappings().first()
        if found is None:
            insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
            row = {"provider": provider, "key_print": key_print, "resting_until": 0.0}
            await connection.execute(insert(AVAILABILITY).on_conflict_do_nothing(), row)
            found = (await connection.execute(query)).mappings().one()
        return _availability(found)

    async def all(self, connection: AsyncConnection) -> Availabilities:
        """Read every availability, by provider and key."""
        rows = (await connection.execute(_ALL)).mappings()
        return {(row["provider"], row["key_print"]): _availability(row) for row in rows}

    async def rest(self, connection: AsyncConnection, provider: str, until: float) -> None:
        """Leave a provider alone until then, or longer if that was said before."""
        await self.lock(connection, provider)
        longer = sa.update(AVAILABILITY).where(*_at(provider), AVAILABILITY.c.resting_until < until)
        await connection.execute(longer.values(resting_until=until))

    async def shut(
        self,
        connection: AsyncConnection,
        provider: str,
        *,
        code: str,
        reason: str,
        key_print: str,
        now: datetime,
    ) -> None:
        """Send no order with this key until somebody opens the way, or the key changes."""
        await self.lock(connection, provider, key_print)
        values = {"code": code, "reason": reason, "changed_at": now}
        shut = sa.update(AVAILABILITY).where(*_at(provider, key_print))
        await connection.execute(shut.values(**values))

    async def open(self, connection: AsyncConnection, provider: str) -> None:
        """Let orders be tried again, unless an operator has switched the provider off."""
        await connection.execute(
            _OPEN.where(AVAILABILITY.c.provider == provider, _NOT_SWITCHED_OFF)
        )

    async def switch(
        self,
        connection: AsyncConnection,
        provider: str,
        *,
        enabled: bool,
        reason: str,
        now: datetime,
    ) -> None:
        """Let orders pass, or none with any key until somebody switches it on again."""
        if enabled:
            await connection.execute(_OPEN.where(*_at(provider)))
            return
        said = reason or "no reason given"
        await self.shut(connection, provider, code=SWITCHED_OFF, reason=said, key_print="", now=now)


def _at(provider: str, key_print: str = "") -> tuple[sa.ColumnElement[bool], ...]:
    return AVAILABILITY.c.provider == provider, AVAILABILITY.c.key_print == key_print


def _availability(row: sa.RowMapping) -> Availability:
    return Availability(
        provider=row["provider"],
        key_print=row["key_print"],
        resting_until=row["resting_until"],
        code=row["code"],
        reason=row["reason"] or "",
    )
