"""What takes made: one file or several, in order, each with its role."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.kernel.digests import Sha256
from callsheet.kernel.ids import TakeId
from callsheet.ports.database import METADATA, one_of
from callsheet.takes.model import Outcome, Take, TakeStatus
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


_ADD: Final = {
    "sqlite": sqlite.insert(TAKE_OUTPUTS).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(TAKE_OUTPUTS).on_conflict_do_nothing(),
}


async def add_outputs(connection: AsyncConnection, outcomes: Sequence[Outcome]) -> None:
    """Write what takes made whose ends were written in this transaction; again changes nothing.

    What came under a claim that has passed is no take's.
    """
    made = {outcome.take: outcome for outcome in outcomes if outcome.asset is not None}
    if not made:
        return
    columns = TAKES.c.id, TAKES.c.epoch, TAKES.c.asset
    ended = sa.select(*columns).where(
        one_of(TAKES.c.id, made), TAKES.c.status == TakeStatus.SUCCEEDED
    )
    so = {TakeId(row.id): (row.epoch, row.asset) for row in await connection.execute(ended)}
    rows = [
        _row(output)
        for take, outcome in made.items()
        if so.get(take) == (outcome.epoch, outcome.asset)
        for output in outputs_of_end(outcome)
    ]
    if rows:
        await connection.execute(_ADD[connection.dialect.name], rows)


def _row(output: Output) -> dict[str, object]:
    return {
        "take": output.take,
        "position": output.position,
        "asset": output.asset,
        "role": output.role,
    }


def main_outputs(takes: Iterable[Take]) -> list[Output]:
    """Word what takes made of which nothing but the first file is known."""
    return [Output(take.id, 1, take.asset, OutputRole.MAIN) for take in takes if take.asset]


async def restore_outputs(connection: AsyncConnection, outputs: Sequence[Output]) -> None:
    """Write outputs of takes back that were brought back."""
    if outputs:
        await connection.execute(sa.insert(TAKE_OUTPUTS), [_row(each) for each in outputs])


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
