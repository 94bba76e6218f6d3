"""What can be asked for now: the catalog's models, with switches, prices' corrections and keys."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from callsheet.accounts.key_ring import KeyKeeper
from callsheet.accounts.model import ANY_USE
from callsheet.controls.service import ModelSwitches
from callsheet.kernel.ids import WorkspaceId
from callsheet.kernel.money import Money
from callsheet.line.estimates import Accuracy, Estimates
from callsheet.ports.hosted import HostedProvider
from callsheet.ports.models import Catalog, Execution, Kind, ModelCard
from callsheet.takes.model import UNCORRECTED, Correction


@dataclass(frozen=True, slots=True)
class Offer:
    """A model as a workspace can ask for it now.

    `closed` says why it cannot be ordered, `notice` that it retires. `uses` are the uses for which
    there is a key of its provider; `needs_key` is whether orders need one.
    """

    card: ModelCard
    closed: str | None
    notice: str
    correction: Correction
    uses: Collection[str]
    needs_key: bool

    @property
    def price(self) -> Money:
        """The price of the smallest order, corrected if it is an estimate."""
        return self.correction.of(self.card.price(self.card.smallest()))

    def has_key(self, kinds: Collection[str]) -> bool:
        """Tell whether orders for one of these uses go out with a key, or need none."""
        return not self.needs_key or not {ANY_USE, *kinds}.isdisjoint(self.uses)


@dataclass(frozen=True, slots=True)
class Offers:
    """Reads what can be asked for."""

    catalog: Catalog
    hosted: Mapping[str, HostedProvider]
    switches: ModelSwitches
    keys: KeyKeeper
    estimates: Estimates
    clock: Callable[[], datetime]

    def card(self, model: str) -> ModelCard:
        """Find a model's card. Raises UnknownModelError, UnusableCardError."""
        return self.catalog.card(model)

    def form(self, model: str) -> Mapping[str, Any]:
        """Describe a model's inputs as JSON Schema. Raises UnknownModelError."""
        return self.catalog.form(model)

    async def listed(
        self, workspace: WorkspaceId, *, provider: str = "", kind: Kind | None = None
    ) -> list[Offer]:
        """List the models; those of one provider, or that can do one thing, if that is said.

        Raises DatabaseUnavailableError.
        """
        cards = await asyncio.to_thread(self.catalog.cards)  # the first time, it imports them
        wanted = [
            card
            for card in cards
            if (not provider or card.provider == provider) and (kind is None or kind in card.kinds)
        ]
        return await self._of(workspace, wanted)

    async def one(self, workspace: WorkspaceId, model: str) -> Offer:
        """Find one model. Raises UnknownModelError, UnusableCardError, DatabaseUnavailableError."""
        [offer] = await self._of(workspace, [self.catalog.card(model)])
        return offer

    async def accuracy(self, window: timedelta) -> list[Accuracy]:
        """Compare charges with quotes, worst first. Raises DatabaseUnavailableError."""
        return await self.estimates.accuracy(window)

    async def _of(self, workspace: WorkspaceId, cards: Sequence[ModelCard]) -> list[Offer]:
        prints = await self.keys.prints(workspace)
        switches = await self.switches.all()
        corrections = await self.estimates.corrections(cards)
        today = self.clock().date()
        return [
            Offer(
                card,
                switches.closed(card, today),
                card.notice(today),
                corrections.get(card.id, UNCORRECTED),
                prints.get(card.provider, {}).keys() if card.provider in self.hosted else (),
                self._needs_key(card),
            )
            for card in cards
        ]

    def _needs_key(self, card: ModelCard) -> bool:
        """Tell whether orders need a key: also those whose provider is not set up here."""
        provider = self.hosted.get(card.provider)
        if provider is None:
            return card.execution is not Execution.LOCAL
        return bool(provider.key_setting)
