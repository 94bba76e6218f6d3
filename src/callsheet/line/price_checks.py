"""Comparing cards' prices with what providers' own lists tell, without an order."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from callsheet.accounts.key_ring import KeyKeeper
from callsheet.accounts.model import ANY_USE
from callsheet.controls.prices import PriceOverride, PriceOverrideStore
from callsheet.kernel.ids import WorkspaceId
from callsheet.kernel.money import Money
from callsheet.line.estimates import Estimates
from callsheet.line.unit_prices import unit_prices
from callsheet.ports.database import Database
from callsheet.ports.hosted import HostedProvider, ToldPrice
from callsheet.ports.models import Catalog, ModelCard
from callsheet.takes.model import UNCORRECTED

_NEAR: Final = 100  # a hundredth of a price may be rounding


@dataclass(frozen=True, slots=True)
class PriceCheck:
    """One model's price for a unit, by its provider and by its card.

    `here` are all prices of a unit that the card knows, corrected as quotes are; its usual one
    comes first. There are none where the card prices otherwise.
    """

    model: ModelCard
    told: ToldPrice
    here: Sequence[Money]

    @property
    def nearest(self) -> Money | None:
        """The card's price that is nearest to what was told."""
        told = self.told.price.micros
        return min(self.here, key=lambda each: abs(each.micros - told), default=None)

    @property
    def differs(self) -> bool:
        """Tell whether the provider asks something else than the card says."""
        near = self.nearest
        if near is None:
            return False
        return abs(near.micros - self.told.price.micros) * _NEAR > near.micros

    @property
    def result(self) -> str:
        """Say it in words."""
        if not self.here:
            return f"not compared: its card does not price by {self.told.unit}"
        if not self.differs:
            return "agrees"
        return "differs" if self.is_simple else "differs; its card has several prices: mend it"

    @property
    def is_simple(self) -> bool:
        """Tell whether the card has one price for a unit, so that another can stand for it."""
        return len(self.here) == 1

    def as_json(self) -> dict[str, Any]:
        """Tell it as JSON."""
        return {
            "model": self.model.id,
            "unit": self.told.unit,
            "here": [str(each) for each in self.here],
            "told": str(self.told.price),
            "differs": self.differs,
            "result": self.result,
        }


@dataclass(frozen=True, slots=True)
class PriceChecks:
    """Compares prices, and takes over what a provider tells until somebody takes that back."""

    catalog: Catalog
    hosted: Mapping[str, HostedProvider]
    keys: KeyKeeper
    database: Database
    store: PriceOverrideStore
    estimates: Estimates
    clock: Callable[[], datetime]

    def providers(self) -> list[str]:
        """Name the providers that tell prices without an order."""
        return sorted(name for name, each in self.hosted.items() if each.tells_prices)

    async def check(self, workspace: WorkspaceId, provider: str) -> list[PriceCheck]:
        """Ask a provider what its models cost. Raises KeyMissingError, ProviderError."""
        hosted = self.hosted[provider]
        key = await self.keys.key(workspace, provider, ANY_USE)
        cards = self._of(provider)
        names = [hosted.priced_as(card.payload(card.smallest())) for card in cards]
        told = await hosted.told_prices(sorted({*names}), key)
        corrections = await self.estimates.corrections(cards)
        found = []
        for card, name in zip(cards, names, strict=True):
            if name not in told:
                continue
            prices = unit_prices(card, self.catalog.form(card.id), told[name].unit)
            correction = corrections.get(card.id, UNCORRECTED)
            found.append(PriceCheck(card, told[name], [correction.of(each) for each in prices]))
        return found

    def _of(self, provider: str) -> list[ModelCard]:
        today = self.clock().date()
        return [
            card
            for card in self.catalog.cards()
            if card.provider == provider and (card.retires_on is None or card.retires_on > today)
        ]

    async def apply(self, checks: Sequence[PriceCheck]) -> list[PriceOverride]:
        """Quote what differs by what the provider tells, from within a minute on.

        Where a card has several prices for a unit, one that is told does not say what the others
        are: such a card is for a person to mend.
        """
        now = self.clock()
        overrides = []
        for each in checks:
            if each.differs and each.is_simple:
                card, form = each.model, self.catalog.form(each.model.id)
                [unit] = unit_prices(card, form, each.told.unit)
                smallest = card.price(card.smallest())
                overrides.append(
                    PriceOverride(card.id, each.told.unit, unit, each.told.price, smallest, now)
                )
        async with self.database.begin() as connection:
            await self.store.put(connection, overrides)
        self.estimates.forget_overrides()
        return overrides

    async def overrides(self) -> list[PriceOverride]:
        """List what is overridden. Raises DatabaseUnavailableError."""
        async with self.database.read() as connection:
            return await self.store.all(connection)

    async def revert(self, model: str) -> bool:
        """Quote a model by its card again; tell whether it was overridden."""
        async with self.database.begin() as connection:
            gone = await self.store.remove(connection, model)
        self.estimates.forget_overrides()
        return gone
