"""Estimates are corrected by what takes have cost: for models that have no price list."""

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import ValidationError

from callsheet.controls.prices import PriceOverride, PriceOverrideStore
from callsheet.jobs.model import Job
from callsheet.kernel.errors import InvalidInputError
from callsheet.kernel.money import Money
from callsheet.ports.database import Database
from callsheet.ports.models import Catalog, ModelCard, UnknownModelError, UnusableCardError
from callsheet.takes.model import (
    CORRECTION_TAKES,
    UNCORRECTED,
    Correction,
    PriceError,
    measured_correction,
)
from callsheet.takes.store import TakeStore

WINDOW: Final = timedelta(days=30)
_KEPT_S: Final = 60.0
_SETTING: Final = "corrections"


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How far a model's quotes were off, and by what new ones are multiplied if it is estimated."""

    found: PriceError
    estimated: bool
    correction: Correction

    @property
    def ratio(self) -> float:
        """What was charged, over what was quoted."""
        return self.found.charged.micros / self.found.quoted.micros

    def as_json(self) -> dict[str, Any]:
        """Tell it as JSON."""
        return {
            "model": self.found.model,
            "takes": self.found.takes,
            "quoted": str(self.found.quoted),
            "charged": str(self.found.charged),
            "mean_error": round(self.found.error, 6),
            "charged_per_quoted": round(self.ratio, 6),
            "estimated": self.estimated,
            "correction": self.correction.factor,
            "correction_takes": self.correction.takes,
        }


@dataclass(frozen=True, slots=True)
class Estimates:
    """Finds by what prices are multiplied, where that is so; each answer is kept for a minute."""

    catalog: Catalog
    database: Database
    takes: TakeStore
    clock: Callable[[], datetime]
    overrides: PriceOverrideStore = field(default_factory=PriceOverrideStore)
    _known: dict[str, tuple[float, Correction]] = field(default_factory=dict)
    _overridden: list[tuple[float, Mapping[str, PriceOverride]]] = field(default_factory=list)

    async def corrections(self, cards: Iterable[ModelCard]) -> dict[str, Correction]:
        """Find the corrections in force, by model; whose price is listed, or rarely made, has none.

        A price that a person took over from the provider's own list comes before what was measured.
        Raises DatabaseUnavailableError.
        """
        overrides = await self._overrides_now()
        found = {}
        for card in {each.id: each for each in cards}.values():
            override = overrides.get(card.id)
            if override is not None and override.holds(card):
                found[card.id] = Correction(override.factor)
            elif card.estimated:
                found[card.id] = await self._correction(card)
        return {model: each for model, each in found.items() if each.in_force}

    def forget_overrides(self) -> None:
        """Read them anew for the next quote."""
        self._overridden.clear()

    async def _overrides_now(self) -> Mapping[str, PriceOverride]:
        now = asyncio.get_running_loop().time()
        for until, known in self._overridden:
            if until > now:
                return known
        async with self.database.read() as connection:
            read = {each.model: each for each in await self.overrides.all(connection)}
        self._overridden[:] = [(now + _KEPT_S, read)]
        return read

    async def correction(self, card: ModelCard) -> Correction:
        """Find one model's correction. Raises DatabaseUnavailableError."""
        return (await self.corrections([card])).get(card.id, UNCORRECTED)

    async def accuracy(self, window: timedelta) -> list[Accuracy]:
        """Compare charges with quotes, worst first. Raises DatabaseUnavailableError."""
        async with self.database.read() as connection:
            errors = await self.takes.price_errors(connection, self.clock() - window)
        cards = {}
        for each in errors:
            with contextlib.suppress(
                UnknownModelError, UnusableCardError
            ):  # it is in the catalog no more
                cards[each.model] = self.catalog.card(each.model)
        corrections = await self.corrections(cards.values())
        return [
            Accuracy(
                each,
                estimated=each.model in cards and cards[each.model].estimated,
                correction=corrections.get(each.model, UNCORRECTED),
            )
            for each in errors
        ]

    async def _correction(self, card: ModelCard) -> Correction:
        now = asyncio.get_running_loop().time()
        until, known = self._known.get(card.id, (now, UNCORRECTED))
        if until > now:
            return known
        async with self.database.read() as connection:
            measured = await self.takes.measured(
                connection, card.provider, card.id, self.clock() - WINDOW, CORRECTION_TAKES
            )
        estimated = [(_estimate(card, inputs), cost) for inputs, cost in measured]
        found = measured_correction(
            [cost.micros / estimate.micros for estimate, cost in estimated if estimate > Money()]
        )
        if (
            found.takes
        ):  # what is not there yet may come with the next take, and is cheap to ask for
            self._known[card.id] = (now + _KEPT_S, found)
        return found


def _estimate(card: ModelCard, inputs: Mapping[str, Any]) -> Money:
    """Price anew what was asked once; nothing, if the card has changed so that it is refused."""
    try:
        return card.price(card.inputs.model_validate(inputs))
    except (ValidationError, InvalidInputError):
        return Money()


def settings_of(corrections: Mapping[str, Correction]) -> dict[str, Any]:
    """Word corrections for a job: it keeps those that it was quoted with."""
    told = {model: [each.factor, each.takes] for model, each in corrections.items()}
    return {_SETTING: told} if told else {}


def corrections_in(settings: Mapping[str, Any]) -> dict[str, Correction]:
    """Read back what `settings_of` wrote."""
    return {model: Correction(*told) for model, told in settings.get(_SETTING, {}).items()}


def correction_in(job: Job, card: ModelCard) -> Correction:
    """Read with what correction a job was quoted for a model."""
    return corrections_in(job.settings).get(card.id, UNCORRECTED)
