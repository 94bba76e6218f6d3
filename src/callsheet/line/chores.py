"""What is cleaned up once an hour: backups, answers, webhooks, uploads that never arrived."""

import asyncio
import itertools
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from callsheet.controls.store import AnswerStore
from callsheet.controls.wishes import WishStore
from callsheet.delivery.ledger import KEPT_BACKUPS, Ledger
from callsheet.delivery.webhook_store import DeliveryStore
from callsheet.kernel.errors import UnavailableError
from callsheet.kernel.logs import event
from callsheet.line.context import LineContext
from callsheet.orders.kept_answers import sweep_inline_outputs
from callsheet.orders.recovery_log import merge_segments

_LOG = logging.getLogger("callsheet.chores")
_EVERY_S: Final = 300.0
_IN_AN_HOUR: Final = 12
_ARRIVED_BY_NOW: Final = timedelta(days=1)

_KEPT_MESSAGES: Final = timedelta(days=30)

Sweep = Callable[[datetime], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class Chores:
    """Cleans up; every process that works may do it, at the same time too."""

    ctx: LineContext
    ledger: Ledger
    answers: AnswerStore
    sweep_incoming: Sweep
    deliveries: DeliveryStore

    async def run(self) -> None:
        """Do the round every hour until cancelled, and look after parcels more often."""
        for turn in itertools.count():
            try:
                if turn % _IN_AN_HOUR:
                    await sweep_inline_outputs(self.ctx, self.ctx.books.clock())
                else:
                    await self.round()
            except UnavailableError as problem:
                _LOG.warning("chores.wait", extra=event(reason=str(problem)))
            await asyncio.sleep(_EVERY_S)

    async def round(self) -> None:
        """Clean up once."""
        now = self.ctx.books.clock()
        async with self.ctx.books.database.begin() as connection:
            await self.answers.forget(connection, now)
            await WishStore().sweep(connection, now - _ARRIVED_BY_NOW)
            await self.ctx.books.webhooks.forget(connection, now)
            await self.ctx.books.uploads.forget(connection, now)
            await self.deliveries.forget(connection, now - _KEPT_MESSAGES)
        await self.ledger.drop_old_backups(now - timedelta(hours=KEPT_BACKUPS))
        await self.sweep_incoming(now - _ARRIVED_BY_NOW)
        await sweep_inline_outputs(self.ctx, now)
        await merge_segments(self.ctx.media.blobs, now)
