"""Jobs as people and programs ask for them: lists, state documents, every take there was."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

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

MOST_ROWS: Final = 10_000  # of one answer


@dataclass(frozen=True, slots=True)
class WholeJob:
    """A job's state document with all rows, and the rows as they were asked for."""

    job: Job
    state: dict[str, Any]
    shots: Sequence[Shot]


@dataclass(frozen=True, slots=True)
class JobLife:
    """A job's state document with all rows, and each row with every take there was for it."""

    state: dict[str, Any]
    rows: Sequence[tuple[Shot, list[Take]]]


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

    async def state(
        self,
        workspace: WorkspaceId,
        job: str,
        *,
        rows: bool = True,
        offset: int = 0,
        limit: int = MOST_ROWS,
    ) -> dict[str, Any]:
        """Write a job's state document, with a page of its rows if they are wanted.

        Raises JobNotFoundError.
        """
        async with self.database.read() as connection:
            found = await self.jobs.find(connection, workspace, job)
            state = self.documents.header(found)
            if rows:
                page = self.documents.rows(connection, found, offset=offset, limit=limit)
                state["rows"] = await page
        return state

    async def whole(self, workspace: WorkspaceId, job: str) -> WholeJob:
        """Read all that a job hands over in words. Raises JobNotFoundError."""
        async with self.database.read() as connection:
            found = await self.jobs.find(connection, workspace, job)
            state = await self.documents.whole(connection, found)
            return WholeJob(found, state, await self.jobs.shots(connection, found.id))

    async def life(self, workspace: WorkspaceId, job: str) -> JobLife:
        """Read a job with every take there was for each of its rows. Raises JobNotFoundError."""
        async with self.database.read() as connection:
            found = await self.jobs.find(connection, workspace, job)
            rows = [row async for row in lives(self.jobs, self.takes, connection, found.id)]
            return JobLife(await self.documents.whole(connection, found), rows)

    async def count_made(self, job: JobId) -> int:
        """Count a job's rows of which every variant was made."""
        async with self.database.read() as connection:
            return len(await self.jobs.shots_with(connection, job, [ShotStatus.SUCCEEDED]))

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
