"""Prices that a person took over from a provider's own list, in place of what cards say."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.kernel.money import Money
from callsheet.ports.database import METADATA, UtcTime
from callsheet.ports.models import ModelCard

OVERRIDES = sa.Table(
    "price_overrides",
    METADATA,
    sa.Column("model", sa.Text, primary_key=True),
    sa.Column("unit", sa.Text, nullable=False),
    sa.Column("card_micros", sa.BigInteger, nullable=False),
    sa.Column("told_micros", sa.BigInteger, nullable=False),
    sa.Column("smallest_micros", sa.BigInteger, nullable=False),
    sa.Column("read_at", UtcTime, nullable=False),
)
_ALL: Final = sa.select(OVERRIDES).order_by(OVERRIDES.c.model)


@dataclass(frozen=True, slots=True)
class PriceOverride:
    """What a provider's list told of a model, a unit, beside what its card said then.

    `smallest` is what the card asked for its smallest order then: once it asks something else, the
    card was mended, and nothing is overridden any more.
    """

    model: str
    unit: str
    card: Money
    told: Money
    smallest: Money
    read_at: datetime

    @property
    def factor(self) -> float:
        """By what the card's prices are multiplied."""
        return round(self.told.micros / self.card.micros, 6)

    def holds(self, card: ModelCard) -> bool:
        """Tell whether the card is still the one that was overridden."""
        return card.price(card.smallest()) == self.smallest


class PriceOverrideStore:
    """Reads and writes overrides; every method works in the caller's transaction."""

    async def all(self, connection: AsyncConnection) -> list[PriceOverride]:
        """Read every override, by model."""
        return [
            PriceOverride(
                row.model,
                row.unit,
                Money(row.card_micros),
                Money(row.told_micros),
                Money(row.smallest_micros),
                row.read_at,
            )
            for row in await connection.execute(_ALL)
        ]

    async def put(self, connection: AsyncConnection, overrides: Iterable[PriceOverride]) -> None:
        """Write overrides; one that a model had is replaced."""
        rows = [
            {
                "model": each.model,
                "unit": each.unit,
                "card_micros": each.card.micros,
                "told_micros": each.told.micros,
                "smallest_micros": each.smallest.micros,
                "read_at": each.read_at,
            }
            for each in overrides
        ]
        if rows:
            models = [row["model"] for row in rows]
            await connection.execute(sa.delete(OVERRIDES).where(OVERRIDES.c.model.in_(models)))
            await connection.execute(sa.insert(OVERRIDES), rows)

    async def remove(self, connection: AsyncConnection, model: str) -> bool:
        """Let go of a model's override; tell whether there was one."""
        gone = sa.delete(OVERRIDES).where(OVERRIDES.c.model == model).returning(OVERRIDES.c.model)
        return (await connection.execute(gone)).first() is not None
