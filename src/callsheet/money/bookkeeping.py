"""What people ask of the money and tell it: balances, the ledger, holds, costs, corrections."""

from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from callsheet.kernel.ids import WorkspaceId
from callsheet.kernel.money import Money
from callsheet.money.model import Budget
from callsheet.money.service import MoneyService
from callsheet.money.store import ENTRIES_OF_A_POSTING
from callsheet.money.views import OpenHold, Spending, balance_of, entries_csv, entry_as_json
from callsheet.ports.database import Database

Summed = Literal["job", "model", "day"]


@dataclass(frozen=True, slots=True)
class EntryPage:
    """Entries as JSON, the newest first; `next_cursor` continues the list, None at its end."""

    items: Sequence[dict[str, Any]]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Bookkeeping:
    """Verbs on a workspace's money, each in a transaction of its own.

    What orders do to money is in `money.service`, in the transaction of the order. Each verb
    raises DatabaseUnavailableError.
    """

    database: Database
    money: MoneyService
    clock: Callable[[], datetime]

    async def balance(self, workspace: WorkspaceId) -> dict[str, Any]:
        """Answer as JSON what is spent and held, and what each budget has left."""
        async with self.database.read() as connection:
            return await balance_of(self.money, connection, workspace, self.clock())

    async def budgets(self, workspace: WorkspaceId) -> list[Budget]:
        """List the budgets in force, with what is committed of each."""
        async with self.database.read() as connection:
            return await self.money.budgets(connection, workspace, self.clock())

    async def entries(
        self,
        workspace: WorkspaceId,
        *,
        postings: int,
        before: str = "",
        take: str | None = None,
        job: str | None = None,
    ) -> EntryPage:
        """List the entries of some postings; `before` is a page's `next_cursor`.

        Raises InvalidInputError for a cursor that is none of ours.
        """
        async with self.database.read() as connection:
            found = await self.money.store.entries(
                connection, workspace, postings=postings, before=before, take=take, job=job
            )
        is_full = len(found) == postings * ENTRIES_OF_A_POSTING
        more = found[-1].posting if is_full else None
        return EntryPage([entry_as_json(entry) for entry in found], more)

    def entries_csv(
        self,
        workspace: WorkspaceId,
        *,
        postings: int | None = None,
        before: str = "",
        take: str | None = None,
        job: str | None = None,
    ) -> AsyncGenerator[str]:
        """Write entries as CSV, piece by piece; all of them if `postings` is None.

        Raises InvalidInputError, with the first piece, for a cursor that is none of ours.
        """
        return entries_csv(
            self.database,
            self.money.store,
            workspace,
            postings=postings,
            before=before,
            take=take,
            job=job,
        )

    async def holds(self, workspace: WorkspaceId) -> list[OpenHold]:
        """List what is set aside for orders that have not ended, by take."""
        async with self.database.read() as connection:
            rows = await self.money.store.held(connection, workspace)
        return [OpenHold(*row) for row in rows]

    async def spent_by(self, workspace: WorkspaceId, what: Summed, limit: int) -> list[Spending]:
        """Sum up what was spent and is held by job, model or day (UTC), the dearest first."""
        async with self.database.read() as connection:
            rows = await self.money.store.spent_by(connection, workspace, what, limit)
        return [Spending(*row) for row in rows]

    async def adjust(self, workspace: WorkspaceId, amount: Money, *, reason: str, by: str) -> str:
        """Add to the funds, or correct them with a negative amount; answers the posting's id."""
        async with self.database.begin() as connection:
            return await self.money.adjust(
                connection, workspace, amount, reason=reason, by=by, now=self.clock()
            )
