"""Many small jobs in one transaction: what single generations need of the tables of jobs.

Each job here has one row. A statement serves all jobs of a group, so that a job costs a row.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.jobs.model import DONE, Entry, Job, JobStatus, Shot, ShotStatus, check_move
from callsheet.jobs.tables import JOBS, JOURNAL, SHOTS, job_of, row_of_job, row_of_shot
from callsheet.kernel.ids import JobId
from callsheet.kernel.money import Money
from callsheet.ports.database import bound, one_of

_FINISH: Final = (
    sa.update(JOBS)
    .where(JOBS.c.id == bound(JOBS.c.id))
    .values(
        status=JobStatus.SUCCEEDED,
        stage=DONE,
        problem=None,
        running=JOBS.c.running - 1,
        succeeded=JOBS.c.succeeded + 1,
        held=bound(JOBS.c.held),
        charged=bound(JOBS.c.charged),
        sequence=bound(JOBS.c.sequence),
        ledger_version=bound(JOBS.c.ledger_version),
        ledger_due_at=bound(JOBS.c.ledger_due_at),
        updated_at=bound(JOBS.c.updated_at),
        finished_at=bound(JOBS.c.finished_at),
    )
)
_LOCK: Final = (
    sa.select(JOBS).where(one_of(JOBS.c.id, "jobs")).order_by(JOBS.c.id).with_for_update()
)
_SUCCEED: Final = (
    sa.update(SHOTS)
    .where(SHOTS.c.job == bound(SHOTS.c.job), SHOTS.c.row == 1)
    .values(status=ShotStatus.SUCCEEDED, error=None)
)


@dataclass(frozen=True, slots=True)
class Finished:
    """A job of one take that succeeded: what it came to, and what its journal says of that."""

    job: Job
    released: Money
    charged: Money
    entries: Sequence[Entry]

    @property
    def after(self) -> int:
        """The number of its newest journal entry then."""
        return self.job.work.sequence + len(self.entries)


async def add_singles(
    connection: AsyncConnection,
    singles: Sequence[tuple[Job, Shot, Sequence[Entry]]],
    ledger_due_at: Mapping[JobId, float],
) -> None:
    """Write new jobs of one row each, with the first entries of their journals."""
    begun = [(_begun(job, len(entries)), shot, entries) for job, shot, entries in singles]
    await connection.execute(
        sa.insert(JOBS),
        [row_of_job(job) | {"ledger_due_at": ledger_due_at[job.id]} for job, _, _ in begun],
    )
    await connection.execute(sa.insert(SHOTS), [row_of_shot(shot) for _, shot, _ in begun])
    rows = [
        row for job, _, entries in singles for row in _entries(job, entries, job.times.created_at)
    ]
    await connection.execute(sa.insert(JOURNAL), rows)


def _begun(job: Job, sequence: int) -> Job:
    return replace(job, work=replace(job.work, sequence=sequence))


async def lock_all(connection: AsyncConnection, jobs: Collection[JobId]) -> dict[JobId, Job]:
    """Read jobs and keep every other transaction from changing them; in one order everywhere."""
    rows = (await connection.execute(_LOCK, {"jobs": list(jobs)})).mappings()
    found = [job_of(row) for row in rows]
    return {job.id: job for job in found}


async def finish_singles(
    connection: AsyncConnection, finished: Sequence[Finished], now: datetime
) -> None:
    """End locked jobs of one row whose only open take succeeded.

    The store knows each as it stands then, unless its own ledger object is there already: that is
    written anew. Raises IllegalMoveError.
    """
    for each in finished:
        check_move(each.job, JobStatus.SUCCEEDED)
    await connection.execute(_FINISH, [_finish(each, now) for each in finished])
    await connection.execute(_SUCCEED, [{"b_job": each.job.id} for each in finished])
    rows = [row for each in finished for row in _entries(each.job, each.entries, now)]
    await connection.execute(sa.insert(JOURNAL), rows)


def _finish(each: Finished, now: datetime) -> dict[str, Any]:
    known = each.job.work.ledger_version
    return {
        "b_id": each.job.id,
        "b_held": each.job.cost.held.micros - each.released.micros,
        "b_charged": each.job.cost.charged.micros + each.charged.micros,
        "b_sequence": each.after,
        "b_ledger_version": known or each.after,
        "b_ledger_due_at": now.timestamp(),
        "b_updated_at": now,
        "b_finished_at": now,
    }


def _entries(job: Job, entries: Sequence[Entry], now: datetime) -> list[dict[str, Any]]:
    return [
        {
            "job": job.id,
            "sequence": job.work.sequence + place,
            "kind": entry.kind,
            "body": dict(entry.body),
            "at": now,
        }
        for place, entry in enumerate(entries, start=1)
    ]


async def want_ledgers(
    connection: AsyncConnection, jobs: Collection[JobId], due_at: float, *, anew: bool = False
) -> None:
    """Let the ledger objects of some jobs be written; `anew` although the store knew them."""
    values: dict[str, Any] = {"ledger_due_at": due_at}
    if anew:
        values["ledger_version"] = 0
    await connection.execute(sa.update(JOBS).where(one_of(JOBS.c.id, jobs)).values(values))
