"""Where assets come from, and what they were used for.

A row says of an asset that it was made from something (a take, another asset, a reference that
somebody named), or was used as something by a take, in a role.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.kernel.digests import Sha256
from callsheet.kernel.ids import TakeId, WorkspaceId
from callsheet.ports.database import METADATA, Row, UtcTime, one_of
from callsheet.takes.model import Take

LINEAGE: Final = sa.Table(
    "lineage",
    METADATA,
    sa.Column("workspace", sa.Text, primary_key=True),
    sa.Column("asset", sa.Text, primary_key=True),
    sa.Column("relation", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("role", sa.Text, primary_key=True),
    sa.Column("at", UtcTime, nullable=False),
    sa.Index("ix_lineage_name", "workspace", "kind", "name"),
)


class Relation(StrEnum):
    """How an asset stands to something."""

    MADE_FROM = "made_from"
    USED_AS = "used_as"


class Kind(StrEnum):
    """What an asset was made from, or used by."""

    ASSET = "asset"  # by its SHA-256
    TAKE = "take"  # by its id
    REFERENCE = "reference"  # by the address that somebody named


@dataclass(frozen=True, slots=True)
class Lineage:
    """One fact about where an asset comes from, or what it was used for.

    `role` says as what: `output` of a take, `fetched` from a reference, or a mode such as
    `first_frame`.
    """

    workspace: WorkspaceId
    asset: Sha256
    relation: Relation
    kind: Kind
    name: str
    role: str
    at: datetime


def of_take(take: Take, made: Collection[Sha256], now: datetime) -> list[Lineage]:
    """Word what follows from a take that made something: of its outputs, and of what it used."""
    used = _references(take.inputs)

    def fact(asset: Sha256, relation: Relation, kind: Kind, name: str, role: str) -> Lineage:
        return Lineage(take.workspace, asset, relation, kind, name, role, now)

    facts = [fact(each, Relation.MADE_FROM, Kind.TAKE, take.id, "output") for each in made]
    for reference, mode in used:
        facts += [fact(each, Relation.MADE_FROM, Kind.ASSET, reference, mode) for each in made]
        facts.append(fact(reference, Relation.USED_AS, Kind.TAKE, take.id, mode))
    return facts


def _references(inputs: Mapping[str, Any]) -> list[tuple[Sha256, str]]:
    return [
        (Sha256(each["sha256"]), str(each.get("mode", "")))
        for each in inputs.get("references") or ()
        if isinstance(each, Mapping) and each.get("sha256")
    ]


def of_reference(workspace: WorkspaceId, asset: Sha256, source: str, now: datetime) -> Lineage:
    """Word that an asset is what a reference was when it was fetched."""
    return Lineage(workspace, asset, Relation.MADE_FROM, Kind.REFERENCE, source, "fetched", now)


_ADD: Final = {
    "sqlite": sqlite.insert(LINEAGE).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(LINEAGE).on_conflict_do_nothing(),
}


async def add_lineage(connection: AsyncConnection, facts: Iterable[Lineage]) -> None:
    """Write facts; one that is known stays as it was."""
    # in one order, so that two transactions never wait for each other in a ring
    rows = [row_of(fact) for fact in sorted(facts, key=_order)]
    if rows:
        await connection.execute(_ADD[connection.dialect.name], rows)


def _order(fact: Lineage) -> tuple[str, ...]:
    return fact.workspace, fact.asset, fact.relation, fact.kind, fact.name, fact.role


async def lineage_of(
    connection: AsyncConnection, workspace: WorkspaceId, assets: Collection[Sha256]
) -> list[Lineage]:
    """Read what some assets come from and were used for."""
    query = sa.select(LINEAGE).where(
        LINEAGE.c.workspace == workspace, one_of(LINEAGE.c.asset, assets)
    )
    return await _read(connection, query)


async def told_by(
    connection: AsyncConnection,
    workspace: WorkspaceId,
    takes: Collection[TakeId],
    assets: Collection[Sha256],
) -> list[Lineage]:
    """Read what some takes made and used, and what else some assets were made from.

    Not which other takes made the same bytes: those may be many.
    """
    by_take = sa.select(LINEAGE).where(
        LINEAGE.c.workspace == workspace,
        LINEAGE.c.kind == Kind.TAKE,
        one_of(LINEAGE.c.name, takes),
    )
    made_from = sa.select(LINEAGE).where(
        LINEAGE.c.workspace == workspace,
        one_of(LINEAGE.c.asset, assets),
        LINEAGE.c.relation == Relation.MADE_FROM,
        LINEAGE.c.kind.in_((Kind.ASSET, Kind.REFERENCE)),
    )
    return [*await _read(connection, by_take), *await _read(connection, made_from)]


async def made_with(
    connection: AsyncConnection, workspace: WorkspaceId, kind: Kind, name: str
) -> list[Lineage]:
    """Read which assets were made from something, or used by it."""
    query = sa.select(LINEAGE).where(
        LINEAGE.c.workspace == workspace, LINEAGE.c.kind == kind, LINEAGE.c.name == name
    )
    return await _read(connection, query)


async def _read(connection: AsyncConnection, query: sa.Select[Any]) -> list[Lineage]:
    rows = (await connection.execute(query.order_by(*LINEAGE.primary_key.columns))).mappings()
    return [lineage_in(row) for row in rows]


def lineage_in(row: Row) -> Lineage:
    """Read a fact from its row."""
    return Lineage(
        workspace=WorkspaceId(row["workspace"]),
        asset=Sha256(row["asset"]),
        relation=Relation(row["relation"]),
        kind=Kind(row["kind"]),
        name=row["name"],
        role=row["role"],
        at=row["at"],
    )


def row_of(fact: Lineage) -> dict[str, Any]:
    """Write a fact as its row."""
    return {
        "workspace": fact.workspace,
        "asset": fact.asset,
        "relation": fact.relation,
        "kind": fact.kind,
        "name": fact.name,
        "role": fact.role,
        "at": fact.at,
    }
