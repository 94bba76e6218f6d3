"""One look for all the loops at what has become due, wherever and by whomever it was written."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Never

from callsheet.kernel.errors import UnavailableError
from callsheet.kernel.logs import event
from callsheet.orders.context import OrderContext
from callsheet.orders.loops import AWAY_S
from callsheet.ports.engine import Loop

_LOG = logging.getLogger("callsheet.orders")
_LOOK_S: Final = 0.25


@dataclass(frozen=True, slots=True)
class DuePoller:
    """Wakes the loops for which something is due.

    Takes fall due with time and by other processes' hands, and a look costs the same when nothing
    is: so there is one, of one statement, instead of one of each loop.
    """

    ctx: OrderContext

    def loops(self) -> Mapping[str, Loop]:
        """Name what is to run as long as this looks."""
        return {"lookout": self._run}

    async def _run(self) -> Never:
        while True:
            await asyncio.sleep(_LOOK_S)
            try:
                await self.look()
            except UnavailableError as problem:
                _LOG.warning("hosted.waits", extra=event(reason=str(problem)))
                await asyncio.sleep(AWAY_S)

    async def look(self) -> None:
        """Look once. Raises UnavailableError."""
        ctx = self.ctx
        async with ctx.books.database.read() as connection:
            due = await ctx.books.in_flight.due(connection, ctx.books.clock())
        for is_due, wake in (
            (due.to_order, ctx.runtime.wake_submitter),
            (due.to_follow, ctx.runtime.wake_poller),
            (due.to_bring, ctx.runtime.wake_downloader),
        ):
            if is_due:
                wake.set()
