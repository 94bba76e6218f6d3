"""Rows of takes."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.jobs.tables import JOBS
from callsheet.kernel.digests import Sha256
from callsheet.kernel.ids import JobId, TakeId, WorkspaceId
from callsheet.kernel.money import Money
from callsheet.ports.database import METADATA, UtcTime
from callsheet.takes.errors import TakeNotFoundError
from callsheet.takes.model import ENDED, WAITING, Outcome, Take, TakeStatus

TAKES = sa.Table(
    "takes",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("workspace", sa.Text, nullable=False),
    sa.Column("job", sa.ForeignKey(JOBS.c.id, ondelete="CASCADE"), nullable=False),
    sa.Column("row", sa.Integer, nullable=False),
    sa.Column("variant", sa.Integer, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("provider", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("epoch", sa.Integer, nullable=False, server_default="0"),
    sa.Column("inputs", sa.JSON, nullable=False),
    sa.Column("inputs_digest", sa.Text, nullable=False),
    sa.Column("price", sa.BigInteger, nullable=False),
    sa.Column("charged", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("asset", sa.Text),
    sa.Column("error", sa.JSON(none_as_null=True)),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("ordered_at", UtcTime),
    sa.Column("finished_at", UtcTime),
    sa.UniqueConstraint("job", "row", "variant", "attempt"),
    sa.Index(None, "workspace", "created_at"),
    sa.Index(None, "workspace", "asset"),
)
# What may be ordered, or cancelled, without a word to anybody: takes that wait, and free local ones
# that stand at `ordered` - whoever made them is gone or will find their epoch passed.
_UNSPENT = sa.or_(
    TAKES.c.status.in_(WAITING),
    sa.and_(TAKES.c.status == TakeStatus.ORDERED, TAKES.c.provider == "local"),
)
_STANDING = [column for column in TAKES.columns if column.name != "inputs"]
_FINISH = (
    sa.update(TAKES)
    .where(
        TAKES.c.id == sa.bindparam("b_id"),
        TAKES.c.epoch == sa.bindparam("b_epoch"),
        TAKES.c.status == TakeStatus.ORDERED,
    )
    .values(
        status=sa.bindparam("b_status"),
        asset=sa.bindparam("b_asset"),
        charged=sa.bindparam("b_charged"),
        error=sa.bindparam("b_error", type_=TAKES.c.error.type),
        finished_at=sa.bindparam("b_now"),
    )
)


def _take(row: sa.RowMapping) -> Take:
    return Take(
        id=TakeId(row["id"]),
        workspace=WorkspaceId(row["workspace"]),
        job=JobId(row["job"]),
        row=row["row"],
        variant=row["variant"],
        attempt=row["attempt"],
        model=row["model"],
        provider=row["provider"],
        status=TakeStatus(row["status"]),
        epoch=row["epoch"],
        inputs=row.get("inputs", {}),
        inputs_digest=Sha256(row["inputs_digest"]),
        price=Money(row["price"]),
        charged=Money(row["charged"]),
        asset=Sha256(row["asset"]) if row["asset"] else None,
        error=row["error"],
        created_at=row["created_at"],
        ordered_at=row["ordered_at"],
        finished_at=row["finished_at"],
    )


class TakeStore:
    """Reads and writes takes; every method works in the caller's transaction.

    Whoever changes a job's takes has locked the job first.
    """

    async def add(self, connection: AsyncConnection, takes: Iterable[Take]) -> None:
        """Write new takes."""
        rows = [
            {
                "id": take.id,
                "workspace": take.workspace,
                "job": take.job,
                "row": take.row,
                "variant": take.variant,
                "attempt": take.attempt,
                "model": take.model,
                "provider": take.provider,
                "status": take.status,
                "epoch": take.epoch,
                "inputs": dict(take.inputs),
                "inputs_digest": take.inputs_digest,
                "price": take.price.micros,
                "charged": take.charged.micros,
                "asset": take.asset,
                "error": take.error,
                "created_at": take.created_at,
                "ordered_at": take.ordered_at,
                "finished_at": take.finished_at,
            }
            for take in takes
        ]
        if rows:
            await connection.execute(sa.insert(TAKES), rows)

    async def find(self, connection: AsyncConnection, workspace: WorkspaceId, take: str) -> Take:
        """Read one take of this workspace. Raises TakeNotFoundError."""
        query = sa.select(TAKES).where(TAKES.c.id == take, TAKES.c.workspace == workspace)
        row = (await connection.execute(query)).mappings().first()
        if row is None:
            raise TakeNotFoundError(take)
        return _take(row)

    async def of_rows(
        self, connection: AsyncConnection, job: JobId, first: int, last: int
    ) -> list[Take]:
        """Read where the takes of rows `first` to `last` stand, without their inputs."""
        query = (
            sa.select(*_STANDING)
            .where(TAKES.c.job == job, TAKES.c.row.between(first, last))
            .order_by(TAKES.c.row, TAKES.c.variant, TAKES.c.attempt)
        )
        return [_take(row) for row in (await connection.execute(query)).mappings()]

    async def unordered(
        self, connection: AsyncConnection, job: JobId, after_row: int, limit: int
    ) -> list[tuple[int, TakeId]]:
        """List takes that are to be ordered, in order of row: (row, take)."""
        query = (
            sa.select(TAKES.c.row, TAKES.c.id)
            .where(TAKES.c.job == job, TAKES.c.row > after_row, _UNSPENT)
            .order_by(TAKES.c.row, TAKES.c.variant)
            .limit(limit)
        )
        return [(row.row, TakeId(row.id)) for row in await connection.execute(query)]

    async def claim(
        self, connection: AsyncConnection, takes: Sequence[TakeId], now: datetime
    ) -> list[Take]:
        """Move takes that may be ordered to `ordered` under a new epoch, and read them."""
        claim = (
            sa.update(TAKES)
            .where(TAKES.c.id.in_(takes), _UNSPENT)
            .values(status=TakeStatus.ORDERED, epoch=TAKES.c.epoch + 1, ordered_at=now)
            .returning(TAKES)
        )
        rows = (await connection.execute(claim)).mappings()
        return sorted((_take(row) for row in rows), key=lambda take: (take.row, take.variant))

    async def model_of(self, connection: AsyncConnection, take: TakeId) -> str:
        """Read which model a take asks for."""
        return str(await connection.scalar(sa.select(TAKES.c.model).where(TAKES.c.id == take)))

    async def statuses(
        self, connection: AsyncConnection, takes: Sequence[TakeId]
    ) -> dict[TakeId, TakeStatus]:
        """Read where takes stand."""
        query = sa.select(TAKES.c.id, TAKES.c.status).where(TAKES.c.id.in_(takes))
        return {TakeId(row.id): TakeStatus(row.status) for row in await connection.execute(query)}

    async def current(
        self, connection: AsyncConnection, takes: Sequence[TakeId]
    ) -> dict[TakeId, tuple[TakeStatus, int]]:
        """Read state and epoch of takes."""
        query = sa.select(TAKES.c.id, TAKES.c.status, TAKES.c.epoch).where(TAKES.c.id.in_(takes))
        return {
            TakeId(row.id): (TakeStatus(row.status), row.epoch)
            for row in await connection.execute(query)
        }

    async def finish(
        self, connection: AsyncConnection, outcomes: Sequence[Outcome], now: datetime
    ) -> None:
        """Write outcomes of ordered takes; one whose epoch has passed changes nothing."""
        bound: list[dict[str, Any]] = [
            {
                "b_id": outcome.take,
                "b_epoch": outcome.epoch,
                "b_status": outcome.status,
                "b_asset": outcome.asset,
                "b_charged": outcome.charged.micros,
                "b_error": outcome.error,
                "b_now": now,
            }
            for outcome in outcomes
        ]
        if bound:
            await connection.execute(_FINISH, bound)

    async def cancel_open(
        self, connection: AsyncConnection, job: JobId, now: datetime
    ) -> list[Take]:
        """End the takes of a job that nothing was spent on; answers them as they were."""
        before = sa.select(TAKES).where(TAKES.c.job == job, _UNSPENT)
        takes = [_take(row) for row in (await connection.execute(before)).mappings()]
        cancel = (
            sa.update(TAKES)
            .where(TAKES.c.job == job, _UNSPENT)
            .values(status=TakeStatus.CANCELLED, epoch=TAKES.c.epoch + 1, finished_at=now)
        )
        await connection.execute(cancel)
        return takes

    async def listed(
        self,
        connection: AsyncConnection,
        workspace: WorkspaceId,
        *,
        limit: int,
        before: str | None = None,
        status: TakeStatus | None = None,
        model: str | None = None,
        provider: str | None = None,
        since: datetime | None = None,
    ) -> list[Take]:
        """List takes, newest first."""
        query = sa.select(TAKES).where(TAKES.c.workspace == workspace)
        equal = {"status": status, "model": model, "provider": provider}
        query = query.filter_by(
            **{name: value for name, value in equal.items() if value is not None}
        )
        if before is not None:
            query = query.where(TAKES.c.id < before)
        if since is not None:
            query = query.where(TAKES.c.created_at >= since)
        query = query.order_by(TAKES.c.id.desc()).limit(limit)
        return [_take(row) for row in (await connection.execute(query)).mappings()]

    async def count_open(self, connection: AsyncConnection) -> dict[str, int]:
        """Count takes that have not ended, by state, over all workspaces."""
        query = (
            sa.select(TAKES.c.status, sa.func.count())
            .where(TAKES.c.status.not_in(ENDED))
            .group_by(TAKES.c.status)
        )
        return {row[0]: row[1] for row in await connection.execute(query)}
