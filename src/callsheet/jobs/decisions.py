"""Decisions of people about takes: who approved or rejected which bytes, of which content, and why.

A decision holds for what was seen: the take, the file by its bytes, and what the shot was to show
then. It is never deleted; when the shot is to show something else it is stale, and when that is
taken back it holds again.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.jobs.snapshot import Record, RecordKind, row_in, told
from callsheet.jobs.tables import JOBS
from callsheet.kernel.digests import Sha256
from callsheet.kernel.ids import JobId, TakeId
from callsheet.ports.database import METADATA, Row, UtcTime, one_of

DECISIONS: Final = sa.Table(
    "decisions",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("job", sa.ForeignKey(JOBS.c.id, ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("take", sa.Text, nullable=False, index=True),
    sa.Column("choice", sa.Text, nullable=False),
    sa.Column("asset", sa.Text, nullable=False),
    sa.Column("content_digest", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("op_id", sa.Text),
    sa.Column("sequence", sa.BigInteger),
    sa.Index("uq_decisions_op_id", "job", "op_id", unique=True),
)


class Choice(StrEnum):
    """What somebody decided."""

    APPROVE = "approve"
    REJECT = "reject"
    OVERRIDE = "override"  # approve, whatever the checks say


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody decided about a take, the file that it made and what it was to show.

    `op_id` is their own name for it, if they gave one; `sequence` its place in the job's journal.
    """

    id: str
    job: JobId
    take: TakeId
    choice: Choice
    asset: Sha256
    content: Sha256
    reason: str
    by: str
    at: datetime
    op_id: str | None = None
    sequence: int | None = None

    def is_stale(self, content: Sha256) -> bool:
        """Tell whether the shot is to show something else now."""
        return self.content != content

    def repeats(self, other: "Decision") -> bool:
        """Tell whether this says again what another said."""
        mine = (self.take, self.choice, self.asset, self.content, self.reason, self.by)
        theirs = (other.take, other.choice, other.asset, other.content, other.reason, other.by)
        return mine == theirs


class DecisionStore:
    """Reads and writes decisions; every method works in the caller's transaction."""

    async def add(self, connection: AsyncConnection, decisions: Collection[Decision]) -> None:
        """Write decisions."""
        rows = [row_of(decision) for decision in decisions]
        if rows:
            await connection.execute(sa.insert(DECISIONS), rows)

    async def of_job(self, connection: AsyncConnection, job: JobId) -> list[Decision]:
        """Read the decisions about takes of a job, in order."""
        return await self._read(connection, DECISIONS.c.job == job)

    async def of_takes(
        self, connection: AsyncConnection, takes: Collection[TakeId]
    ) -> list[Decision]:
        """Read the decisions about some takes, in order."""
        return await self._read(connection, one_of(DECISIONS.c.take, takes))

    async def by_op(self, connection: AsyncConnection, job: JobId, op_id: str) -> Decision | None:
        """Read the decision that an operation made, or None."""
        where = sa.and_(DECISIONS.c.job == job, DECISIONS.c.op_id == op_id)
        return next(iter(await self._read(connection, where)), None)

    async def _read(
        self, connection: AsyncConnection, where: sa.ColumnElement[bool]
    ) -> list[Decision]:
        query = sa.select(DECISIONS).where(where).order_by(DECISIONS.c.at, DECISIONS.c.id)
        return [decision_of(row) for row in (await connection.execute(query)).mappings()]


def decision_of(row: Row) -> Decision:
    """Read a decision from its row."""
    return Decision(
        id=row["id"],
        job=JobId(row["job"]),
        take=TakeId(row["take"]),
        choice=Choice(row["choice"]),
        asset=Sha256(row["asset"]),
        content=Sha256(row["content_digest"]),
        reason=row["reason"],
        by=row["by"],
        at=row["at"],
        op_id=row["op_id"],
        sequence=row["sequence"],
    )


def row_of(decision: Decision) -> dict[str, Any]:
    """Write a decision as its row."""
    return {
        "id": decision.id,
        "job": decision.job,
        "take": decision.take,
        "choice": decision.choice,
        "asset": decision.asset,
        "content_digest": decision.content,
        "reason": decision.reason,
        "by": decision.by,
        "at": decision.at,
        "op_id": decision.op_id,
        "sequence": decision.sequence,
    }


def decision_out(decision: Decision) -> dict[str, Any]:
    """Write a decision as a record of a recovery snapshot."""
    return {"kind": RecordKind.DECISION, "decision": told(row_of(decision))}


def decision_in(record: Record) -> Decision:
    """Read a decision back."""
    return decision_of(row_in(DECISIONS, record["decision"]))
