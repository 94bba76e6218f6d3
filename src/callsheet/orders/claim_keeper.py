"""Keeping claims for as long as work on them goes on, and due times within reason."""

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Never

from callsheet.kernel.errors import UnavailableError
from callsheet.kernel.ids import TakeId
from callsheet.kernel.logs import event
from callsheet.orders.context import OrderContext
from callsheet.takes.model import Take

_LOG = logging.getLogger("callsheet.orders")
_SHARE: Final = 3  # a claim is renewed so many times before it would run out


@dataclass(frozen=True, slots=True)
class ClaimKeeper:
    """Renews the claims of takes that are being worked on, each for `for_s` seconds.

    A list may take minutes to read. Whoever began to read it must not find that others have begun
    as well, or have ordered again what it is about to judge.

    It also lets be due what cannot be so far ahead: the clock was set back since that was written.
    """

    ctx: OrderContext
    for_s: float
    _takes: dict[TakeId, Take] = field(default_factory=dict)

    def add(self, takes: Iterable[Take]) -> None:
        """Keep claims from now on."""
        self._takes.update({take.id: take for take in takes})

    def drop(self, takes: Iterable[Take]) -> None:
        """Let claims run out; not one that was taken anew meanwhile."""
        for take in takes:
            if self._takes.get(take.id) is take:
                del self._takes[take.id]

    async def run(self) -> Never:
        """Keep what there is until cancelled."""
        while True:
            try:
                await self.turn()
            except UnavailableError as problem:
                _LOG.warning("claims.wait", extra=event(reason=str(problem)))
            await asyncio.sleep(self.for_s / _SHARE)

    async def turn(self) -> None:
        """Renew all claims once. Raises UnavailableError."""
        ctx, takes = self.ctx, list(self._takes.values())
        now = ctx.books.clock()
        async with ctx.books.database.read() as connection:
            ahead = await ctx.books.in_flight.due_too_far_ahead(connection, now)
        if not takes and not ahead:
            return
        async with ctx.books.database.begin(small=True) as connection:
            await ctx.books.in_flight.renew(connection, takes, now.timestamp() + self.for_s)
            brought = await ctx.books.in_flight.bring_forward(connection, now) if ahead else 0
        if brought:
            _LOG.warning("takes.brought_forward", extra=event(takes=brought))
            for wake in (
                ctx.runtime.wake_submitter,
                ctx.runtime.wake_poller,
                ctx.runtime.wake_downloader,
            ):
                wake.set()
