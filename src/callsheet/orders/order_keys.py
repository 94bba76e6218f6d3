"""Which key an order goes out with, and is asked about with."""

from collections.abc import Iterable

from callsheet.kernel.ids import WorkspaceId
from callsheet.orders.context import OrderContext
from callsheet.orders.terms import use_of
from callsheet.ports.hosted import KeyMissingError
from callsheet.ports.keys import ProviderKey
from callsheet.ports.models import Kind, ModelCard
from callsheet.takes.model import Take


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
