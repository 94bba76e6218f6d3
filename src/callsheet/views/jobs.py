"""Jobs as people and programs ask for them: lists, state documents, every take there was."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from callsheet.jobs.asked import any_job, jobs_that_ask
from callsheet.jobs.model import Job, JobKind, Shot, ShotStatus
from callsheet.jobs.store import JobStore
from callsheet.kernel.digests import Sha256
from callsheet.kernel.ids import JobId, WorkspaceId
from callsheet.ports.database import Database
from callsheet.takes.model import Take
from callsheet.takes.store import TakeStore
from callsheet.views.state import StateView
from callsheet.views.takes import lives


@dataclass(frozen=True, slots=True)
class JobView:
    """Reads jobs; each verb reads from one connection and may raise DatabaseUnavailableError."""

    database: Database
    jobs: JobStore
    takes: TakeStore
    documents: StateView

    async def find(self, workspace: WorkspaceId, job: str) -> Job:
        """Read a job of a workspace. Raises JobNotFoundError."""
        async with self.database.read() as connection:
            return await self.jobs.find(connection, workspace, job)

    async def newest(
        self,
        workspace: WorkspaceId,
        limit: int,
        *,
        before: str | None = None,
        kind: JobKind | None = None,
    ) -> list[Job]:
        """List jobs, newest first; `before` is the id of the job after which to go on."""
        async with self.database.read() as connection:
            return await self.jobs.recent(connection, workspace, limit, before, kind)

    def header(self, job: Job) -> dict[str, Any]:
        """Write a job's state document without its rows."""
        return self.documents.header(job)

    def pages(
        self, job: Job, *, offset: int = 0, most: int | None = None
    ) -> AsyncIterator[list[dict[str, Any]]]:
        """Tell a job's rows as its state document has them, or so many of them, page by page.

        Each page is read by itself, and is at least as new as `job`.
        """
        return self.documents.pages(self.database, job, offset=offset, most=most)

    def told_pages(self, job: Job) -> AsyncIterator[list[tuple[Shot, dict[str, Any]]]]:
        """Tell a job's rows page by page, each with what it was asked for."""
        return self.documents.told_pages(self.database, job)

    async def lives(self, job: Job) -> AsyncIterator[tuple[Shot, list[Take]]]:
        """Read each row of a job with every take there was for it, in order."""
        async with self.database.read() as connection:
            async for row in lives(self.jobs, self.takes, connection, job.id):
                yield row

    async def count_made(self, job: JobId) -> int:
        """Count a job's rows of which every variant was made."""
        async with self.database.read() as connection:
            return await self.jobs.count_shots(connection, job, [ShotStatus.SUCCEEDED])

    async def that_ask(self, workspace: WorkspaceId, asked: Sha256) -> list[Job]:
        """List the jobs that ask for exactly this, newest first."""
        async with self.database.read() as connection:
            return await jobs_that_ask(connection, workspace, asked)

    async def unfinished(self) -> list[Job]:
        """List the jobs of all workspaces that have work left, oldest first."""
        async with self.database.read() as connection:
            return await self.jobs.unfinished(connection)

    async def any(self) -> bool:
        """Tell whether the database knows any job at all."""
        async with self.database.read() as connection:
            return await any_job(connection)
