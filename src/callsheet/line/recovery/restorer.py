"""Rebuilding jobs from the store alone: for the day the database is gone."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from callsheet.controls.store import AnswerStore
from callsheet.delivery.errors import LedgerCorruptError
from callsheet.delivery.ledger import Ledger
from callsheet.delivery.recovery import Recovery
from callsheet.jobs.errors import JobNotFoundError, SnapshotUnreadableError
from callsheet.jobs.snapshot import Snapshot
from callsheet.kernel.ids import JobId, WorkspaceId
from callsheet.line.context import LineContext
from callsheet.line.recovery.from_ledger import PublicLedgerReader
from callsheet.line.recovery.from_log import SinglesRestorer
from callsheet.line.recovery.from_snapshot import recovered, write_recovered
from callsheet.line.recovery.result import Restored
from callsheet.money.snapshot import restore_budgets, restore_entries
from callsheet.ports.blobs import BlobNotFoundError
from callsheet.ports.models import UnknownModelError, UnusableCardError

# what one job cannot be brought back for; the others are
_NOT_BACK: Final = (
    LedgerCorruptError,
    SnapshotUnreadableError,
    BlobNotFoundError,
    UnknownModelError,
    UnusableCardError,
)


@dataclass(frozen=True, slots=True)
class Restorer:
    """Brings jobs back that the database does not know."""

    ctx: LineContext
    ledger: Ledger
    answers: AnswerStore
    recovery: Recovery

    async def restore(self) -> AsyncIterator[Restored]:
        """Go through every ledger in the store; a job that is there already is left alone.

        What belongs to workspaces comes first. Raises SnapshotUnreadableError for one of a version
        that we do not know: budgets that are not in force would let jobs spend.
        """
        async for workspace in self.recovery.workspaces():
            try:
                await self._restore_workspace(workspace)
            except LedgerCorruptError as error:
                yield Restored(f"budgets of {workspace}", problem=str(error))
        async for job in self.ledger.jobs():
            try:
                yield await self._restore_one(JobId(job))
            except _NOT_BACK as error:
                yield Restored(job, problem=str(error))
        async for restored in SinglesRestorer(self.ctx, self.answers).restore():
            yield restored

    async def _restore_one(self, job_id: JobId) -> Restored:
        async with self.ctx.books.database.read() as connection:
            try:
                await self.ctx.jobs.store.of_any_workspace(connection, job_id)
            except JobNotFoundError:
                pass
            else:
                return Restored(job_id, problem="it is in the database already")
        public = PublicLedgerReader(self.ctx, self.ledger, self.answers)
        snapshot = await self.recovery.newest(job_id)
        # the public ledger is ahead where an older callsheet, which knows no snapshots, wrote last
        if snapshot is not None and snapshot.sequence >= await public.version(job_id):
            return await self._restore_snapshot(snapshot)
        return await public.restore(job_id)

    async def _restore_snapshot(self, snapshot: Snapshot) -> Restored:
        back = await recovered(self.ctx, snapshot)
        async with self.ctx.books.database.begin() as connection:
            await write_recovered(self.ctx, self.answers, connection, snapshot, back)
        return Restored(back.job.id, rows=len(back.shots), pictures=back.pictures)

    async def _restore_workspace(self, workspace: WorkspaceId) -> None:
        """Bring back what people set and corrected in a workspace; what is there stays."""
        kept = await self.recovery.workspace(workspace)
        if kept is not None:
            async with self.ctx.books.database.begin() as connection:
                await restore_entries(connection, kept["adjustments"])
                await restore_budgets(connection, kept["budgets"])
