"""What moves write, many at once too, each only from where the table of moves lets it.

A take is named as whoever claimed it read it: under its epoch, and at the order it was at then.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from callsheet.kernel.unset import UNSET, Maybe
from callsheet.ports.database import bound
from callsheet.takes.model import Take, TakeStatus
from callsheet.takes.tables import OPEN, TAKES, THIS_ORDER, may_become


@dataclass(frozen=True, slots=True)
class TakeUpdate:
    """Columns of a take that a move sets besides its state; what is UNSET stays as it is."""

    error: Maybe[Mapping[str, Any] | None] = UNSET
    ticket: Maybe[str | None] = UNSET
    outputs: Maybe[Mapping[str, Any] | None] = UNSET
    ordered_at: Maybe[datetime | None] = UNSET
    running_at: Maybe[datetime] = UNSET
    adopting_at: Maybe[datetime] = UNSET
    due_at: Maybe[float | None] = UNSET
    looks: Maybe[int] = UNSET
    tries: Maybe[int] = UNSET


UNCHANGED = TakeUpdate()


def _write(*where: sa.ColumnElement[bool] | sa.TextClause, **values: Any) -> sa.Update:
    """Word one statement for many takes of ours: named by b_id, b_epoch and b_order_no."""
    return sa.update(TAKES).where(*THIS_ORDER, *where).values(values)


def _move(to: TakeStatus, **values: Any) -> sa.Update:
    """Word a move of many takes of ours to one state, from wherever the table lets them."""
    return _write(may_become(to), status=to, looks=0, misses=0, missed_at=None, **values)


ORDER = _move(
    TakeStatus.ORDERED,
    order_no=TAKES.c.order_no + 1,
    order_digest=bound(TAKES.c.order_digest),
    ordered_at=bound(TAKES.c.ordered_at),
    due_at=bound(TAKES.c.due_at),
    held_on=bound(TAKES.c.held_on),
    holds=bound(TAKES.c.holds),
)
TICKET = {
    to: _move(
        to,
        ticket=bound(TAKES.c.ticket),
        outputs=bound(TAKES.c.outputs),
        due_at=bound(TAKES.c.due_at),
        running_at=bound(TAKES.c.running_at),
        adopting_at=bound(TAKES.c.adopting_at),
        claimed_by=None,
    )
    for to in (TakeStatus.RUNNING, TakeStatus.ADOPTING)
}
LATER = _write(
    OPEN,
    due_at=bound(TAKES.c.due_at),
    looks=bound(TAKES.c.looks),
    tries=bound(TAKES.c.tries),
    misses=bound(TAKES.c.misses),
    missed_at=bound(TAKES.c.missed_at),
    claimed_by=None,
)
MADE = _move(
    TakeStatus.ADOPTING,
    outputs=bound(TAKES.c.outputs),
    adopting_at=bound(TAKES.c.adopting_at),
    due_at=bound(TAKES.c.due_at),
    claimed_by=None,
)
DOUBT = _move(TakeStatus.IN_DOUBT)
OUTPUTS = _write(TAKES.c.status == TakeStatus.ADOPTING, outputs=bound(TAKES.c.outputs))
RENEW = _write(OPEN, TAKES.c.claimed_by.is_not(None), due_at=bound(TAKES.c.due_at))


def mine(take: Take, **more: Any) -> dict[str, Any]:
    """Name a take as whoever claimed it read it, with what is to be written."""
    flight = take.flight
    named = {"b_id": take.id, "b_epoch": flight.epoch, "b_order_no": flight.order_no}
    return named | {f"b_{name}": value for name, value in more.items()}
