"""Examinations: the findings about an asset under one set of rules, so that none is made twice."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.kernel.digests import Sha256
from callsheet.kernel.ids import WorkspaceId
from callsheet.ports.database import METADATA, Row, UtcTime
from callsheet.ports.findings import Finding, Severity, Status
from callsheet.quality.model import verdict_of

EXAMINATIONS: Final = sa.Table(
    "examinations",
    METADATA,
    sa.Column("workspace", sa.Text, primary_key=True),
    sa.Column("asset", sa.Text, primary_key=True),
    sa.Column("rules", sa.Text, primary_key=True),
    sa.Column("profile", sa.Text, nullable=False),
    sa.Column("findings", sa.JSON, nullable=False),
    sa.Column("facts", sa.JSON, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
)
_ADD: Final = {
    "sqlite": sqlite.insert(EXAMINATIONS).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(EXAMINATIONS).on_conflict_do_nothing(),
}
_DEFAULTS: Final = {
    each.name: each.default
    for each in fields(Finding)
    if each.name not in {"check", "version", "status", "severity", "sentence"}
}


@dataclass(frozen=True, slots=True)
class Examination:
    """What was found in an asset.

    `rules` digests all that it was judged by: the profile's rules, the checks with their versions,
    what was ordered and what it was compared with. `facts` has what other examinations need of it:
    width, height, likeness.
    """

    workspace: WorkspaceId
    asset: Sha256
    rules: Sha256
    profile: str
    findings: Sequence[Finding]
    at: datetime
    facts: Mapping[str, Any] = field(default_factory=dict)


class ExaminationStore:
    """Reads and writes examinations; every method works in the caller's transaction."""

    async def find(
        self, connection: AsyncConnection, workspace: WorkspaceId, asset: Sha256, rules: Sha256
    ) -> Examination | None:
        """Read the examination of an asset under some rules; None if it was not examined so."""
        query = sa.select(EXAMINATIONS).where(
            EXAMINATIONS.c.workspace == workspace,
            EXAMINATIONS.c.asset == asset,
            EXAMINATIONS.c.rules == rules,
        )
        row = (await connection.execute(query)).mappings().first()
        return None if row is None else examination_of(row)

    async def of_asset(
        self, connection: AsyncConnection, workspace: WorkspaceId, asset: Sha256, limit: int = 20
    ) -> list[Examination]:
        """Read the examinations of an asset, newest first."""
        query = sa.select(EXAMINATIONS).where(
            EXAMINATIONS.c.workspace == workspace, EXAMINATIONS.c.asset == asset
        )
        query = query.order_by(EXAMINATIONS.c.at.desc(), EXAMINATIONS.c.rules).limit(limit)
        return [examination_of(row) for row in (await connection.execute(query)).mappings()]

    async def add(self, connection: AsyncConnection, examination: Examination) -> None:
        """Write an examination; if another process has done so, that one stays."""
        await connection.execute(_ADD[connection.dialect.name], row_of(examination))


def examination_of(row: Row) -> Examination:
    """Read an examination from its row."""
    return Examination(
        workspace=WorkspaceId(row["workspace"]),
        asset=Sha256(row["asset"]),
        rules=Sha256(row["rules"]),
        profile=row["profile"],
        findings=[_finding(each) for each in row["findings"]],
        at=row["at"],
        facts=row["facts"],
    )


def row_of(examination: Examination) -> dict[str, Any]:
    """Write an examination as its row: what does not concern the file is left out."""
    return {
        "workspace": examination.workspace,
        "asset": examination.asset,
        "rules": examination.rules,
        "profile": examination.profile,
        "findings": [
            _told(each) for each in examination.findings if each.status is not Status.NOT_APPLICABLE
        ],
        "facts": dict(examination.facts),
        "at": examination.at,
    }


def examination_document(examination: Examination) -> dict[str, Any]:
    """Spell an examination for people and programs."""
    verdict = verdict_of(examination.findings)
    return {
        "profile": examination.profile,
        "rules": examination.rules,
        "at": examination.at.isoformat(),
        "verdict": str(verdict.decision),
        "because": list(verdict.because),
        "findings": [asdict(finding) for finding in examination.findings],
    }


def _told(finding: Finding) -> dict[str, Any]:
    """Write a finding without what has its default: there are many of them."""
    return {
        name: value for name, value in asdict(finding).items() if value != _DEFAULTS.get(name, ...)
    }


def _finding(told: Mapping[str, Any]) -> Finding:
    at = told.get("at")
    return Finding(
        **{
            **told,
            "status": Status(told["status"]),
            "severity": Severity(told["severity"]),
            "at": None if at is None else (at[0], at[1]),
        }
    )
