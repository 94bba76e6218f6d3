"""Which key an order goes out with, and is asked about with."""

from collections.abc import Iterable

from callsheet.kernel.ids import WorkspaceId
from callsheet.line.house import House
from callsheet.orders.terms import use_of
from callsheet.ports.hosted import KeyMissingError
from callsheet.ports.keys import ProviderKey
from callsheet.ports.models import Kind, ModelCard
from callsheet.takes.model import Take


async def require_keys(
    house: House, workspace: WorkspaceId, wanted: Iterable[tuple[ModelCard, Kind]]
) -> None:
    """Check that there is a key for each use of each hosted model. Raises KeyMissingError."""
    for provider, use in sorted({(card.provider, use) for card, use in wanted}):
        if provider in house.hosted and house.hosted[provider].key_setting:
            await _found(house, workspace, provider, use)


async def key_for(house: House, take: Take) -> ProviderKey:
    """Find the key for what a take asks of its provider. Raises KeyMissingError."""
    if not house.hosted[take.provider].key_setting:
        return ProviderKey("")  # a server of our own that asks for none
    return await _found(house, take.workspace, take.provider, use_of(house, take))


async def signing_key_for(house: House, take: Take) -> ProviderKey | None:
    """Find what a take's webhooks are held against, where a person must give us that.

    Raises KeyMissingError, KeySealedError.
    """
    if not house.hosted[take.provider].signs_by_key:
        return None
    return await house.keys.signing_key(take.workspace, take.provider, use_of(house, take))


async def _found(house: House, workspace: WorkspaceId, provider: str, use: str) -> ProviderKey:
    try:
        return await house.keys.key(workspace, provider, use)
    except KeyMissingError as error:
        raise KeyMissingError(provider, use, house.hosted[provider].key_setting) from error
