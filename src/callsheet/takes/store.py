"""Rows of takes."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.kernel.digests import Sha256
from callsheet.kernel.ids import JobId, TakeId, WorkspaceId
from callsheet.kernel.money import Money
from callsheet.ports.database import bound, one_of
from callsheet.ports.models import IN_PROCESS
from callsheet.takes.errors import TakeNotFoundError
from callsheet.takes.model import ENDED, NO_ROW, Outcome, PriceError, Take, TakeStatus
from callsheet.takes.tables import (
    ACCEPTED_AND_ENDED,
    ASKED,
    MINE,
    OPEN,
    STANDING,
    TAKES,
    UNSPENT,
    may_become,
    row_of,
    take_of,
)

_FINISH = {
    to: sa.update(TAKES)
    .where(*MINE, may_become(to))
    .values(
        status=to,
        asset=bound(TAKES.c.asset),
        charged=bound(TAKES.c.charged),
        error=bound(TAKES.c.error),
        note=bound(TAKES.c.note),
        finished_at=bound(TAKES.c.finished_at),
        due_at=None,
        claimed_by=None,
        held_on=None,
    )
    for to in sorted(ENDED)
}

_CURRENT = (
    sa.select(TAKES.c.id, TAKES.c.status, TAKES.c.epoch, TAKES.c.order_no)
    .where(one_of(TAKES.c.id, "takes"))
    .order_by(TAKES.c.id)
    .with_for_update()
)


class TakeStore:
    """Reads and writes takes; every method works in the caller's transaction.

    Whoever changes a job's takes has locked the job first.
    """

    async def add(self, connection: AsyncConnection, takes: Iterable[Take]) -> None:
        """Write new takes."""
        rows = [row_of(take) for take in takes]
        if rows:
            await connection.execute(sa.insert(TAKES), rows)

    async def find(self, connection: AsyncConnection, workspace: WorkspaceId, take: str) -> Take:
        """Read one take of this workspace. Raises TakeNotFoundError."""
        query = sa.select(TAKES).where(TAKES.c.id == take, TAKES.c.workspace == workspace)
        row = (await connection.execute(query)).mappings().first()
        if row is None:
            raise TakeNotFoundError(take)
        return take_of(row)

    async def of_any_workspace(self, connection: AsyncConnection, take: TakeId) -> Take:
        """Read one take for the line itself. Raises TakeNotFoundError."""
        row = (
            (await connection.execute(sa.select(TAKES).where(TAKES.c.id == take)))
            .mappings()
            .first()
        )
        if row is None:
            raise TakeNotFoundError(take)
        return take_of(row)

    async def of_these_rows(
        self, connection: AsyncConnection, job: JobId, rows: Collection[int]
    ) -> list[Take]:
        """Read where the takes of some rows stand, without their inputs."""
        query = (
            sa.select(*STANDING)
            .where(TAKES.c.job == job, one_of(TAKES.c.row, rows))
            .order_by(TAKES.c.row, TAKES.c.variant, TAKES.c.attempt)
        )
        return [take_of(row) for row in (await connection.execute(query)).mappings()]

    async def of_rows(
        self, connection: AsyncConnection, job: JobId, first: int, last: int
    ) -> list[Take]:
        """Read where the takes of rows `first` to `last` stand, without their inputs."""
        query = (
            sa.select(*STANDING)
            .where(TAKES.c.job == job, TAKES.c.row.between(first, last))
            .order_by(TAKES.c.row, TAKES.c.variant, TAKES.c.attempt)
        )
        return [take_of(row) for row in (await connection.execute(query)).mappings()]

    async def some(self, connection: AsyncConnection, takes: Collection[TakeId]) -> list[Take]:
        """Read some takes, in order of row and variant."""
        if not takes:
            return []
        query = sa.select(TAKES).where(one_of(TAKES.c.id, takes))
        query = query.order_by(TAKES.c.row, TAKES.c.variant, TAKES.c.attempt)
        return [take_of(row) for row in (await connection.execute(query)).mappings()]

    async def asked_of(self, connection: AsyncConnection, job: JobId) -> list[Take]:
        """Read where the takes of a job stand that show no shot, without their inputs."""
        return await self.of_rows(connection, job, NO_ROW, NO_ROW)

    async def last_asked(self, connection: AsyncConnection, job: JobId) -> int:
        """Read the highest variant among them; 0 where there is none."""
        query = sa.select(sa.func.max(TAKES.c.variant)).where(TAKES.c.job == job, sa.text(ASKED))
        return await connection.scalar(query) or 0

    async def any_asked(self, connection: AsyncConnection, job: JobId) -> bool:
        """Tell whether takes of a job that show no shot have not ended."""
        query = sa.select(sa.literal(1)).where(TAKES.c.job == job, sa.text(ASKED), OPEN)
        return await connection.scalar(query.limit(1)) is not None

    async def answered(
        self,
        connection: AsyncConnection,
        workspace: WorkspaceId,
        job: JobId,
        digests: Collection[Sha256],
    ) -> dict[Sha256, TakeId]:
        """Find takes that show no shot and asked the same, by what they asked.

        They have an answer, of whichever job they are; or wait for one, if they are of this.
        """
        good = TAKES.c.status == TakeStatus.SUCCEEDED
        mine = sa.and_(TAKES.c.job == job, OPEN)
        query = sa.select(TAKES.c.inputs_digest, TAKES.c.id).where(
            TAKES.c.workspace == workspace,
            sa.text(ASKED),
            one_of(TAKES.c.inputs_digest, digests),
            sa.or_(good, mine),
        )
        rows = await connection.execute(query.order_by(TAKES.c.created_at, TAKES.c.id))
        return {Sha256(row.inputs_digest): TakeId(row.id) for row in rows}

    async def first_of_job(self, connection: AsyncConnection, job: JobId, limit: int) -> list[Take]:
        """Read where the first takes of a job stand, by row, without their inputs."""
        query = sa.select(*STANDING).where(TAKES.c.job == job, TAKES.c.row > NO_ROW)
        query = query.order_by(TAKES.c.row, TAKES.c.variant, TAKES.c.attempt).limit(limit)
        return [take_of(row) for row in (await connection.execute(query)).mappings()]

    async def price_of_waiting(self, connection: AsyncConnection, job: JobId) -> Money:
        """Sum what the takes of a job will set aside that nothing is set aside for yet."""
        waiting = TAKES.c.job == job, TAKES.c.status == TakeStatus.QUOTED
        total = await connection.scalar(sa.select(sa.func.sum(TAKES.c.price)).where(*waiting))
        return Money(int(total or 0))

    async def of_provider(
        self,
        connection: AsyncConnection,
        job: JobId,
        provider: str,
        statuses: Collection[TakeStatus],
    ) -> list[Take]:
        """Read a job's takes of a provider that stand at one of some states."""
        query = sa.select(TAKES).where(
            TAKES.c.job == job, TAKES.c.provider == provider, TAKES.c.status.in_(statuses)
        )
        return [take_of(row) for row in (await connection.execute(query)).mappings()]

    async def rows_between(
        self, connection: AsyncConnection, job: JobId, first: int, last: int
    ) -> Sequence[sa.Row[Any]]:
        """Read the takes of rows `first` to `last` as they are in the table.

        Of a damaged one what is JSON is left out: the others must not wait until it is mended.
        """
        query = sa.select(TAKES).where(TAKES.c.job == job, TAKES.c.row.between(first, last))
        query = query.order_by(TAKES.c.row, TAKES.c.variant, TAKES.c.attempt)
        try:
            return (await connection.execute(query)).all()
        except ValueError:
            ids = (await connection.execute(query.with_only_columns(TAKES.c.id))).scalars().all()
            return [await _row_or_rest(connection, take) for take in ids]

    async def unordered(
        self, connection: AsyncConnection, job: JobId, after_row: int, limit: int
    ) -> list[tuple[int, TakeId]]:
        """List takes that are to be ordered, in order of row: (row, take)."""
        query = (
            sa.select(TAKES.c.row, TAKES.c.id)
            .where(TAKES.c.job == job, TAKES.c.row > after_row, UNSPENT)
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
            .where(one_of(TAKES.c.id, takes), UNSPENT)
            .values(
                status=TakeStatus.ORDERED,
                epoch=TAKES.c.epoch + 1,
                order_no=TAKES.c.order_no + 1,
                ordered_at=now,
            )
            .returning(TAKES)
        )
        rows = (await connection.execute(claim)).mappings()
        return sorted((take_of(row) for row in rows), key=lambda take: (take.row, take.variant))

    async def providers_of(self, connection: AsyncConnection, job: JobId) -> list[str]:
        """Name the outside providers that a job's takes go to."""
        query = sa.select(TAKES.c.provider).where(
            TAKES.c.job == job, TAKES.c.provider.not_in(IN_PROCESS)
        )
        return sorted(row.provider for row in await connection.execute(query.distinct()))

    async def ended_since(
        self, connection: AsyncConnection, since: datetime
    ) -> dict[str, tuple[int, int]]:
        """Count by provider the accepted orders that have ended: (succeeded, all)."""
        succeeded = sa.func.sum(sa.case((TAKES.c.status == TakeStatus.SUCCEEDED, 1), else_=0))
        query = (
            sa.select(TAKES.c.provider, succeeded.label("succeeded"), sa.func.count().label("n"))
            .where(sa.text(ACCEPTED_AND_ENDED), TAKES.c.finished_at > since)
            .group_by(TAKES.c.provider)
        )
        rows = await connection.execute(query)
        return {row.provider: (int(row.succeeded), int(row.n)) for row in rows}

    async def price_errors(self, connection: AsyncConnection, since: datetime) -> list[PriceError]:
        """Compare charges with quotes, for each hosted model that made something since then."""
        off = sa.func.abs(TAKES.c.charged - TAKES.c.price) * 1.0 / TAKES.c.price
        query = (
            sa.select(
                TAKES.c.model,
                sa.func.count().label("takes"),
                sa.func.sum(TAKES.c.price).label("quoted"),
                sa.func.sum(TAKES.c.charged).label("charged"),
                sa.func.avg(off).label("error"),
            )
            .where(
                TAKES.c.status == TakeStatus.SUCCEEDED,
                TAKES.c.ticket.is_not(None),
                TAKES.c.finished_at >= since,
                TAKES.c.price > 0,
            )
            .group_by(TAKES.c.model)
            .order_by(sa.desc("error"), TAKES.c.model)
        )
        return [
            PriceError(
                model=row.model,
                takes=row.takes,
                quoted=Money(int(row.quoted)),
                charged=Money(int(row.charged)),
                error=float(row.error),
            )
            for row in await connection.execute(query)
        ]

    async def measured(
        self, connection: AsyncConnection, provider: str, model: str, since: datetime, limit: int
    ) -> list[tuple[Mapping[str, Any], Money]]:
        """Read what was asked and what it cost, of a model's newest takes whose cost was told."""
        query = (
            sa.select(TAKES.c.inputs, TAKES.c.outputs, TAKES.c.charged)
            .where(
                sa.text(ACCEPTED_AND_ENDED),
                TAKES.c.provider == provider,
                TAKES.c.model == model,
                TAKES.c.status == TakeStatus.SUCCEEDED,
                TAKES.c.finished_at >= since,
            )
            .order_by(TAKES.c.finished_at.desc())
            .limit(limit)
        )
        return [
            (row.inputs, Money(row.charged))
            for row in await connection.execute(query)
            if (row.outputs or {}).get("cost") is not None
        ]

    async def local_of(self, connection: AsyncConnection, takes: Sequence[TakeId]) -> list[TakeId]:
        """Pick those that the local studio makes, in the order given."""
        query = sa.select(TAKES.c.id).where(
            one_of(TAKES.c.id, takes), TAKES.c.provider.in_(IN_PROCESS)
        )
        local = {row.id for row in await connection.execute(query)}
        return [take for take in takes if take in local]

    async def rows_of(
        self, connection: AsyncConnection, takes: Sequence[TakeId]
    ) -> dict[TakeId, int]:
        """Read which row each of some takes belongs to."""
        query = sa.select(TAKES.c.id, TAKES.c.row).where(one_of(TAKES.c.id, takes))
        return {TakeId(row.id): row.row for row in await connection.execute(query)}

    async def model_of(self, connection: AsyncConnection, take: TakeId) -> str:
        """Read which model a take asks for."""
        return str(await connection.scalar(sa.select(TAKES.c.model).where(TAKES.c.id == take)))

    async def statuses(
        self, connection: AsyncConnection, takes: Sequence[TakeId]
    ) -> dict[TakeId, TakeStatus]:
        """Read where takes stand."""
        query = sa.select(TAKES.c.id, TAKES.c.status).where(one_of(TAKES.c.id, takes))
        return {TakeId(row.id): TakeStatus(row.status) for row in await connection.execute(query)}

    async def current(
        self, connection: AsyncConnection, takes: Sequence[TakeId]
    ) -> dict[TakeId, tuple[TakeStatus, int, int]]:
        """Read state, epoch and order of takes; all stay as they are till the transaction ends."""
        found = await connection.execute(_CURRENT, {"takes": list(takes)})
        return {TakeId(row.id): (TakeStatus(row.status), row.epoch, row.order_no) for row in found}

    async def finish(
        self, connection: AsyncConnection, outcomes: Sequence[Outcome], now: datetime
    ) -> None:
        """Write outcomes of takes; one whose epoch has passed changes nothing.

        Nor does one to which no move leads from where its take stands.
        """
        for to, statement in _FINISH.items():
            rows: list[dict[str, Any]] = [
                {
                    "b_id": outcome.take,
                    "b_epoch": outcome.epoch,
                    "b_asset": outcome.asset,
                    "b_charged": outcome.charged.micros,
                    "b_error": outcome.error,
                    "b_note": outcome.note,
                    "b_finished_at": now,
                }
                for outcome in outcomes
                if outcome.status is to
            ]
            if rows:
                await connection.execute(statement, rows)

    async def cancel_open(
        self,
        connection: AsyncConnection,
        job: JobId,
        now: datetime,
        *,
        after: int = 0,
        upto: int | None = None,
    ) -> list[Take]:
        """End the takes of a job that nothing was spent on; answers them as they were.

        Those of the rows after one and up to another.
        """
        meant = sa.and_(TAKES.c.job == job, TAKES.c.row > after, UNSPENT)
        meant = sa.and_(meant, TAKES.c.row <= upto) if upto is not None else meant
        before = sa.select(TAKES).where(meant).with_for_update()
        takes = [take_of(row) for row in (await connection.execute(before)).mappings()]
        cancel = (
            sa.update(TAKES)
            .where(meant)
            .values(
                status=TakeStatus.CANCELLED,
                epoch=TAKES.c.epoch + 1,
                finished_at=now,
                due_at=None,
                claimed_by=None,
                held_on=None,
            )
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
        return [take_of(row) for row in (await connection.execute(query)).mappings()]

    async def count_open(self, connection: AsyncConnection) -> dict[str, int]:
        """Count takes that have not ended, by state, over all workspaces."""
        query = (
            sa.select(TAKES.c.status, sa.func.count())
            .where(TAKES.c.status.not_in(ENDED))
            .group_by(TAKES.c.status)
        )
        return {row[0]: row[1] for row in await connection.execute(query)}


async def _row_or_rest(connection: AsyncConnection, take: str) -> sa.Row[Any]:
    """Read a take's row; if its JSON is damaged, all but that."""
    try:
        return (await connection.execute(sa.select(TAKES).where(TAKES.c.id == take))).one()
    except ValueError:
        lost = {"inputs": sa.literal({}, TAKES.c.inputs.type)}
        columns = [
            lost.get(each.name, sa.null()).label(each.name)
            if isinstance(each.type, sa.JSON)
            else each
            for each in TAKES.columns
        ]
        return (await connection.execute(sa.select(*columns).where(TAKES.c.id == take))).one()
