"""On which terms an order is followed: its card, our key, whether its provider calls us."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from callsheet.kernel.ids import TakeId, WorkspaceId
from callsheet.orders.context import OrderContext
from callsheet.ports.hosted import HostedProvider, KeyMissingError
from callsheet.ports.keys import ProviderKey
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
    if take.flight.use:
        return Kind(take.flight.use)
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


def call_address(ctx: OrderContext, provider: HostedProvider, take: TakeId) -> str | None:
    """Name the address that a provider may call about a take; None if it calls nobody."""
    return ctx.providers.webhook_address(provider.name, take) if provider.webhook_within_s else None


def take_called_about(provider: HostedProvider, address: str | None) -> TakeId | None:
    """Read which take of ours an address is about that a provider says it will call."""
    about = re.search(rf"/webhooks/{re.escape(provider.name)}/(tk_\w+)", address or "")
    return TakeId(about[1]) if about else None


async def require_keys(
    ctx: OrderContext, workspace: WorkspaceId, wanted: Iterable[tuple[ModelCard, Kind]]
) -> None:
    """Check that there is a key for each use of each hosted model. Raises KeyMissingError."""
    for provider, use in sorted({(card.provider, use) for card, use in wanted}):
        if provider in ctx.providers.hosted and ctx.providers.hosted[provider].key_setting:
            await _found(ctx, workspace, provider, use)


async def key_for(ctx: OrderContext, take: Take) -> ProviderKey:
    """Find the key for what a take asks of its provider. Raises KeyMissingError."""
    if not ctx.providers.hosted[take.provider].key_setting:
        return ProviderKey("")  # a server of our own that asks for none
    return await _found(ctx, take.workspace, take.provider, use_of(ctx, take))


async def signing_key_for(ctx: OrderContext, take: Take) -> ProviderKey | None:
    """Find what a take's webhooks are held against, where a person must give us that.

    Raises KeyMissingError, KeySealedError.
    """
    if not ctx.providers.hosted[take.provider].signs_by_key:
        return None
    return await ctx.providers.keys.signing_key(take.workspace, take.provider, use_of(ctx, take))


async def _found(ctx: OrderContext, workspace: WorkspaceId, provider: str, use: str) -> ProviderKey:
    try:
        return await ctx.providers.keys.key(workspace, provider, use)
    except KeyMissingError as error:
        raise KeyMissingError(provider, use, ctx.providers.hosted[provider].key_setting) from error
