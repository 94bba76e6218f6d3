"""What was measured of takes that people approved."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.jobs.decisions import DECISIONS, Choice
from callsheet.jobs.tables import SHOTS
from callsheet.kernel.digests import Sha256
from callsheet.kernel.ids import WorkspaceId
from callsheet.ports.database import one_of
from callsheet.quality.examinations import EXAMINATIONS, examination_of
from callsheet.quality.usual import Usual, usual_of, values_of
from callsheet.takes.tables import TAKES

_MOST: Final = 400  # decisions that are looked at, the newest


@dataclass(frozen=True, slots=True)
class Likes:
    """Takes that are compared with each other: of one workspace, model and ordered size."""

    workspace: WorkspaceId
    model: str
    width: int
    height: int


async def usual_for(connection: AsyncConnection, likes: Likes) -> Mapping[str, Usual]:
    """Find what is usual by check, over what was approved last and not rejected since."""
    query = (
        sa.select(DECISIONS.c.asset, DECISIONS.c.choice)
        .join(TAKES, TAKES.c.id == DECISIONS.c.take)
        .join(SHOTS, sa.and_(SHOTS.c.job == TAKES.c.job, SHOTS.c.row == TAKES.c.row))
        .where(
            TAKES.c.workspace == likes.workspace,
            TAKES.c.model == likes.model,
            SHOTS.c.width == likes.width,
            SHOTS.c.height == likes.height,
        )
        .order_by(DECISIONS.c.at.desc(), DECISIONS.c.id.desc())
        .limit(_MOST)
    )
    newest: dict[Sha256, str] = {}
    for row in await connection.execute(query):
        newest.setdefault(Sha256(row.asset), row.choice)
    approved = [asset for asset, choice in newest.items() if choice != Choice.REJECT]
    return await _usual_of_assets(connection, likes.workspace, approved) if approved else {}


async def _usual_of_assets(
    connection: AsyncConnection, workspace: WorkspaceId, assets: list[Sha256]
) -> Mapping[str, Usual]:
    query = (
        sa.select(EXAMINATIONS)
        .where(EXAMINATIONS.c.workspace == workspace, one_of(EXAMINATIONS.c.asset, assets))
        .order_by(EXAMINATIONS.c.at)
    )
    newest = {}  # an asset may have been examined under several profiles
    for row in (await connection.execute(query)).mappings():
        newest[row["asset"]] = values_of(examination_of(row).findings)
    values: dict[str, list[float]] = defaultdict(list)
    for measured in newest.values():
        for check, value in measured.items():
            values[check].append(value)
    found = {check: usual_of(some) for check, some in values.items()}
    return {check: usual for check, usual in found.items() if usual is not None}
