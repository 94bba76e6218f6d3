"""Rows of the ledger, of what is committed, and of budgets."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.kernel.errors import InvalidInputError, shown
from callsheet.kernel.ids import WorkspaceId
from callsheet.kernel.money import Money
from callsheet.money.model import (
    MOVES,
    Account,
    Budget,
    BudgetKey,
    Kind,
    LedgerEntry,
    Posting,
    Scope,
)
from callsheet.ports.database import METADATA, UtcTime, bound, one_of

ENTRIES = sa.Table(
    "ledger_entries",
    METADATA,
    sa.Column("posting", sa.Text, primary_key=True),
    sa.Column("account", sa.Text, primary_key=True),
    sa.Column("workspace", sa.Text, nullable=False),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("job", sa.Text),
    sa.Column("take", sa.Text),
    sa.Column("model", sa.Text),
    sa.Column("provider", sa.Text),
    sa.Column("day", sa.Text, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("by", sa.Text),
    sa.Column("reason", sa.Text),
    sa.Index(None, "workspace", "at"),
    sa.Index(None, "take"),
    sa.Index(None, "job"),
    sa.Index(
        "ix_ledger_entries_adjusted",
        "workspace",
        postgresql_where=sa.text("kind = 'adjust'"),
        sqlite_where=sa.text("kind = 'adjust'"),
    ),
)
COMMITMENTS = sa.Table(
    "commitments",
    METADATA,
    sa.Column("workspace", sa.Text, primary_key=True),
    sa.Column("scope", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("amount", sa.BigInteger, nullable=False, server_default="0"),
)
BUDGETS = sa.Table(
    "budgets",
    METADATA,
    sa.Column("workspace", sa.Text, primary_key=True),
    sa.Column("scope", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("set_at", UtcTime, nullable=False),
    sa.Column("set_by", sa.Text, nullable=False),
)
_COMMIT = (
    sa.update(COMMITMENTS)
    .where(
        COMMITMENTS.c.workspace == bound(COMMITMENTS.c.workspace),
        COMMITMENTS.c.scope == bound(COMMITMENTS.c.scope),
        COMMITMENTS.c.key == bound(COMMITMENTS.c.key),
    )
    .values(amount=COMMITMENTS.c.amount + bound(COMMITMENTS.c.amount))
)
_POSTED = sa.select(ENTRIES.c.posting).where(one_of(ENTRIES.c.posting, "postings")).distinct()
_LIMITS = sa.select(BUDGETS).where(BUDGETS.c.workspace == sa.bindparam("of"))
ENTRIES_OF_A_POSTING = 2
Key = BudgetKey


class LedgerStore:
    """Reads and writes money; every method works in the caller's transaction."""

    async def post(
        self, connection: AsyncConnection, postings: Iterable[Posting], now: datetime, by: str = ""
    ) -> None:
        """Write postings, two entries each. One that is there already breaks the transaction."""
        rows = [
            {
                "posting": each.id,
                "account": account,
                "workspace": each.holding.workspace,
                "amount": each.amount.micros * sign,
                "kind": each.kind,
                "job": each.holding.job or None,
                "take": each.holding.take or None,
                "model": each.holding.model or None,
                "provider": each.holding.provider or None,
                "day": each.holding.day,
                "at": now,
                "by": by or None,
                "reason": each.reason,
            }
            for each in postings
            for account, sign in zip(MOVES[each.kind], (-1, 1), strict=True)
        ]
        if rows:
            await connection.execute(sa.insert(ENTRIES), rows)

    async def posted(self, connection: AsyncConnection, postings: Sequence[str]) -> set[str]:
        """Tell which of some postings are in the ledger already."""
        found = await connection.execute(_POSTED, {"postings": list(postings)})
        return {row.posting for row in found}

    async def lock(
        self, connection: AsyncConnection, workspace: WorkspaceId, keys: Sequence[Key]
    ) -> dict[Key, Money]:
        """Read what is committed and keep everybody else from committing there meanwhile.

        All rows are locked in one order, or none while one of them is missing; what is missing is
        made first, in one order too. So nobody waits in a ring: who makes rows waits only for
        others that make some, and who locks sees no row that is still being made.
        """
        ordered = sorted(set(keys))
        wanted = sa.and_(
            COMMITMENTS.c.workspace == workspace,
            sa.tuple_(COMMITMENTS.c.scope, COMMITMENTS.c.key).in_(ordered),
        )
        there = sa.select(sa.func.count()).select_from(COMMITMENTS).where(wanted)
        query = (
            sa.select(COMMITMENTS)
            .where(wanted, there.correlate(None).scalar_subquery() == len(ordered))
            .order_by(COMMITMENTS.c.scope, COMMITMENTS.c.key)
            .with_for_update()
        )
        found = (await connection.execute(query)).all()
        if len(found) < len(ordered):
            insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
            rows = [{"workspace": workspace, "scope": scope, "key": key} for scope, key in ordered]
            await connection.execute(insert(COMMITMENTS).on_conflict_do_nothing(), rows)
            found = (await connection.execute(query)).all()
        return {(Scope(row.scope), row.key): Money(row.amount) for row in found}

    async def begin(
        self, connection: AsyncConnection, workspace: WorkspaceId, jobs: Sequence[str]
    ) -> None:
        """Make the rows under which new jobs commit money."""
        rows = [{"workspace": workspace, "scope": Scope.JOB, "key": job} for job in jobs]
        if rows:
            await connection.execute(sa.insert(COMMITMENTS), rows)

    async def commit(
        self, connection: AsyncConnection, workspace: WorkspaceId, changes: Mapping[Key, Money]
    ) -> None:
        """Change what is committed, under the locks of `lock`."""
        rows = [
            {
                "b_workspace": workspace,
                "b_scope": scope,
                "b_key": key,
                "b_amount": change.micros,
            }
            for (scope, key), change in sorted(changes.items())
        ]
        if rows:
            await connection.execute(_COMMIT, rows)

    async def committed(
        self, connection: AsyncConnection, workspace: WorkspaceId, key: Key
    ) -> Money:
        """Read what is committed under one key."""
        query = sa.select(COMMITMENTS.c.amount).where(
            COMMITMENTS.c.workspace == workspace,
            COMMITMENTS.c.scope == key[0],
            COMMITMENTS.c.key == key[1],
        )
        return Money(await connection.scalar(query) or 0)

    async def limits(self, connection: AsyncConnection, workspace: WorkspaceId) -> dict[Key, Money]:
        """Read the budgets that somebody set."""
        found = await connection.execute(_LIMITS, {"of": workspace})
        return {(Scope(row.scope), row.key): Money(row.amount) for row in found}

    async def set_limit(
        self,
        connection: AsyncConnection,
        workspace: WorkspaceId,
        key: Key,
        limit: Money | None,
        now: datetime,
        by: str,
    ) -> None:
        """Set a budget; None removes it."""
        at = (BUDGETS.c.workspace == workspace, BUDGETS.c.scope == key[0], BUDGETS.c.key == key[1])
        await connection.execute(sa.delete(BUDGETS).where(*at))
        if limit is not None:
            row = {"workspace": workspace, "scope": key[0], "key": key[1]}
            said = {"amount": limit.micros, "set_at": now, "set_by": by}
            await connection.execute(sa.insert(BUDGETS), {**row, **said})

    async def balances(
        self, connection: AsyncConnection, workspace: WorkspaceId
    ) -> dict[Account, Money]:
        """Sum each account of a workspace."""
        query = (
            sa.select(ENTRIES.c.account, sa.func.sum(ENTRIES.c.amount))
            .where(ENTRIES.c.workspace == workspace)
            .group_by(ENTRIES.c.account)
        )
        found = {Account(row[0]): Money(int(row[1])) for row in await connection.execute(query)}
        return {account: found.get(account, Money()) for account in Account}

    async def sum_of_all(self, connection: AsyncConnection) -> Money:
        """Sum every entry of every workspace: zero, always."""
        return Money(int(await connection.scalar(sa.select(sa.func.sum(ENTRIES.c.amount))) or 0))

    async def entries(
        self,
        connection: AsyncConnection,
        workspace: WorkspaceId,
        *,
        postings: int,
        before: str = "",
        take: str | None = None,
        job: str | None = None,
    ) -> list[LedgerEntry]:
        """List the entries of some postings, the newest first, from before a posting on.

        Raises InvalidInputError.
        """
        place = sa.tuple_(ENTRIES.c.at, ENTRIES.c.posting)
        query = sa.select(ENTRIES).where(ENTRIES.c.workspace == workspace)
        query = query.where(ENTRIES.c.take == take) if take else query
        query = query.where(ENTRIES.c.job == job) if job else query
        if before:
            at = await self._posted_at(connection, workspace, before)
            query = query.where(place < sa.tuple_(at, before))
        query = query.order_by(ENTRIES.c.at.desc(), ENTRIES.c.posting.desc(), ENTRIES.c.account)
        rows = await connection.execute(query.limit(postings * ENTRIES_OF_A_POSTING))
        return [_entry(row) for row in rows.mappings()]

    async def _posted_at(
        self, connection: AsyncConnection, workspace: WorkspaceId, posting: str
    ) -> datetime:
        query = sa.select(ENTRIES.c.at).where(
            ENTRIES.c.posting == posting, ENTRIES.c.workspace == workspace
        )
        at: datetime | None = await connection.scalar(query.limit(1))
        if at is None:
            raise InvalidInputError(f"cursor: there is no posting {shown(posting)}")
        return at

    async def held(
        self, connection: AsyncConnection, workspace: WorkspaceId
    ) -> list[tuple[str, str, Money, datetime]]:
        """List open holds: take, model, amount, since when."""
        amount = sa.func.sum(ENTRIES.c.amount)
        query = (
            sa.select(
                ENTRIES.c.take, sa.func.max(ENTRIES.c.model), amount, sa.func.min(ENTRIES.c.at)
            )
            .where(ENTRIES.c.workspace == workspace, ENTRIES.c.account == Account.HELD)
            .group_by(ENTRIES.c.take)
            .having(amount != 0)
            .order_by(ENTRIES.c.take)
        )
        rows = await connection.execute(query)
        return [(row[0], row[1], Money(int(row[2])), row[3]) for row in rows]

    async def spent_by(
        self, connection: AsyncConnection, workspace: WorkspaceId, column: str, limit: int
    ) -> list[tuple[str, Money, Money, int]]:
        """Sum what was spent and what is held by job, model or day: key, spent, held, takes."""
        by = ENTRIES.c[column]

        def total(account: Account) -> Any:
            return sa.func.sum(sa.case((ENTRIES.c.account == account, ENTRIES.c.amount), else_=0))

        query = (
            sa.select(by, total(Account.SPENT), total(Account.HELD), _takes())
            .where(ENTRIES.c.workspace == workspace, by.is_not(None), ENTRIES.c.take.is_not(None))
            .group_by(by)
            .order_by(total(Account.SPENT).desc(), by)
            .limit(limit)
        )
        rows = await connection.execute(query)
        return [(row[0], Money(int(row[1])), Money(int(row[2])), row[3]) for row in rows]

    async def budgets(
        self, connection: AsyncConnection, workspace: WorkspaceId, keys: Mapping[Key, Money]
    ) -> list[Budget]:
        """Put budgets beside what is committed under them."""
        return [
            Budget(scope, key, limit, await self.committed(connection, workspace, (scope, key)))
            for (scope, key), limit in sorted(keys.items())
        ]


def _takes() -> Any:
    return sa.func.count(sa.distinct(ENTRIES.c.take))


def _entry(row: sa.RowMapping) -> LedgerEntry:
    return LedgerEntry(
        posting=row["posting"],
        account=Account(row["account"]),
        amount=Money(row["amount"]),
        kind=Kind(row["kind"]),
        job=row["job"],
        take=row["take"],
        model=row["model"],
        provider=row["provider"],
        day=row["day"],
        at=row["at"],
        by=row["by"],
        reason=row["reason"],
    )
