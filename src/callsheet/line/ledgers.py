"""Keeping the ledger objects up with the journals."""

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final
from weakref import WeakValueDictionary

from callsheet.delivery.ledger import Ledger
from callsheet.jobs.model import FINISHED
from callsheet.kernel.errors import UnavailableError
from callsheet.kernel.ids import JobId
from callsheet.kernel.logs import event
from callsheet.kernel.steady import steady_s
from callsheet.line.context import LineContext
from callsheet.line.manifest import manifest_head, manifest_shots
from callsheet.line.recovery.snapshots import Snapshots
from callsheet.ports.blobs import BlobConflictError
from callsheet.views.state import StateView

_LOG = logging.getLogger("callsheet.ledger")
_EVERY_S: Final = 0.5
_APART_S: Final = 2.0  # between two writes of one ledger
_SHARE: Final = 20  # a ledger that takes long to write is written this many times more rarely
_CLAIM_S: Final = 15.0  # a process that dies while it writes is followed by another after this
_AT_ONCE: Final = 8
_AT_THE_END: Final = 1_000
_WORKSPACES_S: Final = 5.0  # between two looks at what people set and corrected


@dataclass(frozen=True, slots=True)
class LedgerKeeper:
    """Writes every ledger object that is behind its job, in whichever process runs it."""

    ctx: LineContext
    view: StateView
    ledger: Ledger
    snapshots: Snapshots
    _writing: WeakValueDictionary[JobId, asyncio.Lock] = field(
        default_factory=WeakValueDictionary, init=False
    )

    async def run(self) -> None:
        """Keep at it until cancelled. A store that is away is tried again; nothing is lost."""
        workspaces_due = 0.0
        while True:
            try:
                busy = await self.write_due()
                if steady_s() >= workspaces_due:
                    await self.snapshots.write_workspaces()
                    workspaces_due = steady_s() + _WORKSPACES_S
            except BlobConflictError:
                busy = 0  # another process wrote a newer one
            except UnavailableError as problem:
                self.ctx.books.metrics.ledgers.labels("failed").inc()
                _LOG.warning("ledger.waits", extra=event(reason=str(problem)))
                busy = 0
            if not busy:
                await asyncio.sleep(_EVERY_S)

    async def write_due(self) -> int:
        """Write the ledgers that are behind and may be written now; how many."""
        now = self.ctx.books.clock().timestamp()
        async with self.ctx.books.database.read() as connection:
            if not await self.ctx.jobs.store.ledgers_due(connection, now):
                return 0
        async with self.ctx.books.database.begin() as connection:
            jobs = await self.ctx.jobs.store.claim_ledgers(
                connection, now, now + _CLAIM_S, _AT_ONCE
            )
        for job_id in jobs:
            try:
                await self.write_one(job_id)
            except (UnavailableError, BlobConflictError):
                async with self.ctx.books.database.begin() as connection:
                    await self.ctx.jobs.store.ledger_later(connection, job_id, now + _APART_S)
                raise
        return len(jobs)

    async def catch_up(self) -> None:
        """Write every ledger that is behind, due or not: the last act of a process that ends.

        `callsheet run` ends within a second of its job, and what the store does not know by then
        is lost with the database.
        """
        now = self.ctx.books.clock().timestamp()
        await self.snapshots.write_workspaces()
        async with self.ctx.books.database.begin() as connection:
            jobs = await self.ctx.jobs.store.claim_ledgers(
                connection, float("inf"), now + _CLAIM_S, _AT_THE_END
            )
        for job_id in jobs:
            with suppress(BlobConflictError):
                await self.write_one(job_id)

    async def write_through(self, job_id: JobId) -> None:
        """Do not come back before the store knows a job as it stands. Raises UnavailableError."""
        async with self.ctx.books.database.read() as connection:
            wanted = (await self.ctx.jobs.store.of_any_workspace(connection, job_id)).work.sequence
        while True:
            try:
                await self.write_one(job_id, wanted)
            except BlobConflictError:  # another process wrote it meanwhile, maybe an older state
                await asyncio.sleep(_EVERY_S)
            else:
                return

    async def write_one(self, job_id: JobId, wanted: int | None = None) -> None:
        """Write one job's ledger as it stands now, unless it has the version that is wanted.

        One at a time in this process. Raises UnavailableError, BlobConflictError.
        """
        async with self._writing.setdefault(job_id, asyncio.Lock()):
            await self._write(job_id, wanted)

    async def _write(self, job_id: JobId, wanted: int | None) -> None:
        started = self.ctx.books.clock().timestamp()
        etag = await self.ledger.etag(job_id)
        async with self.ctx.books.database.read() as connection:
            job = await self.ctx.jobs.store.of_any_workspace(connection, job_id)
            if wanted is not None and job.work.ledger_version >= wanted:
                return
        if job.work.ledger_version == 0 or etag is None:
            head = await manifest_head(self.ctx, job)
            await self.ledger.write_manifest(job_id, head, manifest_shots(self.ctx, job))
        await self.snapshots.write(job)  # first: what the public ledger tells can be recovered
        rows = self.view.pages(self.ctx.books.database, job)
        await self.ledger.write(job_id, self.view.header(job), rows, etag)
        now = self.ctx.books.clock().timestamp()
        due = now + max(_APART_S, (now - started) * _SHARE)
        due = now if job.status in FINISHED else due
        async with self.ctx.books.database.begin() as connection:
            await self.ctx.jobs.store.ledger_written(connection, job_id, job.work.sequence, due)
        self.ctx.books.metrics.ledgers.labels("written").inc()
