"""Rows of takes that cannot be read: one of them must not keep the others from being claimed."""

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.kernel.ids import JobId, TakeId
from callsheet.ports.database import one_of
from callsheet.takes.tables import TAKES, TO_LOOK_AT, TO_ORDER, take_of

_AT_ONCE: Final = 100


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A take that is due and whose row is damaged, and how often it was met since it last moved."""

    take: TakeId
    job: JobId
    looks: int
    reason: str


async def find_unreadable(connection: AsyncConnection, now: float) -> list[Unreadable]:
    """Read every row that is due, and name those that cannot be read."""
    due = sa.select(TAKES.c.id, TAKES.c.job, TAKES.c.looks).where(
        sa.or_(sa.text(TO_ORDER), sa.text(TO_LOOK_AT)), TAKES.c.due_at <= now
    )
    rows = list(await connection.execute(due.order_by(TAKES.c.id)))
    found: list[Unreadable] = []
    for first in range(0, len(rows), _AT_ONCE):
        group = rows[first : first + _AT_ONCE]
        if await _problem(connection, [row.id for row in group]) is None:
            continue
        for row in group:
            problem = await _problem(connection, [row.id])
            if problem is not None:
                reason = f"{type(problem).__name__}: {problem}"
                found.append(Unreadable(TakeId(row.id), JobId(row.job), row.looks, reason))
    return found


async def _problem(connection: AsyncConnection, takes: list[str]) -> Exception | None:
    try:
        rows = await connection.execute(sa.select(TAKES).where(one_of(TAKES.c.id, takes)))
        for row in rows.mappings():
            take_of(row)
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError) as problem:
        return problem  # what damaged values raise; what the database says is not about a row
    return None


async def put_off(connection: AsyncConnection, bad: Unreadable, due_at: float) -> None:
    """Look at such a take again at a time, without reading it now."""
    await connection.execute(
        sa.update(TAKES)
        .where(TAKES.c.id == bad.take)
        .values(due_at=due_at, looks=TAKES.c.looks + 1, epoch=TAKES.c.epoch + 1, claimed_by=None)
    )
