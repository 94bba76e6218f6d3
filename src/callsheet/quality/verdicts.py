"""Verdicts of quality gates about takes, as they are kept: what was decided, by what, and why.

A gate gives one verdict about a take, once. A take that failed and is made again keeps its verdict,
which names the new take; the observations go with it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.jobs.decisions import DECISIONS, Choice
from callsheet.jobs.snapshot import Record, RecordKind, row_in, told
from callsheet.jobs.tables import JOBS
from callsheet.kernel.digests import Sha256
from callsheet.kernel.ids import JobId, TakeId
from callsheet.ports.database import METADATA, Row, UtcTime, one_of
from callsheet.quality.model import Decision
from callsheet.takes.tables import TAKES

VERDICTS: Final = sa.Table(
    "verdicts",
    METADATA,
    sa.Column("take", sa.Text, primary_key=True),
    sa.Column("gate", sa.Text, primary_key=True),
    sa.Column("job", sa.ForeignKey(JOBS.c.id, ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("asset", sa.Text, nullable=False),
    sa.Column("decision", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("warned", sa.Boolean, nullable=False),
    sa.Column("observations", sa.JSON, nullable=False),
    sa.Column("rules", sa.Text, nullable=False),
    sa.Column("why", sa.Text, nullable=False),
    sa.Column("retake", sa.Text),
    sa.Column("at", UtcTime, nullable=False),
)


class Action(StrEnum):
    """What a gate does with a take."""

    PASS = "pass"  # noqa: S105  # no password
    RETAKE = "retake"  # it is made again; `retake` is the new take
    PERSON = "person"  # it waits until a person decides about it


@dataclass(frozen=True, slots=True)
class Observation:
    """One thing that was seen in a file, and counts against it.

    `check` names who saw it, `sentence` is for people, `advice` says what to do. `prompt` is what
    the prompt of another take is to say because of it; "" if words would not help.
    """

    check: str
    sentence: str
    advice: str = ""
    prompt: str = ""


@dataclass(frozen=True, slots=True)
class TakeVerdict:
    """What a gate decided about a take and the file that it made, and what it did with it.

    `rules` names what it was judged by: a profile, a model, their versions. `warned` tells that it
    passed with warnings. `why` explains an action that does not follow from the observations: no
    retake was left, or no money.
    """

    take: TakeId
    gate: str
    job: JobId
    asset: Sha256
    decision: Decision
    action: Action
    at: datetime
    warned: bool = False
    observations: tuple[Observation, ...] = ()
    rules: str = ""
    why: str = ""
    retake: TakeId | None = None


_NEWER: Final = TAKES.alias("newer")
_IS_NEWEST: Final = ~sa.exists().where(
    _NEWER.c.job == TAKES.c.job,
    _NEWER.c.row == TAKES.c.row,
    _NEWER.c.variant == TAKES.c.variant,
    _NEWER.c.attempt > TAKES.c.attempt,
)
_LATER: Final = DECISIONS.alias("later")
# a person is asked about a take that its gate left to one, as long as it is the newest of its
# variant and nobody has decided about the file that it made
_WAITS: Final = sa.and_(
    VERDICTS.c.action == Action.PERSON,
    _IS_NEWEST,
    ~sa.exists().where(DECISIONS.c.take == TAKES.c.id, DECISIONS.c.asset == TAKES.c.asset),
)

_DECIDED: Final = DECISIONS.join(TAKES, TAKES.c.id == DECISIONS.c.take)
_REJECTED: Final = sa.and_(
    DECISIONS.c.choice == Choice.REJECT,
    DECISIONS.c.asset == TAKES.c.asset,
    _IS_NEWEST,
    ~sa.exists().where(
        _LATER.c.take == DECISIONS.c.take,
        sa.tuple_(_LATER.c.at, _LATER.c.id) > sa.tuple_(DECISIONS.c.at, DECISIONS.c.id),
    ),
)


class VerdictStore:
    """Reads and writes verdicts; every method works in the caller's transaction."""

    async def add(self, connection: AsyncConnection, verdicts: Collection[TakeVerdict]) -> None:
        """Write verdicts. The database refuses a second one of a gate about a take."""
        rows = [row_of(verdict) for verdict in verdicts]
        if rows:
            await connection.execute(sa.insert(VERDICTS), rows)

    async def of_takes(
        self, connection: AsyncConnection, takes: Collection[TakeId]
    ) -> dict[TakeId, list[TakeVerdict]]:
        """Read the verdicts about some takes, by take, in order of time."""
        if not takes:
            return {}
        query = sa.select(VERDICTS).where(one_of(VERDICTS.c.take, takes))
        query = query.order_by(VERDICTS.c.at, VERDICTS.c.gate)
        found: dict[TakeId, list[TakeVerdict]] = {}
        for row in (await connection.execute(query)).mappings():
            found.setdefault(TakeId(row["take"]), []).append(verdict_of(row))
        return found

    async def waiting(
        self, connection: AsyncConnection, job: JobId, limit: int = 100
    ) -> list[TakeId]:
        """List the takes of a job that wait for a person, in order; at most so many."""
        query = sa.select(TAKES.c.id, TAKES.c.row, TAKES.c.variant).distinct()
        query = query.select_from(VERDICTS.join(TAKES, TAKES.c.id == VERDICTS.c.take))
        query = query.where(VERDICTS.c.job == job, _WAITS)
        query = query.order_by(TAKES.c.row, TAKES.c.variant).limit(limit)
        return [TakeId(row.id) for row in await connection.execute(query)]

    async def count_waiting(self, connection: AsyncConnection, job: JobId) -> int:
        """Count the takes of a job that wait for a person."""
        query = sa.select(sa.func.count(sa.distinct(TAKES.c.id)))
        query = query.select_from(VERDICTS.join(TAKES, TAKES.c.id == VERDICTS.c.take))
        return await connection.scalar(query.where(VERDICTS.c.job == job, _WAITS)) or 0

    async def count_rejected(self, connection: AsyncConnection, job: JobId) -> int:
        """Count the takes of a job, the newest of each variant, that a person rejected last."""
        query = sa.select(sa.func.count(sa.distinct(TAKES.c.id))).select_from(_DECIDED)
        return await connection.scalar(query.where(DECISIONS.c.job == job, _REJECTED)) or 0

    async def rejected(
        self, connection: AsyncConnection, job: JobId, rows: tuple[int, int] | None = None
    ) -> dict[TakeId, int]:
        """Read which takes these are, with their rows: of all rows, or of the first to the last."""
        query = sa.select(TAKES.c.id, TAKES.c.row).distinct().select_from(_DECIDED)
        query = query.where(DECISIONS.c.job == job, _REJECTED)
        query = query if rows is None else query.where(TAKES.c.row.between(*rows))
        return {TakeId(row.id): row.row for row in await connection.execute(query)}


def failed(verdicts: Sequence[TakeVerdict]) -> bool:
    """Tell whether any gate found a take to fail."""
    return any(each.decision is Decision.FAIL for each in verdicts)


def verdict_of(row: Row) -> TakeVerdict:
    """Read a verdict from its row."""
    return TakeVerdict(
        take=TakeId(row["take"]),
        gate=row["gate"],
        job=JobId(row["job"]),
        asset=Sha256(row["asset"]),
        decision=Decision(row["decision"]),
        action=Action(row["action"]),
        at=row["at"],
        warned=bool(row["warned"]),
        observations=tuple(Observation(**each) for each in row["observations"]),
        rules=row["rules"],
        why=row["why"],
        retake=TakeId(row["retake"]) if row["retake"] else None,
    )


def row_of(verdict: TakeVerdict) -> dict[str, Any]:
    """Write a verdict as its row."""
    return {
        "take": verdict.take,
        "gate": verdict.gate,
        "job": verdict.job,
        "asset": verdict.asset,
        "decision": verdict.decision,
        "action": verdict.action,
        "warned": verdict.warned,
        "observations": [asdict(each) for each in verdict.observations],
        "rules": verdict.rules,
        "why": verdict.why,
        "retake": verdict.retake,
        "at": verdict.at,
    }


def verdict_out(verdict: TakeVerdict) -> dict[str, Any]:
    """Write a verdict as a record of a recovery snapshot."""
    return {"kind": RecordKind.VERDICT, "verdict": told(row_of(verdict))}


def verdict_in(record: Record) -> TakeVerdict:
    """Read a verdict back."""
    return verdict_of(row_in(VERDICTS, record["verdict"]))


def verdict_document(verdict: TakeVerdict) -> Mapping[str, Any]:
    """Spell a verdict for people and programs."""
    return {
        "gate": verdict.gate,
        "verdict": verdict.decision,
        "action": verdict.action,
        "because": [
            {"check": each.check, "sentence": each.sentence, "advice": each.advice}
            for each in verdict.observations
        ],
        "why": verdict.why,
        "rules": verdict.rules,
        "retake": verdict.retake,
        "at": verdict.at.isoformat(),
    }
