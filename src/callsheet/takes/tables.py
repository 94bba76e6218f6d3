"""The table of takes, and its rows as values."""

from collections.abc import Collection
from dataclasses import fields
from operator import itemgetter
from typing import Any, Final

import sqlalchemy as sa

from callsheet.jobs.tables import JOBS
from callsheet.kernel.digests import Sha256
from callsheet.kernel.ids import JobId, TakeId, WorkspaceId
from callsheet.kernel.money import Money
from callsheet.ports.database import METADATA, Row, UtcTime, bound
from callsheet.ports.models import IN_PROCESS
from callsheet.takes.model import (
    ENDED,
    NO_ROW,
    OUT,
    WAITING,
    Digests,
    Flight,
    Place,
    Take,
    TakeStatus,
    Times,
    sources,
)


def standing_at(statuses: Collection[TakeStatus]) -> str:
    """Word that a take stands at one of some states, in the order of its life.

    Spelled out, not bound: a database uses a partial index only where it sees the same condition,
    and one statement for many takes cannot expand a list.
    """
    names = ", ".join(f"'{status}'" for status in TakeStatus if status in statuses)
    return f"status IN ({names})"


def may_become(to: TakeStatus) -> sa.TextClause:
    """Word that the table of moves lets a take move to a state from where it stands."""
    return sa.text(standing_at(sources(to)))


TO_ORDER: Final = f"due_at IS NOT NULL AND {standing_at(WAITING)}"
TO_LOOK_AT: Final = f"due_at IS NOT NULL AND {standing_at(OUT | {TakeStatus.ADOPTING})}"
MADE: Final = f"status = '{TakeStatus.SUCCEEDED}' AND asset IS NOT NULL"
ASKED: Final = f"row = {NO_ROW}"
ACCEPTED_AND_ENDED: Final = "ticket IS NOT NULL AND finished_at IS NOT NULL"


def where(condition: str) -> dict[str, Any]:
    """Say that an index covers only some rows."""
    return {"postgresql_where": sa.text(condition), "sqlite_where": sa.text(condition)}


OPEN: Final = sa.text(standing_at(set(TakeStatus) - ENDED))
TAKES = sa.Table(
    "takes",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("workspace", sa.Text, nullable=False),
    sa.Column("job", sa.ForeignKey(JOBS.c.id, ondelete="CASCADE"), nullable=False),
    sa.Column("row", sa.Integer, nullable=False),
    sa.Column("variant", sa.Integer, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("provider", sa.Text, nullable=False),
    sa.Column("use", sa.Text, nullable=False, server_default=""),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("epoch", sa.Integer, nullable=False, server_default="0"),
    sa.Column("inputs", sa.JSON, nullable=False),
    sa.Column("inputs_digest", sa.Text, nullable=False),
    sa.Column("price", sa.BigInteger, nullable=False),
    sa.Column("charged", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("asset", sa.Text),
    sa.Column("error", sa.JSON(none_as_null=True)),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("ordered_at", UtcTime),
    sa.Column("finished_at", UtcTime),
    sa.Column("ticket", sa.Text),
    sa.Column("order_digest", sa.Text),
    sa.Column("held_on", sa.Text),
    sa.Column("holds", sa.Integer, nullable=False, server_default="0"),
    sa.Column("rank", sa.Integer, nullable=False, server_default="0"),
    sa.Column("due_at", sa.Float),
    sa.Column("claimed_by", sa.Text),
    sa.Column("looks", sa.Integer, nullable=False, server_default="0"),
    sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
    sa.Column("cancel_asked", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("outputs", sa.JSON(none_as_null=True)),
    sa.Column("running_at", UtcTime),
    sa.Column("adopting_at", UtcTime),
    sa.Column("order_no", sa.Integer, nullable=False, server_default="0"),
    sa.Column("misses", sa.Integer, nullable=False, server_default="0"),
    sa.Column("missed_at", sa.Float),
    sa.Column("note", sa.Text),
    sa.Column("content_digest", sa.Text),
    sa.UniqueConstraint("job", "row", "variant", "attempt"),
    sa.Index(None, "workspace", "created_at"),
    sa.Index(None, "workspace", "asset"),
    # one order, one take: whoever claims a provider's ticket second is refused by the database
    sa.Index(
        "ix_takes_provider_ticket", "provider", "ticket", unique=True, **where("ticket IS NOT NULL")
    ),
    sa.Index("ix_takes_to_order", "provider", "rank", "due_at", **where(TO_ORDER)),
    sa.Index("ix_takes_to_look_at", "status", "due_at", **where(TO_LOOK_AT)),
    sa.Index("ix_takes_asked", "workspace", "inputs_digest", **where(ASKED)),
    sa.Index("ix_takes_claimed_by", "claimed_by", **where("claimed_by IS NOT NULL")),
    sa.Index("ix_takes_provider_ended", "provider", "finished_at", **where(ACCEPTED_AND_ENDED)),
    sa.Index(
        "ix_takes_equal_orders",
        "workspace",
        "inputs_digest",
        **where(MADE),
    ),
    sa.Index(
        "ix_takes_provider_ordered", "provider", "ordered_at", **where("order_digest IS NOT NULL")
    ),
)
# One of many takes that a statement changes, under the epoch of who claimed it.
MINE: Final = (TAKES.c.id == bound(TAKES.c.id), TAKES.c.epoch == bound(TAKES.c.epoch))
# The same, by whoever speaks of the newest order.
THIS_ORDER: Final = (*MINE, TAKES.c.order_no == bound(TAKES.c.order_no))
# What may be ordered, or cancelled, without a word to anybody: takes that wait, and free local ones
# that stand at `ordered` - whoever made them is gone or will find their epoch passed.
UNSPENT = sa.or_(
    TAKES.c.status.in_(WAITING),
    sa.and_(TAKES.c.status == TakeStatus.ORDERED, TAKES.c.provider.in_(IN_PROCESS)),
)
# in C: each take that is read goes through here
_TIMES: Final = itemgetter(*(field.name for field in fields(Times)))
_FLIGHT: Final = itemgetter(*(field.name for field in fields(Flight)))
STANDING = [column for column in TAKES.columns if column.name != "inputs"]


def take_of(row: Row) -> Take:
    """Read a take from its row; one without its inputs has none."""
    return Take(
        id=TakeId(row["id"]),
        workspace=WorkspaceId(row["workspace"]),
        place=Place(JobId(row["job"]), row["row"], row["variant"], row["attempt"]),
        model=row["model"],
        provider=row["provider"],
        inputs=row.get("inputs", {}),
        digests=Digests(Sha256(row["inputs_digest"]), row["content_digest"]),
        price=Money(row["price"]),
        times=Times(*_TIMES(row)),
        status=TakeStatus(row["status"]),
        charged=Money(row["charged"]),
        asset=Sha256(row["asset"]) if row["asset"] else None,
        error=row["error"],
        note=row["note"],
        flight=Flight(*_FLIGHT(row)),
    )


def row_of(take: Take) -> dict[str, Any]:
    """Write a take as its row."""
    parts = take.place, take.times, take.flight
    return {
        **{field.name: getattr(part, field.name) for part in parts for field in fields(part)},
        "id": take.id,
        "workspace": take.workspace,
        "model": take.model,
        "provider": take.provider,
        "inputs": dict(take.inputs),
        "inputs_digest": take.digests.inputs,
        "content_digest": take.digests.content,
        "price": take.price.micros,
        "status": take.status,
        "charged": take.charged.micros,
        "asset": take.asset,
        "error": take.error,
        "note": take.note,
    }
