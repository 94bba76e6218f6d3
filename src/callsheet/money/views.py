"""Money as people and programs read it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.kernel.ids import WorkspaceId
from callsheet.kernel.moments import time_text
from callsheet.kernel.money import Money
from callsheet.money.model import Account, Budget, LedgerEntry
from callsheet.money.service import Purse

COLUMNS: Final = (
    *("posting", "account", "amount", "kind", "job", "take", "model", "provider"),
    *("day", "at", "by", "reason"),
)


@dataclass(frozen=True, slots=True)
class Spending:
    """What one job, model or day cost."""

    key: str
    spent: Money
    held: Money
    takes: int

    def told(self) -> dict[str, Any]:
        """Tell it as JSON."""
        return {
            "key": self.key,
            "spent": str(self.spent),
            "held": str(self.held),
            "takes": self.takes,
        }


async def balance_of(
    purse: Purse, connection: AsyncConnection, workspace: WorkspaceId, now: datetime
) -> dict[str, Any]:
    """Tell what is spent and held, and what each budget has left."""
    accounts = await purse.store.balances(connection, workspace)
    budgets = await purse.budgets(connection, workspace, now)
    return {
        "currency": "USD",
        "spent": str(accounts[Account.SPENT]),
        "held": str(accounts[Account.HELD]),
        "funds": str(accounts[Account.FUNDS]),
        "budgets": [told_budget(each) for each in budgets],
    }


def told_budget(budget: Budget) -> dict[str, str]:
    """Tell a budget as JSON."""
    return {
        "scope": budget.scope,
        "key": budget.key,
        "limit": str(budget.limit),
        "committed": str(budget.committed),
        "left": str(budget.left),
    }


def told_entry(entry: LedgerEntry) -> dict[str, Any]:
    """Tell an entry as JSON."""
    told = {name: getattr(entry, name) for name in COLUMNS}
    return {**told, "amount": str(entry.amount), "at": time_text(entry.at)}


def entries_csv(entries: Iterable[Mapping[str, Any]]) -> Iterable[Sequence[str]]:
    """Write entries as lines of a table; a text that a spreadsheet would run is quoted."""
    yield COLUMNS
    for entry in entries:
        yield [_inert(str(entry[name] if entry[name] is not None else "")) for name in COLUMNS]


def _inert(cell: str) -> str:
    number = cell.lstrip("-").replace(".", "", 1).isdecimal()
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) and not number else cell
