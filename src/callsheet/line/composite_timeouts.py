"""Hosted composites that take too long: a local one takes their place, and their orders go on."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Never

from callsheet.controls.composites import CompositeSettings
from callsheet.kernel.errors import UnavailableError
from callsheet.kernel.ids import JobId, TakeId
from callsheet.kernel.logs import event
from callsheet.line.composed import CompositeTimeoutError
from callsheet.line.context import LineContext
from callsheet.line.progress import LineProgress
from callsheet.orders.progress import Moves
from callsheet.orders.settlement import end, failure
from callsheet.ports.engine import Loop
from callsheet.takes.composites import HostedComposites
from callsheet.takes.model import ENDED, WAITING

_LOG: Final = logging.getLogger("callsheet.line")
_EVERY_S: Final = 1.0
_MOST: Final = 200  # takes of one look


@dataclass(frozen=True, slots=True)
class CompositeTimeouts:
    """Looks for hosted composites that are late; every process that works may do it."""

    ctx: LineContext
    progress: LineProgress
    settings: CompositeSettings
    hosted: HostedComposites

    def loops(self) -> Mapping[str, Loop]:
        """Name what is to run as long as this looks."""
        return {"composite-timeouts": self._run}

    async def _run(self) -> Never:
        while True:
            try:
                await self.turn()
            except UnavailableError as problem:
                _LOG.warning("hosted.waits", extra=event(reason=str(problem)))
            await asyncio.sleep(_EVERY_S)

    async def turn(self) -> None:
        """Look once. Raises UnavailableError."""
        async with self.ctx.books.database.read() as connection:
            now = self.ctx.books.clock()
            if not await self.hosted.overdue(connection, now, 1):  # nothing is under way
                return
            rules = await self.settings.current(connection)
            after_s = rules.kontext_timeout_seconds
            before = now - timedelta(seconds=after_s)
            late = await self.hosted.overdue(connection, before, _MOST)
        for job, takes in late.items():
            await self._replace(job, takes, after_s)

    async def _replace(self, job_id: JobId, late: Sequence[TakeId], after_s: float) -> None:
        """Replace a job's late takes: what was not sent ends, what was is followed further."""
        books = self.ctx.books
        async with books.database.begin(small=True) as connection:
            job = await self.progress.lock(connection, job_id)
            if not job.wants_orders:  # it rests, or it ended
                return
            takes = [await books.takes.of_any_workspace(connection, take) for take in late]
            unsent = [take for take in takes if take.status in WAITING]
            sent = [take for take in takes if take.status not in {*WAITING, *ENDED}]
            for take in (*unsent, *sent):
                said = event(take=take.id, job=job_id, after_s=after_s, ticket=take.flight.ticket)
                _LOG.warning("composite.timed_out", extra=said)
            if unsent:
                into = Moves()
                errors = [
                    CompositeTimeoutError(take.provider, after_s, ordered=False) for take in unsent
                ]
                endings = [failure(*each) for each in zip(unsent, errors, strict=True)]
                await end(self.ctx, connection, job, endings, into)
                await self.progress.report(connection, job, into)
                job = await self.progress.lock(connection, job_id)
            if sent:
                await self.progress.replace(connection, job, sent, after_s)
