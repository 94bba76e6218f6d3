"""Takes that are ordered, made and ended in one breath: written down many at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.kernel.digests import Sha256
from callsheet.kernel.money import Money
from callsheet.ports.database import bound
from callsheet.takes.model import Outcome, Take, TakeStatus
from callsheet.takes.moving import mine
from callsheet.takes.outputs import add_outputs
from callsheet.takes.tables import TAKES, THIS_ORDER, may_become

_END: Final = (
    sa.update(TAKES)
    .where(*THIS_ORDER, may_become(TakeStatus.SUCCEEDED))
    .values(
        status=TakeStatus.SUCCEEDED,
        asset=bound(TAKES.c.asset),
        charged=bound(TAKES.c.charged),
        note=bound(TAKES.c.note),
        ticket=bound(TAKES.c.ticket),
        outputs=bound(TAKES.c.outputs),
        running_at=bound(TAKES.c.running_at),
        adopting_at=bound(TAKES.c.adopting_at),
        finished_at=bound(TAKES.c.finished_at),
        due_at=None,
        claimed_by=None,
        held_on=None,
        looks=0,
    )
)


@dataclass(frozen=True, slots=True)
class MadeAtOnce:
    """An order that was answered with what was ordered, which is in our store as `asset`."""

    take: Take
    ticket: str
    asset: Sha256
    charged: Money
    cost: Money | None
    answered_at: datetime
    note: str | None = None

    @property
    def outputs(self) -> dict[str, Any]:
        """Word what the provider told, as a take keeps it."""
        return {"urls": [], "cost": None if self.cost is None else self.cost.micros}


async def end_made(connection: AsyncConnection, made: Sequence[MadeAtOnce], now: datetime) -> None:
    """End takes of locked jobs that stand as whoever sent their orders left them."""
    rows = [
        mine(
            each.take,
            asset=each.asset,
            charged=each.charged.micros,
            note=each.note,
            ticket=each.ticket,
            outputs=each.outputs,
            running_at=each.answered_at,
            adopting_at=each.answered_at,
            finished_at=now,
        )
        for each in made
    ]
    if rows:
        await connection.execute(_END, rows)
    outcomes = [Outcome(each.take.id, each.take.flight.epoch, asset=each.asset) for each in made]
    await add_outputs(connection, outcomes)
