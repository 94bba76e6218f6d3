"""Claims on takes: whoever works takes what is due, and holds it for as long as it says.

A claim is a new epoch, a name and a later `due_at`: after that time, or as soon as the name is
known to be dead, the take is due again.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.kernel.ids import TakeId
from callsheet.ports.database import one_of
from callsheet.takes.inbox import WEBHOOKS
from callsheet.takes.model import WAITING, Take, TakeStatus
from callsheet.takes.moving import RENEW, mine
from callsheet.takes.schedule import LONGEST_WAIT_S
from callsheet.takes.tables import TAKES, TO_LOOK_AT, TO_ORDER, take_of
from callsheet.takes.waking import WakeStore

_WOKEN_S: Final = 5.0  # somebody looks for what is due many times in that time


@dataclass(frozen=True, slots=True)
class Claim:
    """Who claims, when, and for how many seconds nobody else shall."""

    who: str
    now: datetime
    for_s: float


@dataclass(frozen=True, slots=True)
class ClaimStore(WakeStore):
    """Claims takes; every method works in the caller's transaction.

    `living` names the processes that live, of whichever host: what one of them has written down as
    ordered is its own to tell about. Without it there is one process, and it is this one.
    """

    living: sa.Column[str] | None = None

    async def release(
        self, connection: AsyncConnection, takes: Collection[TakeId], rank: int, now: datetime
    ) -> None:
        """Let waiting takes be ordered from now on; of two, the one of lower rank goes first."""
        await connection.execute(
            sa.update(TAKES)
            .where(one_of(TAKES.c.id, takes), TAKES.c.status.in_(WAITING))
            .values(due_at=now.timestamp(), rank=rank, looks=0, tries=0)
        )

    async def providers_waited_for(self, connection: AsyncConnection, now: datetime) -> set[str]:
        """Name the providers that takes wait to be ordered from."""
        query = sa.select(TAKES.c.provider).where(
            sa.text(TO_ORDER), TAKES.c.due_at <= now.timestamp()
        )
        return {row.provider for row in await connection.execute(query.distinct())}

    async def claim_to_order(
        self, connection: AsyncConnection, provider: str, claim: Claim, limit: int
    ) -> list[Take]:
        """Claim takes that may be ordered, those of lower rank first."""
        due = sa.select(TAKES.c.id).where(
            sa.text(TO_ORDER),
            TAKES.c.provider == provider,
            TAKES.c.due_at <= claim.now.timestamp(),
        )
        return await self._claim(
            connection, due.order_by(TAKES.c.rank, TAKES.c.due_at).limit(limit), claim
        )

    async def claim_to_look_at(
        self,
        connection: AsyncConnection,
        statuses: Collection[TakeStatus],
        claim: Claim,
        limit: int,
        *,
        of: str | None = None,
        but: Collection[str] = (),
        sending: Collection[TakeId] = (),
    ) -> list[Take]:
        """Claim takes that are out and due for a look, the longest due first.

        Those `of` one provider only, or of all `but` some: of these only what was woken just now,
        by a webhook or by somebody who cancels. Whatever clocks say, an order is left alone whose
        request is open here, because it is among those `sending`, or that a living process sends.
        """
        due = sa.select(TAKES.c.id).where(
            sa.text(TO_LOOK_AT),
            TAKES.c.status.in_(statuses),
            TAKES.c.due_at <= claim.now.timestamp(),
        )
        if TakeStatus.ORDERED in statuses:
            due = due.where(self._nobody_sends(claim.who, sending))
        if of is not None:
            due = due.where(TAKES.c.provider == of)
        if but:
            called = sa.exists().where(WEBHOOKS.c.take == TAKES.c.id)
            woken = sa.and_(
                TAKES.c.due_at > claim.now.timestamp() - _WOKEN_S,
                sa.or_(TAKES.c.cancel_asked, called),
            )
            due = due.where(sa.or_(TAKES.c.provider.not_in(sorted(but)), woken))
        return await self._claim(connection, due.order_by(TAKES.c.due_at).limit(limit), claim)

    async def _claim(
        self, connection: AsyncConnection, due: sa.Select[tuple[str]], claim: Claim
    ) -> list[Take]:
        take_them = (
            sa.update(TAKES)
            .where(TAKES.c.id.in_(due.with_for_update(skip_locked=True)))
            .values(
                claimed_by=claim.who,
                epoch=TAKES.c.epoch + 1,
                due_at=claim.now.timestamp() + claim.for_s,
            )
            .returning(TAKES)
        )
        rows = (await connection.execute(take_them)).mappings()
        return sorted((take_of(row) for row in rows), key=lambda take: (take.job, take.row))

    def _nobody_sends(self, who: str, sending: Collection[TakeId]) -> sa.ColumnElement[bool]:
        left = [TAKES.c.status != TakeStatus.ORDERED]
        ours = one_of(TAKES.c.id, sending) if sending else sa.false()
        if self.living is None:
            return sa.or_(*left, sa.not_(ours))
        others = sa.exists().where(self.living == TAKES.c.claimed_by, self.living != who)
        return sa.or_(*left, sa.not_(sa.or_(ours, others)))

    async def locked(
        self, connection: AsyncConnection, takes: Collection[TakeId]
    ) -> dict[TakeId, Take]:
        """Read takes; they stay as they are until the transaction ends.

        Who changes what they are locks their job first.
        """
        query = sa.select(TAKES).where(one_of(TAKES.c.id, takes))
        query = query.order_by(TAKES.c.id).with_for_update()
        found = [take_of(row) for row in (await connection.execute(query)).mappings()]
        return {take.id: take for take in found}

    async def in_hand(
        self, connection: AsyncConnection, takes: Sequence[Take]
    ) -> dict[TakeId, Take]:
        """Read those of some claimed takes that nobody claimed, or ordered, since.

        They stay as they are until the transaction ends.
        """
        read = {take.id: (take.flight.epoch, take.flight.order_no) for take in takes}
        found = await self.locked(connection, read)
        return {
            name: take
            for name, take in found.items()
            if (take.flight.epoch, take.flight.order_no) == read[take.id]
        }

    async def renew(self, connection: AsyncConnection, takes: Sequence[Take], until: float) -> None:
        """Keep claims that hold yet; those that do not are left as they are."""
        if takes:
            rows = [mine(take, due_at=until) for take in takes]
            await connection.execute(RENEW, rows)

    async def free_claims(self, connection: AsyncConnection, who: str, now: datetime) -> int:
        """Make what a dead process had claimed due at once; answers how many takes.

        What it had ordered keeps its name: if it lives after all, that is nobody else's to judge.
        """
        ordered = TAKES.c.status == TakeStatus.ORDERED
        free = (
            sa.update(TAKES)
            .where(TAKES.c.claimed_by == who, TAKES.c.due_at.is_not(None))
            .values(
                claimed_by=sa.case((ordered, TAKES.c.claimed_by), else_=None),
                due_at=now.timestamp(),
            )
        )
        return (await connection.execute(free)).rowcount

    async def due_too_far_ahead(self, connection: AsyncConnection, now: datetime) -> bool:
        """Tell whether a take is due later than any is ever put off for."""
        query = sa.select(
            *(sa.exists().where(*where) for where in _too_far_ahead(now)),
        )
        return any((await connection.execute(query)).one())

    async def bring_forward(self, connection: AsyncConnection, now: datetime) -> int:
        """Let be due now what is due later than any take is put off for; answers how many."""
        count = 0
        for where in _too_far_ahead(now):
            bring = sa.update(TAKES).where(*where).values(due_at=now.timestamp())
            count += (await connection.execute(bring)).rowcount
        return count


def _too_far_ahead(
    now: datetime,
) -> list[tuple[sa.TextClause, sa.ColumnElement[bool], sa.ColumnElement[bool]]]:
    return [
        (
            sa.text(TO_ORDER if status in WAITING else TO_LOOK_AT),
            TAKES.c.status == status,
            TAKES.c.due_at > now.timestamp() + longest,
        )
        for status, longest in LONGEST_WAIT_S.items()
    ]
