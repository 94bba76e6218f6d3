"""Which key an order goes out with, and is asked about with."""

from callsheet.line.house import House
from callsheet.ports.hosted import KeyMissingError
from callsheet.ports.keys import ProviderKey
from callsheet.takes.model import Take


async def key_for(house: House, take: Take) -> ProviderKey:
    """Find the key for what a take asks of its provider. Raises KeyMissingError."""
    if not house.hosted[take.provider].key_setting:
        return ProviderKey("")  # a server of our own that asks for none
    use = house.catalog.card(take.model).use(take.inputs)
    try:
        return await house.keys.key(take.workspace, take.provider, use)
    except KeyMissingError as error:
        setting = house.hosted[take.provider].key_setting
        raise KeyMissingError(take.provider, use, setting) from error
