"""Orders that were answered before: equal ones need not be paid for again."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.kernel.digests import Sha256
from callsheet.kernel.ids import JobId, TakeId
from callsheet.ports.database import one_of
from callsheet.ports.models import IN_PROCESS
from callsheet.takes.model import Take, TakeStatus
from callsheet.takes.tables import MADE, STANDING, TAKES, take_of

_MOST_ANSWERS: Final = 5_000  # that are looked at for some takes


@dataclass(frozen=True, slots=True)
class Answer:
    """What an order was answered with: whose it was, the first file of what came, and its note."""

    take: TakeId
    asset: Sha256
    note: str | None


async def never_ordered(connection: AsyncConnection, takes: Sequence[TakeId]) -> list[Take]:
    """Read those of some takes that would be ordered for the first time, without their inputs.

    So one whose inputs are damaged keeps no other from its order.
    """
    query = (
        sa.select(*STANDING)
        .where(
            one_of(TAKES.c.id, takes),
            TAKES.c.status == TakeStatus.QUOTED,
            TAKES.c.order_no == 0,
            TAKES.c.provider.not_in(IN_PROCESS),
        )
        .order_by(TAKES.c.row, TAKES.c.variant)
    )
    return [take_of(row) for row in (await connection.execute(query)).mappings()]


async def answers_elsewhere(
    connection: AsyncConnection, job: JobId, waiting: Sequence[Take]
) -> dict[Sha256, list[Answer]]:
    """Find what other jobs of the workspace were answered to the very same orders, newest first.

    By the digest of the order. What was itself answered from the store is left out.
    """
    query = (
        sa.select(TAKES.c.id, TAKES.c.inputs_digest, TAKES.c.asset, TAKES.c.note)
        .where(
            TAKES.c.workspace == waiting[0].workspace,
            one_of(TAKES.c.inputs_digest, _digests(waiting)),
            sa.text(MADE),
            TAKES.c.order_no > 0,
            TAKES.c.job != job,
        )
        .order_by(TAKES.c.id.desc())
        .limit(_MOST_ANSWERS)
    )
    found: dict[Sha256, list[Answer]] = defaultdict(list)
    for row in await connection.execute(query):
        answer = Answer(TakeId(row.id), Sha256(row.asset), row.note)
        found[Sha256(row.inputs_digest)].append(answer)
    return found


async def shown_already(
    connection: AsyncConnection, job: JobId, waiting: Sequence[Take]
) -> set[Sha256]:
    """Name what takes of a job show already whose orders equal those of some that wait."""
    query = sa.select(TAKES.c.asset).where(
        TAKES.c.job == job,
        one_of(TAKES.c.inputs_digest, _digests(waiting)),
        TAKES.c.asset.is_not(None),
    )
    return {Sha256(name) for name in (await connection.execute(query)).scalars()}


def _digests(takes: Sequence[Take]) -> Collection[Sha256]:
    return sorted({take.digests.inputs for take in takes})
