"""Money in recovery snapshots: a job's ledger entries and budget, a workspace's own.

Entries come back exactly as they were posted; what is committed under budgets follows from them.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.kernel.ids import TakeId, WorkspaceId
from callsheet.kernel.money import Money
from callsheet.money.model import Account, Kind, Scope
from callsheet.money.store import BUDGETS, ENTRIES, Key, LedgerStore
from callsheet.ports.database import one_of

# the side of a posting that tells how it changes what is committed
_COMMITS: Final = {
    (Kind.HOLD, Account.HELD),
    (Kind.RELEASE, Account.HELD),
    (Kind.OVERRUN, Account.SPENT),
}


async def entries_of(connection: AsyncConnection, takes: Sequence[TakeId]) -> list[dict[str, Any]]:
    """Read the ledger entries of some takes, in one order."""
    query = sa.select(ENTRIES).where(one_of(ENTRIES.c.take, takes))
    return await _entries(connection, query)


async def adjustments_of(
    connection: AsyncConnection, workspace: WorkspaceId
) -> list[dict[str, Any]]:
    """Read the ledger entries that people made in a workspace, in one order."""
    adjust = sa.text("kind = 'adjust'")  # spelled out, as its index has it
    query = sa.select(ENTRIES).where(ENTRIES.c.workspace == workspace, adjust)
    return await _entries(connection, query)


async def _entries(
    connection: AsyncConnection, query: sa.Select[tuple[Any, ...]]
) -> list[dict[str, Any]]:
    query = query.order_by(ENTRIES.c.posting, ENTRIES.c.account)
    rows = [dict(row) for row in (await connection.execute(query)).mappings()]
    return [{**row, "at": row["at"].isoformat()} for row in rows]


async def budgets_of(
    connection: AsyncConnection, workspace: WorkspaceId, job: str | None = None
) -> list[dict[str, Any]]:
    """Read the budget of a job, or those of a workspace that belong to no job."""
    mine = BUDGETS.c.scope == Scope.JOB if job is not None else BUDGETS.c.scope != Scope.JOB
    query = sa.select(BUDGETS).where(BUDGETS.c.workspace == workspace, mine)
    query = query.where(BUDGETS.c.key == job) if job is not None else query
    rows = (await connection.execute(query.order_by(BUDGETS.c.scope, BUDGETS.c.key))).mappings()
    return [{**dict(row), "set_at": row["set_at"].isoformat()} for row in rows]


async def workspaces_with_money(connection: AsyncConnection) -> list[WorkspaceId]:
    """Name the workspaces in which people set budgets, or made entries."""
    adjust = sa.text("kind = 'adjust'")
    query = sa.union(sa.select(BUDGETS.c.workspace), sa.select(ENTRIES.c.workspace).where(adjust))
    return sorted(WorkspaceId(row.workspace) for row in await connection.execute(query))


async def restore_entries(
    connection: AsyncConnection, entries: Sequence[Mapping[str, Any]]
) -> None:
    """Write ledger entries back, and commit what they commit; those that are there stay."""
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    there = await LedgerStore().posted(connection, sorted({each["posting"] for each in entries}))
    new = [
        {**each, "at": datetime.fromisoformat(each["at"])}
        for each in entries
        if each["posting"] not in there
    ]
    if new:
        await connection.execute(insert(ENTRIES), new)
    for workspace, changes in _committed(new).items():
        await LedgerStore().lock(connection, workspace, list(changes))
        await LedgerStore().commit(connection, workspace, changes)


def _committed(entries: Sequence[Mapping[str, Any]]) -> dict[WorkspaceId, dict[Key, Money]]:
    found: dict[WorkspaceId, dict[Key, Money]] = defaultdict(lambda: defaultdict(Money))
    for each in entries:
        if (Kind(each["kind"]), Account(each["account"])) in _COMMITS:
            keys = (Scope.ALL, ""), (Scope.DAY, each["day"]), (Scope.JOB, str(each["job"]))
            for key in keys:
                found[each["workspace"]][key] += Money(each["amount"])
    return found


async def restore_budgets(
    connection: AsyncConnection, budgets: Sequence[Mapping[str, Any]]
) -> None:
    """Write budgets back; one that somebody has set meanwhile stays."""
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    rows = [{**each, "set_at": datetime.fromisoformat(each["set_at"])} for each in budgets]
    if rows:
        await connection.execute(insert(BUDGETS).on_conflict_do_nothing(), rows)
