"""What following a take needs of its card, and where its card is gone, what stands in for it.

A card may go while its orders are out: a package is removed, or a worker never had it. What was
paid for comes home all the same. What an order is was written with its take; how long it may last
is guessed, with patience.
"""

from dataclasses import dataclass
from typing import Final

from callsheet.orders.context import OrderContext
from callsheet.ports.models import Kind, Makes, ModelCard, UnknownModelError, UnusableCardError
from callsheet.takes.model import Take

_EXPECTED_S: Final = 10.0
_TIME_LIMIT_S: Final = 3_600.0  # twice what the slowest of our cards allows


@dataclass(frozen=True, slots=True)
class Terms:
    """How a take is followed; see ModelCard for each. Whether its price is one, a card knows."""

    makes: Makes
    expected_s: float
    time_limit_s: float
    estimated: bool = False
    price_is_most: bool = True


def terms_of(ctx: OrderContext, take: Take) -> Terms:
    """Say how to follow a take, whether or not its card is there."""
    card, makes = card_of(ctx, take), use_of(ctx, take).makes
    if card is None:
        return Terms(makes, _EXPECTED_S, _TIME_LIMIT_S)
    return Terms(makes, card.expected_s, card.time_limit_s, card.estimated, card.price_is_most)


def use_of(ctx: OrderContext, take: Take) -> Kind:
    """Say what an order is: it is asked about with the key with which it went out."""
    if take.use:
        return Kind(take.use)
    card = card_of(ctx, take)  # of a take from before this was written down
    if card is not None:
        return card.use(take.inputs)
    return Kind.TEXT_TO_VIDEO if "duration_s" in take.inputs else Kind.TEXT_TO_IMAGE


def card_of(ctx: OrderContext, take: Take) -> ModelCard | None:
    """Find a take's card; None if it is gone, or cannot be used any more."""
    try:
        return ctx.providers.catalog.card(take.model)
    except (UnknownModelError, UnusableCardError):
        return None
