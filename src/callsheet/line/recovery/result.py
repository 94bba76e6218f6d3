"""What restoring a job comes to, whether from its ledger object or from the recovery log."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.kernel.money import Money
from callsheet.line.context import LineContext
from callsheet.money.model import Settlement
from callsheet.orders.settlement import holding_of
from callsheet.takes.model import Take


@dataclass(frozen=True, slots=True)
class Restored:
    """What became of one job: `problem` is empty when it is back."""

    job: str
    rows: int = 0
    pictures: int = 0
    problem: str = ""


async def write_money(ctx: LineContext, connection: AsyncConnection, takes: Sequence[Take]) -> None:
    """Write the ledger of restored takes anew: what is set aside, and what was charged."""
    now = ctx.books.clock()
    today = now.date().isoformat()
    charged = [
        replace(take, flight=replace(take.flight, held_on=_ended_on(take, now), holds=1))
        for take in takes
        if take.charged > Money()
    ]
    held = [take for take in takes if take.flight.held_on == today]
    holdings = [
        *(replace(holding_of(take), amount=take.charged) for take in charged),
        *map(holding_of, held),
    ]
    await ctx.books.money.hold(connection, holdings, now, restoring=True)
    settlements = [
        Settlement(replace(holding_of(take), amount=take.charged), take.charged) for take in charged
    ]
    await ctx.books.money.settle(connection, settlements, now)


def _ended_on(take: Take, now: datetime) -> str:
    return (take.times.finished_at or now).date().isoformat()
