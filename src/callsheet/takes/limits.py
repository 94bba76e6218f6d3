"""How many orders a provider's pace allows now, over all processes together."""

from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.ports.hosted import Pace
from callsheet.takes.model import OUT
from callsheet.takes.tables import TAKES

_WINDOWS: Final = (("per_minute", 60), ("per_hour", 3_600), ("per_day", 86_400))


async def room(
    connection: AsyncConnection, provider: str, pace: Pace, asked: int, now: datetime
) -> int:
    """Count how many of `asked` orders a provider's pace allows now.

    Exact sliding windows, counted from the takes themselves. Right across processes if the
    caller holds the provider's row locked.
    """
    room = asked
    ours = sa.select(sa.func.count()).where(TAKES.c.provider == provider)
    if pace.concurrent is not None:
        out = await connection.scalar(ours.where(TAKES.c.status.in_(OUT)))
        room = min(room, pace.concurrent - (out or 0))
    for name, seconds in _WINDOWS:
        most = getattr(pace, name)
        if most is None or room <= 0:
            continue
        since = now - timedelta(seconds=seconds)
        lately = ours.where(TAKES.c.ordered_at > since, TAKES.c.order_digest.is_not(None))
        room = min(room, most - (await connection.scalar(lately) or 0))
    return max(room, 0)
