"""How many orders a provider's pace allows now, over all processes together."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.ports.hosted import Pace
from callsheet.takes.model import OUT
from callsheet.takes.tables import TAKES

_WINDOWS: Final = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
}


@dataclass(frozen=True, slots=True)
class Full:
    """What keeps orders from a provider now: `most` of them are out, or were sent in a `window`.

    Orders go on at `until`, or when one that is out has ended if that is None.
    """

    most: int
    window: str = ""
    until: datetime | None = None


async def room(
    connection: AsyncConnection, provider: str, pace: Pace, asked: int, now: datetime
) -> int:
    """Count how many of `asked` orders a provider's pace allows now.

    Exact sliding windows, counted from the takes themselves. Right across processes if the
    caller holds the provider's row locked.
    """
    room = asked
    if pace.concurrent is not None:
        room = min(room, pace.concurrent - await _out(connection, provider))
    for window, most in _bounds(pace).items():
        if room > 0:
            count = sa.select(sa.func.count()).where(*_sent(provider, now - _WINDOWS[window]))
            room = min(room, most - (await connection.scalar(count) or 0))
    return max(room, 0)


async def full(
    connection: AsyncConnection, provider: str, pace: Pace, now: datetime
) -> Full | None:
    """Find the limit of a provider's pace that allows no order for the longest; None if one may go.

    What was sent in a window leaves it in the same order, so its `most`-th newest order says when.
    """
    until: datetime | None = None
    found: Full | None = None
    for window, most in _bounds(pace).items():
        length = _WINDOWS[window]
        newest = sa.select(TAKES.c.ordered_at).where(*_sent(provider, now - length))
        query = newest.order_by(TAKES.c.ordered_at.desc()).offset(most - 1).limit(1)
        sent = await connection.scalar(query)
        if sent is not None and (until is None or sent + length > until):
            until = sent + length
            found = Full(most, window, until)
    most_out = pace.concurrent
    if found is None and most_out is not None and await _out(connection, provider) >= most_out:
        found = Full(most_out)
    return found


def _bounds(pace: Pace) -> dict[str, int]:
    bounds = {"minute": pace.per_minute, "hour": pace.per_hour, "day": pace.per_day}
    return {window: most for window, most in bounds.items() if most is not None}


def _sent(provider: str, since: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        TAKES.c.provider == provider,
        TAKES.c.ordered_at > since,
        TAKES.c.order_digest.is_not(None),
    )


async def _out(connection: AsyncConnection, provider: str) -> int:
    query = sa.select(sa.func.count())
    where = TAKES.c.provider == provider, TAKES.c.status.in_(OUT)
    return await connection.scalar(query.where(*where)) or 0
