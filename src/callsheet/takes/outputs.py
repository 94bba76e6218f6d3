"""What takes made: one file or several, in order, each with its role."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.kernel.digests import Sha256
from callsheet.kernel.ids import TakeId
from callsheet.ports.database import METADATA, bound, one_of
from callsheet.takes.model import Outcome, TakeStatus
from callsheet.takes.tables import TAKES

TAKE_OUTPUTS: Final = sa.Table(
    "take_outputs",
    METADATA,
    sa.Column("take", sa.ForeignKey(TAKES.c.id, ondelete="CASCADE"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("asset", sa.Text, nullable=False, index=True),
    sa.Column("role", sa.Text, nullable=False),
)


class OutputRole(StrEnum):
    """What an output is for."""

    MAIN = "main"  # the first: what the take stands for
    FURTHER = "further"  # came with it: of one order, and as good


@dataclass(frozen=True, slots=True)
class Output:
    """One file that a take made; positions count from 1."""

    take: TakeId
    position: int
    asset: Sha256
    role: OutputRole


def outputs_of_end(outcome: Outcome) -> list[Output]:
    """Word what a take made by the way it ended."""
    if outcome.asset is None:
        return []
    files = (outcome.asset, *outcome.further)
    roles = (OutputRole.MAIN, *[OutputRole.FURTHER] * len(outcome.further))
    return [
        Output(outcome.take, position, asset, role)
        for position, (asset, role) in enumerate(zip(files, roles, strict=True), start=1)
    ]


# of a take that ended so: what came under a claim that has passed is no take's
_ENDED_SO: Final = sa.select(
    TAKES.c.id,
    sa.bindparam("b_position", type_=sa.Integer),
    sa.bindparam("b_output", type_=sa.Text),
    sa.bindparam("b_role", type_=sa.Text),
).where(
    TAKES.c.id == bound(TAKES.c.id),
    TAKES.c.epoch == bound(TAKES.c.epoch),
    TAKES.c.status == TakeStatus.SUCCEEDED,
    TAKES.c.asset == bound(TAKES.c.asset),
)
_COLUMNS: Final = ["take", "position", "asset", "role"]
_ADD: Final = {
    "sqlite": sqlite.insert(TAKE_OUTPUTS).from_select(_COLUMNS, _ENDED_SO).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(TAKE_OUTPUTS)
    .from_select(_COLUMNS, _ENDED_SO)
    .on_conflict_do_nothing(),
}


async def add_outputs(connection: AsyncConnection, outcomes: Sequence[Outcome]) -> None:
    """Write what takes made whose ends were written in this transaction; again changes nothing."""
    rows = [
        {
            "b_id": outcome.take,
            "b_epoch": outcome.epoch,
            "b_asset": outcome.asset,
            "b_position": output.position,
            "b_output": output.asset,
            "b_role": output.role,
        }
        for outcome in outcomes
        for output in outputs_of_end(outcome)
    ]
    if rows:
        await connection.execute(_ADD[connection.dialect.name], rows)


async def restore_outputs(connection: AsyncConnection, outputs: Sequence[Output]) -> None:
    """Write outputs of takes back that were brought back."""
    rows = [
        {"take": each.take, "position": each.position, "asset": each.asset, "role": each.role}
        for each in outputs
    ]
    if rows:
        await connection.execute(sa.insert(TAKE_OUTPUTS), rows)


async def outputs_of(
    connection: AsyncConnection, takes: Collection[TakeId]
) -> dict[TakeId, list[Output]]:
    """Read what some takes made, in order."""
    query = sa.select(TAKE_OUTPUTS).where(one_of(TAKE_OUTPUTS.c.take, takes))
    found: dict[TakeId, list[Output]] = defaultdict(list)
    rows = await connection.execute(query.order_by(TAKE_OUTPUTS.c.take, TAKE_OUTPUTS.c.position))
    for row in rows:
        output = Output(TakeId(row.take), row.position, Sha256(row.asset), OutputRole(row.role))
        found[output.take].append(output)
    return found
