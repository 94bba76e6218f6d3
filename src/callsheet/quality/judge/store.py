"""What was put to the judge about takes, and what it said; kept, so that it is counted later."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.jobs.decisions import DECISIONS, Choice
from callsheet.jobs.snapshot import Record, RecordKind, row_in, told
from callsheet.jobs.tables import JOBS
from callsheet.kernel.digests import Sha256
from callsheet.kernel.ids import JobId, TakeId, WorkspaceId
from callsheet.ports.database import METADATA, Row, UtcTime, one_of
from callsheet.quality.judge.calibration import Compared
from callsheet.quality.judge.questions import Failure, Question
from callsheet.quality.judge.scoring import Opinion
from callsheet.quality.model import Decision

JUDGINGS: Final = sa.Table(
    "judgings",
    METADATA,
    sa.Column("take", sa.Text, primary_key=True),
    sa.Column("model", sa.Text, primary_key=True),
    sa.Column("workspace", sa.Text, nullable=False),
    sa.Column("job", sa.ForeignKey(JOBS.c.id, ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("asset", sa.Text, nullable=False),
    sa.Column("questions", sa.JSON, nullable=False),
    sa.Column("pictures", sa.JSON, nullable=False),
    sa.Column("asked", sa.JSON, nullable=False),
    sa.Column("decision", sa.Text),
    sa.Column("because", sa.Text),
    sa.Column("scores", sa.JSON(none_as_null=True)),
    sa.Column("spread", sa.JSON(none_as_null=True)),
    sa.Column("failed", sa.JSON(none_as_null=True)),
    sa.Column("wrong", sa.JSON(none_as_null=True)),
    sa.Column("at", UtcTime, nullable=False),
    sa.Index("ix_judgings_workspace", "workspace", "model"),
)
_MOST_COMPARED: Final = 20_000  # the newest of a workspace


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture that the judge was shown: its name, and in words what it shows."""

    sha256: Sha256
    shows: str


@dataclass(frozen=True, slots=True)
class Judging:
    """A take as it was put to the judge: which file, which questions, which pictures.

    `asked` has the take of each asking, the first asking first: one that was tried again has the
    newest. `decision` and `because` are what the judge said, None while it is being asked.
    """

    take: TakeId
    model: str
    workspace: WorkspaceId
    job: JobId
    asset: Sha256
    questions: tuple[Question, ...]
    pictures: tuple[Picture, ...]
    asked: tuple[TakeId, ...]
    at: datetime
    decision: Decision | None = None
    because: str | None = None
    scores: Mapping[str, float] | None = None
    spread: Mapping[str, float] | None = None
    failed: Sequence[str] = ()
    wrong: Sequence[str] = ()


class JudgingStore:
    """Reads and writes judgings; every method works in the caller's transaction."""

    async def add(self, connection: AsyncConnection, judgings: Iterable[Judging]) -> None:
        """Write what is put to the judge."""
        rows = [_row_of(each) for each in judgings]
        if rows:
            await connection.execute(sa.insert(JUDGINGS), rows)

    async def asked_again(
        self, connection: AsyncConnection, judging: Judging, asked: Sequence[TakeId]
    ) -> None:
        """Note which takes ask now."""
        await connection.execute(_this(judging).values(asked=list(asked)))

    async def decided(
        self, connection: AsyncConnection, judging: Judging, opinion: Opinion, now: datetime
    ) -> None:
        """Write what the judge said."""
        scored = opinion.scored
        await connection.execute(
            _this(judging).values(
                decision=opinion.decision,
                because=opinion.because,
                scores=dict(scored.scores) if scored else None,
                spread=dict(scored.spread) if scored else None,
                failed=list(opinion.failed),
                wrong=sorted(opinion.wrong),
                at=now,
            )
        )

    async def undecided(self, connection: AsyncConnection, job: JobId, model: str) -> list[Judging]:
        """Read what was put to one model about a job's takes, and is not summed up yet."""
        query = sa.select(JUDGINGS).where(
            JUDGINGS.c.job == job, JUDGINGS.c.model == model, JUDGINGS.c.decision.is_(None)
        )
        rows = await connection.execute(query.order_by(JUDGINGS.c.at, JUDGINGS.c.take))
        return [_judging_of(row) for row in rows.mappings()]

    async def of_takes(
        self, connection: AsyncConnection, takes: Collection[TakeId]
    ) -> dict[TakeId, list[Judging]]:
        """Read what was put to any model about some takes."""
        query = sa.select(JUDGINGS).where(one_of(JUDGINGS.c.take, takes))
        found: dict[TakeId, list[Judging]] = {}
        for row in (await connection.execute(query.order_by(JUDGINGS.c.model))).mappings():
            found.setdefault(TakeId(row["take"]), []).append(_judging_of(row))
        return found

    async def compared(
        self, connection: AsyncConnection, workspace: WorkspaceId, model: str | None = None
    ) -> list[Compared]:
        """Read of which takes both the judge and a person said something; a person's last word.

        What the judge left to a person is no opinion of its own.
        """
        query = (
            sa.select(
                JUDGINGS.c.model,
                JUDGINGS.c.take,
                JUDGINGS.c.decision,
                JUDGINGS.c.questions,
                JUDGINGS.c.wrong,
                DECISIONS.c.choice,
                DECISIONS.c.reason,
            )
            .join(
                DECISIONS,
                sa.and_(DECISIONS.c.take == JUDGINGS.c.take, DECISIONS.c.asset == JUDGINGS.c.asset),
            )
            .where(
                JUDGINGS.c.workspace == workspace,
                JUDGINGS.c.decision.in_([Decision.PASS, Decision.FAIL]),
            )
            .order_by(DECISIONS.c.at.desc(), DECISIONS.c.id.desc())
            .limit(_MOST_COMPARED)
        )
        if model is not None:
            query = query.where(JUDGINGS.c.model == model)
        last: dict[tuple[str, str], Compared] = {}
        for row in (await connection.execute(query)).mappings():
            last.setdefault((row["model"], row["take"]), _compared_of(row))
        return list(last.values())


def _this(judging: Judging) -> sa.Update:
    return sa.update(JUDGINGS).where(
        JUDGINGS.c.take == judging.take, JUDGINGS.c.model == judging.model
    )


def _compared_of(row: Row) -> Compared:
    return Compared(
        model=row["model"],
        passed=row["decision"] == Decision.PASS,
        types=frozenset(Failure(each["failure"]) for each in row["questions"]),
        wrong=frozenset(map(Failure, row["wrong"] or ())),
        good=row["choice"] != Choice.REJECT,
        reason=row["reason"],
    )


def _row_of(judging: Judging) -> dict[str, Any]:
    return {
        "take": judging.take,
        "model": judging.model,
        "workspace": judging.workspace,
        "job": judging.job,
        "asset": judging.asset,
        "questions": [each.to_json() for each in judging.questions],
        "pictures": [{"sha256": each.sha256, "shows": each.shows} for each in judging.pictures],
        "asked": list(judging.asked),
        "at": judging.at,
        "decision": judging.decision,
        "because": judging.because,
        "scores": judging.scores,
        "spread": judging.spread,
        "failed": judging.failed or None,
        "wrong": judging.wrong or None,
    }


def judging_out(judging: Judging) -> dict[str, Any]:
    """Write a judging as a record of a recovery snapshot."""
    return {"kind": RecordKind.JUDGING, "judging": told(_row_of(judging))}


def judging_in(record: Record) -> Judging:
    """Read a judging back."""
    return _judging_of(row_in(JUDGINGS, record["judging"]))


def _judging_of(row: Row) -> Judging:
    return Judging(
        take=TakeId(row["take"]),
        model=row["model"],
        workspace=WorkspaceId(row["workspace"]),
        job=JobId(row["job"]),
        asset=Sha256(row["asset"]),
        questions=tuple(Question.of_json(each) for each in row["questions"]),
        pictures=tuple(Picture(Sha256(p["sha256"]), p["shows"]) for p in row["pictures"]),
        asked=tuple(TakeId(each) for each in row["asked"]),
        at=row["at"],
        decision=Decision(row["decision"]) if row["decision"] else None,
        because=row["because"],
        scores=row["scores"],
        spread=row["spread"],
        failed=row["failed"] or (),
        wrong=row["wrong"] or (),
    )
