"""Rows of jobs, shots and the journal."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.jobs.errors import JobNotFoundError
from callsheet.jobs.model import (
    FINISHED,
    Change,
    Entry,
    Job,
    JobKind,
    JobStatus,
    Shot,
    ShotStatus,
    ShotUpdate,
    Written,
    check_move,
)
from callsheet.jobs.tables import (
    COUNTERS,
    JOBS,
    JOURNAL,
    MONEY,
    SHOTS,
    job_of,
    row_of_job,
    row_of_shot,
    shot_of,
)
from callsheet.kernel.ids import JobId, WorkspaceId
from callsheet.kernel.unset import given
from callsheet.ports.database import bound, one_of

_COUNT_CHANGES = (*COUNTERS, *MONEY, "rows", "failed_rows")
_CHANGE_JOB = (
    sa.update(JOBS)
    .where(JOBS.c.id == sa.bindparam("job_id"))
    .values(
        {name: JOBS.c[name] + sa.bindparam(f"d_{name}") for name in _COUNT_CHANGES}
        | {
            "sequence": JOBS.c.sequence + sa.bindparam("d_sequence"),
            "updated_at": sa.bindparam("now"),
        }
    )
)


# By then a job has its prices, and one that costs money has written its ledger before it orders.
_FIRST_LEDGER_S: Final = 1.0


class JobStore:
    """Reads and writes jobs; every method works in the caller's transaction."""

    async def add(self, connection: AsyncConnection, job: Job) -> None:
        """Write a new job."""
        due = {"ledger_due_at": job.times.created_at.timestamp() + _FIRST_LEDGER_S}
        await connection.execute(sa.insert(JOBS), row_of_job(job) | due)

    async def add_shots(self, connection: AsyncConnection, shots: Iterable[Shot]) -> None:
        """Write the rows of a new job."""
        rows = [row_of_shot(shot) for shot in shots]
        if rows:
            await connection.execute(sa.insert(SHOTS), rows)

    async def find(self, connection: AsyncConnection, workspace: WorkspaceId, job: str) -> Job:
        """Read a job of this workspace. Raises JobNotFoundError."""
        query = sa.select(JOBS).where(JOBS.c.id == job, JOBS.c.workspace == workspace)
        row = (await connection.execute(query)).mappings().first()
        if row is None:
            raise JobNotFoundError(job)
        return job_of(row)

    async def of_any_workspace(self, connection: AsyncConnection, job: JobId) -> Job:
        """Read a job for the line itself. Raises JobNotFoundError."""
        row = (await connection.execute(sa.select(JOBS).where(JOBS.c.id == job))).mappings().first()
        if row is None:
            raise JobNotFoundError(job)
        return job_of(row)

    async def lock(self, connection: AsyncConnection, job: JobId) -> Job:
        """Read a job and keep every other transaction from changing it or its takes.

        Whoever changes a job's takes locks the job first: one order of locks, no deadlocks.
        """
        query = sa.select(JOBS).where(JOBS.c.id == job).with_for_update()
        row = (await connection.execute(query)).mappings().first()
        if row is None:
            raise JobNotFoundError(job)
        return job_of(row)

    async def recent(
        self,
        connection: AsyncConnection,
        workspace: WorkspaceId,
        limit: int,
        before: str | None = None,
        kind: JobKind | None = None,
    ) -> list[Job]:
        """List jobs, newest first; `before` is the id after which to go on."""
        query = sa.select(JOBS).where(JOBS.c.workspace == workspace)
        if before is not None:
            query = query.where(JOBS.c.id < before)
        if kind is not None:
            query = query.where(JOBS.c.kind == kind)
        query = query.order_by(JOBS.c.id.desc()).limit(limit)
        return [job_of(row) for row in (await connection.execute(query)).mappings()]

    async def unfinished(self, connection: AsyncConnection) -> list[Job]:
        """List jobs that have work left, of all workspaces."""
        query = sa.select(JOBS).where(JOBS.c.status.not_in(FINISHED)).order_by(JOBS.c.id)
        return [job_of(row) for row in (await connection.execute(query)).mappings()]

    async def count_open(self, connection: AsyncConnection) -> dict[str, int]:
        """Count jobs that have not ended, by status, over all workspaces."""
        query = sa.select(JOBS.c.status, sa.func.count()).where(JOBS.c.status.not_in(FINISHED))
        rows = await connection.execute(query.group_by(JOBS.c.status))
        return {row[0]: row[1] for row in rows}

    async def change(
        self,
        connection: AsyncConnection,
        job: Job,
        change: Change,
        entries: Sequence[Entry],
        now: datetime,
    ) -> Job:
        """Apply a change and append to the journal; answers the job as it is then.

        The job must be locked by this transaction: that is what makes the numbers gapless.
        Raises IllegalMoveError if the table does not let it move there.
        """
        if isinstance(change.update.status, JobStatus):
            check_move(job, change.update.status)
        deltas = {
            **asdict(change.takes),
            "rows": change.rows,
            "failed_rows": change.failed_rows,
            "quoted": change.quoted.micros,
            "held": change.held.micros,
            "charged": change.charged.micros,
            "sequence": len(entries),
        }
        bound = {f"d_{name}": amount for name, amount in deltas.items()}
        columns = given(change.update)
        update = _CHANGE_JOB.values(columns) if columns else _CHANGE_JOB
        named = {"job_id": job.id, "now": now, **bound}
        changed = (await connection.execute(update.returning(JOBS), named)).mappings().one()
        if entries:
            rows = [
                {
                    "job": job.id,
                    "sequence": job.work.sequence + place,
                    "kind": entry.kind,
                    "body": dict(entry.body),
                    "at": now,
                }
                for place, entry in enumerate(entries, start=1)
            ]
            await connection.execute(sa.insert(JOURNAL), rows)
        return job_of(changed)

    async def shots(
        self,
        connection: AsyncConnection,
        job: JobId,
        *,
        after: int = 0,
        offset: int = 0,
        limit: int | None = None,
    ) -> list[Shot]:
        """Read rows in order: those after a row number."""
        query = sa.select(SHOTS).where(SHOTS.c.job == job).order_by(SHOTS.c.row).limit(limit)
        query = query.where(SHOTS.c.row > after) if after else query
        query = query.offset(offset) if offset else query
        return [shot_of(row) for row in (await connection.execute(query)).mappings()]

    async def shot_rows(
        self, connection: AsyncConnection, job: JobId, after: int, limit: int
    ) -> Sequence[sa.Row[Any]]:
        """Read the rows after a row number as they are in the table, in order."""
        query = sa.select(SHOTS).where(SHOTS.c.job == job, SHOTS.c.row > after)
        found = await connection.execute(query.order_by(SHOTS.c.row).limit(limit))
        return found.all()

    async def shots_of(
        self, connection: AsyncConnection, job: JobId, rows: Collection[int]
    ) -> list[Shot]:
        """Read some rows, in order."""
        if not rows:
            return []
        query = sa.select(SHOTS).where(SHOTS.c.job == job, one_of(SHOTS.c.row, rows))
        found = await connection.execute(query.order_by(SHOTS.c.row))
        return [shot_of(row) for row in found.mappings()]

    async def scenes(
        self, connection: AsyncConnection, job: JobId, rows: Collection[int]
    ) -> dict[int, str]:
        """Read which scenes some rows belong to, in order of row."""
        query = sa.select(SHOTS.c.row, SHOTS.c.scene_id).where(
            SHOTS.c.job == job, one_of(SHOTS.c.row, rows)
        )
        found = await connection.execute(query.order_by(SHOTS.c.row))
        return {row.row: row.scene_id for row in found}

    async def shots_with(
        self,
        connection: AsyncConnection,
        job: JobId,
        statuses: Iterable[ShotStatus],
        *,
        after: int = 0,
        limit: int | None = None,
    ) -> list[Shot]:
        """Read the rows that stand at one of some states, in order: those after a row number."""
        query = sa.select(SHOTS).where(
            SHOTS.c.job == job, SHOTS.c.row > after, SHOTS.c.status.in_(list(statuses))
        )
        query = query.order_by(SHOTS.c.row).limit(limit)
        return [shot_of(row) for row in (await connection.execute(query)).mappings()]

    async def count_shots(
        self, connection: AsyncConnection, job: JobId, statuses: Iterable[ShotStatus]
    ) -> int:
        """Count the rows that stand at one of some states."""
        query = sa.select(sa.func.count()).where(
            SHOTS.c.job == job, SHOTS.c.status.in_(list(statuses))
        )
        return await connection.scalar(query) or 0

    async def requeue(
        self,
        connection: AsyncConnection,
        job: JobId,
        statuses: Iterable[ShotStatus],
        rows: Collection[int] = (),
    ) -> int:
        """Let the rows that stand at one of some states, and some others, begin anew; how many.

        Rows without a model were refused when their sheet was read, and stay so.
        """
        meant: sa.ColumnElement[bool] = SHOTS.c.status.in_(list(statuses))
        meant = sa.or_(meant, one_of(SHOTS.c.row, rows)) if rows else meant
        again = sa.update(SHOTS).where(SHOTS.c.job == job, meant, SHOTS.c.model != "")
        again = again.values(status=ShotStatus.QUEUED, error=None)
        return (await connection.execute(again)).rowcount

    async def count_refused(self, connection: AsyncConnection, job: JobId) -> int:
        """Count the rows that were refused when their sheet was read."""
        query = sa.select(sa.func.count()).where(SHOTS.c.job == job, SHOTS.c.model == "")
        return (await connection.execute(query)).scalar_one()

    async def set_shots(
        self, connection: AsyncConnection, job: JobId, updates: Sequence[ShotUpdate]
    ) -> None:
        """Set columns of many rows, the same ones of each."""
        rows = [given(update) for update in updates]
        if not rows:
            return
        columns = [name for name in rows[0] if name != "row"]
        statement = (
            sa.update(SHOTS)
            .where(SHOTS.c.job == job, SHOTS.c.row == bound(SHOTS.c.row))
            .values({name: bound(SHOTS.c[name]) for name in columns})
        )
        values = [{f"b_{name}": value for name, value in row.items()} for row in rows]
        await connection.execute(statement, values)

    async def journal(
        self, connection: AsyncConnection, job: JobId, after: int, limit: int, kind: str = ""
    ) -> list[Written]:
        """Read entries after a sequence number, in order; those of one kind, if it is given."""
        query = (
            sa.select(JOURNAL)
            .where(JOURNAL.c.job == job, JOURNAL.c.sequence > after)
            .order_by(JOURNAL.c.sequence)
            .limit(limit)
        )
        query = query.where(JOURNAL.c.kind == kind) if kind else query
        return [
            Written(row["sequence"], row["kind"], row["body"], row["at"])
            for row in (await connection.execute(query)).mappings()
        ]

    async def sequences(
        self, connection: AsyncConnection, jobs: Sequence[JobId]
    ) -> dict[JobId, int]:
        """Read how far the journals of some jobs are."""
        query = sa.select(JOBS.c.id, JOBS.c.sequence).where(one_of(JOBS.c.id, jobs))
        return {JobId(row.id): row.sequence for row in await connection.execute(query)}

    async def ledgers_due(self, connection: AsyncConnection, now: float) -> bool:
        """Tell whether any job's ledger object is behind and may be written."""
        due = sa.select(JOBS.c.id).where(
            JOBS.c.sequence > JOBS.c.ledger_version, JOBS.c.ledger_due_at <= now
        )
        return (await connection.execute(due.limit(1))).first() is not None

    async def claim_ledgers(
        self, connection: AsyncConnection, now: float, until: float, limit: int
    ) -> list[JobId]:
        """Take jobs whose ledger object is behind, so that nobody else writes them until then."""
        due = (
            sa.select(JOBS.c.id)
            .where(JOBS.c.sequence > JOBS.c.ledger_version, JOBS.c.ledger_due_at <= now)
            .order_by(JOBS.c.ledger_due_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        claim = (
            sa.update(JOBS)
            .where(JOBS.c.id.in_(due))
            .values(ledger_due_at=until)
            .returning(JOBS.c.id)
        )
        return [JobId(row.id) for row in await connection.execute(claim)]

    async def ledger_later(self, connection: AsyncConnection, job: JobId, due_at: float) -> None:
        """Give a claimed ledger object back unwritten; it may be written again then."""
        later = sa.update(JOBS).where(JOBS.c.id == job)
        await connection.execute(later.values(ledger_due_at=due_at))

    async def ledger_written(
        self, connection: AsyncConnection, job: JobId, version: int, due_at: float
    ) -> None:
        """Note which version the ledger object has, and when it may be written again."""
        await connection.execute(
            sa.update(JOBS)
            .where(JOBS.c.id == job, JOBS.c.ledger_version <= version)
            .values(ledger_version=version, ledger_due_at=due_at)
        )
