"""Money as people and programs read it."""

import csv
import io
import sys
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.kernel.cells import inert
from callsheet.kernel.ids import WorkspaceId
from callsheet.kernel.moments import time_text
from callsheet.kernel.money import Money
from callsheet.money.model import Account, Budget, LedgerEntry
from callsheet.money.service import MoneyService
from callsheet.money.store import ENTRIES_OF_A_POSTING, LedgerStore
from callsheet.ports.database import Database

COLUMNS: Final = (
    *("posting", "account", "amount", "kind", "job", "take", "model", "provider"),
    *("day", "at", "by", "reason"),
)
_PAGE: Final = 1_000  # postings read at a time


@dataclass(frozen=True, slots=True)
class Spending:
    """What one job, model or day cost."""

    key: str
    spent: Money
    held: Money
    takes: int

    def as_json(self) -> dict[str, Any]:
        """Tell it as JSON."""
        return {
            "key": self.key,
            "spent": str(self.spent),
            "held": str(self.held),
            "takes": self.takes,
        }


@dataclass(frozen=True, slots=True)
class OpenHold:
    """What is set aside for an order that has not ended."""

    take: str
    model: str
    amount: Money
    since: datetime

    def as_json(self) -> dict[str, str | None]:
        """Answer it as JSON."""
        return {
            "take": self.take,
            "model": self.model,
            "amount": str(self.amount),
            "since": time_text(self.since),
        }


async def balance_of(
    money: MoneyService, connection: AsyncConnection, workspace: WorkspaceId, now: datetime
) -> dict[str, Any]:
    """Answer as JSON what is spent and held, and what each budget has left."""
    accounts = await money.store.balances(connection, workspace)
    budgets = await money.budgets(connection, workspace, now)
    return {
        "currency": "USD",
        "spent": str(accounts[Account.SPENT]),
        "held": str(accounts[Account.HELD]),
        "funds": str(accounts[Account.FUNDS]),
        "budgets": [budget_as_json(each) for each in budgets],
    }


def budget_as_json(budget: Budget) -> dict[str, str]:
    """Tell a budget as JSON."""
    return {
        "scope": budget.scope,
        "key": budget.key,
        "limit": str(budget.limit),
        "committed": str(budget.committed),
        "left": str(budget.left),
    }


def entry_as_json(entry: LedgerEntry) -> dict[str, Any]:
    """Tell an entry as JSON."""
    values = {name: getattr(entry, name) for name in COLUMNS}
    return {**values, "amount": str(entry.amount), "at": time_text(entry.at)}


async def entries_csv(
    database: Database,
    store: LedgerStore,
    workspace: WorkspaceId,
    *,
    postings: int | None = None,
    before: str = "",
    take: str | None = None,
    job: str | None = None,
) -> AsyncGenerator[str]:
    """Write entries as CSV, piece by piece: of some postings, or of all; the newest first.

    A text that a spreadsheet would run is quoted. Raises InvalidInputError.
    """
    lines: list[Sequence[str]] = [COLUMNS]
    left = sys.maxsize if postings is None else postings
    while True:
        wanted = min(left, _PAGE)
        async with database.read() as connection:
            found = await store.entries(
                connection, workspace, postings=wanted, before=before, take=take, job=job
            )
        lines += map(_cells, found)
        out = io.StringIO(newline="")
        csv.writer(out).writerows(lines)
        yield out.getvalue()
        left -= wanted
        if not left or len(found) < wanted * ENTRIES_OF_A_POSTING:
            return
        lines, before = [], found[-1].posting


def _cells(entry: LedgerEntry) -> list[str]:
    values = entry_as_json(entry).values()
    return [inert("" if value is None else str(value)) for value in values]
