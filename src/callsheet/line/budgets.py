"""Setting what a workspace may commit in all, in each day, or for one of its jobs."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from callsheet.jobs.store import JobStore
from callsheet.kernel.errors import InvalidInputError
from callsheet.kernel.ids import WorkspaceId
from callsheet.kernel.money import Money
from callsheet.money.model import Scope
from callsheet.money.service import MoneyService
from callsheet.ports.database import Database


@dataclass(frozen=True, slots=True)
class BudgetControl:
    """Sets and removes budgets; each verb is one transaction and safe to repeat."""

    database: Database
    jobs: JobStore
    money: MoneyService
    clock: Callable[[], datetime]

    async def set(
        self, workspace: WorkspaceId, scope: Scope, job: str, limit: Money | None, *, by: str
    ) -> None:
        """Bound what is committed by a limit, or by none; `job` is named with its scope alone.

        What would pass a limit is refused before anything is sent; what is out already stays.
        Raises InvalidInputError, JobNotFoundError, DatabaseUnavailableError.
        """
        if (scope is Scope.JOB) != bool(job):
            raise InvalidInputError("job: name the job with the budget `job`, and with no other")
        async with self.database.begin() as connection:
            if job:
                await self.jobs.find(connection, workspace, job)
            await self.money.set_budget(
                connection, workspace, scope, job, limit, by=by, now=self.clock()
            )
