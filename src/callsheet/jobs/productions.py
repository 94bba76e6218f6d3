"""Productions: the brief and the plan of a film, remarks about them, and what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.jobs.snapshot import Record, RecordKind, row_in, told
from callsheet.jobs.tables import JOBS
from callsheet.kernel.ids import JobId
from callsheet.ports.database import METADATA, Row
from callsheet.ports.film import FilmPlan

PRODUCTIONS: Final = sa.Table(
    "productions",
    METADATA,
    sa.Column("job", sa.ForeignKey(JOBS.c.id, ondelete="CASCADE"), primary_key=True),
    sa.Column("brief", sa.JSON, nullable=False),
    sa.Column("plan", sa.JSON, nullable=False),
    sa.Column("remarks", sa.JSON, nullable=False),
    sa.Column("spoken", sa.JSON, nullable=False),
    sa.Column("film", sa.JSON(none_as_null=True)),
)


@dataclass(frozen=True, slots=True)
class Production:
    """A film in the making.

    `remarks` are what is to be known about brief and plan, as JSON. `spoken` tells of each line
    that was read: {shot, place, samples, voice, label}; empty until the table read. `film` is what
    was made, None until then.
    """

    job: JobId
    brief: Mapping[str, Any]
    plan: FilmPlan
    remarks: Sequence[Mapping[str, Any]] = ()
    spoken: Sequence[Mapping[str, Any]] = ()
    film: Mapping[str, Any] | None = None


class ProductionStore:
    """Reads and writes productions; every method works in the caller's transaction."""

    async def add(self, connection: AsyncConnection, production: Production) -> None:
        """Write a production."""
        await connection.execute(sa.insert(PRODUCTIONS), [row_of(production)])

    async def find(self, connection: AsyncConnection, job: JobId) -> Production | None:
        """Read the production of a job; None for a job of another kind."""
        query = sa.select(PRODUCTIONS).where(PRODUCTIONS.c.job == job)
        row = (await connection.execute(query)).mappings().first()
        return None if row is None else production_of(row)

    async def of(self, connection: AsyncConnection, job: JobId) -> Production:
        """Read the production of a job that has one."""
        query = sa.select(PRODUCTIONS).where(PRODUCTIONS.c.job == job)
        return production_of((await connection.execute(query)).mappings().one())

    async def set(self, connection: AsyncConnection, production: Production) -> None:
        """Write what has changed of a production."""
        row = row_of(production)
        del row["job"], row["brief"]
        where = PRODUCTIONS.c.job == production.job
        await connection.execute(sa.update(PRODUCTIONS).where(where).values(row))


def production_of(row: Row) -> Production:
    """Read a production from its row."""
    return Production(
        JobId(row["job"]),
        row["brief"],
        FilmPlan.model_validate(row["plan"]),
        tuple(row["remarks"]),
        tuple(row["spoken"]),
        row["film"],
    )


def row_of(production: Production) -> dict[str, Any]:
    """Write a production as its row."""
    return {
        "job": production.job,
        "brief": dict(production.brief),
        "plan": production.plan.model_dump(mode="json"),
        "remarks": [dict(each) for each in production.remarks],
        "spoken": [dict(each) for each in production.spoken],
        "film": None if production.film is None else dict(production.film),
    }


def production_out(production: Production) -> dict[str, Any]:
    """Write a production as a record of a recovery snapshot."""
    return {"kind": RecordKind.PRODUCTION, "row": told(row_of(production))}


def production_in(record: Record) -> Production:
    """Read a production back."""
    return production_of(row_in(PRODUCTIONS, record["row"]))
