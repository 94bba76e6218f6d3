"""Composites as rows of a batch: which are asked from a hosted model, and what is made here."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.controls.composites import CompositeRules, CompositeSettings, takes_part
from callsheet.controls.model import Switches
from callsheet.intake.model import CompositeDraft
from callsheet.jobs.model import Shot
from callsheet.kernel.ids import WorkspaceId
from callsheet.line.context import LineContext
from callsheet.line.take_inputs import HOSTED_MODEL, take_inputs
from callsheet.orders.terms import require_keys
from callsheet.ports.hosted import KeyMissingError, KeySealedError
from callsheet.ports.models import Catalog, Kind, ModelCard, UnknownModelError, UnusableCardError

LOCAL_COMPOSITE: Final = "local/composite"
_PICTURES: Final = 2  # that a hosted model takes: scene and product


def local_inputs(catalog: Catalog, shot: Shot, variant: int) -> dict[str, Any]:
    """Word what the local compositor is asked for after a row's hosted order."""
    card = catalog.card(LOCAL_COMPOSITE)
    return {**take_inputs(card, card, shot, variant), HOSTED_MODEL: "", "fell_back": ""}


@dataclass(frozen=True, slots=True)
class Hosting:
    """Whether composites are hosted now: the model, or why there is none (a code, a sentence)."""

    rules: CompositeRules
    card: ModelCard | None
    why_none: str = ""

    def why_local(self, method: str, products: int, pictures: str) -> str:
        """Say why a composite is not asked from the hosted model; "" if it is.

        `pictures` names what it is made of.
        """
        chosen = method or self.rules.composite_method
        if chosen == "pil":
            return "asked_for: the method is pil"
        if self.card is None:
            return self.why_none
        if products > 1:
            return "several_products: the hosted model takes one product"
        if not takes_part(pictures, self.rules.kontext_percent):
            return f"percent: KONTEXT_PERCENT is {self.rules.kontext_percent:g}"
        return ""


@dataclass(frozen=True, slots=True)
class CompositeHosting:
    """Decides whether composites are hosted, by the settings of this moment."""

    ctx: LineContext
    settings: CompositeSettings

    async def now(
        self, connection: AsyncConnection, switches: Switches, workspace: WorkspaceId | None
    ) -> Hosting:
        """Read the settings and decide; without a workspace, whoever has a key."""
        rules = await self.settings.current(connection)
        if why := _closed(rules):
            return Hosting(rules, None, why)
        try:
            card = self.ctx.providers.catalog.card(rules.kontext_model_id)
        except (UnknownModelError, UnusableCardError) as error:
            return Hosting(rules, None, f"unknown_model: KONTEXT_MODEL_ID: {error}")
        if Kind.COMPOSITE not in card.kinds or card.max_references < _PICTURES:
            said = f"{card.id} takes no scene and product"
            return Hosting(rules, None, f"unknown_model: KONTEXT_MODEL_ID: {said}")
        closed = switches.closed(card, self.ctx.books.clock().date())
        if closed is not None:
            return Hosting(rules, None, f"model_off: {card.id} is off: {closed}")
        try:
            if workspace is not None:
                await require_keys(self.ctx, workspace, [(card, Kind.COMPOSITE)])
        except (KeyMissingError, KeySealedError) as error:
            return Hosting(rules, None, f"no_key: {error}")
        return Hosting(rules, card)


def _closed(rules: CompositeRules) -> str:
    """Say which setting keeps every composite here; "" for none."""
    if not rules.use_kontext_composite:
        return "composites_off: hosted composites are off (USE_KONTEXT_COMPOSITE)"
    limits = (
        ("at a time", rules.max_concurrent_kontext),
        ("in an hour", rules.max_kontext_per_hour),
        ("in a day", rules.kontext_daily_generation_limit),
    )
    span = next((span for span, limit in limits if not limit), "")
    return f"composite_limit: the limit of hosted composites {span} is reached (0)" if span else ""


def row_inputs(composite: CompositeDraft, hosting: Hosting, scene: str) -> Mapping[str, Any]:
    """Word what a row sets of the local compositor beside its own inputs."""
    pictures = " ".join((scene, *composite.products))
    why = hosting.why_local(composite.method, len(composite.products), pictures)
    hosted = hosting.card.id if hosting.card is not None and not why else ""
    told = "" if why.startswith("asked_for") else why
    return {
        HOSTED_MODEL: hosted,
        "fell_back": told,
        **({"places": list(composite.places)} if composite.places else {}),
    }
