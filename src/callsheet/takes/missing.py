"""Rows that tell what a provider's list ought to show, and orders that it did not.

An order that was taken for never made is remembered for as long as the list could still show it:
if it does, somebody must hear of it, because another one was sent meanwhile. So is the ticket of a
second order that was found: no take has it, and yet it is known. Every function works in the
caller's transaction.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.kernel.ids import TakeId
from callsheet.ports.database import METADATA, UtcTime, one_of
from callsheet.takes.inbox import WEBHOOKS
from callsheet.takes.model import Take, TakeStatus
from callsheet.takes.tables import TAKES, take_of

_MOST: Final = 500  # of each kind at a time
_SENT: Final = sa.text("order_digest IS NOT NULL")  # as the index of what was ordered has it
_CLAIM_S: Final = 120.0  # nobody else shall look for the same meanwhile

MISSING = sa.Table(
    "missing_orders",
    METADATA,
    sa.Column("take", sa.Text, primary_key=True),
    sa.Column("ordered_at", UtcTime, primary_key=True),
    sa.Column("provider", sa.Text, nullable=False),
    sa.Column("due_at", sa.Float, nullable=False, index=True),
    sa.Column("until", sa.Float, nullable=False),
    sa.Column("ticket", sa.Text),
)


@dataclass(frozen=True, slots=True)
class Missing:
    """An order of a take, sent at that time, that was taken for never made; looked for `until`."""

    take: Take
    ordered_at: datetime
    until: float


async def afoot(
    connection: AsyncConnection, provider: str, since: datetime, but: Collection[TakeId]
) -> list[Take]:
    """List the takes ordered since then of whose order no ticket is known, `but` some."""
    query = sa.select(TAKES).where(
        TAKES.c.provider == provider,
        TAKES.c.status.in_((TakeStatus.ORDERED, TakeStatus.IN_DOUBT)),
        TAKES.c.ticket.is_(None),
        _SENT,
        TAKES.c.ordered_at >= since,
    )
    found = map(take_of, (await connection.execute(query)).mappings())
    return [take for take in found if take.id not in but]


async def witnesses(
    connection: AsyncConnection, provider: str, since: datetime, until: datetime
) -> list[Take]:
    """List the newest takes ordered in that time that have tickets: the list must show them."""
    query = (
        sa.select(TAKES)
        .where(
            TAKES.c.provider == provider,
            TAKES.c.ticket.is_not(None),
            _SENT,
            TAKES.c.ordered_at.between(since, until),
        )
        .order_by(TAKES.c.ordered_at.desc())
        .limit(_MOST)
    )
    return [take_of(row) for row in (await connection.execute(query)).mappings()]


async def others_tickets(
    connection: AsyncConnection, provider: str, given: Sequence[tuple[TakeId, str]]
) -> set[TakeId]:
    """Name the takes that were given tickets which others have, or were given before them."""
    query = sa.select(TAKES.c.ticket, TAKES.c.id).where(
        TAKES.c.provider == provider, one_of(TAKES.c.ticket, [ticket for _, ticket in given])
    )
    owners = {row.ticket: TakeId(row.id) for row in await connection.execute(query)}
    return {take for take, ticket in given if owners.setdefault(ticket, take) != take}


async def name_order(connection: AsyncConnection, take: Take, ticket: str) -> None:
    """Write the ticket of an order that ended in the breath in which it was accepted.

    Without it the provider's list would show an order that nobody knows.
    """
    has_it = sa.select(TAKES.c.id).where(
        TAKES.c.provider == take.provider, TAKES.c.ticket == ticket
    )
    if (await connection.execute(has_it)).first() is None:
        mine = sa.and_(TAKES.c.id == take.id, TAKES.c.epoch == take.flight.epoch)
        await connection.execute(sa.update(TAKES).where(mine).values(ticket=ticket))


async def remember(connection: AsyncConnection, take: Take, due_at: float, until: float) -> None:
    """Write down that a take's order is taken for never made; look for it at and until then."""
    at = take.times.ordered_at or take.times.created_at
    await _add(connection, take, ordered_at=at, due_at=due_at, until=until)


async def remember_second(
    connection: AsyncConnection, take: Take, ticket: str, now: datetime, until: float
) -> None:
    """Write down the ticket of a second order of a take: the provider's list will show it."""
    values = {"ordered_at": now, "due_at": until, "until": until, "ticket": ticket}
    await _add(connection, take, **values)


async def _add(connection: AsyncConnection, take: Take, **values: Any) -> None:
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    row = {"take": take.id, "provider": take.provider, **values}
    await connection.execute(insert(MISSING).values(row).on_conflict_do_nothing())


async def second_tickets(connection: AsyncConnection, provider: str) -> set[str]:
    """Name the tickets of second orders that were found lately."""
    query = sa.select(MISSING.c.ticket).where(
        MISSING.c.provider == provider, MISSING.c.ticket.is_not(None)
    )
    return {row.ticket for row in await connection.execute(query)}


async def claim_missing(connection: AsyncConnection, now: datetime) -> list[Missing]:
    """Take up what is due to be looked for, for two minutes; the oldest of each take."""
    due = (
        sa.select(MISSING)
        .where(MISSING.c.due_at <= now.timestamp())
        .order_by(MISSING.c.ordered_at)
        .limit(_MOST)
        .with_for_update(skip_locked=True)
    )
    rows = (await connection.execute(due)).all()
    if not rows:
        return []
    over = sa.and_(MISSING.c.due_at <= now.timestamp(), MISSING.c.ticket.is_not(None))
    await connection.execute(sa.delete(MISSING).where(over))
    first = {row.take: row for row in reversed(rows) if row.ticket is None}
    for row in first.values():
        await connection.execute(_one(row).values(due_at=now.timestamp() + _CLAIM_S))
    query = sa.select(TAKES).where(one_of(TAKES.c.id, first))
    takes = {row["id"]: take_of(row) for row in (await connection.execute(query)).mappings()}
    return [
        Missing(takes[row.take], row.ordered_at, row.until)
        for row in first.values()
        if row.take in takes
    ]


def _one(row: Any) -> sa.Update:
    return sa.update(MISSING).where(
        MISSING.c.take == row.take, MISSING.c.ordered_at == row.ordered_at
    )


async def look_again(connection: AsyncConnection, missing: Missing, due_at: float | None) -> None:
    """Say when to look for an order again; None is never: it is found, or cannot be any more."""
    row = sa.and_(MISSING.c.take == missing.take.id, MISSING.c.ordered_at == missing.ordered_at)
    if due_at is None:
        await connection.execute(sa.delete(MISSING).where(row))
    else:
        await connection.execute(sa.update(MISSING).where(row).values(due_at=due_at))


async def strays(connection: AsyncConnection, since: datetime) -> Sequence[tuple[Take, str]]:
    """List takes of which webhooks that came since then told another ticket than theirs."""
    query = (
        sa.select(TAKES, WEBHOOKS.c.ticket.label("told"))
        .join(WEBHOOKS, WEBHOOKS.c.take == TAKES.c.id)
        .where(
            WEBHOOKS.c.received_at >= since,
            TAKES.c.status.not_in((TakeStatus.ORDERED, TakeStatus.IN_DOUBT)),
            sa.or_(TAKES.c.ticket.is_(None), TAKES.c.ticket != WEBHOOKS.c.ticket),
        )
        .limit(_MOST)
    )
    return [(take_of(row), row["told"]) for row in (await connection.execute(query)).mappings()]
